"""Every model that can be trained here: its network, what that wants to see, and the words of its card."""

from __future__ import annotations

from collections.abc import Mapping

from allcad_core.errors import UnknownNameError
from allcad_core.models import Card
from allcad_core.training.classifier_plans import PLANS as CLASSIFIERS
from allcad_core.training.detector_plans import PLANS as DETECTORS
from allcad_core.training.plan_types import Plan

LICENCES = (
    "ALL-IDB: University of Milan, for research, on request; PBC: CC BY 4.0; TXL-PBC: MIT; Aria et al.: no licence stated, "
    "research use. Use the weights for research and teaching only."
)
TRAINED_ON = (
    "All 92 fields of ALL-IDB1 at hand with their drawn boxes and the crops of ALL-IDB2, and cells of Aria et al. (label of the "
    "whole field), PBC, TXL-PBC and WBC_segmentation (healthy), boxed by the stain segmentation."
)
NEVER_SEEN = (
    "Any hospital but those of the sets named, bone marrow, other leukaemias, phone cameras apart from TXL-PBC's. ALL-IDB1 "
    "comes from two cameras and few patients."
)


PLANS: Mapping[str, Plan] = {**CLASSIFIERS, **DETECTORS}


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
