"""Where a judged picture comes from: field, sitting, camera and kind, kept beside the results so that no data is needed."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TypeVar

from allcad_core import files
from allcad_core.datasets import CropRecord, FieldRecord, allidb1, allidb2, aria, pbc, txl_pbc
from allcad_core.errors import DataError
from allcad_core.predictions import RESULTS

FILE = "pictures.csv"
Record = TypeVar("Record", FieldRecord, CropRecord)

Key = tuple[str, str]
"""Names of data set and picture."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of one picture; empty where it is not.

    Attributes:
        dataset: name of the data set.
        image: name of the field or crop.
        field: name of the field, the first one for a crop that lies in two; the picture itself in other sets.
        group: fields that show the same cells share one; a bootstrap draws whole groups.
        session: sitting at the microscope.
        camera: camera model.
        kind: class in the words of the data set.
    """

    dataset: str
    image: str
    field: str
    group: str
    session: str = ""
    camera: str = ""
    kind: str = ""


def known(keys: Iterable[Key], data: Path | None = None, results: Path = RESULTS) -> dict[Key, Origin]:
    """Origins of the named pictures: as stored beside the results, else from the data folder, else by name alone.

    Raises:
        DataError: the stored file is not what it should be.
    """
    wanted = set(keys)
    found = stored(results)
    if data is not None and not wanted <= found.keys():
        found = read(data) | found
    return {key: found.get(key, Origin(*key, field=key[1], group=key[1])) for key in wanted}


def stored(results: Path = RESULTS) -> dict[Key, Origin]:
    """Origins that stand beside the results; none without the file. Raises DataError where it is damaged."""
    path = results / FILE
    if not path.is_file():
        return {}
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = [Origin(**line) for line in csv.DictReader(stream)]
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{path.name} in {path.parent} is not a list of pictures ({error}).") from error
    return {(row.dataset, row.image): row for row in rows}


def write(origins: Mapping[Key, Origin], results: Path = RESULTS) -> Path:
    """Keep origins beside the results; the file appears whole or not at all."""
    path = results / FILE
    with files.whole_text(path) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([entry.name for entry in fields(Origin)])
        writer.writerows(astuple(origins[key]) for key in sorted(origins))
    return path


def read(data: Path) -> dict[Key, Origin]:
    """Origins of every picture of the sets that a classifier is scored on, as far as they lie in the data folder."""
    smears = _there(allidb1.fields, data)
    records = [*smears, *_there(aria.fields, data), *_there(txl_pbc.fields, data)]
    crops: Sequence[CropRecord] = _there(allidb2.crops, data)
    if smears and not all(crop.fields for crop in crops):
        from allcad_core.datasets.crop_search import with_origins

        crops = with_origins(crops, smears)
    of_fields = {record.name: record for record in smears}
    origins = [
        *(_of_field(record) for record in records),
        *(_of_crop(crop, of_fields) for crop in (*crops, *_there(pbc.crops, data))),
    ]
    return {(origin.dataset, origin.image): origin for origin in origins}


def _there(reader: Callable[[Path], tuple[Record, ...]], data: Path) -> tuple[Record, ...]:
    """Records of a set; none where it is not in the folder, since each is told apart by itself."""
    try:
        return reader(data)
    except DataError:
        return ()


def _of_field(record: FieldRecord) -> Origin:
    return Origin(
        record.dataset,
        record.name,
        record.name,
        record.group or record.name,
        record.session or "",
        record.camera or "",
        record.kind or "",
    )


def _of_crop(crop: CropRecord, fields_by_name: Mapping[str, FieldRecord]) -> Origin:
    field = next((fields_by_name[name] for name in crop.fields if name in fields_by_name), None)
    if field is None:
        return Origin(crop.dataset, crop.name, crop.name, crop.group or crop.name, kind=crop.kind or "")
    origin = _of_field(field)
    return Origin(crop.dataset, crop.name, origin.field, origin.group, origin.session, origin.camera, crop.kind or "")
