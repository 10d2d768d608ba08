"""Every model of a task in one table: its figure on the papers' split and on new sessions, the paper's own, and its file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from allcad_core import models
from allcad_core.datasets.boxes import read_boxes
from allcad_core.errors import DataError, UnknownNameError
from allcad_core.evaluation import detector_report
from allcad_core.evaluation.classifiers import HEADLINES
from allcad_core.evaluation.detector_metrics import THRESHOLDS, class_figures, match
from allcad_core.evaluation.judged import FOLDS, HALF, judge, names_of, sample, stored_models, stored_rows
from allcad_core.evaluation.metrics import Estimate, draws, ends_of
from allcad_core.evaluation.published import TABLE_1
from allcad_core.evaluation.reproduction import OURS, PAPERS_SPLIT
from allcad_core.evaluation.table1_detectors import PAPER, PaperColumn
from allcad_core.intervals import wilson
from allcad_core.models import Card
from allcad_core.predictions import RESULTS, BoxPrediction, read
from allcad_core.recipes import REGIONS, recipes

DETECT = "detect"
SESSION = "session"
CHEN = "Chen, Liao, Shalaginov & Zeng, Real-time Detection of Acute Lymphoblastic Leukemia Cells Using Deep Learning, Table 1"


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure of one model, out of fold.

    Attributes:
        value: with its 95 % interval. For classifiers the share judged right: under ``session`` the mean over folds, each
            at a threshold of the other folds; on the papers' split over all pictures, the likelier class. For detectors the
            average precision of blasts at IoU 0.5, over all fields.
        protocol, dataset: where.
        things: how many cells, fields, or fields with boxes.
        missing_folds: how many folds are not stored yet.
    """

    value: Estimate
    protocol: str
    dataset: str
    things: int
    missing_folds: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """One model.

    Attributes:
        model: its name.
        title: what it is, in a few words.
        task: ``cell``, ``field`` or ``detect``.
        papers: its figure on the papers' split; ``None`` where nothing is stored.
        session: its figure on whole sessions left out; likewise.
        published: what its paper prints for the same measure, 0..1; ``None`` where no paper has it.
        source: that paper.
        shipped: whether its weights are among those of allcad, so that it can look at a smear.
        megabytes: of its weight files, 10^6 bytes; ``None`` where none ships.
        licences: of its training data and weights, by its cards.
    """

    model: str
    title: str
    task: str
    papers: Measured | None
    session: Measured | None
    published: float | None = None
    source: str = ""
    shipped: bool = False
    megabytes: float | None = None
    licences: str = ""


def standings(task: str, results: Path = RESULTS, weights: Path | None = None) -> tuple[Standing, ...]:
    """All models of a task, the best on new sessions first, those without any figure last.

    Args:
        task: ``cell``, ``field`` or ``detect``.
        results: folder of the stored predictions.
        weights: folder of the cards.

    Raises:
        DataError: a stored file is damaged.
        ModelError: the cards cannot be read.
    """
    cards = models.cards(weights)
    found = _detectors(cards, results, weights) if task == DETECT else _classifiers(task, cards, results, weights)
    return tuple(sorted(found, key=_rank))


def _rank(entry: Standing) -> tuple[bool, float, bool, float, str]:
    ends = [
        (one is None, -(one.value.value or 0.0) if one is not None else 0.0) for one in (entry.session, entry.papers)
    ]
    return (*ends[0], *ends[1], entry.model)


def _classifiers(task: str, cards: dict[str, Card], results: Path, weights: Path | None) -> Iterable[Standing]:
    published = {entry.model: entry for entry in TABLE_1 if entry.task == task}
    titles = {name: title for name, title, of_task in OURS if of_task == task and not title.startswith("Best")}
    stored = [name for protocol in FOLDS for name in stored_models(task, protocol, results)]
    shipped = [name for name, card in cards.items() if card.task == task]
    for model, names in _grouped(task, [*published, *shipped, *stored]).items():
        paper = published.get(model)
        card = next((cards[name] for name in names if name in shipped), None)
        title = paper.title if paper else titles.get(model, card.title if card else "")
        split = paper.protocol if paper else PAPERS_SPLIT
        yield Standing(
            model,
            title,
            task,
            _first(names, task, split, results),
            _first(names, task, SESSION, results),
            paper.accuracy if paper else None,
            paper.source if paper else "",
            card is not None,
            None if card is None else _megabytes([card], weights),
            "" if card is None else card.licences,
        )


def _grouped(task: str, names: Sequence[str]) -> dict[str, list[str]]:
    """All names of a model under the first that it has: results and cards may carry the task in theirs."""
    found: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        known = next((model for model in found if name in names_of(model, task)), name)
        found.setdefault(known, []).append(name)
    return found


def _first(names: Sequence[str], task: str, protocol: str, results: Path) -> Measured | None:
    return next((found for name in names if (found := accuracy(name, task, protocol, results)) is not None), None)


