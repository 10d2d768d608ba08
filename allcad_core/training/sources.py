"""The pictures that training sees, by data set: ALL-IDB itself and what is at hand beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from allcad_core.datasets import CropRecord, FieldRecord, allidb1, allidb2, aria, pbc, txl_pbc, wbc_segmentation
from allcad_core.datasets.boxes import CellBox, read_boxes
from allcad_core.errors import DataError
from allcad_core.ground import balance
from allcad_core.results import Box
from allcad_core.segmentation import segment
from allcad_core.synthesis import GeneratedField, generate
from allcad_core.training import shelf as shelves
from allcad_core.training.shelf import R, Tell
from allcad_core.training.truth import Kind, TrueField, Truth, true_field, truth_of_crop, truth_of_field

MAIN, CROPS = allidb1.NAME, allidb2.NAME
GENERATED = "generated"
FIRST_SEED = 200_000
"""Of the generated fields that train, far from the seeds of the samples and of the evaluation."""
DRAWN = Path(__file__).resolve().parents[2] / "annotations" / "allidb1_boxes.csv"
EDGE = 2.0
"""px: a drawn box that comes closer to the border of its picture is cut by it."""


def main_fields(data: Path, tell: Tell | None = None, shelf: Path | None = None) -> list[TrueField]:
    """The fields of ALL-IDB1 with their drawn boxes; by stain and centroids where a field has none. Raises DataError."""
    drawn = read_boxes(DRAWN) if DRAWN.is_file() else {}
    records = allidb1.fields(data)
    return _pictures(records, lambda record: truth_of_field(record, drawn.get(record.name)), MAIN, tell, shelf)


def crop_pictures(data: Path, tell: Tell | None = None, shelf: Path | None = None) -> list[TrueField]:
    """The crops of ALL-IDB2 with the cell in their middle; none where the set is not in the data folder."""
    try:
        records = allidb2.crops(data)
    except DataError:
        return []
    return _pictures(
        records, lambda record: truth_of_crop(record, "blast" if record.label else "healthy"), CROPS, tell, shelf
    )


def further_fields(data: Path, tell: Tell | None = None, shelf: Path | None = None) -> list[TrueField]:
    """Pictures of the other sets that lie in the data folder: Aria with the label of its fields, healthy blood of three."""
    found: list[TrueField] = []
    for name, truth in _TRUTHS.items():
        listed: Sequence[Any] = records(data, name)
        found += _pictures(listed, truth, name, tell, shelf)
    return found


def generated_fields(count: int, tell: Tell | None = None) -> list[TrueField]:
    """So many generated fields, each scene drawn from its seed, with the boxes and labels that the generator knows."""
    fields = []
    for number in range(count):
        made = generate(FIRST_SEED + number)
        fields.append(true_generated(made, f"{GENERATED}-{made.seed}"))
        if tell is not None:
            tell(GENERATED, number + 1, count)
    return fields


def records(data: Path, name: str) -> tuple[FieldRecord, ...] | tuple[CropRecord, ...]:
    """Records of one of the further sets; none where it is not in the data folder, since each helps and none is needed."""
    try:
        return FURTHER[name](data)
    except DataError:
        return ()


def _pictures(
    records: Sequence[R], find: Callable[[R], Truth], name: str, tell: Tell | None, shelf: Path | None
) -> list[TrueField]:
    place = None if shelf is None else shelf / f"truth-{shelves.key([DRAWN])}"
    truths = shelves.truths(records, find, place, name, tell)
    return [true_field(record, truth) for record, truth in zip(records, truths, strict=True)]


def true_generated(made: GeneratedField, name: str) -> TrueField:
    """A generated field as training sees it; cells at the border are ignored, as in the real fields."""
    height, width = made.pixels.shape[:2]
    cells: list[tuple[Kind, Box]] = []
    for cell in made.cells:
        x0, y0, x1, y1 = map(float, cell.box)
        kind: Kind = "blast" if cell.label == "blast" else "healthy"
        cells.append(("ignore" if _is_cut((x0, y0, x1, y1), width, height) else kind, (x0, y0, x1, y1)))
    found = segment(made.pixels, "stain")
    return TrueField(name, GENERATED, balance(made.pixels), found.red_cell_diameter, tuple(cells), found.regions)


def _is_cut(box: Box, width: int, height: int) -> bool:
    return box[0] < EDGE or box[1] < EDGE or box[2] > width - EDGE or box[3] > height - EDGE


def _of_aria(record: FieldRecord) -> Truth:
    return truth_of_field(record, weak_label="blast" if record.label == 1 else "healthy")


def _of_txl(record: FieldRecord) -> Truth:
    """The white cells that the set's own boxes name; red cells and platelets are no cells here."""
    image = record.read()
    boxes = [box.box for box in record.boxes if box.kind == txl_pbc.CLASSES[0]]
    drawn = [CellBox("ignore" if _is_cut(box, image.width, image.height) else "healthy", box, "set") for box in boxes]
    return truth_of_field(record, drawn)


FURTHER: Mapping[str, Callable[[Path], tuple[FieldRecord, ...] | tuple[CropRecord, ...]]] = {
    aria.NAME: aria.fields,
    txl_pbc.NAME: txl_pbc.fields,
    pbc.NAME: pbc.crops,
    wbc_segmentation.NAME: wbc_segmentation.crops,
}
"""Name and reader of each further set."""
_TRUTHS: Mapping[str, Callable[..., Truth]] = {
    aria.NAME: _of_aria,
    txl_pbc.NAME: _of_txl,
    pbc.NAME: partial(truth_of_crop, label="healthy"),
    wbc_segmentation.NAME: partial(truth_of_crop, label="healthy"),
}
