"""Whether the maps of cell classifiers can be believed, and how long one takes: ``python -m benchmarks.explain [NAME...]``.

``--compare --json FILE`` keeps what ``python -m benchmarks.claims record explain FILE`` puts into the documents.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import asdict
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

from allcad_core.analysis import cell_classifier
from allcad_core.classification import CellClassifier
from allcad_core.classification.cells import to_input
from allcad_core.classify import known
from allcad_core.evaluation.explanations import FIELDS, METHODS, REMOVED, Crowd, ExplanationReport, crowd, examine
from allcad_core.explanation import contributions, heat

WANTED_MS = 300.0
"""Most milliseconds of a crop through the lightweight network."""


def milliseconds(classifier: CellClassifier, cells: Crowd, count: int = 20) -> tuple[float, float]:
    """Median time of one map, one crop at a time, after a first one: by the clock, and of the processor."""
    import numpy as np

    batch = to_input(cells.crops[: count + 1], classifier.device)
    times = []
    with classifier.lent() as network:
        for crop in batch:
            start, busy = time.perf_counter(), time.process_time()
            heat(contributions(network, crop[None], classifier.positive, np.ones(1)))
            times.append((1000 * (time.perf_counter() - start), 1000 * (time.process_time() - busy)))
    clock, processor = np.median(times[1:], axis=0)
    return float(clock), float(processor)


def show(report: ExplanationReport, took_ms: tuple[float, float]) -> None:
    """Print the figures of one classifier."""
    wanted = f" (wanted: {WANTED_MS:.0f})" if report.classifier == "lightweight" else ""
    clock, processor = took_ms
    print(f"\n{report.classifier}: {report.cells} generated cells with neighbours from {report.fields} fields")
    print(f"  one map: {clock:.0f} ms{wanted}, {processor:.0f} of the processor, {torch.get_num_threads()} thread(s)")
    print(f"  Gaussian, half its height at the cell's edge: {report.gaussian} of it inside the cell")
    print(f"  Gaussian, as narrow as a disc of the cell's size: {report.narrow}; all of the crop: {report.uniform}")
    print(f"  log-odds lost where a random {REMOVED:.0%} turns to ground: {report.anywhere}")
    for name, found in report.methods.items():
        answers = ", ".join(f"{label} {share}" for label, share in found.inside_by_answer.items())
        print(f"  {name}: share inside {found.inside}; {answers}")
        print(f"    weights drawn anew: share inside {found.untrained}, rank correlation {found.correlation}")
        print(f"    log-odds lost where the marked {REMOVED:.0%} turns to ground: {found.removal}")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="cell classifiers (default: all that ship)")
    parser.add_argument("--fields", type=int, default=FIELDS, help=f"generated fields to look at (default: {FIELDS})")
    parser.add_argument("--compare", action="store_true", help="also Grad-CAM and HiResCAM")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    kept = []
    methods = METHODS if arguments.compare else dict(list(METHODS.items())[:1])
    made: dict[tuple[int, float], Crowd] = {}
    for name in arguments.names or known("cell"):
        classifier = cell_classifier(name, torch.device("cpu"))
        frame = int(classifier.card.input["size"]), classifier.context
        cells = made.setdefault(frame, crowd(*frame, fields=arguments.fields)) if frame not in made else made[frame]
        report, took_ms = examine(classifier, cells, methods), milliseconds(classifier, cells)
        show(report, took_ms)
        kept.append(asdict(report) | {"milliseconds": took_ms})
    if arguments.json is not None:
        arguments.json.write_text(json.dumps({"classifiers": kept}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