def accuracy(model: str, task: str, protocol: str, results: Path = RESULTS) -> Measured | None:
    """Share judged right by a stored classifier, see ``Measured``; ``None`` where nothing is stored.

    Raises:
        DataError: a file is damaged.
    """
    if model not in stored_models(task, protocol, results):
        return None
    rows = stored_rows(task, protocol, model, results)
    entries = judge(rows, None, results)
    sets = {entry.origin.dataset for entry in entries}
    dataset = next(name for name in (*HEADLINES[task], *sorted(sets)) if name in sets)
    chosen = [entry for entry in entries if entry.origin.dataset == dataset]
    missing = len(set(range(FOLDS.get(protocol, 0))) - {row.fold for row in rows})
    if protocol != SESSION:
        right = int((sample(chosen, HALF).said == (sample(chosen, HALF).truth == 1)).sum())
        share = wilson(right, len(chosen))
        value = Estimate(share.value, share.low, share.high)
        return Measured(value, protocol, dataset, len(chosen), missing)
    folds = [sample([entry for entry in chosen if entry.fold == fold]) for fold in sorted({e.fold for e in chosen})]
    shares, drawn = [], []
    for seed, part in enumerate(folds):
        good = (part.said == (part.truth == 1)).astype(np.float64)
        weights = draws(part.groups, seed)
        shares.append(float(good.mean()))
        drawn.append(weights @ good / weights.sum(axis=1))
    ends = ends_of({"accuracy": np.mean(drawn, axis=0)})["accuracy"]
    return Measured(Estimate(float(np.mean(shares)), *ends), protocol, dataset, len(chosen), missing)


def _detectors(cards: dict[str, Card], results: Path, weights: Path | None) -> Iterable[Standing]:
    published = {column.ours: column for column in PAPER}
    by_recipe = {entry.name: entry for entry in recipes()}
    shipped = [name for name, card in cards.items() if card.task == DETECT]
    stored = [name for protocol in ("chen17", SESSION) for name in detector_report.stored_models(protocol, results)]
    for model in dict.fromkeys([*by_recipe, *shipped, *stored, *published]):
        paper, own = published.get(model), _own_cards(model, cards)
        title = f"{paper.title} of the paper" if paper else by_recipe[model].sentence if model in by_recipe else ""
        yield Standing(
            model,
            cards[model].title if model in cards else title,
            DETECT,
            precision(model, "chen17", results),
            precision(model, SESSION, results),
            None if paper is None else _published(paper),
            "" if paper is None else CHEN,
            bool(own),
            _megabytes(own, weights) if own else None,
            " ".join(dict.fromkeys(card.licences for card in own)),
        )


def _own_cards(model: str, cards: dict[str, Card]) -> list[Card]:
    """The networks that a detector's boxes and labels come from: none where one of them is not shipped."""
    if model in cards:
        return [cards[model]]
    chosen = next((entry for entry in recipes() if entry.name == model), None)
    names = model.split("-", 1) if chosen is None else [chosen.detector, str(chosen.classifier)]
    needed = [name for name in names if name != REGIONS]
    return [cards[name] for name in needed] if set(needed) <= cards.keys() else []


def _published(column: PaperColumn) -> float | None:
    """mAP@0.5 of cancer cells; that of both classes where the paper gives no other."""
    place = 2
    return column.cancer[place] if column.cancer[place] is not None else column.both[place]


def precision(model: str, protocol: str, results: Path = RESULTS) -> Measured | None:
    """Average precision of blasts at IoU 0.5 of a stored detector; ``None`` where nothing is stored.

    Raises:
        DataError: a file is damaged, or a field has no drawn boxes.
    """
    if model not in detector_report.stored_models(protocol, results):
        return None
    _, scored, confidence = detector_report.stored(model, protocol, results)
    drawn = read_boxes(detector_report.BOXES)
    missing = [name for name in scored if name not in drawn]
    if missing:
        raise DataError(f"Nobody drew boxes in {missing[0]}, at which '{model}' looked.")
    found = match(scored, {name: drawn[name] for name in scored}, "blast", THRESHOLDS[:1])
    folds = {row.fold for row in read(BoxPrediction, DETECT, protocol, kept_name(model, protocol, results), results)}
    left = len(set(range(FOLDS.get(protocol, 0))) - folds)
    return Measured(class_figures(found, confidence).ap50, protocol, HEADLINES["field"][0], len(scored), left)


def kept_name(model: str, protocol: str, results: Path = RESULTS) -> str:
    """The folder of a detector's predictions: a recipe of regions is kept under its classifier."""
    if (results / DETECT / protocol / model).is_dir():
        return model
    chosen = next((entry for entry in recipes() if entry.name == model), None)
    if chosen is None:
        raise UnknownNameError("stored detector", model, detector_report.stored_models(protocol, results))
    return chosen.kept


def _megabytes(cards: Sequence[Card], weights: Path | None) -> float | None:
    paths = [(weights or models.WEIGHTS) / card.file for card in cards]
    return sum(path.stat().st_size for path in paths) / 1e6 if all(path.exists() for path in paths) else None
