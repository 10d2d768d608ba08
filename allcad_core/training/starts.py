"""Starts that ship: networks pre-trained on cells of other sets, for whoever has ALL-IDB alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from allcad_core import files, models
from allcad_core.errors import ModelError

if TYPE_CHECKING:
    import torch

FOLDER, DIGESTS = "starts", "digests.json"
"""Below the folder of weights, and in it: SHA-256 of each file by name of the plan."""


def packaged(name: str, folder: Path | None = None) -> dict[str, torch.Tensor] | None:
    """The start of a plan as float32, after its digest was checked; ``None`` where none ships.

    Args:
        name: of the plan.
        folder: of the weights; those that ship without it.

    Raises:
        ModelError: it is damaged.
    """
    place = (folder or models.WEIGHTS) / FOLDER
    digest = _digests(place).get(name)
    return None if digest is None else models.read_weights(place / f"{name}.safetensors", digest)


def pack(name: str, state: Mapping[str, torch.Tensor], storage: str, folder: Path | None = None) -> Path:
    """Put a start among the weights that ship. Returns its file."""
    place = (folder or models.WEIGHTS) / FOLDER
    path = place / f"{name}.safetensors"
    known = {**_digests(place), name: models.write_weights(state, path, storage)}
    files.write(place / DIGESTS, f"{json.dumps(known, indent=1, sort_keys=True)}\n".encode())
    return path


def _digests(place: Path) -> dict[str, str]:
    path = place / DIGESTS
    if not path.is_file():
        return {}
    try:
        return {str(name): str(digest) for name, digest in json.loads(path.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"{FOLDER}/{DIGESTS} is damaged. Restore it from the repository.") from error
