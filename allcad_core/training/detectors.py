"""Fit detectors on tiles cut from fields, through Ultralytics' trainer."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from allcad_core.detection import ultralytics
from allcad_core.training.tiles import CLASSES, write_tiles
from allcad_core.training.truth import TrueField


@dataclass(frozen=True, slots=True)
class Settings:
    """How a detector is fitted; sized for two cores."""

    epochs: int = 5
    tiles: int = 400
    size: int = 384
    batch: int = 8
    lr: float = 0.002
    seed: int = 0


PRETRAINING = Settings(epochs=4, tiles=800)


def fit(
    architecture: str,
    fields: Sequence[TrueField],
    run: Path,
    settings: Settings,
    *,
    weights: Path | None = None,
    device: str = "cpu",
    after_epoch: Callable[[int, int], None] | None = None,
) -> Path:
    """Train a detector; a killed run goes on from its last finished epoch.

    Args:
        architecture: YAML of Ultralytics, such as ``yolo11n.yaml``.
        fields: training side only.
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
        write_tiles(fields, settings.tiles, tiles, np.random.default_rng(settings.seed), settings.size)
    return ultralytics.fit(
        architecture, done, run / "fit", weights=weights, settings=_options(settings, device), after_epoch=after_epoch
    )


def _options(settings: Settings, device: str) -> dict[str, Any]:
    """Settings in the words of Ultralytics' trainer. Colour and rotation are in the tiles already."""
    return {
        "epochs": settings.epochs,
        "imgsz": settings.size,
        "batch": settings.batch,
        "lr0": settings.lr,
        "seed": settings.seed,
        "device": device,
        "optimizer": "AdamW",
        "cos_lr": True,
        "warmup_epochs": 0.5,
        "workers": 0,
        "mosaic": 0.4,
        "close_mosaic": 1,
        "scale": 0.2,
        "translate": 0.1,
        "fliplr": 0.5,
        "flipud": 0.5,
        "hsv_h": 0.0,
        "hsv_s": 0.0,
        "hsv_v": 0.0,
        "erasing": 0.0,
        "val": False,
        "deterministic": True,
        "amp": False,
    }


__all__ = ["CLASSES", "PRETRAINING", "Settings", "fit"]
