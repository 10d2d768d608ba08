"""The literature's baselines on the folds of the networks: classical classifiers of ALL-IDB2's crops. They never ship.

Ahmed et al. 2019 compare their network with a decision tree, k-nearest neighbours and an SVM, others with a random forest,
all on measures of the segmented cell. ResRandSVM (Sulaiman et al. 2023) takes the deep features of a ResNet50, keeps the 584
that a random forest finds most important, and gives them to an SVM.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allcad_core import files, models, predictions
from allcad_core.classification.cells import cut_cells, to_input
from allcad_core.classification.masking import mask_out
from allcad_core.datasets import CropRecord, allidb1, allidb2, splits
from allcad_core.errors import DataError
from allcad_core.ground import balance
from allcad_core.predictions import CellPrediction
from allcad_core.results import Box
from allcad_core.segmentation import segment
from allcad_core.training import hand_measures, starts
from allcad_core.training.plans import plan

PROTOCOLS = ("random4", "field", "session")
DEEP = "resrandsvm"
DEEP_PLAN = "resnet50"
DEEP_WEIGHTS = Path("cell") / DEEP_PLAN / "indomain.safetensors"
"""Below the folder of runs: what the training of the plan starts from, pre-trained on cells of other sets than ALL-IDB."""
KEPT_FEATURES = 584
"""Sulaiman et al. 2023."""
TREES = 500
CLIP = 1e-4
"""Probabilities are kept this far from 0 and 1, so that their log odds stay finite."""
INNER_FOLDS = 4
"""The training side chooses its own settings on so many folds of whole fields."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Tell = Callable[[str, int, int], None]
"""Told what is being done, the part done and how many there are."""


@dataclass(frozen=True)
class Baseline:
    """A classical classifier: what makes it from a seed, and the settings that the training side chooses among."""

    make: Callable[[int], Any]
    settings: Mapping[str, Sequence[object]]
    deep: bool = False


def run_baselines(
    data: Path,
    results: Path,
    tell: Tell | None = None,
    *,
    runs: Path = Path("runs"),
    names: Sequence[str] | None = None,
    protocols: Sequence[str] = PROTOCOLS,
) -> list[Path]:
    """Fit every baseline on every fold whose result file does not stand yet, and store what it says of unseen crops.

    Args:
        data: the data folder, with ALL-IDB1 (for the folds) and ALL-IDB2.
        results: where result files go.
        tell: told which baseline, protocol and fold, or why one is left out.
        runs: folder that may hold the pre-trained ResNet50; without it ResRandSVM is left out.
        names: of the baselines; all without it.
        protocols: see ``splits.PROTOCOLS``.

    Returns:
        The files written.

    Raises:
        DataError: data are missing.
        UnknownNameError: no such protocol.
    """
    bench = _Bench(data, runs)
    queue = [(name, protocol) for protocol in protocols for name in (BASELINES if names is None else names)]
    if any(BASELINES[name].deep for name, _ in queue):
        _unpack_start(runs / DEEP_WEIGHTS)
    written = []
    for number, (name, protocol) in enumerate(queue, start=1):
        if BASELINES[name].deep and not (runs / DEEP_WEIGHTS).is_file():
            _say(tell, f"{name} {protocol}: left out, {runs / DEEP_WEIGHTS} is not there", number, len(queue))
            continue
        folds = bench.folds(protocol)
        for fold in sorted(set(folds.tolist()) - {splits.TRAIN_ONLY}):
            path = predictions.path_of("cell", protocol, name, fold, results)
            if path.exists():
                continue
            _say(tell, f"{name} {protocol} {fold}", number, len(queue))
            predictions.write(_held_out(name, bench, folds, fold), CellPrediction, path)
            written.append(path)
    return written


def _unpack_start(path: Path) -> None:
    """The pre-trained ResNet50 that ships, where none was trained here."""
    from safetensors.torch import save

    state = None if path.is_file() else starts.packaged(DEEP_PLAN)
    if state is not None:
        files.write(path, save(state))


