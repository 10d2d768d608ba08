"""The layer at which Grad-CAM and its relatives look: one rule for every architecture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn

SMALLEST = 6
"""A map of fewer places a side is too coarse to say where in a cell something lies."""


def deepest_map(network: nn.Module, batch: torch.Tensor) -> nn.Module | None:
    """The last layer with a map of at least ``SMALLEST`` places a side that all information passes through.

    Args:
        network: in evaluation mode; it runs once.
        batch: float (n, 3, height, width); its first picture is used.
    """
    import torch

    outputs: list[tuple[nn.Module, torch.Size]] = []

    def note(layer: nn.Module, _taken: tuple[torch.Tensor, ...], given: object) -> None:
        if isinstance(given, torch.Tensor):
            outputs.append((layer, given.shape))

    hooks = [layer.register_forward_hook(note) for layer in network.modules()]
    try:
        with torch.inference_mode():
            network(batch[:1])
    finally:
        for hook in hooks:
            hook.remove()
    on_the_way = set(_chain(network, dict(outputs)))
    fine = [layer for layer, shape in outputs if layer in on_the_way and _is_map(shape, SMALLEST)]
    return fine[-1] if fine else None


def _is_map(shape: torch.Size, smallest: int) -> bool:
    return len(shape) == 4 and min(shape[2:]) >= smallest


def _chain(module: nn.Module, shapes: dict[nn.Module, torch.Size]) -> Iterator[nn.Module]:
    """The modules that run one after another, so that each one's output holds all that the next ones know.

    A sequence is opened; so is a network around its parts, told by its output being no map. A block with a bypass stays
    shut.
    """
    from torch import nn

    shape = shapes.get(module)
    if isinstance(module, nn.Sequential) or (shape is not None and not _is_map(shape, 1)):
        for child in module.children():
            yield from _chain(child, shapes)
    elif shape is not None:
        yield module
