"""``allcad annotate``: boxes of ALL-IDB1 proposed, drawn for review, and built from corrections."""

from __future__ import annotations

import argparse
from pathlib import Path

from allcad_core import files
from allcad_core.cli import DONE, FAILED, annotate_exchange, annotate_figures, terminal
from allcad_core.cli import arguments as ask

EPILOG = """\
in this order:
  allcad annotate propose                            write automatic boxes, numbered (once; the numbers must stay)
  allcad annotate sheets --out DIR --fields Im001_1  draw what a person looks at, outside the repository
  (write rows into annotations/corrections/NAME.csv; docs/annotation.md says how)
  allcad annotate build                              apply them and write annotations/allidb1_boxes.csv
  allcad annotate verify                             check them against centroids, stain and expert masks
  allcad annotate export --format coco --out DIR     for other tools; merge FILE turns corrections made there into rows
  allcad annotate agreement                          how far the blind second pass (sheets --blind) agrees
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The commands below ``annotate``."""
    parser.epilog = EPILOG
    tasks = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    propose = tasks.add_parser("propose", help="automatic boxes from stain, centroids and expert masks")
    _add_data(propose)
    _add_table(propose, "write")
    propose.set_defaults(task=_propose)

    sheets = tasks.add_parser("sheets", help="draw review sheets into a folder outside the repository")
    _add_data(sheets)
    _add_table(sheets, "read")
    sheets.add_argument("--out", type=ask.folder_to_write, required=True, metavar="DIR", help="write here")
    sheets.add_argument("--fields", nargs="+", default=[], metavar="NAME", help="these only, such as Im001_1")
    _add_corrections(sheets)
    sheets.add_argument("--corrected", action="store_true", help="draw boxes as they are after the corrections")
    sheets.add_argument(
        "--blind",
        action="store_true",
        help="photograph and grid alone, for the second pass (without --fields: its twenty)",
    )
    sheets.set_defaults(task=_sheets)

    build = tasks.add_parser("build", help="apply the corrections and write the boxes")
    _add_table(build, "read")
    _add_corrections(build)
    build.add_argument("--out", type=Path, default=None, metavar="FILE", help="write here (default: %(const)s)",
                       const="annotations/allidb1_boxes.csv", nargs="?")  # fmt: skip
    build.add_argument("--partial", action="store_true", help="also while fields are still to be looked at")
    build.add_argument("--without-masks", action="store_true", help="automatic boxes from stain and centroids alone")
    build.set_defaults(task=_build)

    annotate_exchange.configure(tasks)
    annotate_figures.configure(tasks)


def run(arguments: argparse.Namespace) -> int:
    """Do the task that was asked for."""
    code: int = arguments.task(arguments)
    return code


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="the data (default: $ALLCAD_DATA, else ../shared/data)"
    )


def _add_table(parser: argparse.ArgumentParser, verb: str) -> None:
    from allcad_core.annotation.proposal_table import DEFAULT_FILE

    parser.add_argument(
        "--proposals", type=Path, default=DEFAULT_FILE, metavar="FILE", help=f"{verb} them here (default: %(default)s)"
    )


def _add_corrections(parser: argparse.ArgumentParser) -> None:
    from allcad_core.annotation.corrections import DEFAULT_FOLDER

    parser.add_argument(
        "--corrections",
        type=Path,
        default=DEFAULT_FOLDER,
        metavar="PATH",
        help="a file of corrections or a folder of them (default: %(default)s)",
    )


def _propose(arguments: argparse.Namespace) -> int:
    from allcad_core.annotation.proposal_table import proposals_csv
    from allcad_core.annotation.proposals import propose
    from allcad_core.datasets import allidb1, allidb2, find_data

    root = find_data(arguments.data)
    records, crops = allidb1.fields(root), allidb2.crops(root)
    fields = []
    with terminal.bar(len(records)) as bar:
        for number, record in enumerate(records):
            bar.show(record.name, number)
            fields.append(propose(record, crops))
    files.write(arguments.proposals, proposals_csv(fields).encode())
    print(f"{sum(len(one.proposals) for one in fields)} boxes in {len(fields)} fields: {arguments.proposals}")
    return DONE


def _sheets(arguments: argparse.Namespace) -> int:
    from allcad_core.annotation.build import annotate
    from allcad_core.annotation.corrections import read_corrections
    from allcad_core.annotation.proposal_table import read_proposals
    from allcad_core.annotation.sheets import chosen, refuse_repository, write_sheets
    from allcad_core.datasets import allidb1, find_data

    refuse_repository(arguments.out)
    if arguments.blind:
        return _blind_sheets(arguments)
    every = allidb1.fields(find_data(arguments.data))
    records = chosen(every, arguments.fields)
    rows = read_corrections(arguments.corrections) if arguments.corrected else ()
    fields = annotate(read_proposals(arguments.proposals), rows, names=[record.name for record in every])
    with terminal.bar(len(records)) as bar:
        for number, record in enumerate(records):
            bar.show(record.name, number)
            for path in write_sheets(record, fields[record.name], arguments.out):
                print(terminal.printable(str(path)))
    return DONE


def _blind_sheets(arguments: argparse.Namespace) -> int:
    from allcad_core.annotation.second_pass import FIELDS, unlabelled
    from allcad_core.annotation.sheets import chosen, write_blind_sheets
    from allcad_core.datasets import allidb1, find_data

    every = {unlabelled(record.name): record for record in allidb1.fields(find_data(arguments.data))}
    wanted = [unlabelled(name) for name in arguments.fields or FIELDS]
    records = chosen(every.values(), [every[name].name if name in every else name for name in wanted])
    with terminal.bar(len(records)) as bar:
        for number, record in enumerate(records):
            bar.show(unlabelled(record.name), number)
            for path in write_blind_sheets(record, arguments.out):
                print(terminal.printable(str(path)))
    return DONE


def _build(arguments: argparse.Namespace) -> int:
    from allcad_core.annotation.build import annotate, complaints
    from allcad_core.annotation.corrections import read_corrections
    from allcad_core.annotation.proposal_table import read_proposals
    from allcad_core.datasets.boxes import DEFAULT_FILE, boxes_csv

    rows = read_corrections(arguments.corrections)
    fields = annotate(read_proposals(arguments.proposals), rows, masks=not arguments.without_masks)
    open_points = complaints(fields)
    with terminal.bar(1) as bar:
        for sentence in open_points:
            bar.complain(sentence)
    if open_points and not arguments.partial:
        return FAILED
    cells = {name: [marked.cell for marked in one.boxes] for name, one in fields.items()}
    path = Path(arguments.out or DEFAULT_FILE)
    files.write(path, boxes_csv(cells).encode())
    print(f"{sum(map(len, cells.values()))} boxes in {len(cells)} fields: {path}")
    return DONE
