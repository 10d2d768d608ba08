"""A compiled network at work: OpenVINO on the CPU in full precision, safe to share by threads. Needs no torch."""

from __future__ import annotations

import os
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import openvino

BATCH = 8
"""Pictures at once where there may be several; of more, what lies between layers leaves the processor's cache."""


@cache
def core() -> openvino.Core:
    """The one core of this process."""
    import openvino

    return openvino.Core()


def threads() -> int:
    """How many threads compute: those that ``$OMP_NUM_THREADS`` allows, else the processors that this process may use."""
    allowed = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    if allowed.isdigit() and int(allowed) > 0:
        return int(allowed)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Network:
    """Pictures in, the network's answer out.

    Args:
        graph: of the network.
        precision: ``f32``, or ``bf16`` where the processor has it.
    """

    def __init__(self, graph: openvino.Model, precision: str = "f32") -> None:
        compiled = core().compile_model(
            graph,
            "CPU",
            {
                "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_PRECISION_HINT": precision,  # some processors would take bfloat16 by themselves
                "INFERENCE_NUM_THREADS": threads(),
                "ENABLE_CPU_PINNING": False,  # other processes want their share of the processors
            },
        )
        self._request = compiled.create_infer_request()
        self._several = graph.input(0).partial_shape[0].is_dynamic
        self._lock = Lock()

    def __call__(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The answer to uint8 (n, height, width, 3); networks for any size take one picture at a time."""
        step = BATCH if self._several else 1
        parts = [self._answer(pictures[start : start + step]) for start in range(0, len(pictures), step)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _answer(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        with self._lock:
            self._request.infer([np.ascontiguousarray(pictures)])
            return np.array(self._request.get_output_tensor(0).data, np.float32)
