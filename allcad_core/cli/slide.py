"""``allcad slide``: a whole slide, block by block; a killed scan goes on where it stopped."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from allcad_core.cli import DONE, terminal
from allcad_core.cli import arguments as ask

if TYPE_CHECKING:
    from allcad_core.slides import Looker, Seen, Slide

JOURNAL = "seen.jsonl"
GENERATED = "generated:"
EPILOG = f"""\
FILE is SVS, NDPI, MRXS, SCN, (OME-)TIFF, JPEG, PNG or WebP of any size, or "generated:SEED" or "generated:SEED:WxH" for a
slide that is painted here and kept. --out DIR gets slide.json, cells.geojson (for QuPath) and cells.csv, and {JOURNAL}, by
which a scan that was stopped or killed goes on: run the same line again.
The share of blasts stands with its 95 % Wilson interval, which covers the error of counting only, not of the model.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``slide``."""
    parser.epilog = EPILOG
    parser.add_argument("file", metavar="FILE", help="the slide")
    parser.add_argument("--out", type=ask.folder_to_write, required=True, metavar="DIR", help="write here")
    parser.add_argument("--model", metavar="NAME", help="quick (default), or one that 'allcad models' lists")
    ask.add_device(parser)
    ask.add_json(parser, "counts and coverage")


def run(arguments: argparse.Namespace) -> int:
    """Open, scan, write."""
    from allcad_core import devices
    from allcad_core.slides import Looker, Seen, scan_slide
    from allcad_core.slides.looking import look
    from allcad_core.slides.scan import Journal
    from allcad_core.slides.summary import summary

    chosen = look(arguments.model)  # an unknown name or device is wrong usage, said before any file is read
    devices.choose(arguments.device)
    out: Path = arguments.out
    with terminal.bar(100) as bar:
        slide = _open(arguments.file, bar)
        looker = Looker(slide, chosen.name, arguments.device)
        seen = Seen(slide, chosen.name, chosen.confidence)
        journal = Journal(out / JOURNAL, looker)
        journal.resume(seen)
        bar.show("measuring", 0, 1)
        _ = looker.blank
        with journal:
            scan_slide(
                looker, seen, after=journal.write, progress=lambda done, of: bar.show(f"{slide.name}: tiles", done, of)
            )
    facts = summary(seen, looker)
    _write(out, seen, looker, facts)
    if arguments.json:
        terminal.emit_json({key: value for key, value in facts.items() if key != "seen"})
    else:
        _show(seen)
    return DONE


def _open(named: str, bar: terminal.Bar) -> Slide:
    from allcad_core.slides import generated_slide, open_slide
    from allcad_core.slides.base import SlideError
    from allcad_core.slides.generated import SIZE

    if not named.startswith(GENERATED):
        return open_slide(Path(named), progress=bar.show)
    seed, _, size = named.removeprefix(GENERATED).partition(":")
    sides = size.lower().split("x") if size else [str(side) for side in SIZE]
    if not all(text.isascii() and text.isdigit() for text in (seed, *sides)) or len(sides) != 2:
        raise SlideError(f"'{named}' is not generated:SEED or generated:SEED:WxH, such as generated:1:4000x3000.")
    return generated_slide(int(seed), (int(sides[0]), int(sides[1])), progress=bar.show)


def _write(out: Path, seen: Seen, looker: Looker, facts: dict[str, object]) -> None:
    from allcad_core import export
    from allcad_core.slides.cache import write

    analysis = seen.analysis(looker.models, str(looker.where), looker.backend)
    whole = {**facts, "analysis": export.to_dict(analysis)}
    write(out / "slide.json", (json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode())
    write(out / "cells.geojson", export.qupath_geojson(analysis).encode())
    write(out / "cells.csv", export.table_csv([analysis]).encode())


def _show(seen: Seen) -> None:
    counts = seen.counts
    titles = ["Slide", "Seen", "Blasts", "Healthy", "To review", "Share of blasts (95 %)"]
    row = (
        seen.slide.name, f"{100 * seen.coverage:.0f} %", str(counts.blast), str(counts.healthy), str(seen.to_review),
        str(seen.blast_fraction),
    )  # fmt: skip
    console = terminal.out()
    console.print(terminal.table(titles, [row], right=range(1, 5)))
    console.print("For research and teaching. Not a medical device.")