def _say(tell: Tell | None, words: str, done: int, count: int) -> None:
    if tell is not None:
        tell(words, done, count)


class _Bench:
    """The crops with their features, computed when first needed."""

    def __init__(self, data: Path, runs: Path) -> None:
        self._data, self._runs = data, runs

    @cached_property
    def crops(self) -> tuple[CropRecord, ...]:
        return tuple(crop for crop in self._placed if crop.label is not None)

    @cached_property
    def _placed(self) -> tuple[CropRecord, ...]:
        """Crops that know their field."""
        crops = allidb2.crops(self._data)
        if all(crop.fields for crop in crops):
            return crops
        from allcad_core.datasets.crop_search import with_origins

        return tuple(with_origins(crops, self.fields))

    @cached_property
    def fields(self) -> tuple[Any, ...]:
        return allidb1.fields(self._data)

    @cached_property
    def labels(self) -> Ints:
        return np.array([crop.label for crop in self.crops], np.int64)

    @cached_property
    def groups(self) -> Ints:
        """Number of the source field of each crop; overlapping fields count as one."""
        group_of = {field.name: field.group or field.name for field in self.fields}
        names = [group_of.get(crop.fields[0], crop.fields[0]) if crop.fields else crop.name for crop in self.crops]
        return np.unique(names, return_inverse=True)[1].astype(np.int64)

    def folds(self, protocol: str) -> Ints:
        """Fold of each crop."""
        found = splits.crop_folds(protocol, self.crops, self.fields)
        return np.array([found[crop.name] for crop in self.crops], np.int64)

    @cached_property
    def measures(self) -> Floats:
        return np.stack([hand_measures.measure(crop.read().pixels) for crop in self.crops])

    @cached_property
    def boxes(self) -> list[Box]:
        """Box of the cell in the middle of each crop; the whole crop where none was segmented."""
        return [_box(crop) for crop in self.crops]

    @cached_property
    def deep_features(self) -> Floats:
        return deep_features(self.crops, self.boxes, self._runs / DEEP_WEIGHTS)


def _box(crop: CropRecord) -> Box:
    pixels = crop.read().pixels
    region = hand_measures.central_region(segment(pixels, hand_measures.METHOD))
    return region.box if region else (0.0, 0.0, float(pixels.shape[1]), float(pixels.shape[0]))


def deep_features(crops: Sequence[CropRecord], boxes: Sequence[Box], weights: Path) -> Floats:
    """What the ResNet50 hands to its last layer, for the cell of each crop, shown as its plan shows cells.

    Args:
        crops: to read.
        boxes: of the cell in each crop.
        weights: safetensors of the network; its last layer may have any number of outputs.

    Returns:
        float64 (number of crops, 2048).

    Raises:
        DataError: the weights are of another network.
    """
    import torch
    from safetensors.torch import load_file

    made = plan(DEEP_PLAN)
    network: Any = models.build(made.builder, made.arguments)
    wanted = {key for key in network.state_dict() if not key.startswith("body.fc.")}
    state = {key: value.float() for key, value in load_file(weights).items() if key in wanted}
    if set(state) != wanted:
        raise DataError(f"{weights} holds no ResNet50 of allcad.")
    network.load_state_dict(state, strict=False)
    network.body.fc = torch.nn.Identity()
    network.eval()
    found = []
    for crop, box in zip(crops, boxes, strict=True):
        cell = cut_cells(_seen(crop, made.input), [box], int(made.input["size"]), float(made.input["context"]))
        with torch.inference_mode():
            found.append(network(to_input(cell, torch.device("cpu")))[0].double().numpy())
    return np.stack(found)


def _seen(crop: CropRecord, wanted: Mapping[str, Any]) -> NDArray[np.uint8]:
    """The crop balanced, and masked where the network was trained so."""
    pixels = crop.read().pixels
    method = str(wanted.get("mask", "none"))
    balanced = balance(pixels)
    return balanced if method == "none" else mask_out(balanced, segment(pixels, method).cell)


