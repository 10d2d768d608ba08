"""How often the quality checks warn of photographs of each data set: false alarms, where the models know the set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from allcad_core import quality
from allcad_core.datasets import CropRecord, FieldRecord, allidb1, allidb2, aria, pbc, txl_pbc, wbc_segmentation
from allcad_core.errors import DataError
from allcad_core.ground import ground_colour
from allcad_core.intervals import Proportion, wilson
from allcad_core.segmentation import segment

SETS: Mapping[str, Callable[[Path], Sequence[FieldRecord | CropRecord]]] = {
    "ALL-IDB1": allidb1.fields,
    "ALL-IDB2": allidb2.crops,
    "TXL-PBC": txl_pbc.fields,
    "PBC": pbc.crops,
    "Aria": aria.fields,
    "WBC-segmentation": wbc_segmentation.crops,
}
KNOWN = ("ALL-IDB1", "ALL-IDB2", "TXL-PBC", "PBC", "Aria")
"""Sets by which the bounds of ``quality`` were drawn: a warning of stain is a false alarm there."""
CODES = ("blurred", "exposure", "foreign_scale", "foreign_stain", "no_ground")

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Alarms:
    """Warnings of one data set.

    Attributes:
        dataset: its name.
        known: whether the bounds of the checks were drawn by it.
        pictures: how many were looked at.
        shares: share of pictures with each warning, by code, with Wilson's 95 % interval.
    """

    dataset: str
    known: bool
    pictures: int
    shares: Mapping[str, Proportion]


def report(data: Path, every: int = 1, device: str | None = None, tell: Tell | None = None) -> list[Alarms]:
    """Warnings of every set in the data folder.

    Args:
        data: the data folder.
        every: look at each so manieth picture only.
        device: see ``devices.choose``.
        tell: told each picture when it is done.

    Raises:
        DataError: there is no set at all.
    """
    found = []
    for name, reader in SETS.items():
        try:
            records = reader(data)[::every]
        except DataError:
            continue
        counts: Counter[str] = Counter()
        for number, record in enumerate(records, start=1):
            counts.update(codes(record, device))
            if tell is not None:
                tell(name, number, len(records))
        shares = {code: wilson(counts[code], len(records)) for code in CODES}
        found.append(Alarms(name, name in KNOWN, len(records), shares))
    if not found:
        raise DataError(f"No data set lies in '{data}'.")
    return found


def codes(record: FieldRecord | CropRecord, device: str | None = None) -> set[str]:
    """Codes of the warnings about one picture."""
    pixels = record.read().pixels
    seen = segment(pixels, "stain", device)
    notes = quality.check(pixels, ground_colour(pixels), seen.red_cell_diameter, seen.nucleus)
    return {note.code for note in notes}
