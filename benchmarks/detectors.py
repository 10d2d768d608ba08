"""How long detectors take, stage by stage: ``python -m benchmarks.detectors [MODEL ...] [--device D] [--threads N]``.

Every device that is present is timed, and on the CPU also the compiled network of a detector that ships. Speed does not
depend on what a network has learned, so untrained ones are timed by torch.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from numpy.typing import NDArray

from allcad_core import compiled, devices, models
from allcad_core.detection.ultralytics import Yolo
from allcad_core.errors import CompileError
from allcad_core.evaluation.latency import Latency, measure, measure_compiled
from allcad_core.ground import balance
from allcad_core.segmentation import segment
from allcad_core.synthesis import generate
from allcad_core.training.detector_plans import PLANS
from allcad_core.training.plans import draft_card

Pixels = NDArray[np.uint8]
SMALL = ("yolo11n", "yolov5s", "yolov6n", "yolov7-tiny")
SIZE = (1712, 1368)
"""Of the generated field: that of an Olympus C2500L, with which most fields of patients in ALL-IDB1 were taken."""


def told(name: str, found: Latency) -> str:
    """One line of a detector on a device."""
    stages = " | ".join(
        f"{times.p50:.1f} / {times.p95:.1f}" for times in (found.preprocess, found.inference, found.suppression)
    )
    return (
        f"| {name} | {found.device} | {found.parameters / 1e6:.2f} M | {found.size[0]} x {found.size[1]} | {found.gflops:.1f} | "
        f"{stages} | {found.best_ms:.1f} at {found.best_batch} | {found.gflops / found.best_ms * 1000:.0f} | "
        f"{100 * found.peak_share:.0f} % of {found.peak_gflops:.0f} |"
    )


def present(wanted: str | None) -> list[torch.device]:
    """The device that is asked for, else all that are here, the CPU last."""
    if wanted is not None:
        return [devices.choose(wanted)]
    return list(dict.fromkeys((devices.choose(), torch.device("cpu"))))


def timed(name: str, device: torch.device, field: Pixels, diameter: float | None, repeats: int) -> list[Latency]:
    """A detector on a device: by torch, and compiled where that is possible."""
    made = PLANS[name]
    network = models.build(made.builder, made.arguments).eval().to(device)
    if devices.half_precision(device):
        network = network.half()
    detector = Yolo(draft_card(name), network, device)
    found = [measure(detector, network, field, diameter, repeats=repeats)]
    if device.type == "cpu" and name in compiled.names():
        try:
            found.append(measure_compiled(compiled.load(name), found[0], field, diameter, repeats))
        except CompileError as error:
            print(error)
    return found


def main() -> None:
    """Print a table, milliseconds p50 / p95."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="*", choices=list(PLANS), default=SMALL)
    parser.add_argument("--device")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--repeats", type=int, default=20)
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    pixels = generate(7, SIZE).pixels
    diameter = segment(pixels, "stain", "cpu").red_cell_diameter
    field = balance(pixels)
    print(
        f"{torch.get_num_threads()} threads on the CPU, a generated field of {SIZE[0]} x {SIZE[1]} px; ms are p50 / p95\n"
    )
    titles = (
        "detector", "by", "parameters", "sees, px", "GFLOP", "preprocess, ms", "inference, ms", "suppression, ms",
        "best batch, ms a picture", "GFLOP/s", "of the peak",
    )  # fmt: skip
    print("| " + " | ".join(titles) + " |\n" + "|---" * len(titles) + "|")
    for name in arguments.model:
        for device in present(arguments.device):
            for found in timed(name, device, field, diameter, arguments.repeats):
                print(told(name, found), flush=True)


if __name__ == "__main__":
    main()
