"""Half the width while a YOLO is trained: in its layers alone, and only where it is asked for."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from allcad_core.detection import ultralytics
from allcad_core.detection.mixed import narrow, precision


@pytest.mark.parametrize(
    ("device", "mixed", "native", "says"),
    [
        ("cpu", True, True, False),
        ("cuda:0", True, True, "bf16"),
        ("cuda:0", True, False, False),
        ("cuda:0", False, True, False),
    ],
)
def test_ultralytics_own_way_is_for_cuda(
    device: str, mixed: bool, native: bool, says: str | bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: native)
    assert precision(device, mixed=mixed) == says


def test_layers_compute_in_half_the_width_and_what_they_answer_is_whole() -> None:
    network = ultralytics.build("yolo11n.yaml").train()
    inside: list[torch.dtype] = []
    network.model[1].register_forward_hook(lambda _, __, answer: inside.append(answer.dtype))
    narrow(SimpleNamespace(model=network))
    answer = network(torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)))
    assert inside == [torch.bfloat16]
    assert answer["boxes"].dtype == answer["scores"].dtype == torch.float32
    assert {part.dtype for part in answer["feats"]} == {torch.float32}
    answer["scores"].sum().backward()
    weight = network.model[0].conv.weight
    assert weight.dtype == weight.grad.dtype == torch.float32
    assert weight.grad.abs().sum() > 0
