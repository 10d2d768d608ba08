"""What several commands ask for: files, a confidence, a size, a folder to write to."""

from __future__ import annotations

import argparse
import glob
from collections.abc import Iterable, Sequence
from pathlib import Path

from allcad_core import files

FILES_HELP = "a photograph, or a folder of which every photograph is taken (not of its sub-folders)"


def confidence(text: str) -> float:
    """A number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:  # also refuses nan
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 0 to 1")
    return value


def whole_number(text: str, least: int = 0) -> int:
    """A whole number, ``least`` or more."""
    if not (text.isascii() and text.isdigit() and int(text) >= least):
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from {least} up")
    return int(text)


def positive(text: str) -> int:
    """A whole number from 1 up."""
    return whole_number(text, 1)


def rate(text: str) -> float:
    """A number above 0, such as a learning rate or a scale."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number above 0")
    return value


def size(text: str) -> tuple[int, int]:
    """``1280x960`` as (width, height) in pixels, of a photograph that allcad would read."""
    from allcad_core.images import MAX_PIXELS, MIN_SIDE

    sides = text.lower().split("x")
    if len(sides) != 2 or not all(side.isascii() and side.isdigit() for side in sides):
        raise argparse.ArgumentTypeError(f"'{text}' is not a size such as 1280x960")
    width, height = map(int, sides)
    if min(width, height) < MIN_SIDE or width * height > MAX_PIXELS:
        raise argparse.ArgumentTypeError(
            f"the size '{text}' is out of range: {MIN_SIDE} pixels a side or more, {MAX_PIXELS:,} pixels at most"
        )
    return width, height


def folder_to_write(text: str) -> Path:
    """A folder that exists or can be made; it is made when something is written."""
    path = Path(text)
    if path.exists() and not path.is_dir():
        raise argparse.ArgumentTypeError(f"'{text}' is a file, not a folder")
    return path


def add_files(parser: argparse.ArgumentParser) -> None:
    """``FILE...``: one or more photographs or folders."""
    parser.add_argument("files", nargs="+", metavar="FILE", help=FILES_HELP)


def add_scale(parser: argparse.ArgumentParser) -> None:
    """How large a pixel is."""
    parser.add_argument(
        "--um-per-px", type=rate, metavar="X", help="micrometres a pixel, where you know them (default: from red cells)"
    )


def add_data(parser: argparse.ArgumentParser) -> None:
    """``--data``: where the photographs of the data sets are."""
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="folder of the data sets (default: $ALLCAD_DATA, else ../shared/data)"
    )


def add_recipe(parser: argparse.ArgumentParser) -> None:
    """``MODEL``: a recipe of ``analyse``."""
    parser.add_argument(
        "model", metavar="MODEL", nargs="?", default="regions", help="one that 'allcad models' lists (default: regions)"
    )


def add_results(parser: argparse.ArgumentParser) -> None:
    """``--results``: where stored predictions are read."""
    parser.add_argument("--results", type=Path, metavar="DIR", help="folder of predictions (default: allcad's own)")


def add_runs(parser: argparse.ArgumentParser) -> None:
    """``--runs``: where a training keeps what it goes on from."""
    parser.add_argument("--runs", type=Path, default=Path("runs"), metavar="DIR", help="checkpoints (default: runs)")


def add_reproduction(parser: argparse.ArgumentParser) -> None:
    """What every table of a paper asks for: data, where the table goes, results, checkpoints, a device."""
    add_data(parser)
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the Markdown there instead of printing it")
    parser.add_argument("--stored", action="store_true", help="train nothing: the table from what stands")
    add_results(parser)
    add_runs(parser)
    add_device(parser)


def add_protocol(parser: argparse.ArgumentParser, protocols: Sequence[str], default: str | None = None) -> None:
    """``--protocol``: which folds."""
    words = "which folds" if default is None else f"which folds (default: {default})"
    parser.add_argument("--protocol", choices=tuple(protocols), default=default, help=words)


def add_json(parser: argparse.ArgumentParser, what: str) -> None:
    """``--json``: standard output holds JSON and nothing else."""
    parser.add_argument(
        "--json", action="store_true", help=f"print {what} as JSON, and nothing else, on standard output"
    )


def add_device(parser: argparse.ArgumentParser) -> None:
    """``--device``: where to compute."""
    parser.add_argument(
        "--device", metavar="D", help="cpu, cuda, cuda:N or mps (default: $ALLCAD_DEVICE, else the best here)"
    )


def add_backend(parser: argparse.ArgumentParser) -> None:
    """``--backend``: what computes on the CPU."""
    parser.add_argument(
        "--backend",
        metavar="B",
        help="on the CPU: compiled, torch or auto, which is compiled where 'allcad optimise' has made it "
        "(default: $ALLCAD_BACKEND, else auto)",
    )


def expand(names: Iterable[str]) -> list[Path]:
    """The files meant by ``names``: folders give their pictures, patterns their matches, the rest stays as it is.

    A folder's pictures are told by their endings, and what allcad wrote beside one of them is left out; a file that is
    named itself is judged by its content.

    Patterns are matched here because Windows' shell leaves them to programs. A folder without pictures, a pattern
    without a match and a missing file stay in the list, so that reading names them as failed. What is named twice is
    meant once.
    """
    from allcad_core.images import FORMATS

    endings = frozenset().union(*FORMATS.values())
    paths: list[Path] = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            inside = sorted(child for child in path.iterdir() if child.suffix.lower() in endings and child.is_file())
            paths.extend(_without_ours(inside) or [path])
        elif not path.exists() and glob.has_magic(name):
            paths.extend(Path(match) for match in sorted(glob.glob(name)) or [name])  # noqa: PTH207 (keeps ./ and drives)
        else:
            paths.append(path)
    return list(dict.fromkeys(paths))


def _without_ours(pictures: Sequence[Path]) -> list[Path]:
    """The pictures of a folder without those that allcad wrote beside others of them.

    >>> [str(path) for path in _without_ours([Path("a.cell.png"), Path("a.jpg"), Path("b.cell.png")])]
    ['a.jpg', 'b.cell.png']
    """
    stems = {picture.stem for picture in pictures}
    return [picture for picture in pictures if files.written_beside(picture.name) not in stems]


def distinct_stems(paths: Iterable[Path]) -> list[str]:
    """A name without ending for what is written about each path; no two alike, also where case does not count.

    A stem that occurs once is kept. Of several alike, the second becomes ``stem-2``, the third ``stem-3``.

    >>> distinct_stems([Path("a/x.png"), Path("b/x.jpg"), Path("b/x-2.jpg")])
    ['x', 'x-3', 'x-2']
    """
    stems = [path.stem for path in paths]
    kept = {stem.casefold() for stem in stems}
    used: set[str] = set()
    names: list[str] = []
    for stem in stems:
        name, number = stem, 1
        while name.casefold() in used or (number > 1 and name.casefold() in kept):
            number += 1
            name = f"{stem}-{number}"
        used.add(name.casefold())
        names.append(name)
    return names
