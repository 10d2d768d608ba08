"""Looking at a block of a slide: its window with a margin through a model, its cells in px of the slide."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from threading import Lock
from time import sleep
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from allcad_core import analysis, compiled, devices, images
from allcad_core.detection import Detections
from allcad_core.errors import UnknownNameError
from allcad_core.ground import BALANCED, balance, ground_colour
from allcad_core.quality import RED_CELL_UM
from allcad_core.recipes import recipe, recipes
from allcad_core.results import Cell, Models
from allcad_core.slides.base import TILE, Pixels, Slide
from allcad_core.slides.grid import Block, Place, shape, under

if TYPE_CHECKING:
    from allcad_core.classification import CellClassifier
    from allcad_core.detection.ultralytics import Yolo

SAMPLES, SAMPLE_PX = 3, 1296
"""Windows by which a slide's scale and ground are measured, and px of their side."""
FINE_ENOUGH = 26.0
"""Px of a red cell from which a detector that wants 28 sees no less in a smaller level than at full size."""
MARGIN = 1.7
"""Red-cell diameters around a block: more than half of the largest white cell."""
SLACK = 0.25
"""Red-cell diameters by which the middle of a cell may seem to lie beyond its block, as two looks differ a little."""
OWN_GROUND = 0.15
"""A window's ground may differ from that of the slide by so much of it; else there is no ground in the window."""
LEAST_SCORE = 0.15
"""Boxes that the detector itself believes less are not judged: time is short, and they are never shown."""
REHEARSED = (*product(range(1, 4), repeat=2), (1, 4), (1, 5), (1, 6), (4, 1), (5, 1), (6, 1))
"""Tiles across and down of the blocks that a view is read in: compiled networks are fitted to them before somebody waits."""
REHEARSED_CELLS = 8
"""Cells at once, likewise."""
BREATH_S = 0.005
"""Between two rehearsals, so that a look that waits comes first."""
BLANK = 14
"""Grey levels under the ground; a tile without anything darker in the overview is empty glass."""


@dataclass(frozen=True, slots=True)
class Look:
    """A named way to look at slides.

    Attributes:
        name: its name everywhere.
        detector, classifier: cards: the one says where cells are, the other which they are; ``recipe`` instead where
            all of ``analysis.analyse`` runs.
        recipe: a recipe of ``analysis``.
        confidence: scores below this are hidden.
        sentence: what it is, for people.
    """

    name: str
    detector: str | None
    classifier: str | None
    recipe: str | None
    confidence: float
    sentence: str


def looks() -> tuple[Look, ...]:
    """All ways to look at a slide, the default first: the quickest."""
    quick = Look(
        "quick",
        "yolo11n",
        "best_cell",
        None,
        0.2,
        "A nano YOLO finds cells, two EfficientNets say which look like blasts.",
    )
    return (
        quick,
        *(Look(one.name, None, None, one.name, one.default_confidence, one.sentence) for one in recipes()),
    )


def look(name: str | None = None) -> Look:
    """One of them by name; the default without one. Raises UnknownNameError."""
    known = looks()
    for one in known:
        if one.name == (name or known[0].name):
            return one
    raise UnknownNameError("look", name or "", [one.name for one in known])


