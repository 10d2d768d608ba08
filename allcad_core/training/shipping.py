"""From a network trained on everything to a weight file and its card."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from allcad_core import models
from allcad_core.errors import DataError
from allcad_core.training import aggregates, classifiers, detectors, jobs, starts
from allcad_core.training.bench import Bench
from allcad_core.training.plans import draft_card

if TYPE_CHECKING:
    import torch

LARGE = 3_500_000
"""Networks with more numbers than this are stored as 8-bit weights."""
HEAVIEST_START = 10_000_000
"""What pre-training gave ships for networks of cells of no more numbers than this: all weights together stay below 160 MB."""


def ship(name: str, bench: Bench, folder: Path | None = None) -> models.Card:
    """Train on every field by the recipe of the folds, or on what the plan says; write the weights and the card.

    What pre-training gave goes beside them where it is light, so that whoever has ALL-IDB alone can train by the same
    recipe. The card has neither figures nor calibration yet: ``evaluation.cards`` computes both from stored predictions.

    Raises:
        DataError: the plan is an experiment.
    """
    made = bench.plan(name)
    if not made.ships:
        raise DataError(f"'{name}' is an experiment and does not ship.")
    protocol = made.protocols[0]
    if aggregates.listens(made):
        network: torch.nn.Module = aggregates.shipped(made, bench.results)
    elif made.task == "detect":
        network = detectors.fit_detector(name, bench, protocol, made.fold, bench.folds(protocol))
    else:
        train = jobs.fit_cells if made.task == "cell" else jobs.fit_fields
        network = train(name, bench, protocol, made.fold)
    card = draft_card(name, made)
    parameters = sum(value.numel() for value in network.parameters())
    storage = "int8" if parameters > LARGE and not made.halves else "fp16"
    digest = models.write_weights(network.state_dict(), (folder or models.WEIGHTS) / card.file, storage)
    card = replace(card, sha256=digest, storage=storage, parameters=parameters)
    models.write_card(card, folder)
    start = bench.runs / made.task / name / classifiers.START
    if made.pretraining is not None and made.task == "cell" and parameters <= HEAVIEST_START and start.is_file():
        from safetensors.torch import load_file

        starts.pack(name, load_file(start), storage, folder)
    return card
