"""``allcad selftest``: whether every network answers on a device as on the CPU, and how fast."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from allcad_core.cli import DONE, FAILED, terminal
from allcad_core.cli import arguments as ask

if TYPE_CHECKING:
    import torch

    from allcad_core.evaluation.parity import Parity

EPILOG = """\
Each network looks at a generated field on the device and, for comparison, on the CPU by torch. GPUs compute in half
precision. "Apart" is the largest difference of a score, a probability or a pixel's chance, "IoU" the worst overlap of a
box with the CPU's; beside each stands what is allowed. Times are the median of five runs after two that do not count, for
one field or for all its cells; memory is what the GPU, or this process on the CPU, took at most. The exit code is 1 where an answer differs by more.
"""
TITLES = ("Network", "By", "On", "Precision", "Apart", "IoU", "ms", "ms, torch on the CPU", "MB", "")


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``selftest``."""
    parser.epilog = EPILOG
    ask.add_device(parser)
    ask.add_json(parser, "the table")


def run(arguments: argparse.Namespace) -> int:
    """Compare every network, print a table."""
    from allcad_core.errors import ModelError
    from allcad_core.evaluation import parity

    todo = parity.all_of(arguments.device)
    rows, failed = [], 0
    references = {}
    with terminal.bar(len(todo)) as bar:
        bar.show("generating a field", 0)
        on = parity.field()
        for number, (name, where) in enumerate(todo):
            bar.show(f"{name} on {where}", number)
            try:
                if name not in references:
                    references[name] = parity.measured(name, _cpu(), on)
                rows.append(parity.compare(name, where, on, references[name]))
            except (ModelError, RuntimeError) as error:  # RuntimeError: torch's and OpenVINO's, no memory among them
                failed += 1
                bar.complain(f"{name} on {where}: {error}")
    if arguments.json:
        terminal.emit_json([{**asdict(row), "holds": row.holds} for row in rows])
    else:
        cells = [_cells(row) for row in rows]
        terminal.out().print(terminal.table(TITLES, cells, right=range(4, 9)))
    return FAILED if failed or not all(row.holds for row in rows) else DONE


def _cpu() -> torch.device:
    import torch

    return torch.device("cpu")


def _cells(row: Parity) -> tuple[str, ...]:
    return (
        row.model,
        row.backend,
        row.device,
        row.precision,
        f"{row.score_apart:.5f} of {row.allowed[0]}",
        f"{row.least_iou:.4f} of {row.allowed[1]}",
        f"{row.milliseconds.p50:.1f}",
        f"{row.cpu_milliseconds.p50:.1f}",
        "" if row.megabytes is None else f"{row.megabytes:.0f}",
        "as the CPU" if row.holds else "differs",
    )
