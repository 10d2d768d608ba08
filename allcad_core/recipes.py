"""The named models of ``analyse``: which detector, classifier and segmenter work together."""

from __future__ import annotations

from dataclasses import dataclass

from allcad_core.errors import UnknownNameError


@dataclass(frozen=True, slots=True)
class Recipe:
    """A named model of ``analyse``: which detector, classifier and segmenter work together.

    Attributes:
        name: its name everywhere.
        detector: ``regions``, or the card of a detector.
        classifier: the card of a cell classifier, or ``None``.
        segmenter: a segmentation method.
        default_confidence: scores below this are hidden unless someone asks; chosen out of fold.
        sentence: what it is, for people.
        field: the card of a model of whole fields that listens to the same cells, or ``None``.
        relabels: the classifier labels the boxes, though the detector has labels of its own.
    """

    name: str
    detector: str
    classifier: str | None
    segmenter: str
    default_confidence: float
    sentence: str
    field: str | None = None
    relabels: bool = False

    @property
    def kept(self) -> str:
        """Under what name its predictions are stored: its detector's, with the classifier's where that gives the labels."""
        return f"{self.detector}-{self.classifier}" if self.is_judged else self.detector

    @property
    def is_judged(self) -> bool:
        """Whether the classifier, not the detector, says what a box holds."""
        return self.relabels or self.detector == REGIONS


REGIONS = "regions"
"""The detector that is none: regions of the segmentation, which a classifier judges."""
DEFAULT_RECIPE = "regions"

_DETECTORS = {
    "yolo11n": "A nano YOLO finds and labels cells",
    "yolov5s": "The YOLOv5s of Chen et al., anchor-free",
    "yolov5m": "The YOLOv5m of Chen et al., anchor-free",
    "yolov5s-scratch": "The 'v5' of Chen et al.: YOLOv5s without pre-training",
    "yolov6n": "A small relative of the YOLOv6 of Chen et al.",
    "yolov7-tiny": "A small relative of the YOLOv7 of Chen et al.",
}
"""Networks that find and label cells at once; what they are, for people."""

_RECIPES = (
    Recipe(
        "regions",
        REGIONS,
        "best_cell",
        "stain",
        0.25,
        "Stain proposes every white cell, two EfficientNets say which look like blasts.",
        "best_field",
    ),
    Recipe(
        "yolo11n-best_cell",
        "yolo11n",
        "best_cell",
        "stain",
        0.25,
        "A nano YOLO finds white cells, two EfficientNets say which look like blasts.",
        relabels=True,
    ),
    *(
        Recipe(name, name, "best_cell", "stain", 0.25, f"{sentence}; two EfficientNets give a second opinion.")
        for name, sentence in _DETECTORS.items()
    ),
)


def recipes() -> tuple[Recipe, ...]:
    """All recipes, the default first."""
    return _RECIPES


def recipe(name: str | None = None) -> Recipe:
    """One recipe by name; the default without one. Raises UnknownNameError."""
    wanted = name or DEFAULT_RECIPE
    for entry in _RECIPES:
        if entry.name == wanted:
            return entry
    raise UnknownNameError("model", wanted, [entry.name for entry in _RECIPES])


def kept_of(name: str) -> str:
    """Under what name the predictions of a recipe are stored; what is no recipe stands for itself."""
    return next((entry.kept for entry in _RECIPES if entry.name == name), name)
