"""Maps of what spoke for a network's answer: integrated gradients from the empty ground.

Grad-CAM weighs whole channels by a mean over all places, which is right only for a network that averages over places. Ours
are also small networks with dense layers, so we take integrated gradients (Sundararajan, Taly & Yan 2017, "Axiomatic
Attribution for Deep Networks", eq. 1): their contributions add up to the difference between the log-odds of the picture and
those of empty ground, which in our input is nought. They are taken at the input, pixel by pixel. At the deepest map of a
network that averages (HiResCAM, Draelos & Carin 2020, along the path) they marked places that matter less than random ones
when painted over: ``python -m benchmarks.explain --compare`` tells. Arithmetic by captum.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

STEPS = 24
"""Points on the path from the ground to the picture; the places of a map come in nearly the order that 64 give."""
SMOOTHING = 0.01
"""Standard deviation, as a share of the picture's longer side, by which contributions are averaged before their sign is
looked at: neighbouring pixels of opposite sign tell nothing to a person, and hide that they cancel."""
PIXELS_AT_ONCE = 2**16
"""Pixels of all steps that go through a network together; bounds the memory."""


class Explainable(Protocol):
    """A classifier of two classes that can be explained: ``CellClassifier`` and ``FieldClassifier`` are."""

    @property
    def positive(self) -> int:
        """Which output speaks for the disease."""

    @property
    def threshold(self) -> float:
        """Calibrated probability from which it says so."""

    def batch(self, *what: Any) -> torch.Tensor:
        """Its network's input."""

    def probabilities(self, *what: Any) -> NDArray[np.float64]:
        """Its calibrated answers."""

    def lent(self) -> AbstractContextManager[torch.nn.Module]:
        """Its network, for it alone."""


def explain(classifier: Explainable, *what: Any) -> NDArray[np.float32]:
    """Where lies what spoke for the answer that a classifier gave.

    Args:
        classifier: a ``CellClassifier`` or ``FieldClassifier``; its network is left as it was.
        what: as its ``probabilities`` takes it: the balanced picture and boxes, or pictures and masks.

    Returns:
        float32 (n, height, width), 0..1, in the frame of what the network saw; all 0 where nothing spoke for the answer.
    """
    signs = np.where(classifier.probabilities(*what) >= classifier.threshold, 1.0, -1.0)
    if not signs.size:
        return np.empty((0, 0, 0), np.float32)
    batch = classifier.batch(*what)
    with classifier.lent() as network:
        return heat(contributions(network, batch, classifier.positive, signs))


def contributions(
    network: torch.nn.Module, batch: torch.Tensor, positive: int, signs: NDArray[np.float64], steps: int = STEPS
) -> NDArray[np.float32]:
    """What each place adds to the log-odds of an answer, against empty ground.

    Args:
        network: of two outputs, in evaluation mode; nobody else may run it meanwhile.
        batch: float (n, 3, height, width), ground 0.
        positive: which output speaks for the disease.
        signs: (n,), 1 to explain why it was found, -1 to explain why not.
        steps: points on the path; the more, the closer the sum below.

    Returns:
        float32 (n, height, width), signed, in units of log-odds. Each picture's sum comes close to the difference between
        the log-odds of the picture and those of empty ground.
    """
    import torch
    from captum.attr import IntegratedGradients

    def answer(pictures: torch.Tensor, sign: float) -> torch.Tensor:
        logits: torch.Tensor = network(pictures).float()
        return (logits[:, positive] - logits[:, 1 - positive]) * sign

    height, width = batch.shape[2:]
    method = IntegratedGradients(answer)
    maps = np.empty((len(batch), height, width), np.float32)
    with torch.inference_mode(mode=False), torch.enable_grad():
        for index, sign in enumerate(signs):
            found = method.attribute(
                batch[index : index + 1].clone(),  # a tensor of inference mode cannot be differentiated
                additional_forward_args=(float(sign),),
                n_steps=steps,
                method="riemann_middle",
                internal_batch_size=max(1, PIXELS_AT_ONCE // (height * width)),
            )
            maps[index] = found.detach().float().sum(dim=1)[0].cpu().numpy()
    return maps


def heat(signed: NDArray[np.float32]) -> NDArray[np.float32]:
    """What speaks for the answer, 0..1, from signed contributions (n, height, width): smoothed, then the positive part."""
    maps = np.empty_like(signed)
    for index, places in enumerate(signed):
        smooth = cv2.GaussianBlur(places, (0, 0), SMOOTHING * max(places.shape))
        peak = float(smooth.max())
        maps[index] = np.clip(smooth / peak, 0, 1) if peak > 0 else 0
    return maps


def share_inside(heat: NDArray[np.float32], inside: NDArray[np.bool_]) -> float | None:
    """How much of a map (height, width) lies inside a mask of the same shape, 0..1; ``None`` for an empty map."""
    total = float(heat.sum())
    return float(heat[inside].sum()) / total if total > 0 else None