class Looker:
    """Looks at one slide with one model. Safe to share by threads; one look runs at a time.

    Attributes:
        slide: what it looks at.
        look: how.
    """

    def __init__(self, slide: Slide, name: str | None = None, device: str | None = None) -> None:
        """Nothing is measured and no model loaded yet. Raises UnknownNameError."""
        self.slide, self.look = slide, look(name)
        self._device = device
        self._lock = Lock()
        self._warm = False

    @property
    def models(self) -> Models:
        """What looks."""
        if self.look.recipe is not None:
            one = recipe(self.look.recipe)
            return Models(one.detector, one.classifier, one.segmenter)
        return Models(self.look.detector or "", self.look.classifier, None)

    @cached_property
    def where(self) -> devices.Device:
        """Where it computes, and by what; networks are compiled at the first look where they can be."""
        if self.look.recipe is not None:
            return analysis.place(recipe(self.look.recipe), self._device, make=True)
        return compiled.choose_and_make(self._device, None, filter(None, (self.look.detector, self.look.classifier)))

    @property
    def backend(self) -> str:
        """What answers: ``compiled`` or ``torch``."""
        return "compiled" if isinstance(self.where, devices.CompiledCpu) else "torch"

    @cached_property
    def red_cell_px(self) -> float:
        """Diameter of a red cell at full size: measured in a few windows, else by the file's own scale, else guessed."""
        from allcad_core.segmentation.stain import scale_of

        scales = [scale_of(self.slide.read(window)) for window in self._samples()]
        seen = [measured for measured, _ in scales if measured is not None]
        if seen:
            return float(np.median(seen))
        if self.slide.um_per_px is not None:
            return RED_CELL_UM / self.slide.um_per_px
        return float(np.median([guess for _, guess in scales]))

    @cached_property
    def ground(self) -> NDArray[np.float32]:
        """Colour of the empty ground of the slide, float32 (3,)."""
        colours = [ground_colour(self.slide.read(window)) for window in self._samples()]
        return np.asarray(np.median(colours, axis=0), np.float32)

    @cached_property
    def blank(self) -> frozenset[Place]:
        """Tiles of the grid that show empty glass alone; there is nothing to look at."""
        pixels, shrink = self.slide.overview()
        grey = pixels.min(axis=2).astype(np.int16)
        ground = int(self.ground.min())
        empty = set()
        for place in under(self.slide, (0, 0, self.slide.width, self.slide.height)):
            x0, y0, x1, y1 = (edge // shrink for edge in Block(*place, place[0] + 1, place[1] + 1).window())
            part = grey[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]
            if part.size and int(part.min()) > ground - BLANK:
                empty.add(place)
        return frozenset(empty)

    @property
    def margin(self) -> int:
        """Px around a block that are looked at with it, a multiple of 16."""
        return 16 * round(MARGIN * self.red_cell_px / 16)

    def warm(self) -> None:
        """Measure the slide and load the models, so that the first look is as quick as the next."""
        _ = self.red_cell_px, self.ground, self.blank
        if self._warm:
            return
        self._warm = True
        self.cells(Block(*(side // 2 for side in shape(self.slide)), *(side // 2 + 1 for side in shape(self.slide))))
        if self.look.recipe is None and self.backend == "compiled":
            self._rehearse()

    def _rehearse(self) -> None:
        """Show the networks every size of block and number of cells once, on empty ground.

        A compiled network fits itself to a size when it first meets it, which takes as long as several looks.
        """
        detector, classifier = self._networks()
        shrink = self._shrink
        for across, down in REHEARSED:
            wide, high = ((TILE * side + 2 * self.margin) // shrink for side in (across, down))
            with self._lock:
                detector.detect(np.full((high, wide, 3), BALANCED, np.uint8), self.red_cell_px / shrink)
            sleep(BREATH_S)
        for number in range(1, REHEARSED_CELLS + 1):
            with self._lock:
                classifier.probabilities(np.full((64, 64, 3), BALANCED, np.uint8), [(16.0, 16.0, 48.0, 48.0)] * number)
            sleep(BREATH_S)

    def cells(self, block: Block) -> tuple[Cell, ...]:
        """Cells whose middle lies on a block, best first, boxes in px of the slide.

        Neighbouring blocks may both tell of a cell whose middle lies near their common edge: ``Seen`` keeps one.

        Raises:
            SlideError: the file is damaged there.
            AllcadError: the model cannot be used.
        """
        _ = self.red_cell_px, self.ground  # measured outside the lock: they read the slide alone
        with self._lock:
            found, (left, top), shrink = self._quick(block) if self.look.recipe is None else self._thorough(block)
        slack = SLACK * self.red_cell_px
        x0, y0, x1, y1 = block.window()
        moved = (self._moved(cell, left, top, shrink) for cell in found)
        return tuple(
            cell
            for cell in moved
            if x0 - slack <= (cell.box[0] + cell.box[2]) / 2 < x1 + slack
            and y0 - slack <= (cell.box[1] + cell.box[3]) / 2 < y1 + slack
        )

    def _networks(self) -> tuple[Yolo, CellClassifier]:
        """Detector and classifier of a quick look."""
        from allcad_core.detection.ultralytics import yolo

        assert self.look.detector is not None
        assert self.look.classifier is not None
        return yolo(self.look.detector, self.where), analysis.cell_classifier(self.look.classifier, self.where)

    @property
    def _shrink(self) -> int:
        """How many times smaller than at full size a quick look takes the slide."""
        shrink = 1
        while self.red_cell_px / (2 * shrink) >= FINE_ENOUGH:
            shrink *= 2
        return shrink

    def _quick(self, block: Block) -> tuple[tuple[Cell, ...], tuple[int, int], int]:
        detector, classifier = self._networks()
        shrink = self._shrink
        pixels, corner = self._pixels(block, shrink)
        balanced = balance(pixels, self._ground_of(pixels))
        found = detector.detect(balanced, self.red_cell_px / shrink)
        sure = found.scores >= LEAST_SCORE
        found = Detections(found.boxes[sure], found.scores[sure])  # its labels are not asked for
        cells = analysis.judge(found, balanced, (), detector=self.look.detector or "", classifier=classifier)
        return cells, corner, shrink

    def _thorough(self, block: Block) -> tuple[tuple[Cell, ...], tuple[int, int], int]:
        pixels, corner = self._pixels(block, 1)
        field = images.from_array(pixels, self.slide.name)
        return analysis.analyse(field, self.look.recipe, device=self._device).every_cell, corner, 1

    def _pixels(self, block: Block, shrink: int) -> tuple[Pixels, tuple[int, int]]:
        """Pixels of a block with its margin, and where their corner lies on the slide."""
        window = block.window(self.margin)
        return self.slide.read(window, shrink), (max(window[0], 0), max(window[1], 0))

    def _ground_of(self, pixels: Pixels) -> NDArray[np.float32]:
        own = ground_colour(pixels)
        return own if np.all(np.abs(own / self.ground - 1) < OWN_GROUND) else self.ground

    def _moved(self, cell: Cell, left: int, top: int, shrink: int) -> Cell:
        """A cell of a window as one of the slide; its measures in px and px² of the slide."""
        x0, y0, x1, y1 = cell.box
        box = (x0 * shrink + left, y0 * shrink + top, x1 * shrink + left, y1 * shrink + top)
        at_edge = min(box[:2]) <= 1 or box[2] >= self.slide.width - 1 or box[3] >= self.slide.height - 1
        flags = (*(flag for flag in cell.flags if flag != "border"), *(("border",) if at_edge else ()))
        outline = tuple((x * shrink + left, y * shrink + top) for x, y in cell.outline)
        return replace(cell, box=box, outline=outline, flags=flags)

    def _samples(self) -> list[tuple[int, int, int, int]]:
        """Windows at full size where much is stained, far from each other: columns of the overview, the densest third."""
        pixels, shrink = self.slide.overview(512)
        dark = 255.0 - pixels.min(axis=2)
        side = max(1, SAMPLE_PX // shrink)
        height, width = dark.shape
        places = []
        for band in range(SAMPLES):
            start, end = band * width // SAMPLES, max((band + 1) * width // SAMPLES, band * width // SAMPLES + 1)
            rows = [
                (y, dark[y : y + side, start:end].mean())
                for y in range(0, max(1, height - side + 1), max(1, side // 2))
            ]
            rows.sort(key=lambda pair: pair[1])
            y = rows[2 * len(rows) // 3][0]
            x = max(0, min((start + end - side) // 2, width - side))
            places.append((x * shrink, y * shrink, x * shrink + SAMPLE_PX, y * shrink + SAMPLE_PX))
        return places
