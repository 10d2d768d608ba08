"""Networks of torchvision as classifiers of two classes: fresh, or from ImageNet where a network connection exists."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Literal, get_args

import torch
from torch import nn

from allcad_core.classification.conventions import IMAGENET_MEAN, IMAGENET_SPREAD, Standardise
from allcad_core.errors import ModelError

Pretrained = Literal["none", "imagenet"]


def two_class(name: str, pretrained: Pretrained = "none") -> nn.Sequential:
    """A network of torchvision whose last layer, ``fc``, has two outputs.

    Args:
        name: torchvision's name of the network.
        pretrained: ``imagenet`` fetches torchvision's weights, version 1 (the one that the paper's year had).

    Returns:
        A network from float (batch, 3, height, width) to logits (batch, 2).

    Raises:
        ModelError: the weights cannot be fetched, or ``pretrained`` is neither of the two.
    """
    import torchvision

    if pretrained not in get_args(Pretrained):
        raise ModelError(f"A network starts from one of {', '.join(get_args(Pretrained))}, not from '{pretrained}'.")
    weights = "IMAGENET1K_V1" if pretrained == "imagenet" else None
    try:
        body: Any = torchvision.models.get_model(name, weights=weights)
    except OSError as error:
        raise ModelError(
            f"The ImageNet weights of '{name}' could not be fetched. They need a network connection, once."
        ) from error
    body.fc = nn.Linear(body.fc.in_features, 2)
    layers = OrderedDict([("standardise", Standardise(IMAGENET_MEAN, IMAGENET_SPREAD)), ("body", body)])
    return nn.Sequential(layers).to(memory_format=torch.channels_last)
