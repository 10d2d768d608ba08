"""What a run leaves, opened with the libraries that read it and compared with what was found."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FOUND = {"scans/0.png": 1, "scans/1.png": 2, "scans/2.png": 3, "scans/3.png": 4}
"""White cells of each field: so many blasts as its number says, and a healthy one."""


@pytest.fixture
def run(tmp_path: Path, do: Callable[..., Any], picture: Callable[..., Path]) -> Path:
    for number in range(len(FOUND)):
        picture(tmp_path / "scans" / f"{number}.png", number)
    (tmp_path / "scans" / "bad <b>.png").write_bytes(b"words")
    do(tmp_path / "scans", formats=frozenset({"coco", "geojson", "fiftyone"}))
    return tmp_path / "run"


def test_pandas_and_pyarrow_read_the_tables(run: Path):
    import pandas as pd
    import pyarrow.dataset as dataset

    fields = pd.read_parquet(run / "fields").set_index("file").sort_index()
    assert dict(fields["blast"] + fields["healthy"]) == FOUND
    assert fields.loc["scans/3.png", "warnings"].tolist() == ["blurred"]
    assert fields.loc["scans/1.png", ["blast_share", "blast_share_low", "blast_share_high"]].tolist() == pytest.approx(
        [1 / 2, 0.0945, 0.9055], abs=1e-4
    )  # Wilson's interval of one in two
    cells = pd.read_parquet(run / "cells")
    shown = cells[cells["shown"]]
    assert dict(shown.groupby("file").size()) == FOUND
    assert sorted(set(shown["field"])) == sorted(fields["field"])
    assert (cells["score"][~cells["shown"]] < 0.25).all()
    assert dict(shown["probabilities"].iloc[0]) == {"best_cell": 0.95} or shown["label"].iloc[0] == "healthy"
    blasts = dataset.dataset(run / "cells").to_table(filter=dataset.field("label") == "blast")
    assert blasts.num_rows == sum(FOUND.values()) - len(FOUND)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools' own
def test_coco_is_read_by_its_own_library(run: Path, capsys: pytest.CaptureFixture[str]):
    from pycocotools.coco import COCO

    coco = COCO(run / "coco.json")
    capsys.readouterr()  # it reports on standard output
    assert {image["file_name"]: len(coco.getAnnIds(imgIds=[number])) for number, image in coco.imgs.items()} == FOUND
    blast = coco.loadAnns(coco.getAnnIds(catIds=coco.getCatIds("blast")))[0]
    assert blast["bbox"] == [10.25, 12.5, 35.75, 29.5]
    assert blast["area"] == 32 * 25.75
    assert not (run / "coco.images.json").exists()


def test_shapely_reads_what_qupath_gets(run: Path):
    from shapely.geometry import shape

    files = sorted((run / "geojson").iterdir())
    counts = []
    for path in files:
        assert re.fullmatch(r"\d{6}-\d\.geojson", path.name)
        features = json.loads(path.read_text("utf-8"))["features"]
        places = [shape(feature["geometry"]) for feature in features]
        assert all(place.is_valid and place.exterior.is_ccw for place in places)
        blasts = [
            place.area
            for place, feature in zip(places, features, strict=True)
            if feature["properties"]["classification"]["name"] == "Blast"
        ]
        assert set(blasts) <= {32 * 25.75}
        counts.append(len(features))
    assert sorted(counts) == sorted(FOUND.values())


def test_fiftyone_gets_the_layout_that_its_documentation_gives(run: Path):
    data = json.loads((run / "fiftyone" / "data.json").read_text("utf-8"))
    labels = json.loads((run / "fiftyone" / "labels.json").read_text("utf-8"))
    assert labels["classes"] == ["blast", "healthy", "unsure"]
    assert data.keys() == labels["labels"].keys()
    for name, path in data.items():
        found = labels["labels"][name]
        assert len(found) == FOUND[f"scans/{Path(path).name}"]
        for one in found:
            x, y, width, height = one["bounding_box"]
            assert 0 <= x < x + width <= 1
            assert 0 <= y < y + height <= 1


def test_the_report_needs_nothing_else_and_tells_the_run(run: Path):
    html = (run / "report.html").read_text("utf-8")
    assert "4 fields were analysed; 6 of 10 white cells look like blasts." in html
    assert html.count("data:image/jpeg;base64,") == 3  # the fields with blasts
    assert "bad &lt;b&gt;.png" in html
    assert "<b>.png" not in html
    assert not re.search(r"""(src|href)=["'](?!data:)""", html)
    assert "http" not in html.replace("http-equiv", "")
    assert "60\N{NO-BREAK SPACE}%" in html.replace("&nbsp;", "\N{NO-BREAK SPACE}")
    assert "Not a medical device" in html


def test_no_file_that_a_run_offers_says_where_the_pictures_lie(run: Path, tmp_path: Path):
    for name in ("summary.csv", "report.html", "coco.json", "progress.json"):
        assert str(tmp_path) not in (run / name).read_text("utf-8")
    for path in [*(run / "fields").iterdir(), *(run / "cells").iterdir(), *(run / "geojson").iterdir()]:
        assert str(tmp_path).encode() not in path.read_bytes()


def test_a_run_without_cells_or_files_still_has_its_report(
    tmp_path: Path, do: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "empty").mkdir()
    ended = do(tmp_path / "empty", formats=frozenset({"coco", "geojson", "fiftyone"}))
    assert ended.total == 0
    assert "Nothing was analysed." in (tmp_path / "run" / "report.html").read_text("utf-8")
    assert json.loads((tmp_path / "run" / "coco.json").read_text("utf-8"))["images"] == []
