"""The typed results that pages, terminal, evaluation and reports all show. Frozen; nothing is changed in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from allcad_core.intervals import Proportion, wilson
from allcad_core.suggestion import Suggestion, suggest

SCHEMA_VERSION = 1
"""Version of the JSON form. It only grows: fields are added, never renamed or removed."""

Label = Literal["blast", "healthy", "unsure"]
Agreement = Literal["agree", "disagree"]
Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels of the field as a person sees it."""


def holds(box: Box, point: tuple[float, float]) -> bool:
    """Whether a point (x, y) lies in a box, its edges included."""
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def in_micrometres(measures: Mapping[str, float], um_per_px: float | None) -> dict[str, float]:
    """Areas and diameter of a cell in micrometres, of those that ``measures`` has; nothing without a scale.

    Args:
        measures: of a ``Cell``, in px and px².
        um_per_px: micrometres a pixel.

    >>> in_micrometres({"area": 400.0, "nc_ratio": 0.8}, 0.5)
    {'area_um2': 100.0}
    """
    if um_per_px is None:
        return {}
    powers = {"area": ("area_um2", 2), "nucleus_area": ("nucleus_area_um2", 2), "diameter": ("diameter_um", 1)}
    return {name: measures[known] * um_per_px**power for known, (name, power) in powers.items() if known in measures}


REVIEW_LOW, REVIEW_HIGH = 0.35, 0.65
"""Calibrated blast probabilities between these are flagged for review."""
REVIEW_FLAGS = frozenset({"disagree", "uncertain"})
"""Flags that ask for a person's look; ``border`` only tells why measures may be off."""


@dataclass(frozen=True, slots=True)
class Note:
    """A warning: ``code`` for programs (stable), ``message`` one sentence for a person."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One white cell of a field.

    Attributes:
        box: x0, y0, x1, y1 in pixels of the field.
        label: ``blast``, ``healthy``, or ``unsure`` (a person cannot tell; leaves the counts).
        score: the detector's confidence in box and label, 0..1.
        p_blast: calibrated blast probability by the classifier, 0..1; ``None`` without a classifier.
        probabilities: blast probability by each model that spoke, by its name.
        outline: closed polygon of the cell, (x, y) in pixels of the field; empty where unknown.
        measures: ``area``, ``nucleus_area`` (px²), ``nc_ratio``, ``roundness``, ``solidity``, ``diameter`` (px).
        flags: why a person should look: ``disagree`` (detector against classifier), ``uncertain``
            (probability near one half), ``border`` (cut by the edge of the picture).
        reviewed: a person has set the label or drawn the box.
    """

    box: Box
    label: Label
    score: float
    p_blast: float | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict, hash=False)
    outline: tuple[tuple[float, float], ...] = ()
    measures: Mapping[str, float] = field(default_factory=dict, hash=False)
    flags: tuple[str, ...] = ()
    reviewed: bool = False

    @property
    def suspicion(self) -> float:
        """How much it looks like a blast, 0..1: the calibrated probability, else the detector's score for its label."""
        if self.p_blast is not None:
            return self.p_blast
        return self.score if self.label == "blast" else 1.0 - self.score

    @property
    def to_review(self) -> bool:
        """Whether a person should look, and has not yet."""
        return not self.reviewed and not REVIEW_FLAGS.isdisjoint(self.flags)


@dataclass(frozen=True, slots=True)
class Relabel:
    """A person's word on the cell at ``box``; the same class again says that a person looked and agrees."""

    box: Box
    label: Label


@dataclass(frozen=True, slots=True)
class Add:
    """A cell that the models did not find, drawn by a person."""

    box: Box
    label: Label


@dataclass(frozen=True, slots=True)
class Delete:
    """No cell to be counted is at ``box``."""

    box: Box


Edit = Relabel | Add | Delete
"""One step of a review. It speaks of a place in the picture, so it holds whichever model looked at it."""


@dataclass(frozen=True, slots=True)
class Counts:
    """White cells by label."""

    blast: int
    healthy: int
    unsure: int

    @property
    def total(self) -> int:
        """All white cells that count: blasts and healthy ones."""
        return self.blast + self.healthy


@dataclass(frozen=True, slots=True)
class Models:
    """Names of what looked at the field; ``None`` where a step was not taken."""

    detector: str
    classifier: str | None
    segmenter: str | None


@dataclass(frozen=True, slots=True)
class FieldOpinion:
    """What a model of whole fields says, beside the counts.

    Attributes:
        model: its name.
        probability: calibrated probability that the patient has ALL, 0..1.
        threshold: from which it says ALL; chosen out of fold.
    """

    model: str
    probability: float
    threshold: float

    @property
    def suspects(self) -> bool:
        """Whether it says ALL."""
        return self.probability >= self.threshold


