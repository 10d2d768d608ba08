"""A shipped classifier on labelled pictures of one's own: a folder a class, or boxes of YOLO, COCO or Pascal VOC."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from allcad_core import devices, images, models
from allcad_core.analysis import cell_classifier, seen
from allcad_core.classify import classify_crop, classify_field, model_for
from allcad_core.datasets import CropRecord, LabelledBox, catalogue, class_folders, coco, voc, yolo
from allcad_core.datasets.base import pictures_below, size_of, unique_names
from allcad_core.errors import AllcadError, DataError, quoted
from allcad_core.evaluation.archives import unpack
from allcad_core.evaluation.classifiers import Report, summarise
from allcad_core.evaluation.judged import Judged, Rule
from allcad_core.evaluation.origins import Origin
from allcad_core.ground import balance
from allcad_core.images import SmearImage
from allcad_core.results import Box

PROTOCOL = "own"
"""Stands for the protocol: pictures that the shipped model was not trained on, as far as whoever brings them knows."""
_WORDS = {
    1: "all blast blasts lymphoblast lymphoblasts cancer leukemia leukaemia malignant positive abnormal early pre pro",
    0: "healthy normal benign hem negative control other wbc white leukocyte leukocytes neutrophil eosinophil basophil "
    "lymphocyte monocyte ig immature granulocyte band segmented",
    None: "rbc red erythrocyte erythrocytes erythroblast platelet platelets ignore unknown artefact artifact",
}
"""Words by which a class is known, in small letters: 1 blast, 0 healthy, ``None`` no white cell."""
BLAST, HEALTHY, NO_CELL = (frozenset(_WORDS[label].split()) for label in (1, 0, None))
DENIALS = frozenset({"non", "not", "no"})

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that could not be used, and why."""

    file: str
    sentence: str


@dataclass(frozen=True)
class OwnReport:
    """The report over what could be judged, and the files that could not."""

    report: Report
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """One labelled picture: a label for the whole, or labelled boxes."""

    name: str
    path: Path
    kind: str
    label: int | None
    boxes: tuple[tuple[int, str, tuple[float, float, float, float]], ...]


_Found = tuple[list[Picture], list[Refused]]


def label_of(kind: str, blast: Sequence[str] = ()) -> int | None:
    """1 blast or leukaemia, 0 healthy, by the name of a class; ``None`` for what is no white cell.

    Args:
        kind: name of the class.
        blast: where given, these classes are blasts and every other one is healthy.

    Raises:
        DataError: the name says neither.

    >>> label_of("Malignant Pre-B"), label_of("neutrophil"), label_of("RBC")
    (1, 0, None)
    """
    if blast:
        return int(kind in blast)
    if kind in {"0", "1"}:
        return int(kind)
    words = set(re.findall("[a-z]+", kind.lower()))
    if words & NO_CELL:
        return None
    denied = bool(words & DENIALS)
    if words & BLAST:
        return int(not denied)
    if words & HEALTHY and not denied:
        return 0
    raise DataError(
        f"Whether '{quoted(kind)}' means blasts or healthy cells is not known. Say which classes are blasts."
    )


def evaluate(
    source: Path,
    model: str | None = None,
    task: str = "cell",
    *,
    blast: Sequence[str] = (),
    device: str | None = None,
    tell: Tell | None = None,
) -> OwnReport:
    """Judge labelled pictures by a shipped classifier.

    Args:
        source: a folder or a ZIP file. Pictures lie in a folder a class (crops of one cell, or whole fields for
            ``field``), or have boxes in YOLO's text files, a COCO file or Pascal VOC's files (cells only).
        model: a shipped classifier; the best one without it.
        task: ``cell`` or ``field``.
        blast: names of the classes that are blasts or leukaemia, where their names do not say it.
        device: see ``devices.choose``.
        tell: told the picture, the part done and how many there are.

    Raises:
        DataError: there are no such pictures, no file can be used, or a class is of unknown meaning.
        UnknownNameError: no such classifier.
    """
    name = model_for("field" if task == "field" else "cell", model)
    with opened(source) as folder:
        pictures, refused = labelled(folder, task, blast)
        judged: list[Judged] = []
        for number, picture in enumerate(pictures, start=1):
            if tell is not None:
                tell(picture.name, number, len(pictures))
            try:
                judged += _judge(picture, name, task, device, source.stem)
            except AllcadError as error:
                refused.append(Refused(picture.name, str(error)))
    if not judged:
        told = f" The first: {refused[0].sentence}" if refused else ""
        raise DataError(f"No labelled picture in '{source.name}' can be used.{told}")
    card = models.card(name)
    rules = {0: Rule(card.temperature, card.threshold, ("its card",))}
    return OwnReport(summarise(judged, rules, model=name, task=task, protocol=PROTOCOL), tuple(refused))


def files_of(folder: Path, task: str = "cell", blast: Sequence[str] = ()) -> dict[str, Path]:
    """Where the labelled pictures of a folder lie, by the names that ``evaluate`` gives them. Arguments and errors alike."""
    return {picture.name: picture.path for picture in labelled(folder, task, blast)[0]}


def is_own(source: Path) -> bool:
    """Whether a path leads to pictures of one's own: a ZIP file, or a folder without any of the sets that allcad knows.

    Raises:
        DataError: it is neither a file nor a folder with pictures.
    """
    if source.is_file():
        return True
    return not any(found.spec in catalogue.SPECS for found in catalogue.find(source))


@contextmanager
def opened(source: Path) -> Iterator[Path]:
    """The folder itself, or a ZIP file unpacked for as long as it is looked at. Raises DataError: there is neither."""
    if source.is_dir():
        yield source
    elif source.is_file():
        with TemporaryDirectory(prefix="allcad-", ignore_cleanup_errors=True) as folder:
            yield unpack(source, Path(folder) / source.stem).folder  # by its name, as that is what sentences call it
    else:
        raise DataError(f"There is no folder or ZIP file '{source}' on the machine where allcad runs.")


