"""From a trained network of torch to a graph of OpenVINO that takes pictures as they are. Needs torch; made once."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from allcad_core import models
from allcad_core.errors import CompileError
from allcad_core.ground import BALANCED

if TYPE_CHECKING:
    import openvino
    import torch

SIDE = 256
"""Of the picture on which networks for any size are traced and compared."""
PICTURES = 3
"""Pictures on which a network for one size is traced and compared."""
CLOSE = {"cell": 0.005, "detect": 0.05, "segment": 0.005}
"""By how much an answer may differ from torch's: a logit, px and scores, a chance."""


def make(card: models.Card) -> openvino.Model:
    """The graph of a card's network: uint8 (n, height, width, 3) in, what torch's network gives out, as float32.

    It is compared with torch before anyone gets it.

    Raises:
        ModelError: its weights are missing or damaged.
        CompileError: there is no such graph for this kind of network, or its answers are not torch's.
    """
    if card.task not in CLOSE:
        raise CompileError(f"Networks such as '{card.name}' ({card.task}) run with torch only.")
    return graph_of(card, models.fresh(card.name))


def graph_of(card: models.Card, trained: torch.nn.Module) -> openvino.Model:
    """The same for a network of the card's kind with other weights, such as those of a fold. Raises CompileError."""
    import torch

    network = whole(card, trained)
    pictures = torch.from_numpy(np.random.default_rng(0).integers(60, 256, _shape(card), np.uint8))
    try:
        graph = _traced(network, pictures)
    except RuntimeError as error:  # torch's and OpenVINO's own
        raise CompileError(f"'{card.name}' cannot be compiled: {error}") from error
    size = (-1, *_shape(card)[1:]) if card.task == "cell" else (1, -1, -1, 3)
    graph.reshape(list(size))
    _compare(card, graph, network, pictures)
    return graph


def _shape(card: models.Card) -> tuple[int, int, int, int]:
    if card.task == "cell":
        side = int(card.input["size"])
        return PICTURES, side, side, 3
    return 1, SIDE, SIDE, 3


def _traced(network: torch.nn.Module, pictures: torch.Tensor) -> openvino.Model:
    """The graph, by the library's frontend; ``openvino.convert_model`` would load what counts its users."""
    import torch
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # tracing tells of constants that are meant to be constant
        traced = torch.jit.trace(network, pictures, check_trace=False)  # type: ignore[no-untyped-call]
        frontend = FrontEndManager().load_by_framework("pytorch")
        decoder = TorchScriptPythonDecoder(traced)  # the frontend does not keep it alive itself
        graph: openvino.Model = frontend.convert(frontend.load(decoder))
    return graph


def whole(card: models.Card, network: torch.nn.Module) -> torch.nn.Module:
    """The network behind the arithmetic that turns a picture into its input."""
    import torch

    class Whole(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            light = pictures.permute(0, 3, 1, 2).float()
            if card.task == "cell":
                logits: torch.Tensor = self.network((light - BALANCED) / BALANCED)
                return logits
            if card.task == "segment":
                return torch.softmax(self.network(light), 1)
            answer: Any = self.network(light / 255)
            boxes: torch.Tensor = answer[0] if isinstance(answer, tuple | list) else answer
            return boxes

    if card.task == "detect":
        head: Any = network.model[-1]  # type: ignore[index]
        head.dynamic = head.export = True  # anchors are computed for each size, and boxes alone given back
    return Whole().eval()


def _compare(card: models.Card, graph: openvino.Model, network: torch.nn.Module, pictures: torch.Tensor) -> None:
    import torch

    from allcad_core.compiled.runtime import Network

    with torch.no_grad():
        expected = network(pictures).numpy()
    difference = float(np.abs(Network(graph)(pictures.numpy()) - expected).max())
    if not difference <= CLOSE[card.task]:
        raise CompileError(f"'{card.name}' compiled does not answer as torch does: {difference:.3g} apart.")
