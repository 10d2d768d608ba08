"""Fit detectors on composed tiles, through Ultralytics' trainer: once on other sets, then a fold at a time."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from allcad_core import models
from allcad_core.datasets import aria, pbc, txl_pbc
from allcad_core.detection import ultralytics
from allcad_core.training import sources
from allcad_core.training.composed import Composer, Stock, stock
from allcad_core.training.plan_types import FULL
from allcad_core.training.tiles import CLASSES, LabelledTile, store, whole
from allcad_core.training.truth import TrueField

if TYPE_CHECKING:
    import torch

    from allcad_core.training.bench import Bench

GENERATED = 80
"""Generated fields beside the real ones."""
UNSEEN_BLOCK = 0
"""This fifth of Aria and of TXL-PBC trains no detector of any fold: the folds' detectors are also judged on it."""
FOLD_SETS = (aria.NAME, txl_pbc.NAME)
"""Real sets beside ALL-IDB1 that the detectors of folds are trained on; what ships has PBC too."""
LOOK_ALIKE = "WBC-Benign"
"""Aria's hematogones look like blasts and are none; a detector is not taught from them, only judged on them."""


WHITE_CELL = txl_pbc.CLASSES[0]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a detector is fitted; the defaults are sized for two cores.

    Attributes:
        epochs, batch, lr, seed, optimizer: as Ultralytics' trainer knows them.
        tiles: composed tiles that are made once.
        size: side of a tile in px.
        mixed: compute in bfloat16.
        whole: whole fields instead of composed tiles, and Ultralytics' own augmentation, as Chen et al. trained.
    """

    epochs: int = 2
    tiles: int = 6000
    size: int = 256
    batch: int = 8
    lr: float = 0.001
    seed: int = 0
    optimizer: str = "AdamW"
    mixed: bool = False
    whole: bool = False


PAPER = Settings(epochs=150, size=1024, batch=16, lr=0.01, optimizer="SGD", mixed=True, whole=True)
"""The settings of Chen et al.: for a machine with a GPU."""
SHORT = Settings(tiles=4000, mixed=True)
"""For networks that are several times as large as the default one."""
SETTINGS: Mapping[str, Settings] = {"ours": Settings(), "short": SHORT, "paper": PAPER}
"""By the name that ``--protocol-settings`` takes and a plan names."""


@dataclass(frozen=True, eq=False)
class Diet:
    """What a detector is fed on.

    Attributes:
        fields: by data set.
        shares: how often each set gives the ground and the cells of a tile.
    """

    fields: Mapping[str, Sequence[TrueField]]
    shares: Mapping[str, float]


def fit(
    architecture: str,
    diet: Diet,
    run: Path,
    settings: Settings,
    *,
    weights: Path | None = None,
    device: str = "cpu",
    after_epoch: Callable[[int, int], None] | None = None,
) -> Path:
    """Train a detector; a killed run goes on from its last finished epoch.

    Args:
        architecture: see ``ultralytics.build``.
        diet: training side only.
        run: ignored folder for tiles and checkpoints.
        settings: see ``Settings``.
        weights: checkpoint of the pre-training.
        device: as torch names it.
        after_epoch: told the epoch done and how many there are.

    Returns:
        The last checkpoint.
    """
    tiles = run / "tiles"
    done = tiles / "data.yaml"  # written last: its presence says that the tiles are whole
    if not done.exists():
        shutil.rmtree(tiles, ignore_errors=True)
        store(_tiles(diet, settings), tiles)

    return ultralytics.fit(
        architecture, done, run / "fit", weights=weights, settings=_options(settings, device), mixed=settings.mixed,
        after_epoch=after_epoch,
    )  # fmt: skip


def pretraining(settings: Settings) -> Settings:
    """The round on other sets that comes before a training: once through as many tiles, at twice the usual rate."""
    usual = Settings()
    mixed, tiles = settings.mixed and not settings.whole, usual.tiles if settings.whole else settings.tiles
    return replace(usual, epochs=1, lr=2 * usual.lr, tiles=tiles, mixed=mixed)


def _tiles(diet: Diet, settings: Settings) -> Iterator[LabelledTile]:
    """What is stored: composed tiles, or every field of ALL-IDB1 as it is."""
    if settings.whole:
        return (whole(field, settings.size) for field in diet.fields[sources.MAIN])
    stocks = {
        name: _stock(tuple(fields), name in sources.FURTHER)
        for name, fields in diet.fields.items()
        if diet.shares.get(name)
    }
    composer = Composer(stocks, diet.shares, settings.size)
    rng = np.random.default_rng(settings.seed)
    return (composer.draw(rng) for _ in range(settings.tiles))


@lru_cache(maxsize=8)
def _stock(fields: tuple[TrueField, ...], one_scale: bool) -> Stock:
    """The stock of a data set, made once for all folds of a session."""
    return stock(fields, one_scale=one_scale)


def fit_detector(name: str, bench: Bench, protocol: str, fold: int, folds: Mapping[str, int]) -> torch.nn.Module:
    """Train a detector on other sets once, then on ALL-IDB1 outside the fold with the others beside it.

    Args:
        name: see ``plans.PLANS``.
        bench: data and folders.
        protocol: names the run's folder.
        fold: left out; ``FULL`` leaves nothing out.
        folds: fold of each field of ALL-IDB1 by name.

    Returns:
        The network in evaluation mode on the bench's device.
    """
    made = bench.plan(name)
    architecture = str(made.arguments["architecture"])
    home = bench.runs / "detect" / name
    title = f"{name} {protocol} {'all' if fold == FULL else fold}"
    others = _others(bench)
    settings = SETTINGS[made.settings]
    start = None
    if not made.scratch:
        start = fit(
            architecture, Diet(others, {aria.NAME: 0.4, txl_pbc.NAME: 0.25, sources.GENERATED: 0.35}), home / "indomain",
            pretraining(settings), device=str(bench.device),
            after_epoch=lambda done, count: bench.tell(f"{name} pre-training", done, count),
        )  # fmt: skip
    outside = [field for field in bench.main if fold == FULL or folds[field.name] != fold]
    shares = {sources.MAIN: 0.55, aria.NAME: 0.18, txl_pbc.NAME: 0.12, sources.GENERATED: 0.15}
    if fold == FULL:
        others, shares = _others(bench, everything=True), {**shares, pbc.NAME: 0.1}
    last = fit(
        architecture, Diet({sources.MAIN: outside, **others}, shares),
        home / f"{protocol}{'-all' if fold == FULL else fold}", replace(settings, seed=max(fold, 0)), weights=start,
        device=str(bench.device), after_epoch=lambda done, count: bench.tell(title, done, count),
    )  # fmt: skip
    network = models.build(made.builder, made.arguments)
    network.load_state_dict(ultralytics.trained_state(last))
    return network.eval().to(bench.device)


def _others(bench: Bench, *, everything: bool = False) -> dict[str, list[TrueField]]:
    """Fields of the other sets; without ``everything`` those of ``UNSEEN_BLOCK`` are left out."""
    further = drawn_fields(bench)
    unseen = set() if everything else unseen_fields(further, bench.folds("field"))
    found: dict[str, list[TrueField]] = {sources.GENERATED: list(bench.generated(GENERATED))}
    for field in further:
        if field.name not in unseen and not field.name.startswith(LOOK_ALIKE):
            found.setdefault(field.dataset, []).append(field)
    return found


def drawn_fields(bench: Bench) -> list[TrueField]:
    """The further fields, those of TXL-PBC with the boxes of white cells that its authors drew."""
    drawn = {record.name: record for record in sources.records(bench.data, txl_pbc.NAME)}
    return [
        replace(
            field, cells=tuple(("healthy", cell.box) for cell in drawn[field.name].boxes if cell.kind == WHITE_CELL)
        )
        if field.dataset == txl_pbc.NAME and field.name in drawn
        else field
        for field in bench.further
    ]


def unseen_fields(fields: Iterable[TrueField], folds: Mapping[str, int]) -> set[str]:
    """Names of the fields that no detector of a fold has seen."""
    return {field.name for field in fields if folds.get(field.name) == UNSEEN_BLOCK}


PLAIN: Mapping[str, float] = {
    "mosaic": 0.0,
    "scale": 0.0,
    "translate": 0.0,
    "fliplr": 0.5,
    "flipud": 0.5,
    "hsv_h": 0.0,
    "hsv_s": 0.0,
    "hsv_v": 0.0,
    "erasing": 0.0,
}
"""Of Ultralytics' augmentation only mirrors are left for composed tiles."""


def _options(settings: Settings, device: str) -> dict[str, Any]:
    """Settings in the words of Ultralytics' trainer. Colour, size and rotation are in the tiles already.

    ``nbs`` is the batch that gradients are summed up to; its default of 64 would make one step of eight batches.
    """
    return {
        "epochs": settings.epochs,
        "imgsz": settings.size,
        "batch": settings.batch,
        "nbs": settings.batch,
        "lr0": settings.lr,
        "seed": settings.seed,
        "device": device,
        "optimizer": settings.optimizer,
        "cos_lr": True,
        "warmup_epochs": 0.3,
        "workers": 0,
        "val": False,
        "deterministic": True,
        **({} if settings.whole else PLAIN),
    }


__all__ = [
    "CLASSES",
    "FULL",
    "PAPER",
    "SETTINGS",
    "SHORT",
    "Diet",
    "Settings",
    "fit",
    "fit_detector",
    "pretraining",
    "unseen_fields",
]
