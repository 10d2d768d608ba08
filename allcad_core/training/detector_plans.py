"""Plans of the detectors: the five of Chen et al. as far as they can be built here, and a modern one beside them."""

from __future__ import annotations

from collections.abc import Mapping

from allcad_core.detection.ultralytics import CLASSES, RED_CELL_PX
from allcad_core.training.plan_types import FULL, Plan

COMMON = (
    " Trained here at the scale of the red cells on tiles of 256 px, pre-trained on Aria, TXL-PBC and generated fields instead "
    "of COCO, a few thousand steps; the paper trained at 1024 px for 150 epochs."
)
ANCHOR_FREE = (
    "Ultralytics builds it with the anchor-free head of v8 ('v5u', {parameters} million parameters); the paper's network of "
    "2020 had anchors ({paper} million)."
)
OF_V7 = (
    "Backbone and neck are the authors', layer for layer and parameter for parameter, RepConv in its deployed form; the "
    "head is Ultralytics' anchor-free one."
)


def _detector(
    architecture: str,
    title: str,
    paper: str,
    protocols: tuple[str, ...] = ("chen17",),
    *,
    settings: str = "short",
    scratch: bool = False,
) -> Plan:
    """The plan of a detector. One that is judged on the paper's 17 fields alone ships as it was fitted for them."""
    return Plan(
        task="detect",
        builder="allcad_core.detection.ultralytics:build",
        arguments={"architecture": architecture, "classes": len(CLASSES)},
        input={"red_cell_px": RED_CELL_PX},
        classes=CLASSES,
        title=title,
        paper=paper + ("" if scratch else COMMON),
        protocols=protocols,
        settings=settings,
        scratch=scratch,
        fold=0 if protocols == ("chen17",) else FULL,
    )


PLANS: Mapping[str, Plan] = {
    "yolo11n": _detector(
        "yolo11n.yaml",
        "YOLO11 nano, two classes, at the scale of the red cells",
        "A present-day relative of the YOLOv5s of Chen et al., not one of their networks.",
        ("session", "chen17", "field"),
        settings="ours",
    ),
    "yolov5s": _detector(
        "yolov5s.yaml",
        "YOLOv5s, anchor-free",
        "The YOLOv5s of Chen et al. " + ANCHOR_FREE.format(parameters="9.1", paper="7.0"),
        ("chen17", "session"),
    ),
    "yolov5m": _detector(
        "yolov5m.yaml",
        "YOLOv5m, anchor-free",
        "The YOLOv5m of Chen et al. " + ANCHOR_FREE.format(parameters="25.1", paper="21.2"),
    ),
    "yolov5s-scratch": _detector(
        "yolov5s.yaml",
        "YOLOv5s, anchor-free, without pre-training",
        "The 'v5' of Chen et al.: YOLOv5s from random weights. "
        + ANCHOR_FREE.format(parameters="9.1", paper="7.0")
        + " No pre-training on any set; else trained as the others are.",
        scratch=True,
    ),
    "yolov6n": _detector(
        "yolov6n.yaml",
        "YOLOv6 nano, as Ultralytics draws it",
        "A descendant of the YOLOv6s of Chen et al., a size smaller: plain convolutions and the anchor-free head of "
        "Ultralytics (4.2 million parameters; its s-size, 'yolov6s.yaml', has 16.3 and can be built).",
    ),
    "yolov7-tiny": _detector(
        "yolov7-tiny.yaml",
        "YOLOv7-tiny with an anchor-free head",
        "The small relative of the YOLOv7-E6 of Chen et al. " + OF_V7,
    ),
    "yolov7": _detector(
        "yolov7.yaml",
        "YOLOv7 with an anchor-free head",
        "The middle relative of the YOLOv7-E6 of Chen et al.: to be built and trained, too large for two cores. "
        + OF_V7,
    ),
    "yolov7-e6": _detector(
        "yolov7-e6.yaml",
        "YOLOv7-E6 with an anchor-free head",
        "The YOLOv7 of Chen et al. in its size E6: to be built and trained, too large for two cores. " + OF_V7,
    ),
}
"""By name; the order is that of lists shown to people."""
