"""``allcad evaluate cell|field|compare`` and ``allcad reproduce``: what a person and a program read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from allcad_core.cli import DONE, FAILED, WRONG_USAGE, main


@pytest.fixture(scope="module")
def baseline() -> str:
    """A classifier of which every repository has results."""
    return "forest"


@pytest.mark.parametrize("protocol", ["random4", "field", "session"])
def test_a_classifier_is_told_with_intervals_matrix_sittings_and_errors(
    baseline: str, protocol: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "cell", baseline, "--protocol", protocol]) == DONE
    text = capsys.readouterr().out
    for words in (
        "balanced accuracy",
        "average precision",
        "calibration error",
        "called blast",
        "Session",
        "misjudged",
    ):
        assert words in text
    assert ("Mean over folds" in text) == (protocol == "session")


def test_json_holds_every_picture_and_nothing_else_is_printed(
    baseline: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "cell", baseline, "--json"]) == DONE
    (report,) = json.loads(capsys.readouterr().out)
    matrix = report["at_chosen"]["overall"]["matrix"]
    assert sum(matrix.values()) == len(report["judged"]) == report["pictures"]
    assert {"image", "truth", "said", "probability", "session"} <= report["judged"][0].keys()


def test_all_is_one_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "cell", "all", "--protocol", "session"]) == DONE
    text = capsys.readouterr().out
    assert "mean over folds" in text
    assert all(name in text for name in ("tree", "knn", "svm", "forest"))


def test_tables_are_written_one_folder_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["evaluate", "cell", "all", "--protocol", "session", "--set", "ALL-IDB2", "--out", str(tmp_path)]) == DONE
    )
    capsys.readouterr()
    assert (tmp_path / "svm-ALL-IDB2" / "figures.csv").is_file()


def test_a_model_without_results_says_how_to_make_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "cell", "nothing"]) == FAILED
    assert "allcad train nothing" in capsys.readouterr().err


def test_an_unknown_set_is_wrong_usage(baseline: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "cell", baseline, "--set", "nowhere"]) == WRONG_USAGE
    assert "ALL-IDB2" in capsys.readouterr().err


def test_two_classifiers_are_compared_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "compare", "tree", "svm"]) == DONE
    assert "On the same" in capsys.readouterr().out
    assert main(["evaluate", "compare", "svm", "svm", "--against", "session", "--json"]) == DONE
    found = json.loads(capsys.readouterr().out)
    assert found["sentence"].startswith("On the same")
    assert found["differences"]["accuracy"]["low"] <= found["differences"]["accuracy"]["value"]


def test_table_1_from_what_stands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "table.md"
    assert main(["reproduce", "table1-classifiers", "--stored", "--out", str(path)]) == DONE
    assert str(path) in capsys.readouterr().out
    text = path.read_text(encoding="utf-8")
    assert "99.22 %" in text
    assert "| Random forest on hand measures (`forest`) |" in text
    assert main(["reproduce", "table1-classifiers", "--stored"]) == DONE
    assert capsys.readouterr().out == text


def test_the_queue_is_worked_through_before_the_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from allcad_core.cli import reproduce_classifiers
    from allcad_core.training import baselines, jobs

    asked: list[tuple[str, str, int]] = []
    monkeypatch.setattr(jobs, "run", lambda *job: asked.append(job[:3]))
    monkeypatch.setattr(baselines, "run_baselines", lambda *_, **__: asked.append(("baselines", "", 0)))
    monkeypatch.setattr(reproduce_classifiers, "queue", lambda _: [("lightweight", "field", 1)])
    told = ["--data", str(tmp_path), "--results", str(tmp_path), "--out", str(tmp_path / "x.md")]
    assert main(["reproduce", "table1-classifiers", *told]) == DONE
    assert asked == [("lightweight", "field", 1), ("baselines", "", 0)]
