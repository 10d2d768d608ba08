"""A YOLO trained in bfloat16: by Ultralytics' own means on CUDA, and by these on a CPU, where Ultralytics has none.

On processors with instructions for it (AVX512-BF16, AMX) a step takes about half the time. The loss and the step itself stay
in single precision: only the layers compute in half the width.
"""

from __future__ import annotations

from typing import Any

import torch


def precision(device: str, *, mixed: bool) -> str | bool:
    """What Ultralytics' setting ``amp`` has to say.

    Its ``True`` would fetch a network from another host to try float16 on; bfloat16 needs no trial.

    Args:
        device: as torch names it.
        mixed: whether half the width is wanted; older cards of NVIDIA go without.
    """
    on_cuda = mixed and device.startswith("cuda") and torch.cuda.is_bf16_supported(including_emulation=False)
    return "bf16" if on_cuda else False


def narrow(trainer: Any) -> None:
    """Let the layers of the network that is being trained compute in bfloat16 on a CPU; a callback of ``on_train_start``.

    The averaged copy that is stored is left as it is.
    """
    network = trainer.model
    plain = network.predict

    def predict(pictures: torch.Tensor, *rest: Any, **named: Any) -> Any:
        with torch.autocast("cpu", torch.bfloat16):
            answer = plain(pictures, *rest, **named)
        return _widened(answer)

    network.predict = predict


def _widened(answer: Any) -> Any:
    """The same nest of lists, tuples and dicts with its tensors in single precision."""
    if isinstance(answer, torch.Tensor):
        return answer.float() if answer.dtype is torch.bfloat16 else answer
    if isinstance(answer, dict):
        return {key: _widened(value) for key, value in answer.items()}
    if isinstance(answer, list | tuple):
        return type(answer)(_widened(value) for value in answer)
    return answer
