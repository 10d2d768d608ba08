"""``allcad reproduce table1-classifiers`` with tiny networks, as a program of its own that can be killed.

Arguments: the data folder, a folder for runs and results, and after how many stored checkpoints the process kills itself (0
for never).
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from allcad_core.cli import main
from allcad_core.training import baselines, checkpoints, plans
from allcad_core.training.classifier_plans import PLANS
from allcad_core.training.fitting import Settings
from allcad_core.training.plan_types import Course, Plan

SHORT = Settings(epochs=2, batch=4, lr=1e-3)


def tiny() -> dict[str, Plan]:
    """The lightweight CNN in both forms and a probed cell network, small enough for seconds."""
    small = {"channels": [4, 4], "hidden": 8}
    cell = replace(
        PLANS["lightweight"], arguments={"size": 16, **small}, input={"size": 16, "context": 1.25},
        course=Course(SHORT, {"ALL-IDB2": 1.0}), pretraining=None, protocols=("random4",),
    )  # fmt: skip
    field = replace(
        PLANS["lightweight_field"], arguments={"size": 24, "width": 32, **small},
        input={"height": 24, "width": 32, "mask": "none"}, course=Course(SHORT, {"ALL-IDB1": 1.0}), pretraining=None,
        protocols=("random4",),
    )  # fmt: skip
    best = replace(cell, probe=replace(SHORT, last=True), blend=0.5)
    return {"best_cell": best, "lightweight": cell, "lightweight_field": field}


def run(data: Path, folder: Path, most: int) -> int:
    """Work through the queue; the process kills itself where it was asked to."""
    keep, left = checkpoints.keep, most

    def counted(path: Path, state: dict[str, Any]) -> None:
        nonlocal left
        keep(path, state)
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    checkpoints.keep = counted
    made = tiny()
    PLANS.clear()  # type: ignore[attr-defined]
    PLANS.update(made)  # type: ignore[attr-defined]
    plans.PLANS = made
    baselines.run_baselines = partial(baselines.run_baselines, names=["tree"], protocols=["random4"])
    return main(
        ["reproduce", "table1-classifiers", "--data", str(data), "--runs", str(folder / "runs"), "--device", "cpu",
         "--results", str(folder / "results"), "--out", str(folder / "table.md")]
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
