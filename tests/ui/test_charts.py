"""Charts: the share with its whisker, the histogram with its threshold."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest

from allcad_core.intervals import wilson
from allcad_core.segmentation import segment
from allcad_core.ui import charts, theme


@pytest.fixture(autouse=True)
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(theme, "is_dark", lambda: False)


def numbers(html: str, name: str) -> list[float]:
    style = re.search(rf'class="{name}" style="([^"]+)"', html)
    assert style is not None
    return [float(part) for part in re.findall(r"([\d.]+)%", style[1])]


def test_the_bar_is_as_long_as_the_share_and_the_whisker_as_its_interval():
    share = wilson(12, 21)
    assert share.low is not None
    assert share.high is not None
    html = charts.share_bar(share)
    assert numbers(html, "al-blast") == [pytest.approx(100 * 12 / 21, abs=0.01)]
    assert numbers(html, "al-healthy") == [pytest.approx(100 * 9 / 21, abs=0.01)]
    assert numbers(html, "al-whisker") == pytest.approx([100 * share.low, 100 * (share.high - share.low)], abs=0.01)


def test_nothing_counted_is_an_empty_bar():
    assert "al-blast" not in charts.share_bar(wilson(0, 0))


def test_the_histogram_shows_every_pixel_once_and_its_threshold():
    generator = np.random.default_rng(3)
    pixels = np.full((120, 160, 3), 220, np.uint8)
    pixels[20:60, 20:60] = 60
    pixels[70:110, 70:150] = 150
    pixels = (pixels + generator.integers(0, 12, pixels.shape)).astype(np.uint8)
    found = segment(pixels, "paper")
    figure = charts.histogram(found)
    assert sum(int(np.sum(bar.customdata)) for bar in figure.data) == 120 * 160
    assert len({bar.marker.color for bar in figure.data}) == len(found.clusters) == 3
    assert figure.layout.shapes[0].x0 == found.threshold


def test_a_histogram_without_a_threshold_has_no_line():
    clusters = (SimpleNamespace(low=0, high=255, mean=100.0, pixels=256),)
    found = SimpleNamespace(histogram=np.ones(256, np.int64), clusters=clusters, threshold=None)
    figure = charts.histogram(found)
    assert not figure.layout.shapes
