"""How long classifiers take: ``python -m benchmarks.classifiers [MODEL ...] [--crops N] [--threads T] [--repeats R]``.

From pixels to logits, all cells at once as in an analysis; a field network judges one field. Speed does not depend on what a
network has learned, so untrained ones are timed where no weights ship. Compiled networks are timed where weights ship. The
peak is that of a product of two matrices on as many threads, the best of several moments of the same run. Three times are
told: the clock's best, which other work on the machine disturbs least, its median, and the processor's of all threads
together, which holds on a busy machine too.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from time import perf_counter, process_time

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.flop_counter import FlopCounterMode

from allcad_core import compiled, models
from allcad_core.classification.cells import BATCH, to_input
from allcad_core.errors import CompileError, UnknownNameError
from allcad_core.training.classifier_plans import PLANS
from allcad_core.training.plan_types import Plan

WANTED_MS, WANTED = 60.0, "lightweight"
"""What 100 crops may take through the lightweight CNN on two cores."""
CPU = torch.device("cpu")
MATRIX = 1024
Pictures = NDArray[np.uint8]


def timed(work: Callable[[], object], repeats: int) -> tuple[float, float, float]:
    """Milliseconds after a run that does not count: best and median by the clock, best by the processor."""
    work()
    times, spent = [], []
    for _ in range(repeats):
        start, busy = perf_counter(), process_time()
        work()
        times.append(1000 * (perf_counter() - start))
        spent.append(1000 * (process_time() - busy))
    return min(times), float(np.median(times)), min(spent)


def peak(repeats: int = 10) -> float:
    """Operations a second of a product of two matrices of float32, in GFLOP/s."""
    one = torch.rand(MATRIX, MATRIX)
    return 2 * MATRIX**3 / (timed(lambda: one @ one, repeats)[0] / 1000) / 1e9


def pictures(plan: Plan, crops: int) -> Pictures:
    """What the plan's network is given: so many crops, or one field."""
    if plan.task == "cell":
        shape = (crops, plan.input["size"], plan.input["size"], 3)
    else:
        shape = (1, plan.input["height"], plan.input["width"], 3)
    return np.random.default_rng(0).integers(60, 256, shape, np.uint8)


def by_torch(network: torch.nn.Module, shown: Pictures) -> torch.Tensor:
    """Logits, in batches as ``CellClassifier`` takes them."""
    with torch.inference_mode():
        return torch.cat([network(to_input(shown[at : at + BATCH], CPU)) for at in range(0, len(shown), BATCH)])


def operations(network: torch.nn.Module, shown: Pictures) -> float:
    """GFLOP of all pictures; a multiplication and an addition are two."""
    with FlopCounterMode(display=False) as counter:
        by_torch(network, shown[:1])
    return float(counter.get_total_flops()) * len(shown) / 1e9


def measured(name: str, crops: int, repeats: int) -> list[tuple[str, float]]:
    """A row of the table for each way to compute, and the GFLOP/s that it reached."""
    plan = PLANS[name]
    network = models.build(plan.builder, plan.arguments).eval()
    shown = pictures(plan, crops)
    gflop = operations(network, shown)
    ways: dict[str, Callable[[], object]] = {"torch": lambda: by_torch(network, shown)}
    if name in models.cards() and name in compiled.names():
        try:
            run = compiled.load(name)
            ways["compiled"] = lambda: run(shown)
        except CompileError as error:
            print(error)
    what = f"{len(shown)} cells" if plan.task == "cell" else "1 field"
    size = f"{shown.shape[2]} x {shown.shape[1]}"
    rows = []
    for way, work in ways.items():
        best, median, spent = timed(work, repeats)
        reached = gflop / (best / 1000)
        row = f"| {name} | {what} of {size} px | {way} | {best:.1f} / {median:.1f} | {spent:.1f} | {gflop:.2f} | {reached:.0f}"
        rows.append((row, reached))
        if name == WANTED and crops == 100:
            print(
                f"{name}, {way}: {best:.1f} ms; at most {WANTED_MS:.0f} wanted: {'met' if best <= WANTED_MS else 'missed'}"
            )
    return rows


def networks() -> Sequence[str]:
    """Plans with a network of their own that ships or stands in a paper."""
    return [name for name, plan in PLANS.items() if plan.course is not None and plan.ships]


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="*", help="names of plans; all without any")
    parser.add_argument("--crops", type=int, default=100)
    parser.add_argument("--threads", type=int, default=min(2, len(os.sched_getaffinity(0))))
    parser.add_argument("--repeats", type=int, default=10)
    arguments = parser.parse_args()
    for name in arguments.model:
        if name not in networks():
            raise UnknownNameError("classifier", name, list(networks()))
    torch.set_num_threads(arguments.threads)
    rows, peaks = [], [peak()]
    for name in arguments.model or networks():
        rows += measured(name, arguments.crops, arguments.repeats)
        peaks.append(peak())
    most = max(peaks)
    print(f"\n{arguments.threads} threads, load {os.getloadavg()[0]:.1f}, peak {most:.0f} GFLOP/s\n")
    print("| classifier | judges | by | ms, best / median | ms of processor | GFLOP | GFLOP/s | of the peak |")
    print("|---|---|---|---|---|---|---|---|")
    print("\n".join(f"{row} | {100 * reached / most:.0f} % |" for row, reached in rows))


if __name__ == "__main__":
    main()
