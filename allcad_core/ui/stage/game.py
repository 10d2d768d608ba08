"""You or the model: twelve cells whose truth is known, what the model says of each, and why. Seeded, so replayable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from allcad_core import images
from allcad_core.detection.base import match
from allcad_core.errors import AllcadError
from allcad_core.images import SmearImage
from allcad_core.results import Box, Cell, FieldAnalysis
from allcad_core.ui import engine, media
from allcad_core.ui.explorer import pictures, work
from allcad_core.ui.explorer.evidence import BLAST, Item
from allcad_core.ui.stage import told

CELLS = 12
FEWEST = 4
"""Cells of each class at least: more even would give answers away, less would be dull."""
SIDE = 480
"""px of a crop."""
FIRST_SEED = 400_000
"""Of the fields that are generated for the game: apart from those of training, samples and trials."""
FIELDS_A_ROUND = 8
"""At most so many fields are generated for one round."""
FIELD_SIZE = (800, 640)
DENSITY, BLAST_SHARE = 1100.0, 0.5
GENERATED, PHOTOGRAPHS = "generated", "photographs"
DATASET, MODEL, PROTOCOL = "ALL-IDB2", "best_cell", "session"
LARGEST_SEED = 9999


@dataclass(frozen=True, eq=False)
class Card:
    """One cell of the game.

    Attributes:
        jpeg: the cell among its neighbours, ``SIDE`` px a side.
        frame: x0, y0, x1, y1 of the cell in it, as shares of the side.
        truth: blast or healthy.
        headline, why, hard: what it is, what speaks for it, and why it can be mistaken.
        chance: of a blast, as the model says, calibrated.
        said: blast or healthy, the model's answer.
        looked: where the model looked, as JPEG; empty where nothing can be said.
        looked_words: the same as a sentence.
    """

    jpeg: bytes
    frame: Box
    truth: str
    headline: str
    why: str
    hard: str
    chance: float
    said: str
    looked: bytes = b""
    looked_words: str = ""


@dataclass(frozen=True, eq=False)
class Round:
    """Twelve cells in the order in which they are asked."""

    seed: int
    source: str
    model: str
    cards: tuple[Card, ...]
    note: str


def sources() -> tuple[str, ...]:
    """Where cells can come from: generated ones always, photographs where the data folder holds them."""
    return (GENERATED, PHOTOGRAPHS) if pictures.files(DATASET) else (GENERATED,)


@st.cache_resource(show_spinner=False, max_entries=16)
def generated_round(seed: int, recipe: str) -> Round:
    """Twelve generated cells; the same for a seed and a recipe.

    Raises:
        AllcadError: the model cannot be used.
    """
    rng = np.random.default_rng([seed, 12])
    blasts = int(np.clip(rng.binomial(CELLS, 0.5), FEWEST, CELLS - FEWEST))
    wanted = {"blast": blasts, "healthy": CELLS - blasts}
    cards: list[Card] = []
    for card in _generated(seed, recipe):
        if wanted[card.truth]:
            wanted[card.truth] -= 1
            cards.append(card)
        if not any(wanted.values()):
            break
    order = rng.permutation(len(cards))
    return Round(
        seed,
        GENERATED,
        engine.engine(recipe).recipe,
        tuple(cards[index] for index in order),
        "Generated cells: what each is, is known because allcad made it.",
    )


def _generated(seed: int, recipe: str) -> Iterator[Card]:
    """Cells of one generated field after the other, those whole in the picture that allcad found."""
    from allcad_core.synthesis import draw_scene, generate

    for number in range(FIELDS_A_ROUND):
        own = FIRST_SEED + seed * FIELDS_A_ROUND + number
        scene = replace(draw_scene(own), white_density=DENSITY, blast_fraction=BLAST_SHARE, clustering=0.05, arrows=0)
        field = generate(own, FIELD_SIZE, scene)
        image = images.from_array(field.pixels, f"generated-{own}")
        found = engine.engine(recipe).analyse(image)
        cells = [cell for cell in found.cells if "border" not in cell.flags and cell.p_blast is not None]
        owners = match([cell.box for cell in cells], [cell.box for cell in field.cells], 0.5)
        for cell, owner in zip(cells, owners, strict=True):
            if owner is not None:
                truth = field.cells[owner]
                yield _card(image, found, cell, truth.label, truth.kind)


def _card(image: SmearImage, found: FieldAnalysis, cell: Cell, truth: str, kind: str) -> Card:
    chance = float(cell.p_blast or 0.0)
    least = engine.threshold(found.models.classifier)
    looked, sentence = _looked(image, found, cell)
    red_cell = found.quality.red_cell_px if found.quality else None
    return Card(
        media.jpeg(media.crop(image.pixels, cell.box, SIDE), media.CROP_QUALITY),
        _frame(cell.box, image.pixels.shape),
        truth,
        told.headline(truth, kind),
        told.why(kind, cell.measures, red_cell),
        told.hard(kind, cell.measures, red_cell),
        chance,
        "blast" if chance >= (0.5 if least is None else least) else "healthy",
        looked,
        sentence,
    )


def _looked(image: SmearImage, found: FieldAnalysis, cell: Cell) -> tuple[bytes, str]:
    try:
        why = engine.explain(image, found, found.every_cell.index(cell))
    except AllcadError:  # the game goes on without the map
        return b"", ""
    if why is None:
        return b"", ""
    corner, scale = media.crop_frame(cell.box, image.pixels.shape, SIDE)
    over = why.over(media.crop(image.pixels, cell.box, SIDE), corner, scale)
    return media.jpeg(over, media.CROP_QUALITY), why.sentence


def _frame(box: Box, shape: tuple[int, ...]) -> Box:
    corner, scale = media.crop_frame(box, shape, SIDE)
    edges = (np.asarray(box).reshape(2, 2) - corner) * scale / SIDE
    x0, y0, x1, y1 = np.clip(edges, 0, 1).ravel().tolist()
    return (x0, y0, x1, y1)


@st.cache_resource(show_spinner=False, max_entries=16)
def photographed_round(seed: int, folder: str) -> Round:
    """Twelve cells of ALL-IDB2 from the data folder, with what the model said of them before it was trained on their sitting.

    Args:
        seed: chooses the cells.
        folder: the data folder, so that another one gives another round.

    Raises:
        AllcadError: nothing is stored, or too few pictures lie in the folder.
    """
    where = pictures.files(DATASET)
    items = [item for item in work.load("cell", MODEL, PROTOCOL, DATASET).items if item.origin.image in where]
    rng = np.random.default_rng([seed, 13])
    blasts = int(np.clip(rng.binomial(CELLS, 0.5), FEWEST, CELLS - FEWEST))
    chosen = _draw(items, True, blasts, rng) + _draw(items, False, CELLS - blasts, rng)
    if len(chosen) < CELLS:
        raise AllcadError(
            f"Only {len(items)} cells of {DATASET} lie in {folder}. The game needs more; play with generated ones."
        )
    return Round(
        seed,
        PHOTOGRAPHS,
        MODEL,
        tuple(_photographed(chosen[index], where) for index in rng.permutation(len(chosen))),
        f"Cells of {DATASET}, labelled by experts. The model answered without having seen their sitting.",
    )


def _draw(items: Sequence[Item], blast: bool, count: int, rng: np.random.Generator) -> list[Item]:
    fitting = [item for item in items if (item.truth == BLAST) == blast]
    return [fitting[index] for index in rng.permutation(len(fitting))[:count]]


def _photographed(item: Item, where: pictures.Files) -> Card:
    image = images.read(where[item.origin.image])
    height, width = image.pixels.shape[:2]
    box: Box = item.box or (0.0, 0.0, float(width), float(height))
    truth = "blast" if item.truth == BLAST else "healthy"
    segmentation = engine.segment(image, "stain")
    owner = match([box], [region.box for region in segmentation.regions])[0]
    measures = {} if owner is None else segmentation.regions[owner].measures
    red_cell = segmentation.red_cell_diameter
    return Card(
        media.jpeg(media.crop(image.pixels, box, SIDE), media.CROP_QUALITY),
        _frame(box, image.pixels.shape),
        truth,
        told.headline(truth, truth),
        told.why(truth, measures, red_cell),
        told.hard(truth, measures, red_cell),
        item.score,
        "blast" if item.score >= item.level else "healthy",
    )
