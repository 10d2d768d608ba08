"""What a plan of training is: shared by the plans of classifiers and of detectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from allcad_core.models import Task

if TYPE_CHECKING:
    from allcad_core.training.fitting import Settings

FULL = -1
"""The fold that leaves nothing out."""


@dataclass(frozen=True)
class Course:
    """One round of fitting: how, and on which data sets.

    Attributes:
        settings: of the fit.
        weights: of the data sets, see ``cellsets.chances``; with a single one every picture is shown once an epoch.
        kinds: learn the finer classes of each set instead of blast or healthy; for pre-training.
        halved: blasts and healthy cells are drawn alike in all, whatever the sets hold.
    """

    settings: Settings
    weights: Mapping[str, float]
    kinds: bool = False
    halved: bool = False


@dataclass(frozen=True)
class Plan:
    """A model that can be trained: its task, the builder of its network, what that wants to see, and its card's words.

    Attributes:
        task, builder, arguments, input, classes, title, paper: of the card.
        protocols: under which it is judged.
        course: how a classifier is fitted; detectors have settings of their own.
        pretraining: a round on other data sets before it, done once for all folds; what it has seen is never judged.
        probe: a round in which the last layer learns alone, before the course moves the layers below it: a fresh last layer
            would spoil what they know (Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features and Underperform
            Out-of-Distribution").
        blend: share of the course in the weights, the rest being those before it: half way between holds more of what
            carries over to other sources (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models", eq. 1).
        beside: how the second network of a ``classification.pair`` is fitted, on what the course shows the first.
        start: arguments of the builder that start it from published weights, where the plan does.
        generated: so many generated fields join the training.
        proposals: a cell classifier that also judges the regions of the held-out fields, for the recipe ``regions``.
        settings: how a detector is fitted, see ``detectors.SETTINGS``.
        scratch: a detector that nothing comes before.
        fold: what ships is what this fold of the first protocol gave; ``FULL`` leaves nothing out.
        ships: whether it gets weights and a card.
        halves: its weights are stored as half floats whatever their number, as 8 bits would turn some of its answers.
    """

    task: Task
    builder: str
    arguments: Mapping[str, Any]
    input: Mapping[str, Any]
    classes: tuple[str, ...]
    title: str
    paper: str
    protocols: tuple[str, ...]
    course: Course | None = None
    pretraining: Course | None = None
    probe: Settings | None = None
    blend: float = 1.0
    beside: Settings | None = None
    start: Mapping[str, Any] | None = None
    generated: int = 0
    proposals: bool = False
    settings: str = "ours"
    scratch: bool = False
    fold: int = FULL
    ships: bool = True
    halves: bool = False
