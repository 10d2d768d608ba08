"""The engines: what they refuse, how many workers they take, and whole runs that are killed, with real models."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from allcad_core.batch import engines
from allcad_core.batch.engines import Choice, make
from allcad_core.errors import AllcadError, UnknownNameError

COUNT, LARGE = 12, 6
"""Small fields, and large ones between the first and the rest, each slow enough that a run stands amid them when it is hit."""
PATIENCE_S = 480
"""Seconds until a busy machine must have done a few small fields."""


def test_an_unknown_engine_is_told_with_the_known_ones():
    with pytest.raises(UnknownNameError, match=r"dask, local"):
        make(Choice("spark"))


def test_an_address_belongs_to_an_engine_that_has_one():
    with pytest.raises(AllcadError, match="takes no address"):
        make(Choice("local", "tcp://here:8786"))


def test_an_engine_that_is_not_installed_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(AllcadError, match=r'pip install "allcad\[dask\]"'):
        make(Choice("dask"))


@pytest.mark.parametrize(("free", "wanted"), [(100e9, 8), (4e9, 2), (1e8, 1)])
def test_workers_are_as_many_as_cores_and_memory_allow(monkeypatch: pytest.MonkeyPatch, free: float, wanted: int):
    class Memory:
        available = int(free)

    monkeypatch.setattr(engines, "cores", lambda: 8)
    monkeypatch.setattr(psutil, "virtual_memory", Memory)
    assert make(Choice(), "cpu").workers == wanted
    assert make(Choice(), "cuda").workers == 1
    assert make(Choice(workers=5), "cpu").workers == 5


@pytest.fixture(scope="module")
def fields(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from allcad_core.synthesis import generate

    folder = tmp_path_factory.mktemp("in") / "fields"
    folder.mkdir()
    for number in range(COUNT):
        pixels = generate(number, (160, 120)).pixels
        Image.fromarray(pixels).save(folder / f"{number:02}.png")
        if number < LARGE:
            Image.fromarray(np.tile(pixels, (4, 4, 1))).save(folder / f"01-large-{number}.jpg")
    (folder / "bad.png").write_bytes(b"words")
    return folder


def names(folder: Path) -> list[str]:
    return [f"{folder.name}/{path.name}" for path in folder.iterdir() if path.name != "bad.png"]


def command(out: Path, *arguments: object) -> list[str]:
    return [sys.executable, "-m", "allcad_core", "batch", "--out", str(out), "--device", "cpu", *map(str, arguments)]


def start(out: Path, *arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command(out, *arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def told(out: Path) -> dict[str, Any]:
    try:
        progress: dict[str, Any] = json.loads((out / "progress.json").read_text("utf-8"))
    except OSError:
        return {"done": 0, "process": 0}
    return progress


def wait_for(out: Path, process: subprocess.Popen[bytes], done: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while told(out)["done"] < done:
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)


def worker_of(process: subprocess.Popen[bytes]) -> psutil.Process:
    """The first process that looks for a run; a run that goes on tells what was done before it has one."""
    end = time.monotonic() + PATIENCE_S
    while True:
        for one in psutil.Process(process.pid).children():
            if "spawn_main" in " ".join(one.cmdline()):
                return one
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)


def stored(out: Path) -> Counter[str]:
    import pyarrow.dataset as dataset

    return Counter(dataset.dataset(out / "fields").to_table(columns=["file"])["file"].to_pylist())


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_run_that_is_killed_twice_and_whose_worker_is_killed_has_every_file_once(fields: Path, tmp_path: Path):
    out = tmp_path / "run"
    process = start(out, fields, "--workers", 1)
    wait_for(out, process, 1)
    workers = psutil.Process(process.pid).children(recursive=True)
    process.kill()  # SIGKILL: nothing can be tidied up
    process.wait()
    gone, alive = psutil.wait_procs(workers, timeout=20)
    assert gone
    assert alive == []  # nobody goes on without the run

    process = start(out, "--workers", 1)  # what was listed is known
    wait_for(out, process, 2)
    worker_of(process).kill()
    wait_for(out, process, 3)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 130

    ended = subprocess.run(
        command(out, fields, "--json"), capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
    assert ended.returncode == 1  # one file is bad
    said = json.loads(ended.stdout)
    assert (said["state"], said["done"], said["failed"]) == ("done", COUNT + LARGE, 1)
    assert stored(out) == Counter(names(fields))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of libraries that are not ours
def test_an_engine_for_many_machines_gives_the_same_tables(fields: Path, tmp_path: Path):
    out = tmp_path / "run"
    ended = subprocess.run(
        command(out, fields, "--engine", "dask", "--workers", 1), capture_output=True, text=True, check=False,
        timeout=PATIENCE_S,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "bad.png is not a picture" in ended.stderr
    assert stored(out) == Counter(names(fields))
