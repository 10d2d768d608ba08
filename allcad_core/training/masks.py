"""What the learned segmentation trains on: pictures with a class a pixel, windows of them, turned, resized and restained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F  # noqa: N812  the name that everyone uses

from allcad_core.datasets import allidb1, allidb2, splits
from allcad_core.ground import BALANCED, balance
from allcad_core.segmentation import segment
from allcad_core.segmentation.network import CYTOPLASM, GROUND, NUCLEUS
from allcad_core.segmentation.unet import CROP_SIDE, FIELD_RED_CELL
from allcad_core.synthesis import generate

CELL, UNKNOWN = 3, 255
"""Classes of a target beside those of the network: nucleus or cytoplasm; nobody said."""
WINDOW = 128
"""Side of a training window in px."""
NEIGHBOUR_REACH = 0.04
"""Of the side of a crop: so far around a neighbour that no expert drew nothing is known."""
FIRST_SEED, GENERATED = 300_000, 24
SCALES = (0.6, 1.3)
"""Least and greatest size of a window's content over its working size."""
GAIN, CHANNEL, MIX, TINT = 0.25, 0.12, 0.08, 0.05
"""Standard deviations: log of all optical densities, of each channel's, mixing between channels, log of the ground."""
BLUR, COARSE, NOISE = 0.3, 0.2, 2.0
"""Share of blurred windows, of coarse ones, and greatest noise in grey levels."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Example:
    """One picture with a class a pixel.

    Attributes:
        source: ``crops``, ``fields`` or ``generated``.
        name: of the picture.
        fold: of the protocol; none for generated ones.
        pixels: uint8 (height, width, 3), RGB, balanced.
        target: uint8 (height, width), classes of the network, ``CELL`` or ``UNKNOWN``.
        scale: working size over the size of ``pixels``.
    """

    source: str
    name: str
    fold: int | None
    pixels: NDArray[np.uint8]
    target: NDArray[np.uint8]
    scale: float


def crops(data: Path, protocol: str) -> list[Example]:
    """Crops of ALL-IDB2 with expert masks. Neighbours that no expert drew are unknown."""
    records = [crop for crop in allidb2.crops(data) if crop.mask is not None]
    folds = splits.crop_folds(protocol, records, allidb1.fields(data))
    found = []
    for record in records:
        pixels, masks = record.read().pixels, record.read_masks()
        target = np.full(masks.cell.shape, GROUND, np.uint8)
        target[_undrawn(pixels, masks.cell)] = UNKNOWN
        target[masks.cell] = CYTOPLASM
        target[masks.nucleus] = NUCLEUS
        scale = CROP_SIDE / max(target.shape)
        found.append(Example("crops", record.name, folds[record.name], balance(pixels), target, scale))
    return found


def fields(data: Path, protocol: str) -> list[Example]:
    """Fields of ALL-IDB1 with expert masks of whole cells, at half their size."""
    records = allidb1.fields(data)
    folds = splits.folds(protocol, records)
    found = []
    for record in records:
        if record.white_mask is None:
            continue
        pixels = record.read().pixels
        diameter = segment(pixels, "stain").red_cell_diameter
        target = np.where(record.read_white_mask(), CELL, GROUND).astype(np.uint8)
        scale = FIELD_RED_CELL / diameter if diameter else 0.5
        found.append(Example("fields", record.name, folds[record.name], balance(pixels), target, scale))
    return found


def generated(count: int = GENERATED) -> list[Example]:
    """Generated fields with the masks that the generator knows."""
    found = []
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        made = generate(seed)
        target = np.full(made.bodies.shape, GROUND, np.uint8)
        target[made.bodies > 0] = CYTOPLASM
        target[made.nuclei > 0] = NUCLEUS
        diameter = segment(made.pixels, "stain").red_cell_diameter
        scale = FIELD_RED_CELL / diameter if diameter else 0.5
        found.append(Example("generated", f"generated-{seed}", None, balance(made.pixels), target, scale))
    return found


def _undrawn(pixels: NDArray[np.uint8], drawn: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Cells that stain shows and no expert drew, since the crop's edge cuts them, and what surrounds them."""
    found = segment(pixels, "stain")
    numbers = np.unique(found.labels[drawn])
    others = found.nucleus | found.cell
    others &= ~np.isin(found.labels, numbers)
    reach = max(3, round(NEIGHBOUR_REACH * max(drawn.shape)))
    return cv2.dilate(others.view(np.uint8), np.ones((reach, reach), np.uint8), iterations=2).astype(bool) & ~drawn