@dataclass(frozen=True, slots=True)
class Timing:
    """Wall-clock milliseconds of each step."""

    read: float = 0.0
    segment: float = 0.0
    detect: float = 0.0
    classify: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class Quality:
    """What a photograph is like as input; what of it lies outside what the models have seen stands in the warnings.

    Attributes:
        focus: contrast of the steepest edges, over the ground; larger is sharper.
        exposure: mean grey level of the empty ground, 0..255.
        ground_cast: how coloured the ground is, (largest - smallest channel) / largest, 0..1.
        stain: share of red, green and blue in the optical density of nuclei; ``None`` without nuclei.
        white_cells: regions that the segmentation takes for white cells.
        red_cell_px: median diameter of lone red cells, px; ``None`` where none was seen.
        um_per_px: micrometres a pixel, as someone gave it, else by that diameter; ``None`` where neither is known.
    """

    focus: float
    exposure: float
    ground_cast: float
    stain: tuple[float, float, float] | None
    white_cells: int
    red_cell_px: float | None
    um_per_px: float | None


@dataclass(frozen=True)
class FieldAnalysis:
    """Everything that allcad says about one photograph.

    ``every_cell`` holds the cells at every score; ``cells``, counts, share and suggestion are views at ``confidence``, so
    ``analysis.at(c)`` equals a fresh run at that confidence.

    Attributes:
        image: name or path of the picture as given.
        width, height: size in pixels as a person sees it (EXIF orientation applied).
        sha256: digest of the file's bytes.
        recipe: name of the model of ``analyse`` that was used.
        models: what looked at the field.
        device: ``cpu``, ``cuda:0``, ...
        backend: ``torch``, ...
        confidence: scores below this are hidden.
        every_cell: all cells by falling score; those that a person drew stand last, in the order of drawing.
        warnings: what a person should know, from reading and from quality checks.
        timing_ms: milliseconds of each step.
        edits: a person's review, in order; ``review.apply`` alone sets it and ``found``.
        found: where there was a review, all cells as the models left them.
        quality: what the photograph is like as input; ``None`` where nobody measured it.
        opinion: of a model of whole fields; ``None`` where the recipe has none or no white cell was found.
    """

    image: str
    width: int
    height: int
    sha256: str
    recipe: str
    models: Models
    device: str
    backend: str
    confidence: float
    every_cell: tuple[Cell, ...]
    warnings: tuple[Note, ...]
    timing_ms: Timing
    edits: tuple[Edit, ...] = ()
    found: tuple[Cell, ...] | None = None
    quality: Quality | None = None
    opinion: FieldOpinion | None = None

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Cells whose score reaches ``confidence``; what a person reviewed always stays."""
        return tuple(cell for cell in self.every_cell if cell.reviewed or cell.score >= self.confidence)

    @cached_property
    def counts(self) -> Counts:
        """Shown cells by label."""
        labels = [cell.label for cell in self.cells]
        return Counts(labels.count("blast"), labels.count("healthy"), labels.count("unsure"))

    @property
    def blast_fraction(self) -> Proportion:
        """Share of blasts among counted white cells with its 95 % Wilson interval."""
        return wilson(self.counts.blast, self.counts.total)

    @property
    def suggestion(self) -> Suggestion:
        """The suggestion for these counts and warnings."""
        return suggest(self.counts.blast, self.counts.healthy, [note.code for note in self.warnings])

    @property
    def agreement(self) -> Agreement | None:
        """Whether counts and field model say the same; ``None`` where either says nothing, or the counts are in between."""
        kind = self.suggestion.kind
        if self.opinion is None or kind not in {"no_blasts", "blasts_suspected"}:
            return None
        return "agree" if self.opinion.suspects == (kind == "blasts_suspected") else "disagree"

    @property
    def opinion_told(self) -> str:
        """The field model's answer as a sentence, with whether it agrees with the counts; empty without one."""
        if self.opinion is None:
            return ""
        before = " before the review" if self.edits else ""
        agrees = {"agree": " and agrees with the counts", "disagree": " against the counts: look closer", None: ""}
        return (
            f"The field as a whole, by {self.opinion.model} from the same cells{before}: "
            f"{100 * self.opinion.probability:.0f}\N{NO-BREAK SPACE}% for leukaemia{agrees[self.agreement]}."
        )

    @cached_property
    def by_models(self) -> FieldAnalysis:
        """The same without the review: what the models alone say."""
        return self if self.found is None else replace(self, every_cell=self.found, edits=(), found=None)

    @property
    def reviewed(self) -> int:
        """How many of the shown cells a person has looked at."""
        return sum(cell.reviewed for cell in self.cells)

    @property
    def um_per_px(self) -> float | None:
        """Micrometres a pixel; ``None`` where neither a person nor red cells tell it."""
        return None if self.quality is None else self.quality.um_per_px

    def scaled(self, um_per_px: float | None) -> FieldAnalysis:
        """The same with a scale that someone knows, micrometres a pixel, in place of that by red cells; as it is for ``None``."""
        if um_per_px is None or self.quality is None:
            return self
        return replace(self, quality=replace(self.quality, um_per_px=um_per_px))

    def at(self, confidence: float) -> FieldAnalysis:
        """The same analysis seen at another confidence; no model runs."""
        return replace(self, confidence=confidence)
