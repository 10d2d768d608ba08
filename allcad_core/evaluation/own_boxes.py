"""A recipe that finds cells, on whole fields of one's own whose cells have boxes of YOLO, COCO or Pascal VOC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from allcad_core import images
from allcad_core.analysis import analyse
from allcad_core.datasets.boxes import CellBox
from allcad_core.errors import AllcadError, DataError
from allcad_core.evaluation import own
from allcad_core.evaluation.detector_metrics import CLASSES
from allcad_core.evaluation.detector_report import BoxReport, figures_of
from allcad_core.evaluation.origins import Origin
from allcad_core.evaluation.own import Refused, Tell
from allcad_core.evaluation.points import Labelled

SOURCE = "hand"
"""How the boxes came about, as far as allcad knows."""


@dataclass(frozen=True)
class OwnBoxes:
    """What a recipe found on one's own fields.

    Attributes:
        recipe: that looked.
        confidence: from which score on its boxes count as said.
        shown: boxes at every score, by field.
        truth: boxes that came with the fields, by field.
        origins: of the fields, by name.
        refused: files that could not be used, and why.
    """

    recipe: str
    confidence: float
    shown: Mapping[str, Sequence[Labelled]]
    truth: Mapping[str, tuple[CellBox, ...]]
    origins: Mapping[str, Origin]
    refused: tuple[Refused, ...]


def evaluate(
    source: Path,
    recipe: str | None = None,
    *,
    blast: Sequence[str] = (),
    device: str | None = None,
    tell: Tell | None = None,
) -> OwnBoxes:
    """Look at every field with a recipe.

    Args:
        source: a folder or a ZIP file of pictures with boxes in YOLO's text files, a COCO file or Pascal VOC's files.
        recipe: a model of ``analyse``; the default one without it.
        blast: names of the classes that are blasts, where their names do not say it.
        device: see ``devices.choose``.
        tell: told the picture, its number and how many there are.

    Raises:
        DataError: no picture has boxes, none can be used, or a class is of unknown meaning.
        AllcadError: the recipe cannot be used.
    """
    with own.opened(source) as folder:
        return _evaluated(folder, source.stem, recipe, blast, device, tell)


def report(found: OwnBoxes) -> BoxReport:
    """The figures that a detector has on stored fields, of one's own; a box has the label that it is shown with."""
    truth = {kind: sum(cell.kind == kind for cells in found.truth.values() for cell in cells) for kind in CLASSES}
    figures = figures_of(found.shown, found.shown, found.truth, found.confidence)
    return BoxReport(found.recipe, own.PROTOCOL, found.confidence, truth, {"all": figures}, {})


def _evaluated(
    folder: Path, source: str, recipe: str | None, blast: Sequence[str], device: str | None, tell: Tell | None
) -> OwnBoxes:
    pictures, refused = own.labelled(folder, "cell", blast)
    boxed = [picture for picture in pictures if picture.label is None]
    if not boxed:
        raise DataError(f"No picture in '{source}' has boxes, which a detector is held against.")
    shown: dict[str, tuple[Labelled, ...]] = {}
    truth: dict[str, tuple[CellBox, ...]] = {}
    name, confidence = "", 0.0
    for number, picture in enumerate(boxed, start=1):
        if tell is not None:
            tell(picture.name, number, len(boxed))
        try:
            image = images.read(picture.path)
            own.require_inside(picture, image)
        except AllcadError as error:
            refused.append(Refused(picture.name, str(error)))
            continue
        found = analyse(image, recipe, device=device)
        name, confidence = found.recipe, found.confidence
        shown[picture.name] = tuple(Labelled(cell.box, cell.label, cell.score) for cell in found.every_cell)
        truth[picture.name] = tuple(
            CellBox("blast" if label else "healthy", box, SOURCE) for label, _, box in picture.boxes
        )
    if not shown:
        raise DataError(f"No picture in '{source}' can be used. The first: {refused[0].sentence}")
    origins = {field: Origin(source, field, field, field) for field in shown}
    return OwnBoxes(name, confidence, shown, truth, origins, tuple(refused))
