"""The baselines: measures that see what is drawn, folds that stay apart, a queue that skips what stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from allcad_core import predictions
from allcad_core.datasets import allidb1, allidb2, splits
from allcad_core.predictions import CellPrediction, path_of, read
from allcad_core.training import baselines, hand_measures
from allcad_core.training.baselines import BASELINES, fit, log_odds, run_baselines

Draw = Callable[..., NDArray[np.uint8]]
SIDE = 256
MIDDLE = SIDE / 2


def crop(draw: Draw, nucleus: int, cytoplasm: int, x: float = MIDDLE) -> NDArray[np.uint8]:
    """One white cell among red ones, as the crops of ALL-IDB2 show it."""
    places = [(x, y) for x in range(28, SIDE, 50) for y in range(28, SIDE, 50)]
    red = [(*place, 22) for place in places if np.hypot(place[0] - x, place[1] - MIDDLE) > cytoplasm + 26]
    return draw((SIDE, SIDE), purple=[(x, MIDDLE, nucleus)], pale=[(x, MIDDLE, cytoplasm)], red=red)


def measured(pixels: NDArray[np.uint8]) -> dict[str, float]:
    return dict(zip(hand_measures.NAMES, hand_measures.measure(pixels), strict=True))


def test_a_drawn_cell_is_measured_as_it_was_drawn(draw: Draw) -> None:
    found = measured(crop(draw, 30, 42))
    assert found["nucleus_area"] == pytest.approx(np.pi * 30**2, rel=0.12)
    assert found["diameter"] == pytest.approx(84, rel=0.05)
    assert found["nc_ratio"] == pytest.approx((30 / 42) ** 2, abs=0.06)
    assert found["nucleus_parts"] == 1
    assert found["nucleus_eccentricity"] < 0.3
    assert found["nucleus_blue_mean"] > found["nucleus_green_mean"]
    assert found["cytoplasm_green_mean"] > found["nucleus_green_mean"]


def test_the_cell_in_the_middle_is_measured(draw: Draw) -> None:
    pixels = draw((SIDE, SIDE), purple=[(MIDDLE, MIDDLE, 28), (40, 40, 36)])
    assert measured(pixels)["diameter"] == pytest.approx(56, rel=0.1)


def test_a_crop_without_a_cell_has_no_measures(draw: Draw) -> None:
    assert np.isnan(hand_measures.measure(draw((SIDE, SIDE)))).all()


def test_texture_is_smooth_on_a_disc_and_rough_with_noise(draw: Draw) -> None:
    smooth = crop(draw, 40, 44)
    noise = np.random.default_rng(0).integers(-60, 60, smooth.shape[:2])[..., None]
    dark = smooth[..., 1:2] < 80
    rough = np.where(dark, np.clip(smooth + noise, 0, 110), smooth).astype(np.uint8)
    assert measured(rough)["contrast"] > 3 * measured(smooth)["contrast"]
    assert measured(rough)["homogeneity"] < measured(smooth)["homogeneity"]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_log_odds_are_finite_and_keep_the_order(chances: list[float]) -> None:
    odds = log_odds(np.array(chances))
    assert np.isfinite(odds).all()
    assert (np.diff(odds[np.argsort(chances, kind="stable")]) >= 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, made in BASELINES.items() if not made.deep])
def test_every_baseline_learns_what_is_plain_and_repeats_itself(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "TREES", 20)
    rng = np.random.default_rng(0)
    labels = np.tile([0, 1], 30)
    features = np.stack([labels * 3 + rng.normal(0, 0.5, 60), rng.normal(0, 1, 60)], axis=1)
    features[5, 1] = np.nan
    groups = np.arange(60) // 2
    chances = [fit(BASELINES[name], features, labels, groups, 3).predict_proba(features)[:, 1] for _ in range(2)]
    assert ((chances[0] > 0.5) == (labels == 1)).mean() > 0.95
    assert (chances[0] == chances[1]).all()


@pytest.mark.slow
def test_folds_are_those_of_the_networks_and_what_stands_is_kept(smears: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    said: list[str] = []
    written = run_baselines(smears, results, lambda *step: said.append(step[0]), names=["tree"], protocols=["random4"])
    assert [path.name for path in written] == [f"fold{fold}.csv" for fold in range(4)]
    rows = read(CellPrediction, "cell", "random4", "tree", results)
    folds = splits.crop_folds("random4", allidb2.crops(smears), allidb1.fields(smears))
    assert {row.image: row.fold for row in rows} == folds
    assert all((row.log_odds > 0) == (row.truth == 1) for row in rows)

    gone = path_of("cell", "random4", "tree", 2, results)
    before = gone.read_bytes()
    gone.unlink()
    assert run_baselines(smears, results, names=["tree"], protocols=["random4"]) == [gone]
    assert gone.read_bytes() == before


def test_without_the_pre_trained_network_the_deep_baseline_is_left_out_and_says_so(
    smears: Path, tmp_path: Path
) -> None:
    said: list[str] = []
    written = run_baselines(
        smears, tmp_path / "results", lambda *step: said.append(step[0]), runs=tmp_path / "runs", names=["resrandsvm"]
    )
    assert written == []
    assert all("left out" in sentence and "indomain.safetensors" in sentence for sentence in said)
    assert len(said) == len(baselines.PROTOCOLS)


@pytest.mark.slow
def test_deep_features_come_from_the_layer_before_the_last(smears: Path, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    from allcad_core import models
    from allcad_core.errors import DataError

    state = models.build("allcad_core.classification.resnet50:build", {}).state_dict()
    save_file({key: value.contiguous() for key, value in state.items()}, tmp_path / "net.safetensors")
    crops = allidb2.crops(smears)[:2]
    features = baselines.deep_features(crops, [(80.0, 80.0, 176.0, 176.0)] * 2, tmp_path / "net.safetensors")
    assert features.shape == (2, 2048)
    assert (features[0] != features[1]).any()
    save_file({"other": state["body.fc.bias"]}, tmp_path / "other.safetensors")
    with pytest.raises(DataError, match="no ResNet50"):
        baselines.deep_features(crops, [], tmp_path / "other.safetensors")


@pytest.mark.slow
def test_folds_fitted_anew_meet_their_stored_predictions(data_root: Path, tmp_path: Path) -> None:
    names = ["tree", "svm"]
    run_baselines(data_root, tmp_path, names=names, protocols=["session"])
    for name in names:
        stored, again = (
            {row.image: row for row in read(CellPrediction, "cell", "session", name, folder)}
            for folder in (predictions.RESULTS, tmp_path)
        )
        shared = stored.keys() & again.keys()
        assert len(shared) > 200
        said = [(again[image].log_odds > 0) == (stored[image].log_odds > 0) for image in shared]
        assert np.mean(said) > 0.98  # another machine may round otherwise
        assert {image: again[image].fold for image in shared} == {image: stored[image].fold for image in shared}