def window(example: Example, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A window of one example, turned by any angle, mirrored and resized.

    Returns:
        uint8 (WINDOW, WINDOW, 3) and uint8 (WINDOW, WINDOW). What lies beyond the picture is ground, and unknown.
    """
    low, high = np.log(SCALES)
    scale = example.scale * float(np.exp(rng.uniform(low, high)))
    x, y = _middle(example, scale, rng)
    angle, mirror = rng.uniform(0, 2 * np.pi), rng.choice([-1.0, 1.0])
    turn = scale * np.array([[mirror * np.cos(angle), -np.sin(angle)], [mirror * np.sin(angle), np.cos(angle)]])
    place = np.hstack([turn, (WINDOW / 2 - turn @ np.array([x, y]))[:, None]])
    pixels = example.pixels if scale > 0.6 else cv2.blur(example.pixels, (2, 2))
    size = (WINDOW, WINDOW)
    seen = cv2.warpAffine(pixels, place, size, flags=cv2.INTER_LINEAR, borderValue=(BALANCED,) * 3)
    said = cv2.warpAffine(example.target, place, size, flags=cv2.INTER_NEAREST, borderValue=UNKNOWN)
    return np.asarray(seen, np.uint8), np.asarray(said, np.uint8)


def _middle(example: Example, scale: float, rng: np.random.Generator) -> tuple[float, float]:
    """Where a window looks, in px of the example: at a cell, more often than not, else anywhere."""
    height, width = example.target.shape
    if rng.random() < 0.7:
        rows, columns = np.nonzero((example.target[::8, ::8] != GROUND) & (example.target[::8, ::8] != UNKNOWN))
        if rows.size:
            pick = int(rng.integers(rows.size))
            shift = rng.normal(0, 0.15 * WINDOW / scale, 2)
            return 8.0 * float(columns[pick]) + shift[0], 8.0 * float(rows[pick]) + shift[1]
    return float(rng.uniform(0, width)), float(rng.uniform(0, height))


def restain(batch: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Windows as another stain, lamp and camera would have shown them.

    Args:
        batch: float (n, 3, side, side), grey levels with the ground at ``BALANCED``.
        rng: source of chance.
    """
    n = len(batch)

    def normal(*shape: int) -> torch.Tensor:
        return torch.from_numpy(rng.normal(size=(n, *shape)).astype(np.float32)).to(batch)

    density = -torch.log((batch + 1) / (BALANCED + 1))
    gain = torch.exp(GAIN * normal(1, 1) + CHANNEL * normal(3, 1))
    mixing = torch.eye(3, device=batch.device) + MIX * normal(3, 3)
    density = torch.einsum("nij,njhw->nihw", mixing * gain, density)
    light = (BALANCED + 1) * torch.exp(-density + TINT * normal(3, 1, 1)) - 1
    chance = rng.random((2, n))
    blurred = F.avg_pool2d(F.pad(light, (1, 1, 1, 1), mode="replicate"), 3, 1)
    light = torch.where(_chosen(chance[0] < BLUR, batch), blurred, light)
    coarse = F.interpolate(F.avg_pool2d(light, 2), scale_factor=2, mode="bilinear")
    light = torch.where(_chosen(chance[1] < COARSE, batch), coarse, light)
    noise = torch.from_numpy(rng.uniform(0, NOISE, (n, 1, 1, 1)).astype(np.float32)).to(batch) * normal(
        *batch.shape[1:]
    )
    return (light + noise).clamp(0, 255)


def _chosen(mask: NDArray[np.bool_], like: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(mask).view(-1, 1, 1, 1).to(like.device)


def batches(
    examples: Sequence[Example], shares: dict[str, float], count: int, size: int, rng: np.random.Generator
) -> Iterable[tuple[torch.Tensor, torch.Tensor]]:
    """Batches of one epoch: float (size, 3, WINDOW, WINDOW) grey levels, and int64 (size, WINDOW, WINDOW) targets.

    Args:
        examples: of the training side.
        shares: how often each source is drawn; sources without examples are left out.
        count: windows an epoch.
        size: windows a batch.
        rng: source of chance.
    """
    pools = {source: [one for one in examples if one.source == source] for source in shares}
    pools = {source: pool for source, pool in pools.items() if pool}
    weights = np.array([shares[source] for source in pools])
    drawn = rng.choice(len(pools), count, p=weights / weights.sum())
    pick: Callable[[int], Example] = lambda source: (pool := list(pools.values())[source])[int(rng.integers(len(pool)))]  # noqa: E731
    for start in range(0, count - size + 1, size):
        made = [window(pick(int(source)), rng) for source in drawn[start : start + size]]
        seen = torch.from_numpy(np.stack([pixels for pixels, _ in made])).permute(0, 3, 1, 2).float()
        said = torch.from_numpy(np.stack([target for _, target in made]).astype(np.int64))
        yield restain(seen, rng), said
