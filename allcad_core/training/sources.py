"""The fields that training sees, by data set, read once: ALL-IDB1 itself and what is at hand beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from allcad_core.datasets import FieldRecord, allidb1, aria, pbc, txl_pbc
from allcad_core.errors import DataError
from allcad_core.ground import balance
from allcad_core.results import Box
from allcad_core.segmentation import segment
from allcad_core.synthesis import GeneratedField, generate
from allcad_core.training.truth import Kind, TrueField, true_field

MAIN = allidb1.NAME
GENERATED = "generated"
FIRST_SEED = 200_000
"""Of the generated fields that train, far from the seeds of the samples and of the evaluation."""
Tell = Callable[[str, int, int], None]
"""Told the data set, the field done and how many there are."""


def main_fields(data: Path, tell: Tell | None = None) -> list[TrueField]:
    """The fields of ALL-IDB1, labelled by the expert centroids. Raises DataError."""
    return _read([(record, None) for record in allidb1.fields(data)], tell)


def further_fields(data: Path, tell: Tell | None = None) -> list[TrueField]:
    """Fields of the other sets that lie in the data folder: Aria with the label of its fields, healthy blood of two more."""
    return _read([(record, _weak_label(record)) for name in FURTHER for record in records(data, name)], tell)


def generated_fields(count: int, tell: Tell | None = None) -> list[TrueField]:
    """So many generated fields, each scene drawn from its seed, with the boxes and labels that the generator knows."""
    fields = []
    for number in range(count):
        fields.append(_true_generated(generate(FIRST_SEED + number)))
        if tell is not None:
            tell(GENERATED, number + 1, count)
    return fields


def _true_generated(made: GeneratedField) -> TrueField:
    """A generated field as training sees it; cells at the border are ignored, as in the real fields."""
    height, width = made.pixels.shape[:2]
    cells: list[tuple[Kind, Box]] = []
    for cell in made.cells:
        x0, y0, x1, y1 = map(float, cell.box)
        cut = x0 <= 1 or y0 <= 1 or x1 >= width - 1 or y1 >= height - 1
        kind: Kind = "blast" if cell.label == "blast" else "healthy"
        cells.append(("ignore" if cut else kind, (x0, y0, x1, y1)))
    found = segment(made.pixels, "stain")
    name = f"{GENERATED}-{made.seed}"
    return TrueField(name, GENERATED, balance(made.pixels), found.red_cell_diameter, tuple(cells), found.regions)


def records(data: Path, name: str) -> tuple[FieldRecord, ...]:
    """Records of one of the further sets; none where it is not in the data folder, since each helps and none is needed."""
    try:
        return FURTHER[name](data)
    except DataError:
        return ()


def _read(records: Iterable[tuple[FieldRecord, Kind | None]], tell: Tell | None) -> list[TrueField]:
    listed, fields = list(records), []
    for number, (record, label) in enumerate(listed, start=1):
        fields.append(true_field(record, label))
        if tell is not None:
            tell(record.dataset, number, len(listed))
    return fields


def _weak_label(record: FieldRecord) -> Kind:
    """Label of every whole cell of a field whose set labels fields alone."""
    return "blast" if record.label == 1 else "healthy"


def _pbc_fields(data: Path) -> tuple[FieldRecord, ...]:
    """The pictures of PBC as small fields: their boxes are not needed here."""
    return tuple(FieldRecord(crop.name, crop.path, crop.dataset, 0, crop.kind) for crop in pbc.crops(data))


FURTHER: Mapping[str, Callable[[Path], tuple[FieldRecord, ...]]] = {
    aria.NAME: aria.fields,
    txl_pbc.NAME: txl_pbc.fields,
    pbc.NAME: _pbc_fields,
}
"""Name and reader of each further set."""
