"""How long detectors take, stage by stage: ``python -m benchmarks.detectors [MODEL ...] [--device D] [--threads N]``.

Speed does not depend on what a network has learned, so untrained ones are timed where no weights ship.
"""

from __future__ import annotations

import argparse

import torch

from allcad_core import devices, models
from allcad_core.detection.ultralytics import Yolo
from allcad_core.evaluation.latency import Latency, measure
from allcad_core.ground import balance
from allcad_core.segmentation import segment
from allcad_core.synthesis import generate
from allcad_core.training.detector_plans import PLANS
from allcad_core.training.plans import draft_card

SMALL = ("yolo11n", "yolov5s", "yolov6n", "yolov7-tiny")
SIZE = (1712, 1368)
"""Of the generated field: that of an Olympus C2500L, with which most fields of patients in ALL-IDB1 were taken."""


def told(name: str, found: Latency) -> str:
    """One line a detector."""
    stages = " | ".join(
        f"{times.p50:.1f} / {times.p95:.1f}" for times in (found.preprocess, found.inference, found.suppression)
    )
    return (
        f"{name} | {found.parameters / 1e6:.2f} M | {found.size[0]}x{found.size[1]} | {found.gflops:.1f} | {stages} | "
        f"{found.best_ms:.1f} at {found.best_batch} | {found.gflops / found.best_ms * 1000:.0f} GFLOP/s, "
        f"{100 * found.peak_share:.0f} % of {found.peak_gflops:.0f}"
    )


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
    device = devices.choose(arguments.device)
    pixels = generate(7, SIZE).pixels
    diameter = segment(pixels, "stain", "cpu").red_cell_diameter
    field = balance(pixels)
    print(f"{device}, {torch.get_num_threads()} threads, a generated field of {SIZE[0]}x{SIZE[1]} px")
    print(
        "model | parameters | sees | GFLOP | preprocess ms | inference ms | suppression ms | best batch | of the peak"
    )
    for name in arguments.model:
        made = PLANS[name]
        network = models.build(made.builder, made.arguments).eval().to(device)
        if devices.half_precision(device):
            network = network.half()
        detector = Yolo(draft_card(name), network, device)
        print(told(name, measure(detector, network, field, diameter, repeats=arguments.repeats)), flush=True)


if __name__ == "__main__":
    main()
