"""Folds and shipping of the learned segmentation: what each network says of the sittings that it has not seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from allcad_core import models, predictions
from allcad_core.datasets import allidb1, allidb2, splits
from allcad_core.datasets.boxes import ignored_boxes
from allcad_core.errors import DataError
from allcad_core.models import Card
from allcad_core.predictions import MaskPrediction
from allcad_core.segmentation.network import CLASSES, build
from allcad_core.segmentation.overlap import overlap
from allcad_core.segmentation.unet import CROP_SIDE, FIELD_RED_CELL, NAME, Segmenter, with_network
from allcad_core.training import masks, unet
from allcad_core.training.classifiers import store
from allcad_core.training.plan_types import FULL

PROTOCOL = "session"
FOLDS = 3
DECODER = (96, 64, 32, 16)

Tell = Callable[[str, int, int], None]


def draft_card() -> Card:
    """The card of a network that has no weight file yet."""
    return Card(
        name=NAME,
        title="U-Net over EfficientNet-Lite0: nucleus and cytoplasm a pixel",
        task="segment",
        file=f"{NAME}.safetensors",
        sha256="",
        storage="",
        builder="allcad_core.segmentation.network:build",
        arguments={"decoder": list(DECODER)},
        input={"crop_side": CROP_SIDE, "red_cell_px": FIELD_RED_CELL},
        classes=CLASSES,
        parameters=0,
        temperature=1.0,
        threshold=0.5,
        paper=(
            "Ronneberger, Fischer & Brox 2015, by segmentation_models_pytorch; its encoder is the first five stages of "
            "EfficientNet-Lite0 (Tan & Le 2019), started from ImageNet. Cross-entropy and soft Dice, AdamW, one cycle."
        ),
        trained_on="",
        never_seen=(
            "Any microscope but those of ALL-IDB; WBC-segmentation, PBC, TXL-PBC and Aria are left for judging it. "
            "Generated fields taught it beside real ones."
        ),
        command=f"allcad train {NAME} --data DIR --ship",
        licences=("ALL-IDB and its masks: for research, on request. Use the weights for research and teaching only."),
    )


def examples(data: Path, tell: Tell | None = None) -> list[masks.Example]:
    """Everything that it is trained on. Raises DataError where the crops have no masks."""
    found: list[masks.Example] = []
    for number, reader in enumerate((masks.crops, masks.fields), start=1):
        found += reader(data, PROTOCOL)
        if tell is not None:
            tell("Reading", number, 3)
    found += masks.generated()
    if not any(one.source == "crops" for one in found):
        raise DataError(f"No expert masks of {allidb2.NAME} lie in '{data}'.")
    return found


def train(fold: int, data: Path, runs: Path, device: torch.device, tell: Tell | None = None) -> torch.nn.Module:
    """The network of one fold, from its checkpoint where it stands.

    Args:
        fold: to leave out; ``FULL`` for none.
        data: the data folder; not read where the checkpoint stands.
        runs: where checkpoints lie.
        device: where to train.
        tell: told each epoch.
    """
    from safetensors.torch import load_file

    path = runs / "segment" / NAME / f"{PROTOCOL}{'-all' if fold == FULL else fold}.safetensors"
    if path.exists():
        network = build(DECODER)
        network.load_state_dict(load_file(path))
        return network.eval().to(device)
    part = [one for one in examples(data, tell) if fold == FULL or one.fold != fold]
    title = f"{NAME} {'all' if fold == FULL else fold}"
    network = unet.fit(
        part, device, unet.Settings(seed=max(fold, 0)),
        lambda done, count, loss: None if tell is None else tell(f"{title}, loss {loss:.3f}", done, count),
    )  # fmt: skip
    store(network, path)
    return network


def run(
    fold: int, data: Path, runs: Path, results: Path, device: torch.device, tell: Tell | None = None
) -> Path | None:
    """Train one fold and store how its masks of the held-out crops and fields lie; ``None`` where that stood already.

    Raises:
        DataError: there are no masks, or no such fold.
    """
    path = predictions.path_of("segment", PROTOCOL, NAME, fold, results)
    if path.exists():
        return None
    fields = allidb1.fields(data)
    crops = [crop for crop in allidb2.crops(data) if crop.mask is not None]
    of_fields, of_crops = splits.folds(PROTOCOL, fields), splits.crop_folds(PROTOCOL, crops, fields)
    if fold not in of_fields.values():
        raise DataError(f"There is no fold {fold} in the protocol '{PROTOCOL}'.")
    network = Segmenter(draft_card(), train(fold, data, runs, device, tell), device)
    rows: list[MaskPrediction] = []
    for crop in crops:
        if of_crops[crop.name] == fold:
            drawn = crop.read_masks()
            found = with_network(crop.read().pixels, network)
            rows += overlap(crop.dataset, crop.name, found, {"nucleus": drawn.nucleus, "cell": drawn.cell}, fold)
    for field in fields:
        if of_fields[field.name] == fold and field.white_mask is not None:
            found = with_network(field.read().pixels, network)
            aside = ignored_boxes().get(field.name, ())
            rows += overlap(field.dataset, field.name, found, {"cell": field.read_white_mask()}, fold, aside)
    predictions.write(rows, MaskPrediction, path)
    return path


def ship(data: Path, runs: Path, device: torch.device, *, fold: int = FULL, tell: Tell | None = None) -> Card:
    """Write weights and card of the network of one fold, of all examples without one; the card has no figures yet.

    Raises:
        DataError: there are no masks.
    """
    network = train(fold, data, runs, device, tell)
    card = draft_card()
    digest = models.write_weights(network.state_dict(), models.WEIGHTS / card.file, "fp16")
    count = sum(value.numel() for value in network.parameters())
    card = replace(card, sha256=digest, storage="fp16", parameters=count, trained_on=_words(fold))
    models.write_card(card)
    return card


def _words(fold: int) -> str:
    crops = "All 216 crops of ALL-IDB2 with expert masks, 9 fields of ALL-IDB1 with masks of whole cells"
    if fold != FULL:
        crops = (
            f"The crops of ALL-IDB2 with expert masks, and the fields of ALL-IDB1 with masks of whole cells, outside fold "
            f"{fold} of the protocol '{PROTOCOL}'"
        )
    return f"{crops}; {masks.GENERATED} generated fields."
