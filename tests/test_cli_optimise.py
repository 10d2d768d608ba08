"""``allcad optimise`` and ``allcad selftest`` at the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from allcad_core import compiled
from allcad_core.cli import DONE, FAILED, WRONG_USAGE, main
from allcad_core.compiled import shelf
from allcad_core.evaluation import parity


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(shelf.VARIABLE, str(tmp_path / "cache"))
    compiled.forget()
    return tmp_path / "cache"


@pytest.mark.slow
def test_a_network_is_made_and_then_was_there(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["optimise", "lightweight"]) == DONE
    assert "made" in capsys.readouterr().out
    (file,) = cache.iterdir()
    assert main(["optimise", "lightweight", "--json"]) == DONE
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["model"], row["before"], row["file"]) == ("lightweight", True, file.name)
    assert row["megabytes"] == pytest.approx(file.stat().st_size / 1e6)


@pytest.mark.slow
def test_what_cannot_be_kept_is_said_and_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv(shelf.VARIABLE, str(tmp_path / "file" / "cache"))
    assert main(["optimise", "lightweight"]) == FAILED
    assert "in memory only" in capsys.readouterr().out


def test_an_unknown_network_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["optimise", "oracle"]) == WRONG_USAGE
    assert "Known: best_cell" in capsys.readouterr().err


def test_a_selftest_needs_a_device_that_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["selftest", "--device", "abacus"]) == WRONG_USAGE
    assert "'abacus' is not a device" in capsys.readouterr().err


@pytest.mark.slow
def test_a_selftest_says_whether_answers_are_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compiled, "names", lambda: ["lightweight"])
    monkeypatch.setattr(parity, "REPEATS", 1)
    assert main(["selftest", "--device", "cpu", "--json"]) == DONE
    rows = json.loads(capsys.readouterr().out)
    assert [(row["model"], row["backend"], row["holds"]) for row in rows] == [
        ("lightweight", "torch", True),
        ("lightweight", "compiled", True),
    ]
    if Path("/proc/self/clear_refs").exists():
        assert all(row["megabytes"] >= 0 for row in rows)
    monkeypatch.setattr(parity, "FULL", (-1.0, 1.0))
    assert main(["selftest", "--device", "cpu"]) == FAILED
    assert "differs" in capsys.readouterr().out
