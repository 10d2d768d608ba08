"""Every model that can be trained here: its network, what that wants to see, and the words of its card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from allcad_core.classification.cells import CONTEXT
from allcad_core.detection.ultralytics import RED_CELL_PX
from allcad_core.errors import UnknownNameError
from allcad_core.models import Card, Task

LICENCES = (
    "ALL-IDB: University of Milan, for research, on request; PBC: CC BY 4.0; TXL-PBC: MIT; Aria et al.: no licence stated, "
    "research use. Use the weights for research and teaching only."
)
TRAINED_ON = (
    "All 92 fields of ALL-IDB1 at hand, labelled by the expert centroids on boxes of the stain segmentation, and cells of "
    "Aria et al. (label of the whole field), PBC and TXL-PBC (healthy), boxed by the same segmentation. No person has drawn "
    "or checked these boxes yet."
)
NEVER_SEEN = (
    "Any hospital but those of the sets named, bone marrow, other leukaemias, phone cameras apart from TXL-PBC's. ALL-IDB1 "
    "comes from two cameras and few patients."
)


@dataclass(frozen=True)
class Plan:
    """A model that can be trained: its task, the builder of its network, what that wants to see, and its card's words.

    ``generated`` counts the generated fields that join the training of a cell classifier; such a plan is an experiment
    and never ships.
    """

    task: Task
    builder: str
    arguments: Mapping[str, Any]
    input: Mapping[str, Any]
    classes: tuple[str, ...]
    title: str
    paper: str
    protocols: tuple[str, ...]
    generated: int = 0


_LIGHTWEIGHT = Plan(
    task="cell",
    builder="allcad_core.classification.lightweight:build",
    arguments={"size": 96},
    input={"size": 96, "context": CONTEXT},
    classes=("healthy", "blast"),
    title="Lightweight CNN: two convolutions, two poolings, one dense layer",
    paper=(
        "The CNN of Zaiter & Zwiggelaar. Their text gives no channels, kernels or input size, and contradicts itself on "
        "whether pooling follows convolution: here 3x3 kernels, 16 and 32 channels, 96 px, convolution first. Crops are "
        "balanced by the ground, not masked; Adam with one cycle up to 3e-3 for 30 epochs instead of 1e-4 for 25."
    ),
    protocols=("field", "session"),
)

PLANS: Mapping[str, Plan] = {
    "lightweight": _LIGHTWEIGHT,
    "lightweight-generated": replace(
        _LIGHTWEIGHT,
        title="Lightweight CNN, generated fields added to its training",
        protocols=("session",),
        generated=150,
    ),
    "yolo11n": Plan(
        task="detect",
        builder="allcad_core.detection.ultralytics:build",
        arguments={"architecture": "yolo11n.yaml", "classes": 2},
        input={"red_cell_px": RED_CELL_PX},
        classes=("blast", "healthy"),
        title="YOLO11 nano, two classes, at the scale of the red cells",
        paper=(
            "A present-day relative of the YOLOv5s of Chen et al., not one of their networks. Pre-trained on Aria, PBC and "
            "TXL-PBC instead of COCO."
        ),
        protocols=("session",),
    ),
}


def plan(name: str) -> Plan:
    """The plan of a model. Raises UnknownNameError."""
    if name not in PLANS:
        raise UnknownNameError("model to train", name, list(PLANS))
    return PLANS[name]


def draft_card(name: str) -> Card:
    """The card of a network that has no weight file yet."""
    made = plan(name)
    return Card(
        name=name,
        title=made.title,
        task=made.task,
        file=f"{name}.safetensors",
        sha256="",
        storage="",
        builder=made.builder,
        arguments=made.arguments,
        input=made.input,
        classes=made.classes,
        parameters=0,
        temperature=1.0,
        threshold=0.5,
        paper=made.paper,
        trained_on=TRAINED_ON + (f" With them, {made.generated} generated fields." if made.generated else ""),
        never_seen=NEVER_SEEN,
        command=f"allcad train {name} --data DIR --ship",
        licences=LICENCES,
    )
