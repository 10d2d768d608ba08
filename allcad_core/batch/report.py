"""The report of a run: one HTML file that needs nothing else, with the most suspicious fields drawn in it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from allcad_core import __version__, files
from allcad_core.batch import tables
from allcad_core.batch.store import DONE, FAILED, Store
from allcad_core.batch.work import Job, is_slide, picture
from allcad_core.errors import AllcadError
from allcad_core.intervals import EN_DASH, Proportion, wilson

if TYPE_CHECKING:
    from allcad_core.results import FieldAnalysis

NAME = "report.html"
PICTURES = 24
"""Fields that are drawn: those with most blasts."""
LONGEST, QUALITY = 520, 82
"""Pixels of a drawn field's longer side, and its JPEG quality: about 60 kB a field."""
MOST_FOLDERS, MOST_FAILED = 200, 100
"""Rows of a table; the summary has the others."""

KINDS = {
    "blasts_suspected": "Blasts suspected",
    "few_suspicious": "A few suspicious cells",
    "no_blasts": "No blasts seen",
    "no_white_cells": "No white cells",
    "cannot_tell": "allcad cannot tell",
}
WARNINGS = {
    "blurred": "Blurred",
    "exposure": "Too dark or too bright",
    "foreign_scale": "Unusual magnification",
    "foreign_stain": "Unusual stain",
    "no_ground": "No clear ground",
    "extension": "Extension says another format",
    "pages": "First page of several",
}


@dataclass(frozen=True, slots=True)
class Group:
    """Fields of one folder together: counts of files and cells, and the share of blasts among all their cells."""

    name: str
    files: int
    blast: int
    healthy: int

    @property
    def share(self) -> Proportion:
        """Blasts among the counted cells; cells are pooled, not percentages."""
        return wilson(self.blast, self.blast + self.healthy)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A field with its frames, as the text of a data URL; empty for a slide, and where a file can be read no more."""

    name: str
    blast: int
    total: int
    share: str
    url: str


def write_report(store: Store, folder: Path) -> None:
    """Write ``report.html``.

    Raises:
        DataError: it cannot be written.
    """
    files.write(folder / NAME, render(store, folder).encode("utf-8", "replace"))


def render(store: Store, folder: Path) -> str:
    """The report as HTML. All that comes from files and their names is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    house = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    house.filters["count"] = lambda number: f"{number:,}"
    house.filters["interval"] = _interval
    return house.get_template("report.jinja.html").render(**told(store, folder))


def told(store: Store, folder: Path) -> dict[str, Any]:
    """What the report says, by name."""
    facts = store.facts()
    waiting, done, failed = store.counts()
    ((review, seconds),) = store.ask("SELECT total(review), total(ms) / 1000 FROM items WHERE status = ?", (DONE,))
    everything = totals(store)
    return {
        "headline": headline(everything, failed),
        "everything": everything,
        "review": int(review),
        "same": store.ask("SELECT count(*) - count(DISTINCT sha256) FROM items WHERE status = ?", (DONE,))[0][0],
        "waiting": waiting,
        "failed": failed,
        "seconds": seconds / done if done else None,
        "kinds": [(KINDS.get(kind, kind), count) for kind, count in _counted(store, "kind")],
        "warnings": [(WARNINGS.get(code, code), count) for code, count in _warned(store)],
        "groups": _groups(store),
        "most_groups": MOST_FOLDERS,
        "drawn": _drawn(store, folder),
        "failures": store.ask(
            "SELECT name, error FROM items WHERE status = ? ORDER BY path, member LIMIT ?", (FAILED, MOST_FAILED)
        ),
        "most_failures": MOST_FAILED,
        "model": facts["model"],
        "confidence": facts["confidence"],
        "version": __version__,
        "when": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def totals(store: Store) -> Group:
    """All fields that are done, as one group."""
    ((files, blast, healthy),) = store.ask(
        "SELECT count(*), total(blast), total(healthy) FROM items WHERE status = ?", (DONE,)
    )
    return Group("", files, int(blast), int(healthy))


def headline(everything: Group, failed: int) -> str:
    """The answer as one sentence."""
    fields = "1 field was" if everything.files == 1 else f"{everything.files:,} fields were"
    total = everything.blast + everything.healthy
    if not everything.files:
        return "No file could be analysed." if failed else "Nothing was analysed."
    if not total:
        return f"{fields} analysed; no white cell was found."
    return f"{fields} analysed; {everything.blast:,} of {total:,} white cells look like blasts."


def _interval(share: Proportion) -> str:
    return EN_DASH if share.value is None else str(share)


def _counted(store: Store, column: str) -> list[tuple[str, int]]:
    return store.ask(
        f"SELECT {column}, count(*) FROM items WHERE status = ? GROUP BY 1 ORDER BY 2 DESC, 1",  # noqa: S608  # nosec B608  columns are named here, not by strangers
        (DONE,),
    )


def _warned(store: Store) -> list[tuple[str, int]]:
    """How many fields have each warning, the most frequent first."""
    counts: dict[str, int] = {}
    for codes, count in _counted(store, "warnings"):
        for code in (codes or "").split():
            counts[code] = counts.get(code, 0) + count
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))


def _groups(store: Store) -> list[Group]:
    rows = store.ask(
        "SELECT folder(name), count(*), total(blast), total(healthy) FROM items WHERE status = ? GROUP BY 1 "
        "ORDER BY total(blast) DESC, 1 LIMIT ?",
        (DONE, MOST_FOLDERS),
    )
    return [Group("" if name == "." else name, files, int(blast), int(healthy)) for name, files, blast, healthy in rows]


def _drawn(store: Store, folder: Path) -> list[Drawn]:
    most = "WHERE status = ? AND blast > 0 ORDER BY blast DESC, healthy, path, member LIMIT ?"
    chosen = list(store.told(most, (DONE, PICTURES)))
    found = tables.some_analyses(store, folder, [one.number for one in chosen])
    return [
        Drawn(
            one.name, one.blast or 0, (one.blast or 0) + (one.healthy or 0),
            str(wilson(one.blast or 0, (one.blast or 0) + (one.healthy or 0))),
            _url(store, found[one.number], one.number) if one.number in found else "",
        )
        for one in chosen
    ]  # fmt: skip


def _url(store: Store, analysis: FieldAnalysis, number: int) -> str:
    """The field with its frames as a small JPEG in the text of an address."""
    import cv2

    from allcad_core.export.picture import framed

    item = store.item(number)
    job = Job(number, item.path, item.member, item.name, analysis.recipe)
    try:
        if is_slide(job):
            return ""
        image = picture(job)
        drawn = framed(image, analysis, LONGEST)
    except (AllcadError, ValueError):  # the file has gone or is another one by now
        return ""
    done, data = cv2.imencode(".jpg", cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    assert done
    return f"data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}"
