"""``allcad evaluate compare``: two stored classifiers on the same held-out pictures."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from allcad_core.cli import DONE, terminal
from allcad_core.cli import arguments as ask
from allcad_core.cli.evaluate_classifiers import PROTOCOLS, data_folder, results_folder
from allcad_core.cli.evaluate_shown import WORDS
from allcad_core.intervals import EN_DASH

if TYPE_CHECKING:
    from allcad_core.evaluation.versus import Difference


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``evaluate compare``."""
    parser.add_argument("first", metavar="FIRST", help="name of a classifier under results/")
    parser.add_argument("second", metavar="SECOND", help="another one, or the same with --against")
    parser.add_argument("--task", choices=("cell", "field"), default="cell", help="what they judge (default: cell)")
    ask.add_protocol(parser, PROTOCOLS, "field")
    parser.add_argument("--against", choices=PROTOCOLS, help="protocol of the second (default: that of the first)")
    parser.add_argument(
        "--set", metavar="NAME", dest="dataset", help="data set (default: the one that the protocol is about)"
    )
    ask.add_data(parser)
    ask.add_results(parser)
    ask.add_json(parser, "the comparison")


def run(arguments: argparse.Namespace) -> int:
    """Compute and print."""
    from allcad_core.evaluation.judged import stored_name
    from allcad_core.evaluation.versus import Stored, compare

    results, task = results_folder(arguments), str(arguments.task)

    def stored(model: str, protocol: str) -> Stored:
        return Stored(stored_name(model, task, protocol, results) or model, task, protocol)

    first = stored(arguments.first, arguments.protocol)
    second = stored(arguments.second, arguments.against or arguments.protocol)
    found = compare(first, second, data_folder(arguments), results, dataset=arguments.dataset)
    if arguments.json:
        terminal.emit_json({**asdict(found), "sentence": found.sentence})
        return DONE
    console = terminal.out()
    console.print(found.sentence + "\n")
    rows = [(WORDS[name], *_row(difference)) for name, difference in found.differences.items()]
    console.print(
        terminal.table(["Measure", str(first), str(second), "Second minus first (95 %)"], rows, right=(1, 2, 3))
    )
    console.print(f"\nBoth right: {found.both_right}. Both wrong: {found.both_wrong}.")
    if found.left_out:
        console.print(f"Left out, since only one of them judged it: {found.left_out}.")
    return DONE


def _row(difference: Difference) -> tuple[str, str, str]:
    def share(value: float | None) -> str:
        return EN_DASH if value is None else f"{100 * value:.1f} %"

    gain = EN_DASH
    if difference.value is not None and difference.low is not None and difference.high is not None:
        gain = f"{100 * difference.value:+.1f} ({100 * difference.low:+.1f} to {100 * difference.high:+.1f})"
    return share(difference.first), share(difference.second), gain
