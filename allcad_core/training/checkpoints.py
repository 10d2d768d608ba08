"""Checkpoints of a running training without pickle: tensors as safetensors, everything else as JSON beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from allcad_core import files
from allcad_core.errors import DataError

TREE = "tree"
TENSOR = "tensor"
"""Marks the place of a tensor in the tree: ``{"tensor": number}``."""


def keep(path: Path, state: dict[str, Any]) -> None:
    """Write a state of nested dicts, lists, numbers and tensors; the file appears whole or not at all."""
    tensors: list[torch.Tensor] = []
    tree = json.dumps(_fold(state, tensors))
    with files.whole(path, settled=False) as half:  # written anew each round: no disk is waited for
        save_file({str(number): tensor for number, tensor in enumerate(tensors)}, half, metadata={TREE: tree})


def restore(path: Path, device: torch.device) -> dict[str, Any]:
    """A kept state with its tensors on the device. Raises DataError where the file is damaged."""
    try:
        with safe_open(path, "pt", device=str(device)) as stored:
            tree = json.loads(stored.metadata()[TREE])
            state: dict[str, Any] = _unfold(tree, {key: stored.get_tensor(key) for key in stored.keys()})  # noqa: SIM118
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"The checkpoint '{path}' is damaged. Remove it to start anew.") from error
    return state


def _fold(value: Any, tensors: list[torch.Tensor]) -> Any:
    """The tree with numbers in place of tensors, which are appended to the list; keys keep their type."""
    if isinstance(value, torch.Tensor):
        tensors.append(value.detach().clone().contiguous())  # a copy: parts of a state may share their memory
        return {TENSOR: len(tensors) - 1}
    if isinstance(value, dict):
        return {"dict": [[key, _fold(entry, tensors)] for key, entry in value.items()]}
    if isinstance(value, list | tuple):
        return {"list": [_fold(entry, tensors) for entry in value]}
    return value


def _unfold(value: Any, tensors: dict[str, torch.Tensor]) -> Any:
    if not isinstance(value, dict):
        return value
    if TENSOR in value:
        return tensors[str(value[TENSOR])]
    if "dict" in value:
        return {key: _unfold(entry, tensors) for key, entry in value["dict"]}
    return [_unfold(entry, tensors) for entry in value["list"]]
