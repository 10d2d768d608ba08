"""How long a detector takes, stage by stage, and how much of the machine's measured peak it uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from allcad_core.detection.plain import letterboxed, suppressed
from allcad_core.detection.ultralytics import (
    LEAST_SCORE,
    MOST_BOXES,
    STRIDE,
    SUPPRESS_IOU,
    Yolo,
    prepare,
    target_size,
)
from allcad_core.models import Runner

if TYPE_CHECKING:
    import torch

COMPILED = "cpu, compiled"
BATCHES = (1, 2, 4, 8)
REPEATS = 20
WARM_UP = 3
MATRIX = 1024
"""Side of the matrices whose product measures the peak."""


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of repeated runs: the median and the 95th percentile."""

    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Latency:
    """Speed of one detector on one device.

    Attributes:
        device: as torch names it, or ``COMPILED``.
        size: width and height in px that the network saw, padding included.
        parameters: how many numbers the network has.
        gflops: billions of floating point operations a picture, a multiplication and an addition counted apart.
        preprocess, inference, suppression: of one picture.
        best_batch, best_ms: pictures at once for which one takes least, and that time, inference alone.
        peak_gflops: billions of operations a second of a large matrix product on the same device and threads.
        peak_share: of it, reached by inference at the best batch.
    """

    device: str
    size: tuple[int, int]
    parameters: int
    gflops: float
    preprocess: Times
    inference: Times
    suppression: Times
    best_batch: int
    best_ms: float
    peak_gflops: float
    peak_share: float


def measure(
    detector: Yolo,
    network: torch.nn.Module,
    field: NDArray[np.uint8],
    red_cell_diameter: float | None,
    batches: Sequence[int] = BATCHES,
    repeats: int = REPEATS,
) -> Latency:
    """Time a detector.

    Args:
        detector: on its device.
        network: its network, for counting.
        field: uint8 (height, width, 3), RGB, balanced, not larger than one slice.
        red_cell_diameter: in px of the field.
        batches: pictures at once that are tried.
        repeats: runs a stage, after ``WARM_UP`` that are not counted.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    device = torch.device(str(detector.device))
    batch, _ = prepare(field, red_cell_diameter, device)
    with FlopCounterMode(display=False) as counter:
        answer = detector.infer(batch)
    gflops = counter.get_total_flops() / 1e9
    inference = _timed(lambda: detector.infer(batch), device, repeats)
    by_batch = {
        count: _timed(_looking(detector, batch, count), device, max(3, repeats // count)).p50 / count
        for count in batches
    }
    best = min(by_batch, key=lambda count: by_batch[count])
    peak = peak_gflops(device, repeats)
    return Latency(
        str(device),
        (int(batch.shape[3]), int(batch.shape[2])),
        sum(value.numel() for value in network.parameters()),
        gflops,
        _timed(lambda: prepare(field, red_cell_diameter, device), device, repeats),
        inference,
        _timed(lambda: detector.suppress(answer), device, repeats),
        best,
        by_batch[best],
        peak,
        gflops / (by_batch[best] / 1000) / peak,
    )


def measure_compiled(
    runner: Runner,
    by_torch: Latency,
    field: NDArray[np.uint8],
    red_cell_diameter: float | None,
    repeats: int = REPEATS,
) -> Latency:
    """Time the same detector as compiled for the CPU, which looks at one picture at a time.

    Args:
        runner: of ``compiled.load``.
        by_torch: of the same network by torch on the CPU: operations and peak are taken from it.
        field: uint8 (height, width, 3), RGB, balanced, not larger than one slice.
        red_cell_diameter: in px of the field.
        repeats: runs a stage, after ``WARM_UP`` that are not counted.
    """
    import torch

    cpu = torch.device("cpu")
    wide, high = target_size(field.shape[1], field.shape[0], red_cell_diameter)
    batch = letterboxed(field, wide, high, STRIDE)
    answer = runner(batch)[0]
    inference = _timed(lambda: runner(batch), cpu, repeats)
    return replace(
        by_torch,
        device=COMPILED,
        preprocess=_timed(lambda: letterboxed(field, wide, high, STRIDE), cpu, repeats),
        inference=inference,
        suppression=_timed(lambda: suppressed(answer, LEAST_SCORE, SUPPRESS_IOU, MOST_BOXES), cpu, repeats),
        best_batch=1,
        best_ms=inference.p50,
        peak_share=by_torch.gflops / (inference.p50 / 1000) / by_torch.peak_gflops,
    )


def _looking(detector: Yolo, batch: torch.Tensor, count: int) -> Callable[[], object]:
    many = batch.expand(count, -1, -1, -1).contiguous()
    return lambda: detector.infer(many)


def peak_gflops(device: torch.device, repeats: int = REPEATS) -> float:
    """Billions of operations a second of a product of two square matrices, the best of some."""
    import torch

    dtype = torch.float16 if device.type == "cuda" else torch.float32
    one = torch.rand(MATRIX, MATRIX, device=device, dtype=dtype)
    fastest = min(_run(lambda: one @ one, device) for _ in range(repeats + WARM_UP))
    return 2 * MATRIX**3 / fastest / 1e9


def _timed(work: Callable[[], object], device: torch.device, repeats: int) -> Times:
    times = [_run(work, device) for _ in range(repeats + WARM_UP)][WARM_UP:]
    low, high = np.quantile(times, [0.5, 0.95])
    return Times(1000 * float(low), 1000 * float(high))


def _run(work: Callable[[], object], device: torch.device) -> float:
    import torch

    start = perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return perf_counter() - start
