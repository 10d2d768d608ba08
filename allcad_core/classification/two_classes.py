"""What every classifier of two classes is: a served network, the class it looks for, and calibrated chances."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from allcad_core import models
from allcad_core.temperature import calibrated


class TwoClasses(models.Served):
    """A trained classifier of two classes. Safe to share by threads."""

    LOOKS_FOR: ClassVar[str]
    """Name of the class that its probability speaks of."""

    @property
    def name(self) -> str:
        """Name of its card."""
        return self.card.name

    @property
    def threshold(self) -> float:
        """Calibrated probability from which the answer is ``LOOKS_FOR``; chosen out of fold."""
        return self.card.threshold

    @property
    def mask(self) -> str:
        """The segmentation method whose white cells alone it was trained to see, or ``none``."""
        return str(self.card.input.get("mask", "none"))

    @property
    def positive(self) -> int:
        """Which output speaks for ``LOOKS_FOR``."""
        return self.card.classes.index(self.LOOKS_FOR)

    def calibrated(self, log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probabilities 0..1 of log odds by the card's temperature, of the same shape."""
        return calibrated(log_odds, self.card.temperature)
