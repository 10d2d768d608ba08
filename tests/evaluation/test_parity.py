"""The bounds of ``allcad selftest``: what counts as the same answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from allcad_core import devices
from allcad_core.evaluation import parity
from allcad_core.evaluation.latency import Times
from allcad_core.evaluation.parity import FULL, HALF, Answer, Parity, all_of, difference

BOXES = np.array([[0, 0, 10, 10], [50, 50, 90, 90]], float)


def answer(boxes: np.ndarray, *scores: float) -> Answer:
    return Answer(boxes, np.array(scores))


def test_the_same_answers_do_not_differ() -> None:
    assert difference(answer(BOXES, 0.9, 0.5), answer(BOXES[::-1], 0.5, 0.9)) == (0.0, 1.0)


def test_the_most_memory_of_a_process_is_told_from_when_it_was_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parity, "OWN", tmp_path)
    (tmp_path / "status").write_text("VmHWM:\t 3000 kB\nVmRSS:\t 1000 kB\n")
    assert parity._held(devices.COMPILED_CPU) == 1000 * 1024
    assert (tmp_path / "clear_refs").read_text() == "5"
    assert parity._most(devices.COMPILED_CPU) == 3000 * 1024


def test_where_the_system_tells_nothing_no_memory_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parity, "OWN", tmp_path / "none")
    assert parity._held(devices.COMPILED_CPU) is None
    assert parity._most(devices.COMPILED_CPU) is None


def test_of_a_gpu_its_own_account_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", asked.append)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: 5)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda _: 9)
    where = torch.device("cuda")
    assert (parity._held(where), parity._most(where), asked) == (5, 9, ["cuda"])


def test_a_shifted_box_is_measured_by_what_it_shares() -> None:
    shifted = BOXES + np.array([[1, 0, 1, 0], [0, 0, 0, 0]])
    apart, least = difference(answer(shifted, 0.9, 0.5), answer(BOXES, 0.8, 0.5))
    assert apart == pytest.approx(0.1)
    assert least == pytest.approx(90 / 110)


def test_a_box_that_one_side_lacks_shares_nothing_unless_it_is_noise() -> None:
    assert difference(answer(BOXES, 0.9, 0.5), answer(BOXES[:1], 0.9))[1] == 0
    assert difference(answer(BOXES, 0.9, 0.06), answer(BOXES[:1], 0.9)) == (0.0, 1.0)
    assert difference(answer(BOXES, 0.9, 0.5), answer(np.empty((0, 4)))) == (1.0, 0.0)


def test_probabilities_without_boxes_are_compared_one_by_one() -> None:
    none = np.empty((0, 4))
    assert difference(answer(none, 0.2, 0.7), answer(none, 0.2, 0.65)) == (pytest.approx(0.05), 1.0)


@pytest.mark.parametrize(
    ("apart", "least", "allowed", "holds"),
    [(0.009, 0.995, FULL, True), (0.011, 1.0, FULL, False), (0.0, 0.98, FULL, False), (0.019, 0.96, HALF, True)],
)
def test_both_bounds_have_to_hold(apart: float, least: float, allowed: tuple[float, float], holds: bool) -> None:
    times = Times(1.0, 2.0)
    assert Parity("m", "torch", "cuda", "fp16", apart, least, allowed, times, times, None).holds is holds


def test_on_the_cpu_every_network_is_asked_by_torch_and_compiled() -> None:
    ways = all_of("cpu")
    assert {way for name, way in ways if name == "best_cell"} == {devices.choose("cpu"), devices.COMPILED_CPU}
