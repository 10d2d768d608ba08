"""Whether maps of what a cell classifier looked at can be believed: on generated cells, whose outlines are known.

Three questions, each with an answer that a picture of the cell's edges would not give:

- How much of a map lies inside the cell, on crops that neighbours reach into? Beside it stands what a blob in the middle of
  the crop would score, which knows nothing of the cell but its size.
- Does the map change when the weights are drawn anew (Adebayo et al. 2018, "Sanity Checks for Saliency Maps")?
- Does the answer go when what the map marks is painted over with ground, faster than for other places?
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.stats import rankdata

from allcad_core import models
from allcad_core.classification import CellClassifier
from allcad_core.classification.cells import crop_frame, cut_cells, to_input
from allcad_core.evaluation.metrics import ENDS, draws
from allcad_core.explanation import contributions, heat
from allcad_core.explanation.others import grad_cam, hires_cam
from allcad_core.ground import BALANCED, balance
from allcad_core.intervals import EN_DASH
from allcad_core.synthesis import draw_scene, generate

FIRST_SEED, FIELDS = 5000, 8
"""Of the generated fields; no sample and no training uses these seeds."""
SIZE = (1280, 960)
DENSITY, CLUSTERING = 700.0, 0.6
"""Of white cells in the scenes, so that many have neighbours; half of them are blasts."""
NEIGHBOURS = 0.05
"""A crop counts where other white cells cover at least this share of it."""
REMOVED = 0.2
"""The share of a crop that is painted over, where the map is highest."""
HALF_HEIGHT = 1 / np.sqrt(2 * np.log(2))
"""Standard deviation, in radii, of a Gaussian that has half its height at the cell's edge."""

BLOB = 0.05
"""Size of the random blobs beside the maps, a standard deviation as a share of the crop's side."""
BATCH = 32

Maps = NDArray[np.float32]
Method = Callable[[torch.nn.Module, torch.Tensor, int, NDArray[np.float64]], Maps]
"""Signed maps (n, height, width) of a network, its input, the output for the disease and the sign of each answer."""

METHODS: Mapping[str, Method] = {"integrated": contributions, "HiResCAM": hires_cam, "Grad-CAM": grad_cam}
"""The first is what allcad shows."""


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over cells with its 95 % interval, by bootstrap over the fields that they come from."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """With two decimals, the interval joined by an en dash."""
        return f"{self.value:.2f} ({self.low:.2f}{EN_DASH}{self.high:.2f})"


@dataclass(frozen=True, eq=False)
class Crowd:
    """Crops of generated cells with neighbours, as a classifier sees them.

    Attributes:
        crops: uint8 (n, size, size, 3), balanced.
        inside: bool (n, size, size), the cell itself.
        fields: the seed of the field of each, as text.
    """

    crops: NDArray[np.uint8]
    inside: NDArray[np.bool_]
    fields: NDArray[np.str_]


@dataclass(frozen=True)
class MapFigures:
    """What a method's maps score; intervals are 95 %, by bootstrap over fields.

    Attributes:
        inside: mean share of a map inside the cell.
        inside_by_answer: the same, by what the classifier says.
        untrained: mean share inside with weights drawn anew.
        correlation: mean rank correlation of a map with that of weights drawn anew.
        removal: log-odds of the answer that go when the marked fifth of the crop becomes ground.
    """

    inside: Mean
    inside_by_answer: Mapping[str, Mean]
    untrained: Mean
    correlation: Mean
    removal: Mean


@dataclass(frozen=True)
class ExplanationReport:
    """Figures of one classifier.

    Attributes:
        classifier: its name.
        cells: crops looked at.
        fields: generated fields that they come from.
        methods: figures by method; ``integrated`` is what allcad shows.
        gaussian: share inside of a centred Gaussian with half its height at the edge of a disc of the cell's area.
        narrow: the same with the standard deviation of that disc (half its radius), which hardly leaves the cell.
        uniform: share of the crop that the cell covers.
        anywhere: ``removal`` of smooth random blobs instead of a map.
    """

    classifier: str
    cells: int
    fields: int
    methods: Mapping[str, MapFigures]
    gaussian: Mean
    narrow: Mean
    uniform: Mean
    anywhere: Mean


def crowd(size: int, context: float, fields: int = FIELDS, first_seed: int = FIRST_SEED) -> Crowd:
    """Generated cells that others reach into the crops of, whole ones only.

    Args:
        size: side of a crop in px.
        context: its side over the longer side of the cell's box.
        fields: how many are generated.
        first_seed: of them.
    """
    crops, inside, names = [], [], []
    for seed in range(first_seed, first_seed + fields):
        scene = replace(draw_scene(seed), white_density=DENSITY, clustering=CLUSTERING, blast_fraction=0.5)
        made = generate(seed, SIZE, scene)
        balanced = balance(made.pixels)
        for cell in made.cells:
            x0, y0, x1, y1 = cell.box
            if min(x0, y0) <= 1 or x1 >= SIZE[0] - 1 or y1 >= SIZE[1] - 1:
                continue
            numbers = _cut(made.bodies, cell.box, size, context)
            if ((numbers > 0) & (numbers != cell.number)).mean() < NEIGHBOURS:
                continue
            crops.append(cut_cells(balanced, [cell.box], size, context)[0])
            inside.append(numbers == cell.number)
            names.append(str(seed))
    return Crowd(np.stack(crops), np.stack(inside), np.array(names))


def _cut(
    numbers: NDArray[np.int32], box: tuple[float, float, float, float], size: int, context: float
) -> NDArray[np.int32]:
    """The numbers of the cells in a crop's frame, int32 (size, size), 0 beyond the picture."""
    corner, scale = crop_frame(box, size, context)
    places = np.floor((np.arange(size) + 0.5) / scale + corner[:, None]).astype(int)
    columns, rows = places
    height, width = numbers.shape
    cut = numbers[np.clip(rows, 0, height - 1)[:, None], np.clip(columns, 0, width - 1)]
    there = ((rows >= 0) & (rows < height))[:, None] & (columns >= 0) & (columns < width)
    return np.where(there, cut, 0)


