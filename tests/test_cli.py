"""What a person at the terminal, and a program behind a pipe, can rely on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from jsonschema import validate
from PIL import Image

from allcad_core import __version__
from allcad_core.classification import mask_out
from allcad_core.cli import COMMANDS, DONE, FAILED, INTERRUPTED, PIPE_CLOSED, WRONG_USAGE, main
from allcad_core.cli.arguments import distinct_stems, expand, size
from allcad_core.ground import balance

HEAVY = ("torch", "torchvision", "ultralytics", "streamlit", "skimage", "sklearn", "pandas", "scipy", "cv2", "numpy")


def run_fresh(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    """``python -m allcad_core`` in a process of its own."""
    command = [sys.executable, "-m", "allcad_core", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=300, **options
    )


@pytest.fixture(scope="module")
def text_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("broken") / "letter.jpg"
    path.write_text("This is no picture.", encoding="utf-8")
    return path


# -- help, version, wrong usage


def test_help_imports_nothing_heavy():
    code = f"import sys; from allcad_core.cli import main; main(['--help']); print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_names_every_command(capsys):
    assert main(["--help"]) == DONE
    first_words = {line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("    ")}
    assert [command.name for command in COMMANDS if command.name not in first_words] == []


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_each_command_explains_itself(command, capsys):
    assert main([command, "--help"]) == DONE
    assert f"usage: allcad {command}" in capsys.readouterr().out


def test_python_dash_m_is_the_same_program():
    done = run_fresh("--version")
    assert (done.returncode, done.stdout) == (DONE, f"allcad {__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "COMMAND"),
        (["diagnose"], "invalid choice: 'diagnose'"),
        (["analyse"], "FILE"),
        (["analyse", "x.jpg", "--confidence", "1.5"], "'1.5' is not a number from 0 to 1"),
        (["analyse", "x.jpg", "--confidence", "nan"], "'nan' is not a number from 0 to 1"),
        (["analyse", "x.jpg", "--confidence", "high"], "'high' is not a number from 0 to 1"),
        (["analyse", "x.jpg", "--model", "oracle"], "no model called 'oracle'. Known: "),
        (["analyse", "x.jpg", "--device", "abacus"], "'abacus' is not a device"),
        (["analyse", "x.jpg", "--out", __file__], "is a file, not a folder"),
        (["analyse", "x.jpg", "--format", "coco"], "say where to with --out DIR"),
        (["analyse", "x.jpg", "--format", "word", "--out", "o"], "invalid choice: 'word'"),
        (["segment", "x.jpg"], "--out"),
        (["segment", "x.jpg", "--out", "o", "--method", "guess"], "no segmentation method called 'guess'. Known: "),
        (["synth", "--out", "o", "--count", "0", "--seed", "1"], "'0' is not a whole number from 1 up"),
        (["synth", "--out", "o", "--count", "1", "--seed", "-1"], "'-1' is not a whole number from 0 up"),
        (
            ["synth", "--out", "o", "--count", "1", "--seed", "1", "--size", "big"],
            "'big' is not a size such as 1280x960",
        ),
        (["synth", "--out", "o", "--count", "1", "--seed", "1", "--size", "8x8"], "'8x8' is out of range"),
        (["synth", "--out", "o", "--count", "1", "--seed", "1", "--size", "30000x30000"], "is out of range"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_code_2_with_the_reason(arguments, says, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == WRONG_USAGE
    output = capsys.readouterr()
    assert says in output.err
    assert output.out == ""
    assert list(tmp_path.iterdir()) == []


# -- which files are meant


def test_a_folder_gives_its_pictures_and_no_other_files(tmp_path):
    for name in ("b.PNG", "a.jpg", "notes.txt", "deeper/c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert expand([str(tmp_path)]) == [tmp_path / "a.jpg", tmp_path / "b.PNG"]


def test_what_allcad_wrote_beside_a_photograph_of_a_folder_is_left_out(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.nuclei.png", "a.annotated.png", "b.cell.png"):
        (tmp_path / name).touch()
    assert expand([str(tmp_path)]) == [tmp_path / "a.jpg", tmp_path / "b.cell.png"]
    assert expand([str(tmp_path / "a.nuclei.png")]) == [tmp_path / "a.nuclei.png"]


def test_patterns_are_matched_where_the_shell_did_not(tmp_path):
    for name in ("a.png", "b.png", "[c].png"):
        (tmp_path / name).touch()
    assert expand([str(tmp_path / "?.png")]) == [tmp_path / "a.png", tmp_path / "b.png"]
    assert expand([str(tmp_path / "[c].png")]) == [tmp_path / "[c].png"]


def test_what_is_not_there_stays_to_be_reported_and_doubles_are_read_once(tmp_path):
    names = [str(tmp_path / "gone.png"), str(tmp_path / "*.tif"), str(tmp_path / "gone.png")]
    assert expand(names) == [tmp_path / "gone.png", tmp_path / "*.tif"]


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["a/x.png", "b/y.png"], ["x", "y"]),
        (["a/x.png", "b/x.png", "c/x.jpg"], ["x", "x-2", "x-3"]),
        (["a/x.png", "b/x.png", "x-2.png"], ["x", "x-3", "x-2"]),
        (["a/X.png", "b/x.png"], ["X", "x-2"]),
    ],
)
def test_names_of_what_is_written_never_collide(paths, names):
    assert distinct_stems(map(Path, paths)) == names


def test_size_is_width_by_height():
    assert size("1280x960") == (1280, 960)


# -- how it ends


def test_an_interrupt_ends_quietly(monkeypatch, capsys):
    monkeypatch.setattr("allcad_core.cli._dispatch", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    assert main(["models"]) == INTERRUPTED
    assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGPIPE")
def test_a_reader_who_leaves_early_is_no_error():
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "allcad_core", "models", "--json"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (PIPE_CLOSED, "")


# -- segment


def test_segment_writes_two_masks_of_the_pictures_size(generated_file, generated, tmp_path, capsys):
    assert main(["segment", str(generated_file), "--method", "paper", "--out", str(tmp_path), "--json"]) == DONE
    output = capsys.readouterr()
    (entry,) = json.loads(output.out)
    assert output.err == ""
    for key in ("nucleus", "cell"):
        mask = np.asarray(Image.open(tmp_path / f"field.{key}.png"))
        assert entry[key] == str(tmp_path / f"field.{key}.png")
        assert mask.shape == generated.pixels.shape[:2]
        assert set(np.unique(mask)) <= {0, 255}
        assert entry[f"{key}_pixels"] == int((mask == 255).sum()) > 0


def test_segment_measures_every_cell_in_the_scale_that_it_is_given(generated_file, tmp_path, capsys):
    assert main(
        ["segment", str(generated_file), "--method", "stain", "--um-per-px", "0.1", "--out", str(tmp_path), "--json"]
    ) == DONE  # fmt: skip
    (entry,) = json.loads(capsys.readouterr().out)
    assert entry["um_per_px"] == 0.1
    assert len(entry["cells"]) == entry["regions"] > 0
    for cell in entry["cells"]:
        assert cell["diameter_um"] == pytest.approx(0.1 * cell["diameter"])
        assert cell["nucleus_area_um2"] == pytest.approx(0.01 * cell["nucleus_area"])
        assert cell["area_um2"] == pytest.approx(0.01 * cell["area"])


def test_segment_without_a_scale_measures_in_pixels_alone(generated_file, tmp_path, capsys):
    assert main(["segment", str(generated_file), "--method", "paper", "--out", str(tmp_path), "--json"]) == DONE
    (entry,) = json.loads(capsys.readouterr().out)
    assert entry["um_per_px"] is None
    assert {cell["area_um2"] for cell in entry["cells"]} == {None}


def test_segment_writes_the_masked_field_that_field_classifiers_are_given(generated_file, generated, tmp_path, capsys):
    assert main(["segment", str(generated_file), "--method", "stain", "--masked", "--out", str(tmp_path)]) == DONE
    capsys.readouterr()
    seen = np.asarray(Image.open(tmp_path / "field.masked.png"))
    cell = np.asarray(Image.open(tmp_path / "field.cell.png")) > 0
    assert np.array_equal(seen, mask_out(balance(generated.pixels), cell))


@pytest.mark.parametrize("scale", ["0", "-1", "nan", "wide"])
def test_a_scale_is_a_number_above_0(generated_file, tmp_path, capsys, scale):
    assert main(["segment", str(generated_file), f"--um-per-px={scale}", "--out", str(tmp_path)]) == WRONG_USAGE
    assert "is not a number above 0" in capsys.readouterr().err


def test_equal_names_from_two_folders_are_both_written(generated_file, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "field.png").write_bytes(generated_file.read_bytes())
    assert main(["segment", str(tmp_path / "a"), str(tmp_path / "b"), "--out", str(tmp_path / "out")]) == DONE
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "field.nucleus.png", "field.cell.png", "field-2.nucleus.png", "field-2.cell.png",
    }  # fmt: skip


def test_a_broken_file_is_named_and_the_others_are_done(generated_file, text_file, tmp_path, capsys):
    missing = tmp_path / "missing.png"
    files = [str(text_file), str(missing), str(generated_file)]
    assert main(["segment", *files, "--out", str(tmp_path / "out"), "--json"]) == FAILED
    output = capsys.readouterr()
    assert [entry["image"] for entry in json.loads(output.out)] == [str(generated_file)]
    complaints = output.err.splitlines()
    assert [str(text_file) in complaints[0], str(missing) in complaints[1], len(complaints)] == [True, True, 2]


# -- synth


def test_synth_writes_the_same_photographs_for_the_same_seed(tmp_path, capsys):
    arguments = ["--count", "2", "--seed", "5", "--size", "320x256"]
    assert main(["synth", "--out", str(tmp_path / "a"), *arguments]) == DONE
    first = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert capsys.readouterr().err == ""
    assert main(["synth", "--out", str(tmp_path / "b"), *arguments]) == DONE
    assert len(first) >= 4
    assert all((tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes() for path in first)


# -- data


@pytest.fixture
def two_copies(tmp_path: Path) -> Path:
    """A folder in the official layout that holds the same healthy picture twice, once labelled as a patient's."""
    (tmp_path / "ALL_IDB1" / "im").mkdir(parents=True)
    pixels = np.random.default_rng(3).integers(0, 255, (96, 128, 3), dtype=np.uint8)
    for name in ("Im001_1.png", "Im002_0.png"):
        Image.fromarray(pixels).save(tmp_path / "ALL_IDB1" / "im" / name)
    return tmp_path


