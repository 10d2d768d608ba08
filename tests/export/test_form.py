"""The JSON form: it is what its schema says, holds what was promised, and never loses a field."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from allcad_core.export import as_json, json_schema, to_dict
from allcad_core.results import Cell, FieldAnalysis, FieldOpinion, Models, Note, Quality, Timing
from tests.analyses import analysis

SCHEMA_FILE = Path(__file__).parents[2] / "docs" / "analysis.schema.json"
REMAKE = "python -m allcad_core.export > docs/analysis.schema.json"

FIELD = analysis(
    Cell((10, 20.126, 60.5, 70), "blast", 0.91, 0.88, {"litecnn": 0.88}, measures={"nc_ratio": 0.8}),
    Cell((1, 2, 3, 4), "healthy", 0.5, None, flags=("disagree",), reviewed=True),
    Cell((1, 2, 3, 4), "blast", 0.2, 0.9),
    image="smears/smear.png",
    models=Models("regions", "litecnn", None),
    warnings=(Note("pages", "smear.tif holds 3 pages; allcad read the first."),),
    timing_ms=Timing(1.26, 2, 3, 4, 10.26),
)


def problems(analyses: list[FieldAnalysis]) -> list[str]:
    found = Draft202012Validator(json_schema()).iter_errors(json.loads(as_json(analyses)))
    return [error.message for error in found]


def test_the_committed_schema_is_the_generated_one():
    assert json.loads(SCHEMA_FILE.read_text("utf-8")) == json_schema(), f"Write it anew: {REMAKE}"


def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(json_schema())


def test_the_promised_form():
    (form,) = json.loads(as_json([FIELD]))
    cells = form.pop("cells")
    low, high = form["blast_fraction"].pop("low"), form["blast_fraction"].pop("high")
    assert form == {
        "schema_version": 1,
        "image": "smears/smear.png",
        "sha256": "ab" * 32,
        "width": 640,
        "height": 480,
        "recipe": "regions",
        "models": {"detector": "regions", "classifier": "litecnn", "segmenter": None},
        "device": "cpu",
        "backend": "torch",
        "confidence": 0.25,
        "counts": {"blast": 1, "healthy": 1, "unsure": 0},
        "blast_fraction": {"value": 0.5},
        "suggestion": FIELD.suggestion.text,
        "suggestion_kind": "few_suspicious",
        "reasons": list(FIELD.suggestion.reasons),
        "warnings": [{"code": "pages", "message": "smear.tif holds 3 pages; allcad read the first."}],
        "timing_ms": {"read": 1.3, "segment": 2.0, "detect": 3.0, "classify": 4.0, "total": 10.3},
        "quality": None,
        "review": None,
        "field_opinion": None,
    }
    assert 0 < low < 0.5 < high < 1
    assert cells == [
        {
            "box": [10.0, 20.13, 60.5, 70.0],
            "label": "blast",
            "score": 0.91,
            "p_blast": 0.88,
            "probabilities": {"litecnn": 0.88},
            "measures": {"nc_ratio": 0.8},
            "flags": [],
            "reviewed": False,
        },
        {
            "box": [1.0, 2.0, 3.0, 4.0],
            "label": "healthy",
            "score": 0.5,
            "p_blast": None,
            "probabilities": {},
            "measures": {},
            "flags": ["disagree"],
            "reviewed": True,
        },
    ]


def test_the_opinion_on_the_whole_field_travels():
    sure = replace(FIELD, every_cell=3 * FIELD.every_cell[:1], opinion=FieldOpinion("best_field", 0.97, 0.5))
    (form,) = json.loads(as_json([sure]))
    assert form["field_opinion"] == {
        "model": "best_field", "probability": 0.97, "threshold": 0.5, "agreement": "agree",
    }  # fmt: skip


@pytest.mark.parametrize(
    "field",
    [
        FIELD,
        FIELD.at(0.95),
        replace(FIELD, opinion=FieldOpinion("best_field", 0.97, 0.5)),
        replace(FIELD, every_cell=()),
        replace(FIELD, models=Models("yolo", None, "paper"), warnings=(Note("blurred", "It is blurred."),)),
    ],
)
def test_what_is_written_is_valid(field):
    assert problems([field]) == []
    assert problems([]) == []


scores = st.floats(0, 1)
cells = st.builds(
    Cell,
    box=st.tuples(*[st.floats(-1e5, 1e5)] * 4),
    label=st.sampled_from(["blast", "healthy", "unsure"]),
    score=scores,
    p_blast=st.none() | scores,
    probabilities=st.dictionaries(st.text(max_size=5), scores, max_size=2),
    measures=st.dictionaries(st.text(max_size=5), st.floats(), max_size=2),
    flags=st.lists(st.text(max_size=5), max_size=2).map(tuple),
    reviewed=st.booleans(),
)


@given(st.lists(cells, max_size=4), scores, st.text())
def test_any_result_is_valid_json(every, confidence, name):
    assert problems([replace(FIELD, every_cell=tuple(every), confidence=confidence, image=name)]) == []


@pytest.mark.parametrize("field", sorted(to_dict(FIELD)))
def test_the_schema_asks_for_every_field(field):
    form = json.loads(as_json([FIELD]))
    del form[0][field]
    assert not Draft202012Validator(json_schema()).is_valid(form)


def test_a_later_version_may_hold_more():
    form = json.loads(as_json([FIELD]))
    form[0]["something_new"] = form[0]["cells"][0]["something_new"] = {"value": 1}
    assert Draft202012Validator(json_schema()).is_valid(form)


@pytest.mark.parametrize(
    "wrong", [{"width": 0}, {"confidence": 1.5}, {"suggestion_kind": "leukaemia"}, {"sha256": "x"}]
)
def test_the_schema_refuses_what_cannot_be(wrong):
    form = json.loads(as_json([FIELD]))
    form[0] |= wrong
    assert not Draft202012Validator(json_schema()).is_valid(form)


def test_filtering_gives_the_form_of_a_fresh_run():
    low = json.loads(as_json([FIELD.at(0.0)]))[0]["cells"]
    half = json.loads(as_json([FIELD.at(0.5)]))[0]["cells"]
    assert half == [cell for cell in low if cell["score"] >= 0.5 or cell["reviewed"]]


def test_numbers_of_numpy_are_plain_numbers():
    cell = Cell(
        tuple(np.float32([1, 2, 3, 4])), "blast", np.float32(0.5), np.float64(0.25), measures={"a": np.float32(2)}
    )
    (shown,) = json.loads(as_json([replace(FIELD, every_cell=(cell,))]))[0]["cells"]
    assert (shown["box"], shown["score"], shown["p_blast"], shown["measures"]) == ([1, 2, 3, 4], 0.5, 0.25, {"a": 2})


def test_what_could_not_be_measured_is_left_out():
    cell = Cell((1, 2, 3, 4), "blast", 0.9, measures={"area": 5.0, "nc_ratio": float("nan"), "roundness": float("inf")})
    assert to_dict(replace(FIELD, every_cell=(cell,)))["cells"][0]["measures"] == {"area": 5.0}


def test_a_score_that_is_no_number_is_an_error():
    with pytest.raises(ValueError, match="JSON"):
        as_json([replace(FIELD, every_cell=(Cell((1, 2, 3, 4), "blast", 0.9, float("nan")),))])


def test_a_name_that_is_no_valid_text_is_kept_and_can_be_written():
    text = as_json([replace(FIELD, image="sm\udce9ar.png")])
    assert json.loads(text.encode("utf-8"))[0]["image"] == "sm\udce9ar.png"
    assert "Müller" in as_json([replace(FIELD, image="Müller.png")])


def test_the_command_prints_the_schema(capsys):
    import runpy

    runpy.run_module("allcad_core.export", run_name="__main__")
    assert json.loads(capsys.readouterr().out) == json_schema()


def test_with_a_scale_sizes_stand_in_micrometres_too():
    cell = Cell((1, 2, 3, 4), "blast", 0.9, measures={"area": 400.0, "nucleus_area": 100.0, "diameter": 20.0})
    quality = Quality(0.1, 220.0, 0.05, None, 1, 72.0, 0.1)
    form = to_dict(replace(FIELD, every_cell=(cell,), quality=quality))["cells"][0]["measures"]
    assert {name: round(value, 9) for name, value in form.items() if "um" in name.split("_")[-1]} == {
        "area_um2": 4.0, "nucleus_area_um2": 1.0, "diameter_um": 2.0,
    }  # fmt: skip
    assert not any("um" in name for name in to_dict(replace(FIELD, every_cell=(cell,)))["cells"][0]["measures"])
