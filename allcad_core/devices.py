"""Where arithmetic runs: CUDA, then MPS, then the CPU, unless someone chooses; there by torch or by compiled networks."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from allcad_core.errors import DeviceError

if TYPE_CHECKING:
    import torch

VARIABLE = "ALLCAD_DEVICE"
"""Environment variable that chooses the device where no argument does."""
BACKEND_VARIABLE = "ALLCAD_BACKEND"
"""Likewise for what computes on the CPU."""
BACKENDS = ("auto", "compiled", "torch")
"""``auto`` takes compiled networks where they are made, else torch."""
DRIVERS = ("/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
"""Where Linux shows that a GPU could be used: NVIDIA's driver, Windows' for Linux within it, AMD's."""


@dataclass(frozen=True, slots=True)
class CompiledCpu:
    """The CPU where compiled networks answer. Stands where a ``torch.device`` may, and needs no torch."""

    type: str = "cpu"
    index: None = None

    def __str__(self) -> str:
        return self.type


COMPILED_CPU = CompiledCpu()
Device: TypeAlias = "torch.device | CompiledCpu"
"""Where arithmetic runs, and by what."""


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


def backend(wanted: str | None = None) -> str:
    """What is to compute on the CPU: one of ``BACKENDS``.

    Args:
        wanted: likewise; ``None`` lets ``$ALLCAD_BACKEND`` decide, and where that is not set, is ``auto``.

    Raises:
        DeviceError: it is none of them.
    """
    name = (wanted or os.environ.get(BACKEND_VARIABLE) or "auto").lower()
    if name not in BACKENDS:
        raise DeviceError(f"'{name}' is not a backend. Use {', '.join(BACKENDS[:-1])} or {BACKENDS[-1]}.")
    return name


def is_cpu(wanted: str | None = None) -> bool:
    """Whether ``choose`` would give the CPU; torch is asked only where a GPU may be there. Raises as ``choose``."""
    name = (wanted or os.environ.get(VARIABLE) or "auto").lower()
    if name == "cpu" or (name == "auto" and not _gpu_likely()):
        return True
    return choose(wanted).type == "cpu"


def _gpu_likely() -> bool:
    """Whether a driver is at hand that torch could use; to ask torch itself takes seconds."""
    if sys.platform == "win32":
        return (Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "nvcuda.dll").exists()
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    return any(Path(path).exists() for path in DRIVERS)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that a device has no memory left."""
    import torch

    return isinstance(error, torch.OutOfMemoryError)


def half_precision(device: Device) -> bool:
    """Whether networks run in half precision there: on CUDA only."""
    return device.type == "cuda"


def to_tensor(array: NDArray[np.uint8], device: Device) -> torch.Tensor:
    """An array on the device. Write-protected arrays are copied: torch would warn, and could write into them."""
    import torch

    return torch.from_numpy(array if array.flags.writeable else array.copy()).to(str(device))
