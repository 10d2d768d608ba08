"""Numbers in README and docs against what commands print: ``python -m benchmarks.claims``.

Where a document tells a figure, it stands between two marks that name the command which prints it::

    <!-- printed by: allcad evaluate segmentation --stored -->
    | stain | 0.959 (0.952-0.966) |
    <!-- end of print -->

``check`` runs each command and fails on a number that it does not print. In README every number must stand between such
marks, unless it is known to measure nothing (a version, a port, a key). Figures of speed and load are of one machine and one
day: a benchmark leaves them in ``benchmarks/records``, and ``show NAME`` prints the record as a sentence; ``write`` puts these
sentences into the documents. ``record NAME FILE...`` takes a record from what pytest or a benchmark wrote.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parents[1]
RECORDS = ROOT / "benchmarks" / "records"
README = ROOT / "README.md"
MARKED = re.compile(r"<!-- printed by: (?P<command>.+?) -->\n?(?P<text>.*?)\n?<!-- end of print -->", re.DOTALL)
SHOW = "python -m benchmarks.claims show "
VERSION = re.compile(r"(?<![\w.])\d+(?:\.\d+){2,}")
NUMBER = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?: ?%)?(?: \([^()]*\d[^()]*\))?(?![\w])")
"""A number, with its interval where one follows in brackets."""
ASIDE = re.compile(r"```.*?```|<!--.*?-->|`[^`]*`|\]\([^)]*\)", re.DOTALL)
"""Code, remarks and the targets of links: no prose."""
PLAIN = (
    "Python 3.11 to 3.14", "95 % Wilson interval", "keys 1 blast, 2 healthy, 3 cannot tell", "TIFF (8 and 16 bit)",
    "exit code is 0 only", "analysed, 1 when some failed", "2 for wrong", "License, version 3",
)  # fmt: skip
"""Phrases of README whose numbers measure nothing: versions, keys, kinds of files, exit codes, names."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Words of a document between marks, and the command that must print their numbers."""

    document: Path
    command: str
    text: str


def claims(document: Path) -> list[Claim]:
    """All marked words of a document."""
    found = MARKED.finditer(document.read_text(encoding="utf-8"))
    return [Claim(document, one["command"], one["text"]) for one in found]


def documents() -> list[Path]:
    """README and all pages of docs."""
    return [README, *sorted((ROOT / "docs").glob("*.md"))]


def numbers(text: str) -> list[str]:
    """Numbers of a text, each with its interval; spaces of any kind are one. Versions of three parts measure nothing.

    >>> numbers("stain: 0.959 (0.952-0.966), 96 %, by EfficientNet-Lite0 at 0.5, Python 3.11.7")
    ['0.959 (0.952-0.966)', '96 %', '0.5']
    """
    return [" ".join(found.split()) for found in NUMBER.findall(VERSION.sub(" ", _even(text)))]


def unmarked(text: str) -> list[str]:
    """Numbers in prose that stand in no marks and in no plain phrase."""
    rest = " ".join(ASIDE.sub(" ", MARKED.sub(" ", text)).split())
    for phrase in PLAIN:
        rest = rest.replace(phrase, "")
    return numbers(rest)


def unprinted(claim: Claim, printed: str) -> list[str]:
    """Numbers of a claim that its command did not print."""
    said = " ".join(_even(printed).split())
    return [one for one in numbers(claim.text) if not re.search(rf"(?<![\d.,]){re.escape(one)}(?![\d]|[.,]\d)", said)]


def _even(text: str) -> str:
    return re.sub(r"[\u00a0\u2009\u202f]", " ", text)


# -- commands and records


@cache
def printed_by(command: str) -> str:
    """What a command prints. It is one of allcad's or of the benchmarks'.

    Raises:
        SystemExit: it is neither, or it failed.
    """
    words = shlex.split(command)
    if words[:1] == ["allcad"]:
        words = [sys.executable, "-m", "allcad_core", *words[1:]]
    elif words[:2] == ["python", "-m"] and words[2].startswith("benchmarks."):
        words = [sys.executable, *words[1:]]
    else:
        raise SystemExit(f"'{command}' is no command of allcad or its benchmarks.")
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"'{command}' failed: {ended.stderr[-500:]}")
    return ended.stdout


