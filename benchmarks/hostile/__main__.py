"""Broken and hostile files through every door: ``python -m benchmarks.hostile``.

Each file of the corpus goes to the doors that take its kind: the reader, the upload of the page Analyse smear,
``allcad evaluate`` on own pictures and ``allcad annotate``. An answer is right where it is a picture or a report in the form
that allcad promises; else there must be a sentence for a person. A trace, a hang, silence, or a peak of memory over the limit
is a finding, and ends the command with 1. Every door is tried in a process of its own, so that a hang or crash is one finding
and not the end.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.hostile.cases import Case
from benchmarks.hostile.corpus import corpus
from benchmarks.hostile.doors import DOORS
from benchmarks.hostile.surveys import LIMIT_BYTES, LIMIT_S, Survey, plain, survey


def main() -> int:
    """Make the corpus, bring it to the doors, print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=2100, help="files (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=2026, help="of the corpus (default: %(default)s)")
    parser.add_argument("--doors", nargs="+", choices=DOORS, default=list(DOORS), help="these only")
    parser.add_argument("--only", type=int, nargs="+", default=[], metavar="NUMBER", help="these files only")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    asked = parser.parse_args()
    cases = (case for case in corpus(asked.count, asked.seed) if not asked.only or case.number in asked.only)

    def tell(found: Survey, case: Case) -> None:
        for finding in found.findings[-4:]:
            if finding.case == case.number:
                print(f"file {finding.case}, {finding.kind}, {finding.how}; {finding.door}: {finding.what}", flush=True)
        if found.cases % 200 == 0:
            print(f"{found.cases} files, {len(found.findings)} findings", flush=True)

    found = survey(cases, doors=asked.doors, tell=tell)
    print(f"\n{found.cases} files, seed {asked.seed}, at most {LIMIT_S:.0f} s and {LIMIT_BYTES / 1e6:,.0f} MB each")
    for door, visits in found.visits.items():
        (seconds, slow), (peak, large) = found.slowest[door], found.peak[door]
        told = ", ".join(f"{visits[name]} {name}" for name in ("answered", "refused", "findings"))
        print(
            f"{door}: {told}; longest {seconds:.1f} s of processor ({slow}); most memory {peak / 1e6:,.0f} MB ({large})"
        )
    if asked.json:
        asked.json.write_text(json.dumps(plain(found), indent=1), encoding="utf-8")
    print(f"{len(found.findings)} findings")
    return int(bool(found.findings))


if __name__ == "__main__":
    raise SystemExit(main())
