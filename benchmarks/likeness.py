"""How like real cells the generated ones are, by measures of both: ``python -m benchmarks.likeness --data DIR``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from allcad_core.classification.cells import cut_cells
from allcad_core.datasets import CropRecord, allidb2, find_data, wbc_segmentation
from allcad_core.ground import BALANCED, balance
from allcad_core.synthesis import generate

Mask = NDArray[np.bool_]
Found = tuple[str, NDArray[np.uint8], Mask, Mask]
"""Whose cell it is, a balanced crop, its nucleus, and its nucleus and cytoplasm."""

SIDE = 128
"""Crops, px; the cell's box fills them, as the classifiers of cells see it."""
FIRST_SEED = 900_000
"""Of the fields that the generator's parameters were set on."""
ROUND, LARGE, SHARP = 0.93, 0.45, 0.1
"""Healthy cells of ALL-IDB2 have no kind; these bounds of solidity, nucleus-to-cell ratio and gradient of the nucleus's
edge (of its mean density, a px) leave the lymphocytes in focus."""
TITLES = ("N:C", "axes", "solidity", "green", "contrast", "red slope", "edge")


def real_cells(data: Path) -> Iterator[Found]:
    """Cells with masks drawn by people."""
    for crop in allidb2.crops(data):
        if crop.mask is not None:
            yield from _cut(f"ALL-IDB2 {'blast' if crop.label else 'healthy'}", crop)
    for crop in wbc_segmentation.crops(data):
        if crop.name.startswith("dataset2"):
            yield from _cut(f"WBC-segmentation {crop.kind}", crop)


def generated_cells(count: int) -> Iterator[Found]:
    """Cells of generated fields that lie wholly in the picture."""
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        field = generate(seed)
        picture = balance(field.pixels)
        height, width = field.bodies.shape
        for cell in field.cells:
            if min(cell.box[:2]) > 1 and cell.box[2] < width - 1 and cell.box[3] < height - 1:
                whose = f"generated {cell.kind}"
                yield (whose, *_fitted(picture, field.nuclei == cell.number, field.bodies == cell.number))


def measures(crop: NDArray[np.uint8], nucleus: Mask, body: Mask) -> dict[str, float] | None:
    """What is compared; ``None`` where the nucleus is too small to look into."""
    inner = ndimage.binary_erosion(nucleus, iterations=5)
    if inner.sum() < 80:
        return None
    density = -np.log(np.clip(crop.astype(np.float64), 4, None) / BALANCED)
    red, green = (ndimage.gaussian_filter(density[..., channel], 1) for channel in (0, 1))
    outlines, _ = cv2.findContours(nucleus.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=cv2.contourArea)
    axes = cv2.fitEllipse(outline)[1]
    away = ndimage.distance_transform_edt(nucleus)
    near, middle = (away > 2) & (away < 6), away > 12
    seam = ndimage.binary_dilation(nucleus, iterations=2) & ~ndimage.binary_erosion(nucleus, iterations=2)
    slope = np.cov(red[inner], green[inner])[0, 1] / green[inner].var()
    mean = density[..., 1][inner].mean()
    return {
        "N:C": nucleus.sum() / body.sum(),
        "axes": max(axes) / min(axes),
        "solidity": cv2.contourArea(outline) / cv2.contourArea(cv2.convexHull(outline)),
        "green": mean,
        "contrast": green[inner].std() / green[inner].mean(),
        "red slope": slope / (red[inner].mean() / green[inner].mean()),
        "edge": density[..., 1][near].mean() / density[..., 1][middle].mean() if middle.any() else np.nan,
        "sharp": np.percentile(ndimage.gaussian_gradient_magnitude(density[..., 1], 1)[seam], 80) / mean,
    }


def _cut(whose: str, crop: CropRecord) -> Iterator[Found]:
    """The cell in the middle of a picture, without its neighbours."""
    masks = crop.read_masks()
    numbers, _ = ndimage.label(masks.cell)
    height, width = masks.cell.shape
    middle = numbers[height // 2 - 8 : height // 2 + 8, width // 2 - 8 : width // 2 + 8]
    if middle.any():
        own = numbers == np.bincount(middle[middle > 0]).argmax()
        yield (whose, *_fitted(balance(crop.read().pixels), masks.nucleus & own, own))


def _fitted(picture: NDArray[np.uint8], nucleus: Mask, body: Mask) -> tuple[NDArray[np.uint8], Mask, Mask]:
    rows, columns = np.flatnonzero(body.any(axis=1)), np.flatnonzero(body.any(axis=0))
    box = (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))

    def cut(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.asarray(cut_cells(pixels, [box], SIDE, 1.0)[0])

    def cut_mask(mask: Mask) -> Mask:
        return np.asarray(cut(np.repeat(np.uint8(255) * mask[..., None], 3, axis=2))[..., 0] > 127)

    return cut(picture), cut_mask(nucleus), cut_mask(body)


def main() -> None:
    """Print median, tenth and ninetieth percentile of each measure of each kind of cell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="the data folder")
    parser.add_argument("--fields", type=int, default=30, help="generated fields (default: 30)")
    arguments = parser.parse_args()
    found: dict[str, list[dict[str, float]]] = {}
    for cells in (real_cells(find_data(arguments.data)), generated_cells(arguments.fields)):
        for whose, crop, nucleus, body in cells:
            values = measures(crop, nucleus, body)
            if values is None:
                continue
            if whose == "ALL-IDB2 healthy":
                if values["solidity"] < ROUND or values["N:C"] < LARGE or values["sharp"] < SHARP:
                    continue
                whose = "ALL-IDB2 lymphocyte"  # noqa: PLW2901  the kind follows from the measures
            found.setdefault(whose, []).append(values)
    print(f"{'cells':30}{'n':>5}" + "".join(f"{title:>21}" for title in TITLES))
    for whose, rows in sorted(found.items(), key=lambda pair: (pair[0].split()[-1], pair[0])):
        spread = [np.nanpercentile([one[title] for one in rows], (50, 10, 90)) for title in TITLES]
        print(f"{whose:30}{len(rows):5}" + "".join(f"{a:6.2f} ({b:.2f} to {c:.2f})" for a, b, c in spread))


if __name__ == "__main__":
    main()
