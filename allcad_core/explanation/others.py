"""Other ways to explain, to compare with: Grad-CAM and HiResCAM, at the deepest map. Arithmetic by captum."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core.explanation.layers import deepest_map

if TYPE_CHECKING:
    import torch

    Attribute = Callable[[Any, torch.nn.Module], Any]


def grad_cam(
    network: torch.nn.Module, batch: torch.Tensor, positive: int, signs: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Grad-CAM (Selvaraju et al. 2017, eq. 1 and 2, not yet rectified); arguments and result as ``maps.contributions``."""
    from captum.attr import LayerGradCam

    return _attribute(LayerGradCam, network, batch, positive, signs)


def hires_cam(
    network: torch.nn.Module, batch: torch.Tensor, positive: int, signs: NDArray[np.float64]
) -> NDArray[np.float32]:
    """HiResCAM (Draelos & Carin 2020): gradient times activation, place by place; likewise."""
    from captum.attr import LayerGradientXActivation

    return _attribute(LayerGradientXActivation, network, batch, positive, signs)


def _attribute(
    method: Attribute, network: torch.nn.Module, batch: torch.Tensor, positive: int, signs: NDArray[np.float64]
) -> NDArray[np.float32]:
    import torch

    layer = deepest_map(network, batch)
    height, width = batch.shape[2:]
    maps = np.zeros((len(batch), height, width), np.float32)
    if layer is None:
        return maps

    def answer(pictures: torch.Tensor, sign: float) -> torch.Tensor:
        logits: torch.Tensor = network(pictures).float()
        return (logits[:, positive] - logits[:, 1 - positive]) * sign

    with torch.inference_mode(mode=False), torch.enable_grad():
        for index, sign in enumerate(signs):
            found = method(answer, layer).attribute(
                batch[index : index + 1].clone(), additional_forward_args=(float(sign),)
            )
            places = found.detach().float().sum(dim=1)[0].cpu().numpy()
            maps[index] = cv2.resize(places, (width, height), interpolation=cv2.INTER_LINEAR)
    return maps
