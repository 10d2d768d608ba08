"""Whether networks answer on a device as they do on the CPU, how fast, and with how much memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from allcad_core import analysis, compiled, devices, models
from allcad_core.detection import propose, scale
from allcad_core.detection.base import iou
from allcad_core.evaluation.latency import Times
from allcad_core.results import Box
from allcad_core.segmentation.unet import segmenter

if TYPE_CHECKING:
    from allcad_core.detection import Detections

SIZE, SEED = (960, 720), 7
"""Of the generated field on which networks are compared, width and height in px."""
REPEATS, WARM_UP = 5, 2
OWN = Path("/proc/self")
"""Where Linux tells a process of itself."""
SURE = 0.1
"""Boxes that score less are noise: one side may see one that the other does not."""
FULL, HALF = (0.01, 0.99), (0.02, 0.95)
"""How far a score may lie from the CPU's and how much of a box must be the CPU's, in full and in half precision."""


@dataclass(frozen=True, slots=True)
class Parity:
    """One network on one device, beside torch on the CPU.

    Attributes:
        model: its card.
        backend: ``torch`` or ``compiled``.
        device: as torch names it.
        precision: ``fp32`` or ``fp16``.
        score_apart: largest difference of a score, probability or pixel's chance.
        least_iou: of a box with the CPU's; 1 for networks without boxes.
        allowed: the bounds of both.
        milliseconds: for one field, or for all cells of one.
        cpu_milliseconds: of torch on the CPU.
        megabytes: the most memory that was taken: of a GPU, beyond what it held before; on the CPU, by the process beyond
            what it had before, the loading of the network included where it was not loaded yet; ``None`` where nothing tells.
    """

    model: str
    backend: str
    device: str
    precision: str
    score_apart: float
    least_iou: float
    allowed: tuple[float, float]
    milliseconds: Times
    cpu_milliseconds: Times
    megabytes: float | None

    @property
    def holds(self) -> bool:
        """Whether the answers are the same within what is allowed."""
        return self.score_apart <= self.allowed[0] and self.least_iou >= self.allowed[1]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a network says: boxes (n, 4), and scores or chances of any shape."""

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Field:
    """The generated field with what networks need: balanced pixels, the boxes of its cells, a red cell's diameter."""

    balanced: NDArray[np.uint8]
    boxes: list[Box]
    red_cell_diameter: float | None


def field(size: tuple[int, int] = SIZE) -> Field:
    """The field on which networks are compared."""
    from allcad_core.images import from_array
    from allcad_core.synthesis import generate

    image = from_array(generate(SEED, size).pixels, "generated")
    found = analysis.prepare(image, "stain", devices.COMPILED_CPU)
    regions = found.segmentation.regions
    return Field(found.balanced, propose(regions).box_list(), scale(found.segmentation.red_cell_diameter, regions))


def compare(name: str, where: devices.Device, on: Field, reference: tuple[Answer, Times] | None = None) -> Parity:
    """Run one network on a device and on the CPU by torch.

    Args:
        name: of a card whose task is among ``compiled.TASKS``.
        where: the device, or ``devices.COMPILED_CPU``.
        on: the field.
        reference: what ``measured`` said of torch on the CPU, where it is known.

    Raises:
        UnknownNameError, ModelError, DeviceError: of the network or device.
    """
    import torch

    expected, cpu = reference or measured(name, torch.device("cpu"), on)
    before = _held(where)
    found, times = measured(name, where, on)
    most = _most(where)
    taken = None if before is None or most is None else max(most - before, 0) / 1e6
    half = devices.half_precision(where)
    apart, least = difference(found, expected)
    return Parity(
        model=name,
        backend="compiled" if isinstance(where, devices.CompiledCpu) else "torch",
        device=str(where),
        precision="fp16" if half else "fp32",
        score_apart=apart,
        least_iou=least,
        allowed=HALF if half else FULL,
        milliseconds=times,
        cpu_milliseconds=cpu,
        megabytes=taken,
    )


def _held(where: devices.Device) -> int | None:
    """Bytes that are taken now, and the most is counted from here on; ``None`` where the system does not tell."""
    if where.type == "cuda":
        import torch

        torch.cuda.reset_peak_memory_stats(str(where))
        return int(torch.cuda.memory_allocated(str(where)))
    if where.type != "cpu":
        return None
    try:
        (OWN / "clear_refs").write_text("5")  # Linux starts counting the most anew (proc(5))
    except OSError:
        return None
    return _of_process("VmRSS")


def _most(where: devices.Device) -> int | None:
    """Most bytes that were taken since ``_held``."""
    if where.type == "cuda":
        import torch

        return int(torch.cuda.max_memory_allocated(str(where)))
    return _of_process("VmHWM") if where.type == "cpu" else None


def _of_process(what: str) -> int | None:
    """A line of Linux's account of this process, in bytes."""
    try:
        lines = (OWN / "status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith(f"{what}:")), None)


def measured(name: str, where: devices.Device, on: Field) -> tuple[Answer, Times]:
    """What a network says of the field on a device, and how long it takes."""
    ask = _asking(name, where, on)
    answer = ask()
    times = []
    for _ in range(REPEATS + WARM_UP):
        start = perf_counter()
        ask()  # ends with the answer on the CPU, so that nothing is left to wait for
        times.append(1000 * (perf_counter() - start))
    middle, high = np.quantile(times[WARM_UP:], [0.5, 0.95])
    return answer, Times(float(middle), float(high))


def _asking(name: str, where: devices.Device, on: Field) -> Callable[[], Answer]:
    task = models.card(name).task
    if task == "cell":
        classifier = analysis.cell_classifier(name, where)
        return lambda: Answer(np.empty((0, 4)), classifier.probabilities(on.balanced, on.boxes))
    if task == "segment":
        network = segmenter(where)
        return lambda: Answer(np.empty((0, 4)), network.chances(on.balanced).astype(np.float64))
    from allcad_core.detection.ultralytics import yolo

    detector = yolo(name, where)
    return lambda: _boxes(detector.detect(on.balanced, on.red_cell_diameter))


def _boxes(found: Detections) -> Answer:
    return Answer(found.boxes, found.scores)


def difference(found: Answer, expected: Answer) -> tuple[float, float]:
    """Largest difference of scores, and least intersection over union of boxes, each with its best partner.

    Boxes that score less than ``SURE`` on both sides are left out; one that has no partner shares nothing.
    """
    if not len(found.boxes) and not len(expected.boxes):
        return float(np.abs(found.scores - expected.scores).max(initial=0.0)), 1.0
    shared = iou(found.boxes, expected.boxes)
    apart, least = 0.0, 1.0
    for table, own, other in ((shared, found.scores, expected.scores), (shared.T, expected.scores, found.scores)):
        sure = own >= SURE
        if not sure.any():
            continue
        if not other.size:
            return 1.0, 0.0
        partner = table.argmax(axis=1)
        apart = max(apart, float(np.abs(own - other[partner])[sure].max()))
        least = min(least, float(table.max(axis=1)[sure].min()))
    return apart, least


def all_of(device: str | None = None) -> list[tuple[str, devices.Device]]:
    """Every shipped network with each way in which it can answer on a device."""
    where = devices.choose(device)
    ways: list[devices.Device] = [where] if where.type != "cpu" else [where, devices.COMPILED_CPU]
    return [(name, way) for name in compiled.names() for way in ways]