def shown(name: str) -> str:
    """A record as a sentence, or that there is none yet.

    Raises:
        SystemExit: nothing of that name is told anywhere.
    """
    if name not in SENTENCES:
        raise SystemExit(f"There is no record called '{name}'. Known: {', '.join(SENTENCES)}.")
    path = RECORDS / f"{name}.json"
    missing, tell = SENTENCES[name]
    return tell(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else missing


def _tests(told: dict[str, Any]) -> str:
    parts = [f"{one['tests']} {one['what']} in {_duration(one['seconds'])}" for one in told["parts"]]
    return f"Measured on {told['machine']}, {told['date']}: {', '.join(parts)}."


def _load(told: dict[str, Any]) -> str:
    load, marks = told["load"], {name: value for name, value in told["analyses"].items() if name.isdigit()}
    memory = ", ".join(
        f"{value:,.0f} MB after {name}" for name, value in sorted(marks.items(), key=lambda mark: int(mark[0]))
    )
    return (
        f"{load['visitors']} visitors at once for {load['minutes']:g} minutes ({told['machine']}, {told['date']}): "
        f"{load['answers']} answers, {len(load['errors'])} errors, {len(load['mixed'])} mixed between visitors; memory of the "
        f"server {load['before_mb']:,.0f} MB before, {load['peak_mb']:,.0f} MB at most, {load['after_mb']:,.0f} MB afterwards. "
        f"Analyses in one process: {memory}."
    )


def _hostile(told: dict[str, Any]) -> str:
    doors = ", ".join(
        f"{door}: {sum(visits.values())} ({visits.get('answered', 0)} answered)"
        for door, visits in told["visits"].items()
    )
    return (
        f"{told['cases']} files, {len(told['findings'])} findings ({told['machine']}, {told['date']}). Visits of {doors}. "
        f"Most memory that a file took: {max(peak for peak, _ in told['peak'].values()) / 1e6:,.0f} MB."
    )  # fmt: skip


def _explain(told: dict[str, Any]) -> str:
    """A table a classifier: the figures of its maps, of other methods', and what they have to beat."""
    return "\n\n".join([f"Measured on {told['machine']}, {told['date']}.", *map(_maps, told["classifiers"])])


def _maps(told: dict[str, Any]) -> str:
    def mean(of: dict[str, float]) -> str:
        return f"{of['value']:.2f} ({of['low']:.2f}\u2013{of['high']:.2f})"

    methods = told["methods"]
    rows = (
        ("share inside the cell", "inside", f"at least the Gaussian's {mean(told['gaussian'])}"),
        ("rank correlation with other weights", "correlation", "near 0"),
        ("log odds lost without the marked fifth", "removal", f"more than random places: {mean(told['anywhere'])}"),
    )
    shown, anywhere = methods["integrated"], told["anywhere"]
    clock, processor = told["milliseconds"]
    words = [
        (
            f"`{told['classifier']}`, {told['cells']} cells of {told['fields']} fields; one map in {clock:.0f} ms by the clock, "
            f"{processor:.0f} of the processor:"
        ),
        "",
        "| | " + " | ".join(methods) + " | wanted |",
        "|---" * (len(methods) + 2) + "|",
        *(
            f"| {title} | " + " | ".join(mean(one[key]) for one in methods.values()) + f" | {wanted} |"
            for title, key, wanted in rows
        ),
    ]
    if shown["removal"]["low"] <= anywhere["high"]:
        words += ["", "What its maps mark does not clearly matter more than random places: trust them the less."]
    if shown["inside"]["low"] <= shown["untrained"]["high"]:
        words += [
            "",
            "With weights drawn anew as much lies inside the cell, so that the first figure alone says little.",
        ]
    return "\n".join(words)


SENTENCES: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "tests": ("The tests take some minutes on two cores without a GPU.", _tests),
    "load": ("It has not been run for its full time yet.", _load),
    "hostile": ("It has not been run in full yet.", _hostile),
    "explain": ("It has not been run on the generated cells as they are now.", _explain),
}
"""What is said of each record: without it, and with it."""


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def here() -> dict[str, str]:
    """This machine and day, as records name them."""
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    return {"machine": system, "date": time.strftime("%Y-%m-%d")}


