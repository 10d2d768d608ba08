"""The queue of a table: killed and gone on with it ends as unbroken; one stored fold is met by training it anew."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from allcad_core.predictions import RESULTS, CellPrediction, path_of, read_file
from allcad_core.training import jobs
from allcad_core.training.bench import Bench

QUEUE = Path(__file__).with_name("tiny_queue.py")
SCRATCH = "lightweight_scratch"


def queue(data: Path, folder: Path, most: int = 0) -> subprocess.CompletedProcess[str]:
    """Work through the tiny queue in a process of its own that kills itself after so many checkpoints."""
    return subprocess.run(
        [sys.executable, str(QUEUE), str(data), str(folder), str(most)],
        check=False, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def made(folder: Path) -> dict[str, bytes]:
    """The table and every result file by its name."""
    files = [*sorted((folder / "results").rglob("*.*")), folder / "table.md"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.slow
def test_a_killed_and_resumed_queue_ends_as_an_unbroken_one(smears: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as beside:  # each has a process and one thread of its own
        unbroken, killed = beside.map(queue, [smears] * 2, [tmp_path / "unbroken", tmp_path / "killed"], [0, 7])
    assert unbroken.returncode == 0, unbroken.stderr
    assert killed.returncode == -signal.SIGKILL
    assert list((tmp_path / "killed" / "runs").rglob("*.ckpt")), "it died within a fold"
    done = len(list((tmp_path / "killed" / "results").rglob("*.csv")))
    assert 0 < done < len(list((tmp_path / "unbroken" / "results").rglob("*.csv")))
    resumed = queue(smears, tmp_path / "killed")
    assert resumed.returncode == 0, resumed.stderr
    assert resumed.stderr.count("already there") == done
    assert made(tmp_path / "killed") == made(tmp_path / "unbroken")
    assert not list((tmp_path / "killed").rglob("*.ckpt"))


@pytest.mark.slow
@pytest.mark.data
def test_a_fold_trained_anew_meets_its_stored_predictions(data_root: Path, tmp_path: Path) -> None:
    """Rounding differs between processors and grows over a training; hence the room."""
    bench = Bench(data_root, tmp_path, tmp_path, torch.device("cpu"), lambda *_: None)
    path = jobs.run(SCRATCH, "random4", 0, bench)
    assert path is not None
    anew, stored = (read_file(CellPrediction, file) for file in (path, path_of("cell", "random4", SCRATCH, 0, RESULTS)))
    assert [(row.image, row.truth, row.fold) for row in anew] == [(row.image, row.truth, row.fold) for row in stored]
    odds = np.array([[one.log_odds, other.log_odds] for one, other in zip(anew, stored, strict=True)])
    assert np.corrcoef(odds.T)[0, 1] > 0.98
    assert ((odds[:, 0] > 0) == (odds[:, 1] > 0)).mean() >= 0.95
