"""The terminal's door: chooses the sub-command, turns errors into sentences and exit codes.

A command is a row of ``COMMANDS`` and a module with two functions::

    def configure(parser: argparse.ArgumentParser) -> None   # its arguments; may add sub-commands of its own
    def run(arguments: argparse.Namespace) -> int            # does it, returns the exit code

Only the module of the command that was asked for is imported, so that ``allcad --help`` waits for nothing heavy.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from allcad_core import __version__
from allcad_core.errors import AllcadError, DeviceError, UnknownNameError

DONE, FAILED, WRONG_USAGE, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 130, 141
"""Exit codes. The last two are what a shell gives to a program ended by SIGINT or SIGPIPE."""


@dataclass(frozen=True, slots=True)
class Command:
    """One sub-command: its name, one line of help and the module that configures and runs it."""

    name: str
    sentence: str
    module: str


COMMANDS = (
    Command("analyse", "find the white cells of photographs and say which look like blasts", "allcad_core.cli.analyse"),
    Command(
        "classify",
        "judge crops of one white cell, or whole fields",
        "allcad_core.cli.classify",
    ),
    Command("segment", "write the masks of nuclei and cells", "allcad_core.cli.segment"),
    Command("batch", "analyse many files in one run that goes on where it was ended", "allcad_core.cli.batch"),
    Command("slide", "scan a whole slide, of any size, and resume where a scan stopped", "allcad_core.cli.slide"),
    Command("optimise", "compile the networks for this machine's CPU, once", "allcad_core.cli.optimise"),
    Command("selftest", "check every network on a device against the CPU, and time it", "allcad_core.cli.selftest"),
    Command("models", "list the models, what they were trained on and what they score", "allcad_core.cli.models"),
    Command("synth", "generate smear photographs with known boxes and masks", "allcad_core.cli.synth"),
    Command("data", "check a folder of data before anything is measured on it", "allcad_core.cli.data"),
    Command("annotate", "propose, review and build the boxes of ALL-IDB1", "allcad_core.cli.annotate"),
    Command("train", "train models, fold by fold; what is done is skipped", "allcad_core.cli.train"),
    Command("evaluate", "print figures from stored out-of-fold predictions", "allcad_core.cli.evaluate"),
    Command("reproduce", "train and evaluate what a table of the papers needs", "allcad_core.cli.reproduce"),
)

EPILOG = """\
examples:
  allcad analyse smear.jpg                          counts, share of blasts and a suggestion
  allcad analyse *.jpg --json > result.json         the same for programs
  allcad analyse folder --out report                annotated pictures, a table and JSON in the folder "report"
  allcad batch scans --out run                      thousands of files, resumed after any end, tables and a report
  allcad classify cell.tif --task cell              blast or healthy, with a calibrated probability
  allcad segment smear.jpg --out masks              smear.nucleus.png and smear.cell.png
  allcad synth --out samples --count 3 --seed 7     three invented fields to try things on

exit codes: 0 every file was read and done, 1 some failed (named on standard error), 2 wrong usage.
For research and teaching. Not a medical device.
"""


def add_below(parser: argparse.ArgumentParser, commands: Sequence[Command], word: str) -> None:
    """Put commands below one; the ``run`` of the one that is asked for becomes ``below`` of the arguments.

    Args:
        parser: of the command above.
        commands: each module is imported.
        word: what one of them is called in the help, such as ``subject``.
    """
    group = parser.add_subparsers(title=f"{word}s", metavar=word.upper(), dest=word, required=True)
    for command in commands:
        module = importlib.import_module(command.module)
        sub = _add_parser(group, command)
        module.configure(sub)
        sub.set_defaults(below=module.run)


def run_below(arguments: argparse.Namespace) -> int:
    """Hand over to the command that ``add_below`` put there."""
    code: int = arguments.below(arguments)
    return code


def _add_parser(group: Any, command: Command) -> argparse.ArgumentParser:
    """An empty parser in a group that ``add_subparsers`` made."""
    parser: argparse.ArgumentParser = group.add_parser(
        command.name,
        help=command.sentence,
        description=command.sentence[0].upper() + command.sentence[1:] + ".",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return parser


def build_parser(chosen: str | None) -> argparse.ArgumentParser:
    """The parser of the program; only the arguments of the command ``chosen`` are filled in."""
    parser = argparse.ArgumentParser(
        prog="allcad",
        description="White cells and leukaemia blasts in photographs of blood smears.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"allcad {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        sub = _add_parser(commands, command)
        if command.name == chosen:
            module = importlib.import_module(command.module)
            module.configure(sub)
            sub.set_defaults(run=module.run, parser=sub)
    return parser


def _dispatch(argv: list[str]) -> int:
    # No option before the command takes a value, so the command is the first word.
    parser = build_parser(next((word for word in argv if not word.startswith("-")), None))
    try:
        arguments = parser.parse_args(argv)
        try:
            code: int = arguments.run(arguments)
        except (UnknownNameError, DeviceError) as error:  # the name or the device came from the command line
            arguments.parser.error(str(error))
    except SystemExit as stop:  # argparse ends so after --help, --version and wrong usage
        code = stop.code if isinstance(stop.code, int) else WRONG_USAGE
    sys.stdout.flush()
    return code


def main(argv: list[str] | None = None) -> int:
    """Run ``allcad`` with ``argv`` (default: the process' own arguments) and return its exit code."""
    try:
        return _dispatch(sys.argv[1:] if argv is None else argv)
    except AllcadError as error:
        from allcad_core.cli import terminal

        print(f"allcad: {terminal.sentence(str(error))}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except MemoryError:
        print("allcad: There is not enough memory for this.", file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        # Whoever read the output has gone (| head); the interpreter must not complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except OSError as error:
        print(f"allcad: {error.filename or 'The system says'}: {error.strerror or error}.", file=sys.stderr)
        return FAILED