def record(name: str, files: Sequence[Path]) -> None:
    """Keep a record: of the tests from JUnit files that pytest wrote, of a benchmark from the JSON that its runs wrote."""
    if name == "tests":
        kept: dict[str, Any] = here() | {"parts": [_junit(path) for path in files]}
    else:
        kept = here()
        for path in files:  # a later run adds to an earlier one, and replaces what both measured
            kept |= {key: found for key, found in json.loads(path.read_text(encoding="utf-8")).items() if found}
    RECORDS.mkdir(exist_ok=True)
    (RECORDS / f"{name}.json").write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _junit(path: Path) -> dict[str, Any]:
    """How many tests a file of pytest tells of, and how long they took by the clock."""
    suites = list(ET.parse(path).getroot().iter("testsuite"))  # noqa: S314  written by our own tests
    browser = all("journeys" in str(case.get("classname")) for suite in suites for case in suite.iter("testcase"))
    return {
        "what": "tests that drive a browser" if browser else "tests",
        "tests": sum(int(suite.get("tests", 0)) for suite in suites),
        "seconds": round(sum(float(suite.get("time", 0)) for suite in suites), 1),
    }


# -- the command


def check(wanted: Iterable[Path], *, only_records: bool = False) -> list[str]:
    """A sentence for each number that nobody prints; with ``only_records``, commands that compute are not run."""
    wrong = []
    for document in wanted:
        if document == README:
            wrong += [
                f"README.md: '{number}' stands in no marks."
                for number in unmarked(document.read_text(encoding="utf-8"))
            ]
        for claim in claims(document):
            if claim.command.startswith(SHOW):
                said = shown(claim.command.removeprefix(SHOW))
            elif only_records:
                continue
            else:
                said = printed_by(claim.command)
            wrong += [
                f"{document.name}: '{number}' is not printed by: {claim.command}" for number in unprinted(claim, said)
            ]
    return wrong


def write(wanted: Iterable[Path]) -> list[Path]:
    """Put the sentences of the records between their marks; gives the documents that changed."""
    changed = []
    for document in wanted:
        before = document.read_text(encoding="utf-8")
        after = MARKED.sub(_written, before)
        if after != before:
            document.write_text(after, encoding="utf-8")
            changed.append(document)
    return changed


def _written(found: re.Match[str]) -> str:
    if not found["command"].startswith(SHOW):
        return found.group()
    sentence = shown(found["command"].removeprefix(SHOW))
    return f"<!-- printed by: {found['command']} -->\n{sentence}\n<!-- end of print -->"


def main() -> int:
    """Check, show, write or record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    tasks = parser.add_subparsers(dest="task")
    checking = tasks.add_parser("check", help="run every command that a document names (default)")
    checking.add_argument("--records", action="store_true", help="only what is told of records; runs nothing")
    showing = tasks.add_parser("show", help="a record as a sentence")
    showing.add_argument("name")
    tasks.add_parser("write", help="put these sentences into the documents")
    recording = tasks.add_parser("record", help="keep what pytest (--junitxml) or a benchmark (--json) wrote")
    recording.add_argument("name", choices=SENTENCES)
    recording.add_argument("files", nargs="+", type=Path)
    asked = parser.parse_args()
    if asked.task == "show":
        print(shown(asked.name))
    elif asked.task == "write":
        print("\n".join(path.name for path in write(documents())) or "Nothing changed.")
    elif asked.task == "record":
        record(asked.name, asked.files)
        print(shown(asked.name))
    else:
        wrong = check(documents(), only_records=getattr(asked, "records", False))
        print("\n".join(wrong) or "Every number is printed by the command that stands beside it.")
        return int(bool(wrong))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
