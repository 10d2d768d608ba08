"""The three-cluster threshold: its optimum against brute force and k-means, its rule on drawn pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations_with_replacement, pairwise

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from allcad_core.segmentation import Cluster, segment
from allcad_core.segmentation.paper import grey_array, grey_levels, three_means

Draw = Callable[..., NDArray[np.uint8]]


def histogram_of(counts: dict[int, int]) -> NDArray[np.int64]:
    histogram = np.zeros(256, np.int64)
    for level, count in counts.items():
        histogram[level] = count
    return histogram


def within(counts: Sequence[tuple[int, int]]) -> float:
    """Sum of squared distances to the mean, from the definition."""
    total = sum(count for _, count in counts)
    if not total:
        return 0.0
    mean = sum(level * count for level, count in counts) / total
    return sum(count * (level - mean) ** 2 for level, count in counts)


def cost(histogram: NDArray[np.int64], clusters: Sequence[Cluster]) -> float:
    """Within-cluster sum of squares of the clusters as they are told."""
    return sum(
        within([(level, int(histogram[level])) for level in range(cluster.low, cluster.high + 1)])
        for cluster in clusters
        if cluster.pixels
    )


histograms = st.dictionaries(st.integers(0, 255), st.integers(1, 5000), min_size=1, max_size=12)


@given(histograms)
def test_no_pair_of_cuts_is_better(counts: dict[int, int]) -> None:
    used = sorted(counts.items())
    best = min(
        within(used[:one]) + within(used[one:two]) + within(used[two:])
        for one, two in combinations_with_replacement(range(len(used) + 1), 2)
    )
    histogram = histogram_of(counts)
    assert cost(histogram, three_means(histogram)) == pytest.approx(best, rel=1e-9, abs=1e-6)


@given(histograms)
def test_clusters_part_the_grey_levels_in_use_darkest_first(counts: dict[int, int]) -> None:
    histogram = histogram_of(counts)
    clusters = [cluster for cluster in three_means(histogram) if cluster.pixels]
    levels = [set(range(cluster.low, cluster.high + 1)) & set(counts) for cluster in clusters]
    assert set().union(*levels) == set(counts)
    assert sum(map(len, levels)) == len(counts)
    assert [cluster.pixels for cluster in clusters] == [sum(counts[level] for level in part) for part in levels]
    assert all(before.high < after.low for before, after in pairwise(clusters))
    for cluster, part in zip(clusters, levels, strict=True):
        assert (cluster.low, cluster.high) == (min(part), max(part))
        mean = sum(level * counts[level] for level in part) / cluster.pixels
        assert cluster.mean == pytest.approx(mean)


@pytest.mark.parametrize("seed", range(5))
def test_k_means_never_finds_a_better_optimum(seed: int) -> None:
    from sklearn.cluster import KMeans

    rng = np.random.default_rng(seed)
    grey = np.concatenate(
        [rng.normal(rng.uniform(20, 230), rng.uniform(3, 30), rng.integers(50, 2000)) for _ in "abcd"]
    )
    histogram = np.bincount(np.clip(np.rint(grey), 0, 255).astype(int), minlength=256)
    other = KMeans(3, n_init=10, random_state=seed).fit(np.arange(256.0)[:, None], sample_weight=histogram)
    assert cost(histogram, three_means(histogram)) <= other.inertia_ * (1 + 1e-9)


@pytest.mark.parametrize("counts", [{0: 7}, {255: 4096}, {10: 1, 200: 10**7}, {0: 10**7, 1: 1, 255: 10**7}])
def test_few_grey_levels_get_a_cluster_each(counts: dict[int, int]) -> None:
    clusters = three_means(histogram_of(counts))
    assert {cluster.low: cluster.pixels for cluster in clusters if cluster.pixels} == counts


def test_grey_is_the_usual_weighted_mean() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (300, 50, 3), np.uint8)
    grey = grey_levels(pixels, torch.device("cpu")).numpy()
    exact = pixels @ np.array([0.299, 0.587, 0.114])
    assert grey.dtype == np.uint8
    assert np.abs(grey - exact).max() <= 0.51
    assert np.abs(grey.astype(int) - cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)).max() <= 1


@pytest.fixture(scope="module")
def smear(draw: Draw) -> NDArray[np.uint8]:
    """Many large nuclei and few red cells: the white cells are not the smallest cluster."""
    nuclei = [(x, y, 22) for x in (40, 100, 160, 220) for y in (40, 100, 160)]
    return draw((320, 200), purple=nuclei, red=[(285, 60, 14), (285, 120, 14)])


def test_paper_takes_the_cluster_with_the_fewest_pixels(smear: NDArray[np.uint8]) -> None:
    found = segment(smear, "paper", "cpu")
    assert found.threshold == min(found.clusters, key=lambda cluster: cluster.pixels).high


def test_darkest_takes_the_cluster_of_lowest_mean(smear: NDArray[np.uint8]) -> None:
    found = segment(smear, "darkest", "cpu")
    assert found.threshold == found.clusters[0].high
    assert len(found.regions) == 12


def test_the_two_rules_differ_where_white_cells_are_many(smear: NDArray[np.uint8]) -> None:
    paper, darkest = segment(smear, "paper", "cpu"), segment(smear, "darkest", "cpu")
    assert paper.threshold > darkest.threshold
    assert paper.nucleus.sum() > darkest.nucleus.sum()


@pytest.mark.parametrize("method", ["paper", "darkest"])
def test_the_mask_is_everything_at_or_below_the_threshold(smear: NDArray[np.uint8], method: str) -> None:
    found = segment(smear, method, "cpu")
    grey = grey_levels(smear, torch.device("cpu")).numpy()
    assert np.array_equal(found.nucleus, grey <= found.threshold)
    assert np.array_equal(found.cell, found.nucleus)
    assert np.array_equal(found.histogram, np.bincount(grey.ravel(), minlength=256))
    assert found.histogram.sum() == sum(cluster.pixels for cluster in found.clusters) == grey.size


def test_specks_are_in_the_mask_and_are_no_regions(draw: Draw) -> None:
    found = segment(draw((400, 300), purple=[(100, 100, 20), (200, 200, 2)]), "darkest", "cpu")
    assert found.nucleus[200, 200]
    assert len(found.regions) == 1


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_picture_of_one_grey_level_is_one_cluster(level: int) -> None:
    found = segment(np.full((64, 64, 3), level, np.uint8), "paper", "cpu")
    assert found.threshold == level
    assert found.nucleus.all()


@pytest.mark.slow
def test_mean_dice_on_the_expert_masks(data_root) -> None:
    from allcad_core.evaluation.segmentation import nucleus_dice

    measured = nucleus_dice("paper", data_root)
    assert len(measured.by_crop) >= 216
    assert measured.mean >= 0.91


def test_grey_levels_are_the_same_with_and_without_torch() -> None:
    levels = np.append(np.arange(0, 255, 6), 255).astype(np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(len(levels), -1, 3)
    cpu = torch.device("cpu")
    np.testing.assert_array_equal(grey_array(colours, cpu), grey_levels(colours, cpu).numpy())
