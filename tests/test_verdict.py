"""The judge of a test run passes nothing that was not tested."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

VERDICT = Path(__file__).parent.parent / ".ci" / "verdict.py"
GOOD = "".join(f'<testcase classname="t" name="good{number}"/>' for number in range(3))
AGAIN = '<testcase classname="t" name="good0"/>'
BAD = '<testcase classname="t" name="bad"><failure message="no"/></testcase>'
BROKEN = '<testcase classname="t" name="broken"><error message="no"/></testcase>'
NO_GPU = '<testcase classname="t" name="gpu"><skipped message="This machine has no CUDA device."/></testcase>'
NO_DATA = '<testcase classname="t" name="data"><skipped message="The real data are not here."/></testcase>'


@pytest.mark.parametrize(
    ("cases", "fewest", "status", "says"),
    [
        (GOOD, 3, 0, "3 passed, 0 failed, 0 skipped"),
        (GOOD + NO_GPU, 3, 0, "3 passed, 0 failed, 1 skipped"),
        (GOOD, 4, 1, "Only 3 tests passed; there are at least 4."),
        (GOOD + BAD, 3, 1, "1 tests failed."),
        (GOOD + BROKEN, 3, 1, "1 tests failed."),
        (GOOD + NO_DATA, 3, 1, "t::data was skipped: The real data are not here."),
        ("", 0, 1, "No test ran."),
        (AGAIN + GOOD, 4, 1, "Only 3 tests passed; there are at least 4."),
        (BAD + BAD.replace("failure", "error") + GOOD, 3, 1, "3 passed, 1 failed, 0 skipped"),
    ],
)
def test_a_run_is_judged_by_what_ran(cases, fewest, status, says, tmp_path):
    report = tmp_path / "tests.xml"
    report.write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>", encoding="utf-8")
    done = subprocess.run([sys.executable, VERDICT, report, str(fewest)], capture_output=True, text=True, check=False)
    assert (done.returncode, says in done.stdout.splitlines()) == (status, True)


def test_a_run_without_a_report_does_not_pass(tmp_path):
    done = subprocess.run(
        [sys.executable, VERDICT, tmp_path / "none.xml", "0"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, "No report was written" in done.stdout) == (1, True)
