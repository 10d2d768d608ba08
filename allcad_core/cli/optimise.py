"""``allcad optimise``: compile the shipped networks for this machine's CPU."""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass
from time import perf_counter

from allcad_core.cli import DONE, FAILED, terminal
from allcad_core.cli import arguments as ask

EPILOG = """\
Compiled networks answer as torch does, in a fraction of the time, and need no torch to start. They are made once from the
shipped weights, compared with torch, and kept in a folder of the user's cache: $ALLCAD_CACHE, or the system's own place.
When weights or versions change they are made anew, and what is no longer of use is deleted. Explanations, training and
GPUs keep torch. To do without: --backend torch, or ALLCAD_BACKEND=torch.
"""


@dataclass(frozen=True, slots=True)
class Made:
    """One compiled network: whether it was there before, its file, its size and how long it took."""

    model: str
    before: bool
    file: str | None
    megabytes: float
    seconds: float


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``optimise``."""
    parser.epilog = EPILOG
    parser.add_argument("model", nargs="*", metavar="MODEL", help="networks to compile (default: all that can be)")
    parser.add_argument("--again", action="store_true", help="make them anew, also where they are made")
    ask.add_json(parser, "what was made")


def run(arguments: argparse.Namespace) -> int:
    """Make what is missing, show what there is."""
    from allcad_core import compiled
    from allcad_core.compiled import shelf
    from allcad_core.errors import ModelError, UnknownNameError

    known = compiled.names()
    for name in arguments.model:
        if name not in known:
            raise UnknownNameError("network that can be compiled", name, known)
    names = arguments.model or known
    made: list[Made] = []
    with terminal.bar(len(names)) as bar:
        for number, name in enumerate(names):
            bar.show(f"{name}: compiling", number)
            try:
                made.append(_make(name, again=arguments.again))
            except (ModelError, RuntimeError) as error:
                bar.complain(f"{name}: {error}")
    compiled.sweep()
    if arguments.json:
        terminal.emit_json([asdict(one) for one in made])
    elif made:
        rows = [
            (
                one.model,
                ("was there" if one.before else "made") if one.file else "in memory only",
                f"{one.megabytes:.1f}",
                f"{one.seconds:.1f}",
            )
            for one in made
        ]
        terminal.out().print(terminal.table(["Network", "", "MB", "Seconds"], rows, right=(2, 3)))
        print(f"In {shelf.folder()}.")
    return DONE if len(made) == len(names) and all(one.file for one in made) else FAILED


def _make(name: str, *, again: bool) -> Made:
    from allcad_core import compiled, models
    from allcad_core.compiled import shelf

    path = shelf.path_of(models.card(name))
    if again and path is not None:
        path.unlink(missing_ok=True)
        compiled.forget()
    before, start = compiled.is_made(name), perf_counter()
    compiled.load(name)
    there = path is not None and path.exists()
    size = path.stat().st_size / 1e6 if path is not None and there else 0.0
    return Made(name, before, path.name if path is not None and there else None, size, perf_counter() - start)
