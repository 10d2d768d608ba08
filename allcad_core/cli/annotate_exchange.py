"""``allcad annotate export`` and ``merge``: the boxes for other tools, and what was corrected there."""

from __future__ import annotations

import argparse
from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING

from allcad_core import files
from allcad_core.cli import DONE, terminal
from allcad_core.cli import arguments as ask

if TYPE_CHECKING:
    from allcad_core.datasets import FieldRecord


def configure(tasks: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add both to the commands below ``annotate``."""
    from allcad_core.annotation.corrections import DEFAULT_FOLDER
    from allcad_core.annotation.merge import DEFAULT_FILE
    from allcad_core.annotation.proposal_table import DEFAULT_FILE as PROPOSALS

    export = tasks.add_parser("export", help="write the boxes as COCO or YOLO")
    ask.add_data(export)
    add_boxes(export)
    export.add_argument("--proposals", type=Path, default=PROPOSALS, metavar="FILE",
                        help="tells which fields are annotated (default: %(default)s)")  # fmt: skip
    export.add_argument("--format", choices=("coco", "yolo"), required=True, help="which form")
    export.add_argument("--out", type=ask.folder_to_write, required=True, metavar="DIR", help="write here")
    export.set_defaults(task=_export)

    merge = tasks.add_parser("merge", help="turn boxes corrected elsewhere into rows of corrections")
    merge.add_argument("corrected", type=Path, metavar="FILE|DIR", help="a COCO file or a YOLO folder")
    ask.add_data(merge)
    add_boxes(merge)
    merge.add_argument("--proposals", type=Path, default=PROPOSALS, metavar="FILE", help="default: %(default)s")
    merge.add_argument("--corrections", type=Path, default=DEFAULT_FOLDER, metavar="PATH", help="default: %(default)s")
    merge.add_argument("--out", type=Path, default=DEFAULT_FILE, metavar="FILE",
                       help="a new file of corrections (default: %(default)s)")  # fmt: skip
    merge.set_defaults(task=_merge)


def add_boxes(parser: argparse.ArgumentParser) -> None:
    """``--boxes``: the annotation."""
    from allcad_core.datasets.boxes import DEFAULT_FILE

    parser.add_argument("--boxes", type=Path, default=DEFAULT_FILE, metavar="FILE", help="default: %(default)s")


def _annotated(data: Path | None, names: Container[str]) -> list[FieldRecord]:
    """Fields of the data that the annotation speaks of; the official set has some more."""
    from allcad_core.datasets import allidb1, find_data

    return [record for record in allidb1.fields(find_data(data)) if record.name in names]


def _export(arguments: argparse.Namespace) -> int:
    from allcad_core.annotation.exchange import COCO_FILE, coco_text, yolo_files
    from allcad_core.annotation.proposal_table import read_proposals
    from allcad_core.datasets.base import size_of
    from allcad_core.datasets.boxes import read_boxes

    boxes = read_boxes(arguments.boxes)
    records = _annotated(arguments.data, read_proposals(arguments.proposals))
    sizes = {record.name: size_of(record.path) for record in records}
    if arguments.format == "coco":
        texts = {COCO_FILE: coco_text(boxes, sizes, {record.name: record.path.name for record in records})}
    else:
        texts = yolo_files(boxes, sizes)
    for name, text in texts.items():
        files.write(arguments.out / name, text.encode())
    count = sum(len(boxes.get(name, ())) for name in sizes)
    print(f"{count} boxes of {len(sizes)} fields: {terminal.printable(str(arguments.out))}")
    return DONE


def _merge(arguments: argparse.Namespace) -> int:
    from allcad_core.annotation.build import annotate
    from allcad_core.annotation.corrections import read_corrections
    from allcad_core.annotation.exchange import read_corrected, says_ignore
    from allcad_core.annotation.merge import changes_csv, differences, is_stale
    from allcad_core.annotation.proposal_table import read_proposals
    from allcad_core.datasets.base import size_of
    from allcad_core.datasets.boxes import boxes_csv
    from allcad_core.errors import DataError

    if arguments.out.exists():
        raise DataError(f"'{arguments.out}' exists. Name another file with --out; corrections are never overwritten.")
    proposals = read_proposals(arguments.proposals)
    sizes = {record.name: size_of(record.path) for record in _annotated(arguments.data, proposals)}
    corrected = read_corrected(arguments.corrected, sizes)
    fields = annotate(proposals, read_corrections(arguments.corrections))
    cells = {name: [marked.cell for marked in one.boxes] for name, one in fields.items()}
    if is_stale(arguments.boxes, boxes_csv(cells)):  # what was exported from it would undo rows that came in between
        raise DataError(
            f"'{arguments.boxes}' is not what proposals and corrections give. "
            "Run 'allcad annotate build' and export again before you correct."
        )
    changes = differences(
        fields, corrected, source=arguments.corrected.name, with_ignored=says_ignore(arguments.corrected)
    )
    if not changes:
        print(f"{len(corrected)} fields compared: nothing differs, no file is written.")
        return DONE
    files.write(arguments.out, changes_csv(changes).encode())
    print(f"{len(changes)} rows of {len(corrected)} fields compared: {terminal.printable(str(arguments.out))}")
    print("Read them, write why into the notes, then run 'allcad annotate build'.")
    return DONE