def labelled(folder: Path, task: str, blast: Sequence[str]) -> _Found:
    """Labelled pictures in whichever layout lies there, and files that are malformed. Errors as of ``evaluate``."""
    folder = _inner(folder)
    pictures = pictures_below(folder)
    if not pictures:
        raise DataError(f"There is no picture in '{folder.name}'.")
    if task == "cell":
        annotation = next((path for path in sorted(folder.rglob("*.json")) if coco.is_coco(path)), None)
        if annotation is not None:
            return _coco(annotation, pictures, blast)
        if any(folder.rglob("*.xml")):
            return _voc(folder, blast)
        if any(yolo.label_file(folder, path).is_file() for path in pictures):
            return _yolo(folder, pictures, blast)
    return [_whole(record, blast) for record in class_folders.crops(folder)], []


def _inner(folder: Path) -> Path:
    """The one folder inside a folder that holds nothing else, as in most ZIP files; else the folder itself."""
    inside = [path for path in folder.iterdir() if not path.name.startswith(".")]
    only = inside[0] if len(inside) == 1 and inside[0].is_dir() else None
    deeper = only is not None and (any(path.is_dir() for path in only.iterdir()) or bool(yolo.read_classes(only)))
    return _inner(only) if only is not None and deeper else folder


def _whole(record: CropRecord, blast: Sequence[str]) -> Picture:
    return Picture(record.name, record.path, record.kind or "", label_of(record.kind or "", blast), ())


def _boxed(name: str, path: Path, found: Sequence[LabelledBox], blast: Sequence[str]) -> Picture:
    labelled = ((label_of(entry.kind, blast), entry) for entry in found)
    boxes = tuple((label, entry.kind, entry.box) for label, entry in labelled if label is not None)
    return Picture(name, path, "", None, boxes)


def _coco(annotation: Path, pictures: Sequence[Path], blast: Sequence[str]) -> _Found:
    """One file for all: pictures that it names and that are not there are told."""
    by_name = {path.name: path for path in pictures}
    found, refused = [], []
    for listed, boxes in coco.read_boxes(annotation).items():
        path = by_name.get(PurePosixPath(listed).name)
        if path is None:
            refused.append(Refused(listed, f"'{annotation.name}' names this picture, which is not there."))
        else:
            found.append(_boxed(listed, path, boxes, blast))
    return found, refused


def _voc(folder: Path, blast: Sequence[str]) -> _Found:
    """Pascal VOC's files one by one, so that a malformed one does not spoil the others."""
    files = sorted(path for path in folder.rglob("*.xml") if not path.name.startswith("."))
    return _each(
        zip(unique_names(folder, files), files, strict=True),
        lambda file: (voc.picture_of(file), voc.read_boxes(file)),
        blast,
    )


def _yolo(folder: Path, pictures: Sequence[Path], blast: Sequence[str]) -> _Found:
    """YOLO's files likewise."""
    classes = yolo.read_classes(folder)
    if not classes and not blast:
        raise DataError("The names of the classes are missing: put a 'classes.txt' or 'data.yaml' beside the pictures.")

    def read(path: Path) -> tuple[Path, Sequence[LabelledBox]]:
        text = yolo.label_file(folder, path)
        if not text.is_file():
            raise DataError(f"'{text.name}' with its boxes is missing.")
        return path, yolo.read_boxes(text, size_of(path), classes)

    return _each(zip(unique_names(folder, pictures), pictures, strict=True), read, blast)


def _each(
    named: Iterable[tuple[str, Path]], read: Callable[[Path], tuple[Path, Sequence[LabelledBox]]], blast: Sequence[str]
) -> _Found:
    found, refused = [], []
    for name, path in named:
        try:
            picture, boxes = read(path)
        except DataError as error:
            refused.append(Refused(name, str(error)))
        else:
            found.append(_boxed(name, picture, boxes, blast))
    return found, refused


def _lies_in(box: Box, width: int, height: int) -> bool:
    """Whether a box shows some of the picture and reaches no further beyond it than the picture is large."""
    x0, y0, x1, y1 = box
    return -width <= x0 < width and 0 < x1 <= 2 * width and -height <= y0 < height and 0 < y1 <= 2 * height


def require_inside(picture: Picture, image: SmearImage) -> None:
    """Raise DataError where a box lies outside its picture."""
    for _, _, box in picture.boxes:
        if not _lies_in(box, image.width, image.height):
            raise DataError(
                f"A box of '{quoted(picture.name)}' lies outside the picture. Its boxes are of another one."
            )


def _judge(picture: Picture, model: str, task: str, device: str | None, dataset: str) -> list[Judged]:
    if picture.label is None and not picture.boxes:
        return []
    image = images.read(picture.path)
    require_inside(picture, image)

    def origin(kind: str) -> Origin:
        return Origin(dataset, picture.name, picture.name, picture.name, kind=kind)

    if picture.boxes:
        where = devices.choose(device)
        classifier = cell_classifier(model, where)
        shown = seen(image.pixels, balance(image.pixels), classifier.mask, str(where))
        chances = classifier.probabilities(shown, [box for _, _, box in picture.boxes])
        return [
            Judged(origin(kind), box, label, 0, float(chance), classifier.threshold)
            for (label, kind, box), chance in zip(picture.boxes, chances, strict=True)
        ]
    assert picture.label is not None
    answer = (classify_field if task == "field" else classify_crop)(image, model, device=device)
    return [Judged(origin(picture.kind), None, picture.label, 0, answer.probability, answer.threshold)]
