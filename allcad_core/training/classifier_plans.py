"""Plans of the classifiers: those of the papers in two forms, cell and field, and better ones beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from allcad_core.classification.cells import CONTEXT
from allcad_core.training.augment import Strength
from allcad_core.training.fitting import Settings
from allcad_core.training.plan_types import Course, Plan

CELL, FIELD = ("healthy", "blast"), ("normal", "ALL")
OTHERS = {"Aria": 0.4, "PBC": 0.4, "WBC-segmentation": 0.2}
"""Cells of other hospitals, for pre-training in the domain instead of ImageNet, which is not at hand."""
EVERYTHING = {
    "ALL-IDB1": 0.25,
    "ALL-IDB2": 0.15,
    "Aria": 0.25,
    "PBC": 0.08,
    "TXL-PBC": 0.06,
    "WBC-segmentation": 0.06,
    "generated": 0.15,
}
GENERATED_FIELDS = 150
STRONG = Strength(
    size=0.25, shift=0.08, stain=0.3, channel=0.15, lamp=0.04, exchange=0.5, coarse=0.5, coarsest=0.25, noise=0.02
)
VARIED = Strength(size=0.2, shift=0.06, stain=0.3, channel=0.15, exchange=0.3, coarse=0.3, coarsest=0.4)
FLIPS = Strength(turn=False, size=0.1, shift=0.03)
FIELD_SIZE = (192, 256)
"""Height, width in px of a field to the networks of Zaiter & Zwiggelaar, who give none."""
WHOLE_SIZE = (240, 320)
"""Likewise to the whole-image CNN that ships; 900 x 1200 in the paper, which would be 550 MB of weights."""

_PAPERS = "Zaiter & Zwiggelaar: Adam, 1e-4, 25 epochs, cross-entropy, as they say. "
_MASKED = (
    "Trained on the crops of ALL-IDB2, masked by the paper's threshold. Their batch and input size are not given: {batch} crops "
    "of {size} px here. Pre-trained to tell the kinds of cells of Aria, PBC and WBC_segmentation apart, each set by itself, "
    "instead of on ImageNet."
)
_LIGHT = (
    "Their text gives no channels, kernels or input size, and contradicts itself on whether pooling follows convolution: here "
    "3x3 kernels, 16 and 32 channels, convolution first. "
)


def _cell(name: str, title: str, size: int, paper: str, protocols: tuple[str, ...], pretraining: Settings) -> Plan:
    mixed = pretraining.mixed
    batch = 4 if name == "lightweight" else 16  # the others norm each batch by itself, for which four crops are too few
    return Plan(
        task="cell",
        builder=f"allcad_core.classification.{name}:build",
        arguments={"size": size} if name == "lightweight" else {},
        input={"size": size, "context": CONTEXT, "mask": "paper"},
        classes=CELL,
        title=title,
        paper=_PAPERS + paper + _MASKED.format(size=size, batch=batch),
        protocols=protocols,
        course=Course(Settings(batch=batch, mixed=mixed), {"ALL-IDB2": 1.0}),
        pretraining=Course(pretraining, OTHERS, kinds=True),
    )


def _field(name: str, title: str, paper: str, protocols: tuple[str, ...], pretraining: Settings) -> Plan:
    height, width = FIELD_SIZE
    return Plan(
        task="field",
        builder=f"allcad_core.classification.{name}:build",
        arguments={"size": height, "width": width} if name == "lightweight" else {},
        input={"height": height, "width": width, "mask": "paper"},
        classes=FIELD,
        title=f"{title}, whole field",
        paper=(
            f"{_PAPERS}{paper}Trained on the fields of ALL-IDB1, masked by the paper's threshold, at {width} x {height} px. "
            "Pre-trained on the fields of Aria instead of ImageNet."
        ),
        protocols=protocols,
        course=Course(Settings(mixed=pretraining.mixed, strength=FLIPS), {"ALL-IDB1": 1.0}),
        pretraining=Course(pretraining, {"Aria": 1.0}, kinds=True),
    )


_CYCLE = Settings(epochs=10, steps=60, lr=2e-3, batch=48, smoothing=0.05, decay=0.02, cycle=True, strength=STRONG)

_FIELDS = Settings(
    epochs=10, batch=32, lr=1e-3, smoothing=0.05, decay=0.02, cycle=True, strength=replace(STRONG, turn=False)
)

_BEST_SETTINGS = Settings(
    epochs=5, steps=40, lr=3e-4, batch=48, smoothing=0.1, decay=0.05, cycle=True, average=True, strength=VARIED
)
_STEADY = replace(_BEST_SETTINGS, epochs=3, lr=1e-4, still=True)
"""Gentler: what ImageNet taught is kept, as it carries over to other sources."""
_LAST = replace(_STEADY, epochs=4, lr=3e-3, last=True)
"""The last layer alone."""
_SINGLE = Plan(
    task="cell",
    builder="allcad_core.classification.efficientnet:build",
    arguments={"variant": "tf_efficientnet_lite0"},
    start={"pretrained": True},
    input={"size": 128, "context": 1.0},
    classes=CELL,
    title="EfficientNet-Lite0 on cells of many patients",
    paper=(
        "In neither paper. Starts from ImageNet (weights of a package, Apache-2.0); data sets are drawn in fixed shares, blasts "
        "and healthy cells alike; cells take over each other's stain and resolution, so that neither gives a source away."
    ),
    protocols=("session", "source", "field"),
    course=Course(_BEST_SETTINGS, EVERYTHING, halved=True),
    generated=GENERATED_FIELDS,
    proposals=True,
    ships=False,
)
_PAIR = replace(
    _SINGLE,
    builder="allcad_core.classification.pair:build",
    title="Two EfficientNet-Lite0 on cells of many patients, both counted alike",
    beside=_LAST,
    protocols=("session", "source"),
)
_SHARE = 2 / 3
"""Of the network that was fitted throughout: the other carries over to new hospitals, but knows new sittings less well."""

PLANS: Mapping[str, Plan] = {
    "best_cell": replace(
        _PAIR,
        arguments={**_SINGLE.arguments, "share": _SHARE},
        title="Two EfficientNet-Lite0 on cells of many patients: one fitted throughout, counted twice, one in its last layer alone",
        protocols=(*_SINGLE.protocols, "random4"),
        ships=True,
        halves=True,
    ),
    "best_cell_pair": _PAIR,
    "best_cell_single": _SINGLE,
    "best_cell_real": replace(
        _SINGLE,
        title="EfficientNet-Lite0 on cells of many patients, without generated ones",
        protocols=("session", "generated"),
        course=Course(
            _BEST_SETTINGS, {name: weight for name, weight in EVERYTHING.items() if name != "generated"}, halved=True
        ),
        generated=0,
    ),
    "best_cell_steady": replace(
        _SINGLE,
        title="EfficientNet-Lite0 on cells of many patients, half way back to ImageNet",
        protocols=("source", "session"),
        course=Course(_STEADY, EVERYTHING, halved=True),
        probe=_LAST,
        blend=0.5,
    ),
    "lightweight": _cell(
        "lightweight",
        "Lightweight CNN: two convolutions, two poolings, one dense layer",
        96,
        _LIGHT,
        ("session", "field", "random4"),
        _CYCLE,
    ),
    "lightweight_scratch": replace(
        _cell("lightweight", "Lightweight CNN, not pre-trained", 96, _LIGHT, ("random4",), _CYCLE),
        pretraining=None,
        paper=f"{_PAPERS}{_LIGHT}Trained on the masked crops of ALL-IDB2 from chance: what pre-training adds is seen beside it.",
        ships=False,
    ),
    "regnet": _cell(
        "regnet",
        "RegNetY-400MF",
        128,
        "Which RegNet they used is not said; RegNetY-400MF is the smallest. ",
        ("session", "random4", "field"),
        replace(_CYCLE, mixed=True),
    ),
    "resnet50": _cell(
        "resnet50", "ResNet50", 96, "", ("random4", "session"), replace(_CYCLE, epochs=8, lr=1e-3, mixed=True)
    ),
    "lightweight_field": _field(
        "lightweight",
        "Lightweight CNN: two convolutions, two poolings, one dense layer",
        _LIGHT,
        ("random4", "session", "field"),
        _FIELDS,
    ),
    "regnet_field": _field(
        "regnet",
        "RegNetY-400MF",
        "Which RegNet they used is not said; RegNetY-400MF is the smallest. ",
        ("random4", "session", "field"),
        replace(_FIELDS, mixed=True),
    ),
    "resnet50_field": _field(
        "resnet50", "ResNet50", "", ("random4", "session"), replace(_FIELDS, epochs=5, mixed=True)
    ),
    "whole_image": Plan(
        task="field",
        builder="allcad_core.classification.whole_image:build",
        arguments={"height": WHOLE_SIZE[0], "width": WHOLE_SIZE[1]},
        input={"height": WHOLE_SIZE[0], "width": WHOLE_SIZE[1], "mask": "none"},
        classes=FIELD,
        title="Whole-image CNN: three convolutions, dense layers of 128 and 64",
        paper=(
            "Chen, Liao, Shalaginov & Zeng: Adam, batch 32, 40 epochs, flips and zoom, as in their notebooks; 1e-3 is the rate "
            f"that these leave at its default. Fields are fitted into {WHOLE_SIZE[1]} x {WHOLE_SIZE[0]} px instead of cut to "
            "1200 x 900, so that the weights stay under 20 MB; the layers are theirs."
        ),
        protocols=("chen17", "random4", "session"),
        course=Course(
            Settings(
                epochs=40,
                lr=1e-3,
                batch=32,
                strength=Strength(turn=False, size=0.2, shift=0.0, stain=0.0, channel=0.0, lamp=0.0),
            ),
            {"ALL-IDB1": 1.0},
        ),
    ),
    "best_field": Plan(
        task="field",
        builder="allcad_core.classification.aggregate:build",
        arguments={},
        input={"cells": "best_cell"},
        classes=FIELD,
        title="A field by its cells: how many look like blasts, and which share",
        paper=(
            "In neither paper. No picture of the field is looked at, only the white cells that stain finds and what best_cell "
            "says of each: no ground, no lamp, no camera to learn. Fitted on best_cell's out-of-fold predictions."
        ),
        protocols=("session", "field", "source"),
    ),
}
"""By name; the order is that of the queue."""
