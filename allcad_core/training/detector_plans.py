"""Plans of the detectors: the five of Chen et al. as far as they can be built here, and a modern one beside them."""

from __future__ import annotations

from collections.abc import Mapping

from allcad_core.detection.ultralytics import RED_CELL_PX
from allcad_core.training.plan_types import Plan


def _detector(architecture: str, title: str, paper: str, protocols: tuple[str, ...]) -> Plan:
    return Plan(
        task="detect",
        builder="allcad_core.detection.ultralytics:build",
        arguments={"architecture": architecture, "classes": 2},
        input={"red_cell_px": RED_CELL_PX},
        classes=("blast", "healthy"),
        title=title,
        paper=paper,
        protocols=protocols,
    )


PLANS: Mapping[str, Plan] = {
    "yolo11n": _detector(
        "yolo11n.yaml",
        "YOLO11 nano, two classes, at the scale of the red cells",
        (
            "A present-day relative of the YOLOv5s of Chen et al., not one of their networks. Pre-trained on Aria and TXL-PBC "
            "and on generated fields instead of COCO."
        ),
        ("session", "chen17", "field"),
    ),
}
"""By name; the order is that of lists shown to people."""