def examine(classifier: CellClassifier, cells: Crowd, methods: Mapping[str, Method] = METHODS) -> ExplanationReport:
    """Figures of a classifier's maps, on crops made for its input."""
    fresh = untrained(classifier)
    with classifier.lent() as network:
        batch = to_input(cells.crops, classifier.device)
        odds = _odds(network, batch, classifier.positive)
        signs = np.where(odds >= 0, 1.0, -1.0)

        def left(marked: Maps) -> NDArray[np.float64]:
            after = _odds(network, to_input(removed(cells.crops, marked), classifier.device), classifier.positive)
            return (odds - after) * signs

        found = {}
        for name, method in methods.items():
            maps, others = (heat(method(one, batch, classifier.positive, signs)) for one in (network, fresh))
            inside = _shares(maps, cells.inside)
            found[name] = MapFigures(
                inside=_mean(inside, cells.fields),
                inside_by_answer={
                    label: _mean(inside[signs == sign], cells.fields[signs == sign])
                    for label, sign in (("blast", 1), ("healthy", -1))
                },
                untrained=_mean(_shares(others, cells.inside), cells.fields),
                correlation=_mean(_correlations(maps, others), cells.fields),
                removal=_mean(left(maps), cells.fields),
            )
        blobs = np.random.default_rng(0).standard_normal(cells.inside.shape)
        anywhere = np.asarray(gaussian_filter(blobs, (0, *(BLOB * batch.shape[-1],) * 2)), np.float32)
        return ExplanationReport(
            classifier=classifier.name,
            cells=len(cells.crops),
            fields=len(set(cells.fields)),
            methods=found,
            gaussian=_mean(_shares(_gaussians(cells.inside, HALF_HEIGHT), cells.inside), cells.fields),
            narrow=_mean(_shares(_gaussians(cells.inside, 0.5), cells.inside), cells.fields),
            uniform=_mean(cells.inside.mean(axis=(1, 2)), cells.fields),
            anywhere=_mean(left(anywhere), cells.fields),
        )


def untrained(classifier: CellClassifier, seed: int = 0) -> torch.nn.Module:
    """The classifier's network with weights drawn anew."""
    card = classifier.card
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = models.build(card.builder, card.arguments)
    return network.eval().requires_grad_(requires_grad=False).to(str(classifier.device))


def removed(crops: NDArray[np.uint8], marked: Maps) -> NDArray[np.uint8]:
    """The crops (n, height, width, 3) with ground where the maps (n, height, width) are among their highest ``REMOVED``."""
    flat = marked.reshape(len(marked), -1)
    most = np.argsort(-flat, axis=1, kind="stable")[:, : round(REMOVED * flat.shape[1])]
    gone = np.zeros(flat.shape, bool)
    np.put_along_axis(gone, most, values=True, axis=1)
    return np.where(gone.reshape(marked.shape)[..., None], np.uint8(BALANCED), crops)


def _odds(network: torch.nn.Module, batch: torch.Tensor, positive: int) -> NDArray[np.float64]:
    with torch.inference_mode():
        logits = torch.cat([network(part).float() for part in torch.split(batch, BATCH)])
    return np.asarray((logits[:, positive] - logits[:, 1 - positive]).cpu().numpy(), np.float64)


def _gaussians(inside: NDArray[np.bool_], spread: float) -> Maps:
    """Gaussians in the middle, (n, size, size); their standard deviation is ``spread`` radii of a disc of the cell's area."""
    size = inside.shape[-1]
    squared = ((np.indices((size, size)) - (size - 1) / 2) ** 2).sum(axis=0)
    variance = spread**2 * inside.sum(axis=(1, 2)) / np.pi
    return np.asarray(np.exp(-squared / (2 * variance[:, None, None])), np.float32)


def _shares(maps: Maps, inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Share of each map inside, (n,); not a number for an empty map."""
    totals = maps.sum(axis=(1, 2), dtype=np.float64)
    within = (maps * inside).sum(axis=(1, 2), dtype=np.float64)
    return np.asarray(np.divide(within, totals, out=np.full(len(maps), np.nan), where=totals > 0))


def _correlations(maps: Maps, others: Maps) -> NDArray[np.float64]:
    """Spearman's rank correlation of each pair, (n,); not a number where a map is constant."""
    ranks = [rankdata(each.reshape(len(each), -1), axis=1) for each in (maps, others)]
    first, second = (each - each.mean(axis=1, keepdims=True) for each in ranks)
    spread = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    products = (first * second).sum(axis=1)
    return np.asarray(np.divide(products, spread, out=np.full(len(maps), np.nan), where=spread > 0))


def _mean(values: NDArray[np.float64], fields: NDArray[np.str_]) -> Mean:
    """Mean of the numbers among values, with its interval."""
    there = np.isfinite(values)
    if not there.any():
        return Mean(float("nan"), float("nan"), float("nan"))
    weights = draws(fields[there], seed=0)
    counts = weights.sum(axis=1)
    means = (weights @ values[there])[counts > 0] / counts[counts > 0]
    low, high = np.quantile(means, ENDS)
    return Mean(float(values[there].mean()), float(low), float(high))