def _held_out(name: str, bench: _Bench, folds: Ints, fold: int) -> list[CellPrediction]:
    """Fit on everything outside the fold and judge what is in it."""
    made = BASELINES[name]
    features = bench.deep_features if made.deep else bench.measures
    inside = folds == fold
    network = fit(made, features[~inside], bench.labels[~inside], bench.groups[~inside], fold)
    odds = log_odds(network.predict_proba(features[inside])[:, 1])
    return [
        CellPrediction(allidb2.NAME, bench.crops[at].name, *bench.boxes[at], int(bench.labels[at]), float(odd), fold)
        for at, odd in zip(np.flatnonzero(inside).tolist(), odds, strict=True)
    ]


def fit(made: Baseline, features: Floats, labels: Ints, groups: Ints, seed: int) -> Any:
    """A fitted baseline; its settings are chosen on folds of the training side in which no field is parted.

    Args:
        made: which one.
        features: float64 (n, m); what is not a number is filled in by the median.
        labels: int64 (n,), 1 blast, 0 healthy.
        groups: int64 (n,), the same for cells of one field.
        seed: of what is drawn by chance.
    """
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold

    inner = StratifiedGroupKFold(INNER_FOLDS, shuffle=True, random_state=seed)
    parts = list(inner.split(features, labels, groups))
    with TemporaryDirectory(prefix="allcad-") as folder:
        # What comes before the last step is the same for all of its settings: choosing deep features takes seconds.
        steps = made.make(seed).set_params(memory=folder if made.deep else None)
        search = GridSearchCV(steps, dict(made.settings), scoring="balanced_accuracy", cv=parts)
        search.fit(features, labels)
        chosen = search.best_estimator_
        if hasattr(chosen, "predict_proba"):
            return chosen
        # A support vector machine has no probability: a sigmoid of its margin is fitted on the inner folds (Platt 1999).
        return CalibratedClassifierCV(chosen, method="sigmoid", cv=parts, ensemble=False).fit(features, labels)


def log_odds(probabilities: Floats) -> Floats:
    """Log odds of probabilities, kept ``CLIP`` away from certainty.

    >>> log_odds(np.array([0.5, 1.0])).round(2).tolist()
    [0.0, 9.21]
    """
    kept = np.clip(probabilities, CLIP, 1 - CLIP)
    return np.asarray(np.log(kept / (1 - kept)))


def _pipeline(*steps: Any) -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler(), *steps)


def _tree(seed: int) -> Any:
    from sklearn.tree import DecisionTreeClassifier

    return _pipeline(DecisionTreeClassifier(class_weight="balanced", random_state=seed))


def _neighbours(_: int) -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    return _pipeline(KNeighborsClassifier(weights="distance"))


def _svm(_: int) -> Any:
    from sklearn.svm import SVC

    return _pipeline(SVC(class_weight="balanced"))


def _forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return _pipeline(RandomForestClassifier(TREES, class_weight="balanced", random_state=seed))


def _res_rand_svm(seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.feature_selection import SelectFromModel
    from sklearn.svm import SVC

    forest = RandomForestClassifier(TREES, random_state=seed)
    selected = SelectFromModel(forest, threshold=-np.inf, max_features=KEPT_FEATURES)
    return _pipeline(selected, SVC(class_weight="balanced"))


BASELINES: Mapping[str, Baseline] = {
    "tree": Baseline(_tree, {"decisiontreeclassifier__min_samples_leaf": (1, 2, 4, 8, 16)}),
    "knn": Baseline(_neighbours, {"kneighborsclassifier__n_neighbors": (3, 5, 9, 15, 25)}),
    "svm": Baseline(_svm, {"svc__C": (0.1, 1, 10, 100), "svc__gamma": ("scale", 0.01, 0.1)}),
    "forest": Baseline(_forest, {"randomforestclassifier__max_features": ("sqrt", 0.5)}),
    DEEP: Baseline(_res_rand_svm, {"svc__C": (0.1, 1, 10, 100)}, deep=True),
}
"""By the name under which their results stand."""
