"""Whole fields as small pictures, and the one interface of all field classifiers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core.classification.cells import to_input
from allcad_core.classification.masking import mask_out
from allcad_core.classification.two_classes import TwoClasses
from allcad_core.errors import AllcadError
from allcad_core.ground import BALANCED

if TYPE_CHECKING:
    import torch

BATCH = 8
"""Fields that go through a network at once; those of 900 x 1200 px are large."""


def letterbox(balanced: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """A picture made to fit into height x width without changing its shape, ground on what it leaves free.

    Args:
        balanced: uint8 (any height, any width, 3), RGB, balanced (``ground.balance``), masked or not.
        height: of the result, px.
        width: likewise.

    Returns:
        uint8 (height, width, 3), the picture in the middle.
    """
    rows, columns = balanced.shape[:2]
    scale = min(height / rows, width / columns)
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    # Averages where pixels are lost; INTER_AREA would only repeat pixels where they are gained.
    small = cv2.resize(balanced, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    result = np.full((height, width, 3), BALANCED, np.uint8)
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    result[top : top + size[1], left : left + size[0]] = small
    return result


class FieldClassifier(TwoClasses):
    """A trained field classifier: whole pictures in, calibrated probabilities of ALL out. Safe to share by threads."""

    LOOKS_FOR = "ALL"

    def probabilities(
        self, pictures: Sequence[NDArray[np.uint8]], masks: Sequence[NDArray[np.bool_]] | None = None
    ) -> NDArray[np.float64]:
        """Calibrated probability that each field comes from a patient with ALL; arguments as in ``log_odds``.

        Returns:
            float64 (number of pictures,), 0..1.
        """
        return self.calibrated(self.log_odds(pictures, masks))

    def log_odds(
        self, pictures: Sequence[NDArray[np.uint8]], masks: Sequence[NDArray[np.bool_]] | None = None
    ) -> NDArray[np.float64]:
        """Logit of ALL minus logit of normal for each field, not calibrated.

        Args:
            pictures: uint8 (height, width, 3) each, RGB, balanced; sizes may differ.
            masks: bool (height, width) each: what is to be seen. ``None`` for all of the picture.

        Returns:
            float64 (number of pictures,).

        Raises:
            AllcadError: the network was trained on masked fields and no masks are given.
        """
        import torch

        odds = []
        with self._lock, torch.inference_mode():
            for start in range(0, len(pictures), BATCH):
                stop = start + BATCH
                logits = self._network(self.batch(pictures[start:stop], masks and masks[start:stop])).float()
                odds.append((logits[:, self.positive] - logits[:, 1 - self.positive]).cpu().numpy())
        return np.concatenate(odds).astype(np.float64) if odds else np.empty(0)

    def shown(
        self, pictures: Sequence[NDArray[np.uint8]], masks: Sequence[NDArray[np.bool_]] | None = None
    ) -> NDArray[np.uint8]:
        """What the network is shown of each field: uint8 (n, height, width, 3); arguments and errors as in ``log_odds``."""
        if masks is None and self.mask != "none":
            raise AllcadError(f"'{self.name}' judges fields masked by '{self.mask}'; give it the masks.")
        seen = pictures if masks is None else _masked(pictures, masks)
        height, width = int(self.card.input["height"]), int(self.card.input["width"])
        return np.stack([letterbox(picture, height, width) for picture in seen])

    def batch(
        self, pictures: Sequence[NDArray[np.uint8]], masks: Sequence[NDArray[np.bool_]] | None = None
    ) -> torch.Tensor:
        """The same as the network's input, see ``to_input``."""
        return to_input(self.shown(pictures, masks), self.device)


def _masked(pictures: Sequence[NDArray[np.uint8]], masks: Sequence[NDArray[np.bool_]]) -> list[NDArray[np.uint8]]:
    return [mask_out(picture, mask) for picture, mask in zip(pictures, masks, strict=True)]
