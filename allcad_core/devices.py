"""Where arithmetic runs: CUDA, then MPS, then the CPU, unless someone chooses."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from allcad_core.errors import DeviceError

if TYPE_CHECKING:
    import torch

VARIABLE = "ALLCAD_DEVICE"
"""Environment variable that chooses the device where no argument does."""


def choose(wanted: str | None = None) -> torch.device:
    """The device to compute on.

    Args:
        wanted: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``, ``"auto"`` or ``None`` (then ``$ALLCAD_DEVICE``
            decides, and where that is not set, the best device at hand).

    Raises:
        DeviceError: the wanted device is not on this machine.
    """
    import torch  # here, since the terminal's help must not wait for torch

    name = (wanted or os.environ.get(VARIABLE) or "auto").lower()
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise DeviceError(f"'{name}' is not a device. Use cpu, cuda, cuda:N or mps.") from error
    present = {
        "cpu": True,
        "cuda": torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not present.get(device.type, False):
        raise DeviceError(
            f"The device '{name}' is not on this machine. Use --device cpu, or leave the choice to allcad."
        )
    return device


def half_precision(device: torch.device) -> bool:
    """Whether networks run in half precision there: on CUDA only."""
    return device.type == "cuda"


def to_tensor(array: NDArray[np.uint8], device: torch.device) -> torch.Tensor:
    """An array on the device. Write-protected arrays are copied: torch would warn, and could write into them."""
    import torch

    return torch.from_numpy(array if array.flags.writeable else array.copy()).to(device)
