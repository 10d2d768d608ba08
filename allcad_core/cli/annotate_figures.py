"""``allcad annotate verify`` and ``agreement``: what must hold of the boxes, and how far two passes agree."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from allcad_core.cli import DONE, FAILED, terminal
from allcad_core.cli import arguments as ask

if TYPE_CHECKING:
    from allcad_core.annotation.agreement import Agreement
    from allcad_core.annotation.verify import ExactComparison

SHOWN = 8
"""Sentences of a check that are printed; JSON has them all."""


def configure(tasks: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add both to the commands below ``annotate``."""
    from allcad_core.annotation.corrections import DEFAULT_FOLDER
    from allcad_core.annotation.proposal_table import DEFAULT_FILE as PROPOSALS
    from allcad_core.annotation.second_pass import DEFAULT_FILE as SECOND
    from allcad_core.datasets.boxes import DEFAULT_FILE as BOXES

    verify = tasks.add_parser("verify", help="check the boxes against centroids, stain and the experts' masks")
    ask.add_data(verify)
    verify.add_argument("--boxes", type=Path, default=BOXES, metavar="FILE", help="default: %(default)s")
    verify.add_argument("--proposals", type=Path, default=PROPOSALS, metavar="FILE", help="default: %(default)s")
    verify.add_argument("--corrections", type=Path, default=DEFAULT_FOLDER, metavar="PATH", help="default: %(default)s")
    verify.add_argument("--quick", action="store_true", help="do not look for stained objects (most of the work)")
    ask.add_json(verify, "all figures")
    verify.add_argument("--markdown", action="store_true", help="print counts, sources and doubtful cases for the docs")
    verify.set_defaults(task=_verify)

    agreement = tasks.add_parser("agreement", help="how far the blind second pass agrees with the first")
    agreement.add_argument("first", type=Path, nargs="?", default=BOXES, metavar="FIRST", help="default: %(default)s")
    agreement.add_argument("second", type=Path, nargs="?", default=SECOND, metavar="SECOND",
                           help="default: %(default)s")  # fmt: skip
    ask.add_json(agreement, "the figures")
    agreement.add_argument("--markdown", action="store_true", help="print the figures for the docs")
    agreement.set_defaults(task=_agreement)


def _verify(arguments: argparse.Namespace) -> int:
    from allcad_core.annotation import summary, verify
    from allcad_core.annotation.build import annotate, complaints
    from allcad_core.annotation.corrections import read_corrections
    from allcad_core.annotation.merge import is_stale
    from allcad_core.annotation.proposal_table import read_proposals
    from allcad_core.datasets import allidb1, allidb2, find_data
    from allcad_core.datasets.boxes import boxes_csv

    root = find_data(arguments.data)
    proposals, rows = read_proposals(arguments.proposals), read_corrections(arguments.corrections)
    fields = annotate(proposals, rows)
    records = [record for record in allidb1.fields(root) if record.name in fields]
    absent = sorted(set(fields) - {record.name for record in records})
    sessions = {record.name: record.session for record in records}
    exact = verify.exact(annotate(proposals, rows, masks=False), allidb2.crops(root))
    if arguments.markdown:
        terminal.emit(summary.markdown(fields, sessions, rows) + f"\n{verify.sentence(exact)}\n")
        return DONE
    built = boxes_csv({name: [marked.cell for marked in one.boxes] for name, one in fields.items()})
    checks = {
        "file": [f"'{arguments.boxes}' is not what proposals and corrections give. Run 'allcad annotate build'."]
        if is_stale(arguments.boxes, built)
        else [],
        "still to be said": complaints(fields),
        "not in the data": [f"There is no picture of {name}." for name in absent],
        "centroids": verify.centroids(fields, records),
        "counted twice": verify.counted_twice(fields),
        "leaving the picture": verify.leaving(fields, records),
    }
    if not arguments.quick:
        with terminal.bar(len(records)) as bar:
            checks["unspoken of"] = verify.unspoken(fields, records, bar.show)
    if arguments.json:
        terminal.emit_json(_as_dict(checks, exact) | {"sessions": [asdict(t) for t in summary.tallies(fields, sessions)],
                                                      "sources": summary.sources(fields)})  # fmt: skip
    else:
        _print_checks(checks, exact)
    return DONE if exact.passes and not any(checks.values()) else FAILED


def _agreement(arguments: argparse.Namespace) -> int:
    from allcad_core.annotation.agreement import agreement, markdown, read_pass

    found = agreement(read_pass(arguments.first), read_pass(arguments.second))
    if arguments.markdown:
        terminal.emit(markdown(found))
    elif arguments.json:
        terminal.emit_json(asdict(found))
    else:
        _print_agreement(found)
    return DONE


def _print_agreement(found: Agreement) -> None:
    from allcad_core.annotation.agreement import TITLES, cells, sentence

    terminal.out().print(terminal.table(TITLES, [cells(one) for one in found.classes], right=range(1, len(TITLES))))
    print(sentence(found))
    for difference in found.differences:
        print(terminal.printable(difference))


def _as_dict(checks: dict[str, list[str]], exact: ExactComparison) -> dict[str, object]:
    figures = {"median": exact.median, "above": exact.above, "passes": exact.passes, "boxes": len(exact.overlaps)}
    return {
        "checks": checks,
        "exact": figures | {"each": [asdict(one) for one in exact.boxes], "without": exact.without},
    }


def _print_checks(checks: dict[str, list[str]], exact: ExactComparison) -> None:
    from allcad_core.annotation.verify import LEAST_OVERLAP, sentence

    for name, sentences in checks.items():
        print(f"{name:<20} {len(sentences) or 'nothing found'}")
        _print_some(sentences)
    print(sentence(exact))
    low = sorted((one for one in exact.boxes if not one.excluded), key=lambda one: one.overlap)
    _print_some([f"{one.crop} in {one.field}: {one.overlap:.2f}." for one in low if one.overlap <= LEAST_OVERLAP])


def _print_some(sentences: Sequence[str]) -> None:
    for sentence in sentences[:SHOWN]:
        print(f"    {terminal.printable(sentence)}")
    if len(sentences) > SHOWN:
        print(f"    and {len(sentences) - SHOWN} more (--json lists all)")
