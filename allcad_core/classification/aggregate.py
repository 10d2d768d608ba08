"""A whole field judged by its cells: the blast probability of each white cell to one answer for all.

The mean of instance scores is the oldest rule of multiple-instance learning (Dietterich et al. 1997 name the setting); what
a haematologist reads in a field is how many blasts there are and which share of the white cells they make, and these two are
all that is looked at here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from allcad_core import models
from allcad_core.errors import ModelError
from allcad_core.temperature import calibrated

if TYPE_CHECKING:
    import torch

PRIOR = 1.0
"""So many healthy cells are added to those of a field, so that one doubtful cell alone is not all of it."""


def features(chances: NDArray[np.float64]) -> NDArray[np.float64]:
    """What is looked at: ln(1 + expected number of blasts), and their expected share.

    Args:
        chances: float64 (number of cells,), calibrated blast probabilities; may be empty.

    Returns:
        float64 (2,).

    >>> features(np.array([]))
    array([0., 0.])
    >>> features(np.array([1.0, 1.0, 0.0])).round(2)
    array([1.1, 0.5])
    """
    expected = float(chances.sum())
    return np.array([np.log1p(expected), expected / (chances.size + PRIOR)])


def build() -> torch.nn.Linear:
    """The untrained judge: from ``features`` (fields, 2) to logits (fields, 2), normal and ALL."""
    import torch

    return torch.nn.Linear(2, 2)


@dataclass(frozen=True, eq=False)
class CellAggregate:
    """A trained aggregate: the cells of each field in, calibrated probabilities of ALL out. Needs no torch.

    Attributes:
        card: of the aggregate.
        weight: of the linear layer, float64 (2, 2): outputs by features.
        bias: of its outputs, float64 (2,).
    """

    card: models.Card
    weight: NDArray[np.float64]
    bias: NDArray[np.float64]

    @classmethod
    def load(cls, name: str) -> Self:
        """The shipped aggregate of a card. Raises UnknownNameError and ModelError."""
        card = models.card(name)
        stored = models.read_arrays(card)
        try:
            return cls(card, stored["weight"].astype(np.float64), stored["bias"].astype(np.float64))
        except KeyError as error:
            raise ModelError(f"{card.file} holds no aggregate of cells. Restore it from the repository.") from error

    @property
    def cells(self) -> str:
        """The cell classifier that it listens to."""
        return str(self.card.input["cells"])

    def log_odds(self, fields: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        """Logit of ALL minus logit of normal for each field, float64 (fields,), not calibrated.

        Args:
            fields: the cells' probabilities of each, float64 (number of cells,), as ``CellClassifier.probabilities`` gives them.
        """
        if not fields:
            return np.empty(0)
        logits = np.stack([features(chances) for chances in fields]) @ self.weight.T + self.bias
        positive = self.card.classes.index("ALL")
        return np.asarray(logits[:, positive] - logits[:, 1 - positive], np.float64)

    def probabilities(self, fields: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        """Calibrated probability that each field comes from a patient with ALL; argument as in ``log_odds``."""
        return calibrated(self.log_odds(fields), self.card.temperature)
