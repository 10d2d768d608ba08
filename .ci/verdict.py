"""Judge a test run by its JUnit report: nothing failed, enough ran, and only missing accelerators were skipped."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

MAY_SKIP = re.compile(r"\b(CUDA|GPU|MPS)\b")
"""Reasons for which a test may be skipped: this machine has no such accelerator."""


def judge(report: Path, fewest: int) -> list[str]:
    """Why the run does not pass, each a sentence; empty where it passes. Prints the closing line of the run."""
    if not report.is_file():
        return ["No report was written: pytest did not reach its end."]
    cases: dict[str, list[ET.Element]] = {}  # one that was tried twice stands there twice
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 (the report is our own)
        cases.setdefault(f"{case.get('classname')}::{case.get('name')}", []).append(case)
    marks = {name: tries[-1].find("skipped") for name, tries in cases.items()}
    skips = {name: mark.get("message") or "" for name, mark in marks.items() if mark is not None}
    failures = sum(
        any(len(case.findall(bad)) for case in tries for bad in ("failure", "error")) for tries in cases.values()
    )
    passed = len(cases) - failures - len(skips)
    print(f"{passed} passed, {failures} failed, {len(skips)} skipped")
    reasons = [f"{name} was skipped: {why}" for name, why in skips.items() if not MAY_SKIP.search(why)]
    if not cases:
        reasons.append("No test ran.")
    if failures:
        reasons.append(f"{failures} tests failed.")
    if passed < fewest:
        reasons.append(f"Only {passed} tests passed; there are at least {fewest}.")
    return reasons


def main() -> int:
    """``verdict.py REPORT FEWEST``."""
    reasons = judge(Path(sys.argv[1]), int(sys.argv[2]))
    for reason in reasons:
        print(reason)
    return 1 if reasons else 0


if __name__ == "__main__":
    sys.exit(main())
