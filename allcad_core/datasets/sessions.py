"""Camera, time and sitting of a photograph, from EXIF."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from allcad_core.datasets.base import FieldRecord, open_picture

PAUSE = timedelta(minutes=10)
"""A longer pause, or another camera, starts a new sitting where the sitting is not known."""

_MODEL, _TAKEN, _EXIF, _TAKEN_ORIGINAL = 0x0110, 0x0132, 0x8769, 0x9003
_TIME_FORMAT = "%Y:%m:%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class Sitting:
    """One known sitting: letter, camera, and the times between which its photographs were taken, as EXIF writes them."""

    letter: str
    camera: str
    first: str
    last: str


ALL_IDB_SITTINGS = (
    Sitting("A", "C2500L", "2004:04:21 16:00:00", "2004:04:21 17:10:00"),
    Sitting("B", "C2500L", "2004:04:21 17:10:01", "2004:04:21 18:00:00"),
    Sitting("G", "Canon PowerShot G5", "2005:09:06 09:00:00", "2005:09:06 09:19:45"),
    Sitting("H", "Canon PowerShot G5", "2005:09:06 09:19:46", "2005:09:06 09:37:00"),
    Sitting("C", "Canon PowerShot G5", "2005:09:06 09:37:01", "2005:09:06 10:06:30"),
    Sitting("D", "Canon PowerShot G5", "2005:09:06 10:06:31", "2005:09:06 10:25:00"),
    Sitting("E", "Canon PowerShot G5", "2005:09:06 10:25:01", "2005:09:06 10:41:20"),
    Sitting("F", "Canon PowerShot G5", "2005:09:06 10:41:21", "2005:09:06 11:00:00"),
)
"""Sittings of ALL-IDB1. Pauses alone do not tell them apart: between E and F lie five minutes, within A nine; class,
smear and zoom changed with the sitting."""


def exif_of(path: Path) -> tuple[str | None, str | None]:
    """Camera model and time taken, as EXIF writes them; None where it does not. Raises DataError if unreadable."""
    with open_picture(path) as picture:
        tags = picture.getexif()
        taken = tags.get_ifd(_EXIF).get(_TAKEN_ORIGINAL) or tags.get(_TAKEN)
        return _text(tags.get(_MODEL)), _text(taken)


def known_session(camera: str | None, taken: str | None) -> str | None:
    """Letter of the sitting of ALL-IDB1 that a photograph belongs to; None where it belongs to none."""
    if camera is None or taken is None:
        return None
    return next((s.letter for s in ALL_IDB_SITTINGS if s.camera == camera and s.first <= taken <= s.last), None)


def with_exif(field: FieldRecord) -> FieldRecord:
    """The same field with camera, time and known session from EXIF where it had none."""
    if field.camera is not None and field.taken is not None and field.session is not None:
        return field
    camera, taken = exif_of(field.path)
    camera, taken = field.camera or camera, field.taken or taken
    return replace(field, camera=camera, taken=taken, session=field.session or known_session(camera, taken))


def sittings(fields: Iterable[FieldRecord]) -> dict[str, str]:
    """Sitting of each dated field by name: its session, else a number counted by camera and pauses over ``PAUSE``."""
    found: dict[str, str] = {}
    dated = [(field.camera or "", time, field) for field in fields if (time := _time(field.taken)) is not None]
    before: tuple[str, datetime] | None = None
    number = 0
    for camera, time, field in sorted(dated, key=lambda entry: (*entry[:2], entry[2].name)):
        if before is None or before[0] != camera or time - before[1] > PAUSE:
            number += 1
        before = (camera, time)
        found[field.name] = field.session or str(number)
    return found


def _text(value: object) -> str | None:
    return (str(value).replace("\x00", "").strip() or None) if value is not None else None


def _time(taken: str | None) -> datetime | None:
    try:
        return datetime.strptime(taken or "", _TIME_FORMAT)  # noqa: DTZ007  EXIF of these cameras knows no time zone
    except ValueError:
        return None
