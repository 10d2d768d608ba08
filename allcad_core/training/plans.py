"""Every model that can be trained here: its network, what that wants to see, and the words of its card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from allcad_core.errors import AllcadError, UnknownNameError
from allcad_core.models import Card
from allcad_core.training.classifier_plans import PLANS as CLASSIFIERS
from allcad_core.training.detector_plans import PLANS as DETECTORS
from allcad_core.training.plan_types import FULL, Plan

LICENCES = (
    "ALL-IDB: University of Milan, for research, on request; PBC: CC BY 4.0; TXL-PBC: MIT; Aria et al.: no licence stated, "
    "research use. Use the weights for research and teaching only."
)
TRAINED_ON = (
    "All 92 fields of ALL-IDB1 at hand with their drawn boxes and the crops of ALL-IDB2, and cells of Aria et al. (label of the "
    "whole field), PBC, TXL-PBC and WBC_segmentation (healthy), boxed by the stain segmentation."
)
TRAINED_OUTSIDE = (
    "The fields of ALL-IDB1 at hand outside the 17 test images of Chen et al., with their drawn boxes, and cells of Aria et al. "
    "(label of the whole field) and TXL-PBC (healthy), boxed by the stain segmentation or their authors; a fifth of both left out."
)
"""Of a detector that ships as it was fitted for the paper's test images."""
NEVER_SEEN = (
    "Any hospital but those of the sets named, bone marrow, other leukaemias, phone cameras apart from TXL-PBC's. ALL-IDB1 "
    "comes from two cameras and few patients."
)


PLANS: Mapping[str, Plan] = {**CLASSIFIERS, **DETECTORS}


_NETWORKS = "allcad_core.classification"
IMAGENET: Mapping[str, Mapping[str, Any]] = {
    f"{_NETWORKS}.resnet50:build": {"pretrained": "imagenet"},
    f"{_NETWORKS}.regnet:build": {"pretrained": "imagenet"},
    f"{_NETWORKS}.efficientnet:build": {"pretrained": True},
    f"{_NETWORKS}.pair:build": {"pretrained": True},
}
"""Builder -> what makes it start from ImageNet."""


def plan(name: str) -> Plan:
    """The plan of a model. Raises UnknownNameError."""
    if name not in PLANS:
        raise UnknownNameError("model to train", name, list(PLANS))
    return PLANS[name]


def named(model: str, task: str | None) -> str:
    """Name of the plan of a model's form for a task: ``lightweight`` and ``field`` give ``lightweight_field``."""
    longer = f"{model}_{task}"
    return longer if longer in PLANS else model


def vary(
    name: str,
    *,
    pretrained: str | None = None,
    epochs: int | None = None,
    lr: float | None = None,
    batch: int | None = None,
    seed: int | None = None,
) -> Plan:
    """The plan of a classifier with some of its settings changed.

    Args:
        name: of the plan.
        pretrained: ``none``, ``imagenet`` (fetched by torchvision where its weights are wanted) or ``indomain``.
        epochs: rounds; ``None`` leaves what the plan says, here and below.
        lr: learning rate.
        batch: pictures a step.
        seed: of chance.

    Raises:
        UnknownNameError: no such plan.
        AllcadError: the plan has no such start, or is no classifier.
    """
    made = plan(name)
    if made.course is None:
        raise AllcadError(f"'{name}' is a detector; its settings are those of its plan.")
    old = made.course.settings
    settings = replace(old, epochs=epochs or old.epochs, lr=lr or old.lr, batch=batch or old.batch)
    settings = settings if seed is None else replace(settings, seed=seed)
    made = replace(made, course=replace(made.course, settings=settings))
    return made if pretrained is None else _started(name, made, pretrained)


def _started(name: str, made: Plan, pretrained: str) -> Plan:
    """The plan with another start. Raises AllcadError where it has no such start."""
    if pretrained == "none":
        return replace(made, pretraining=None, start=None)
    if pretrained == "indomain":
        if made.pretraining is None:
            raise AllcadError(f"'{name}' has no pre-training in the domain.")
        return replace(made, start=None)
    if made.builder not in IMAGENET:
        raise AllcadError(f"There are no ImageNet weights for '{name}'. Use --pretrained none or indomain.")
    return replace(made, pretraining=None, start=IMAGENET[made.builder])


def draft_card(name: str, varied: Plan | None = None) -> Card:
    """The card of a network that has no weight file yet, by its plan or a varied one."""
    made = varied or plan(name)
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
        trained_on=(TRAINED_ON if made.fold == FULL else TRAINED_OUTSIDE)
        + (f" With them, {made.generated} generated fields." if made.generated else ""),
        never_seen=NEVER_SEEN,
        command=f"allcad train {name} --data DIR --ship",
        licences=LICENCES,
    )