def test_data_that_would_falsify_an_evaluation_give_code_1(two_copies, capsys):
    assert main(["data", "check", str(two_copies), "--json"]) == FAILED
    report = json.loads(capsys.readouterr().out)
    assert report["falsifying"]
    assert main(["data", "check", str(two_copies)]) == FAILED
    assert "Im001_1" in capsys.readouterr().out


def test_data_check_of_nothing_says_so(tmp_path, capsys):
    assert main(["data", "check", str(tmp_path / "nowhere")]) == FAILED
    output = capsys.readouterr()
    assert (output.out, "nowhere" in output.err) == ("", True)


def test_a_folder_that_cannot_be_written_is_said_in_one_line(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert (
        main(["synth", "--out", str(tmp_path / "file" / "x"), "--count", "1", "--seed", "1", "--size", "64x64"])
        == FAILED
    )
    assert str(tmp_path / "file" / "x") in capsys.readouterr().err


# -- models


def test_models_as_json_names_the_default_and_its_figures(capsys):
    assert main(["models", "--json"]) == DONE
    listing = json.loads(capsys.readouterr().out)
    assert listing["default"] in [model["name"] for model in listing["models"]]
    assert all(0 <= model["default_confidence"] <= 1 for model in listing["models"])
    assert all(figure["protocol"] for network in listing["networks"] for figure in network["figures"])


def test_models_as_a_table_names_every_network(capsys):
    from allcad_core.models import cards

    assert main(["models"]) == DONE
    text = capsys.readouterr().out
    assert [name for name in cards() if name not in text] == []


# -- analyse


@pytest.fixture(scope="module")
def analysed(generated_file, text_file, tmp_path_factory):
    """One run over a good and a bad file, as a program sees it: its output and the folder that it wrote."""
    out = tmp_path_factory.mktemp("report")
    return run_fresh("analyse", str(generated_file), str(text_file), "--json", "--out", str(out)), out


@pytest.mark.slow
def test_analyse_prints_json_and_nothing_else(analysed, generated_file, text_file):
    from allcad_core.export import json_schema

    done, _ = analysed
    analyses = json.loads(done.stdout)
    assert done.returncode == FAILED
    assert [entry["image"] for entry in analyses] == [str(generated_file)]
    assert [str(text_file) in line for line in done.stderr.splitlines()] == [True]
    schema = json_schema()
    validate(analyses, schema if schema.get("type") == "array" else {"type": "array", "items": schema})


@pytest.mark.slow
def test_analyse_writes_picture_table_and_json(analysed, generated):
    done, out = analysed
    assert {path.name for path in out.iterdir()} == {"field.annotated.png", "cells.csv", "analysis.json"}
    with Image.open(out / "field.annotated.png") as picture:
        assert picture.size[0] >= generated.pixels.shape[1]
    assert json.loads((out / "analysis.json").read_text(encoding="utf-8")) == json.loads(done.stdout)
    cells = sum(len(entry["cells"]) for entry in json.loads(done.stdout))
    assert len((out / "cells.csv").read_text(encoding="utf-8").splitlines()) == cells + 1


@pytest.mark.slow
def test_a_review_changes_every_file_that_analyse_writes(analysed, generated_file, tmp_path, capsys):
    (entry,) = json.loads(analysed[0].stdout)
    other = {"blast": "healthy", "healthy": "blast"}[entry["cells"][0]["label"]]
    edits = [{"kind": "relabel", "box": entry["cells"][0]["box"], "label": other}]
    review = tmp_path / "review.json"
    review.write_text(json.dumps([{"sha256": entry["sha256"], "edits": edits}]), encoding="utf-8")
    out = tmp_path / "out"
    arguments = ["--review", str(review), "--format", "all", "--out", str(out), "--json"]
    assert main(["analyse", str(generated_file), *arguments]) == DONE
    (after,) = json.loads(capsys.readouterr().out)
    assert (after["cells"][0]["label"], after["cells"][0]["reviewed"]) == (other, True)
    assert after["review"]["counts_by_models"] == entry["counts"]
    names = {"analysis.json", "cells.csv", "coco.json", "yolo.zip"}
    assert {path.name for path in out.iterdir()} == names | {
        f"field.{ending}" for ending in ("annotated.png", "geojson", "report.pdf")
    }


def test_a_file_that_is_no_review_is_named(generated_file, text_file, capsys):
    assert main(["analyse", str(generated_file), "--review", str(text_file)]) == FAILED
    assert f"'{text_file}' cannot be used as a review" in capsys.readouterr().err


@pytest.mark.slow
def test_analyse_without_json_is_a_table_for_people(generated_file, capsys):
    assert main(["analyse", str(generated_file), "--confidence", "0.5"]) == DONE
    output = capsys.readouterr()
    assert "What it suggests" in output.out
    assert "Not a medical device." in output.out
    assert output.err == ""


@pytest.mark.slow
def test_confidence_hides_what_scores_lower(generated_file, capsys):
    shown = {}
    for confidence in ("0", "0.5", "1"):
        assert main(["analyse", str(generated_file), "--confidence", confidence, "--json"]) == DONE
        (entry,) = json.loads(capsys.readouterr().out)
        shown[confidence] = entry["cells"]
    assert shown["0.5"] == [cell for cell in shown["0"] if cell["score"] >= 0.5]
    assert shown["1"] == [cell for cell in shown["0"] if cell["score"] >= 1]
