"""Compare models: which one to trust, and one smear through all of them, in every state that a visitor can meet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from allcad_core import compared
from allcad_core.errors import DataError, ModelError
from allcad_core.evaluation.latency import Times
from allcad_core.evaluation.metrics import Estimate
from allcad_core.evaluation.speed import Speed
from allcad_core.evaluation.standings import Measured, Standing
from allcad_core.evaluation.versus import Difference, Stored, Versus
from allcad_core.images import SmearImage
from allcad_core.recipes import Recipe
from allcad_core.stress import Stress
from allcad_core.ui.compare import bench, board, ranking, work
from tests.ui.clocks import Clock

Visit = Callable[..., AppTest]
Words = Callable[[AppTest], str]
NAMES = ("regions", "yolo11n")
WAIT_S = 20.0


def _standing(model: str, task: str, value: float | None, *, shipped: bool = True, missing: int = 0) -> Standing:
    found = None
    if value is not None:
        found = Measured(Estimate(value, value - 0.05, value + 0.04), "session", "ALL-IDB2", 216, missing)
    return Standing(model, f"Title of {model}", task, None, found, 0.98, "A paper", shipped, 6.9 if shipped else None)


def _versus(first: str, second: str) -> Versus:
    gain = Difference(0.8, 0.9, 0.1, 0.04, 0.15)
    one, other = (Stored(name, "cell", "session") for name in (first, second))
    return Versus(one, other, "ALL-IDB2", 200, 0, 150, 10, 30, 10, 0.002, {"accuracy": gain})


@dataclass
class Shop:
    """What stands behind the page: standings, answers, speeds."""

    standings: dict[str, tuple[Standing, ...]] = field(
        default_factory=lambda: {
            "cell": (
                _standing("best", "cell", 0.91),
                _standing("small", "cell", 0.8),
                _standing("tree", "cell", 0.7, shipped=False, missing=2),
                _standing("resnet50", "cell", None, shipped=False),
            ),
            "field": (),
            "detect": (_standing("regions", "detect", 0.94), _standing("yolo11n", "detect", 0.74)),
        }
    )
    broken: set[str] = field(default_factory=set)
    seen: list[tuple[str, tuple[int, ...], tuple[str, ...]]] = field(default_factory=list)
    failure: str = ""
    pause_s: float = 0.0

    def ranked(self, task: str) -> tuple[Standing, ...]:
        if self.failure:
            raise DataError(self.failure)
        return self.standings[task]

    def pair(self, _task: str, protocol: str, first: str, second: str) -> Versus | None:
        return _versus(first, second) if protocol == "session" and "resnet50" not in (first, second) else None


@pytest.fixture
def shop(house: Any, monkeypatch: pytest.MonkeyPatch) -> Shop:
    shop = Shop()

    def look_at(image: SmearImage, names: Sequence[str]) -> Iterator[tuple[str, Any]]:
        shop.seen.append((image.name, image.pixels.shape, tuple(names)))
        for name in names:
            time.sleep(shop.pause_s)
            if name in shop.broken:
                yield name, ModelError("The weight file is damaged. Restore it.")
                continue
            whole = house.answer(image, name)
            yield name, whole if name == "regions" else replace(whole, every_cell=_otherwise(whole.every_cell))

    def measure(task: str, model: str, _image: SmearImage) -> Speed:
        work.speeds()[task, model] = Speed(model, Times(3.0 if model == "best" else 0.5, 4.0), "cell", "cpu")
        return work.speeds()[task, model]

    looks = tuple(Recipe(name, name, None, "stain", 0.25, "") for name in NAMES)
    monkeypatch.setattr(compared, "looks", lambda: looks)
    monkeypatch.setattr(bench, "look_at", look_at)
    monkeypatch.setattr(work, "ranked", shop.ranked)
    monkeypatch.setattr(work, "pair", shop.pair)
    monkeypatch.setattr(work, "measure_speed", measure)
    return shop


def _otherwise(cells: Any) -> Any:
    """The first blast is healthy, the last cell is missed."""
    return (replace(cells[0], label="healthy"), *cells[1:-1])


def shown(board_calls: list[dict[str, Any]]) -> dict[str, Any]:
    return board_calls[-1]


@pytest.fixture
def boards(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the board was given, run by run."""
    calls: list[dict[str, Any]] = []
    mount = board._mount

    def noted(**arguments: Any) -> Any:
        calls.append(arguments)
        return mount(**arguments)

    monkeypatch.setattr(board, "_mount", noted)
    return calls


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the table was given, run by run."""
    calls: list[dict[str, Any]] = []
    mount = ranking._mount

    def noted(**arguments: Any) -> Any:
        calls.append(arguments["data"])
        return mount(**arguments)

    monkeypatch.setattr(ranking, "_mount", noted)
    return calls


def answered(visitor: AppTest, boards: list[dict[str, Any]]) -> dict[str, Any]:
    """Run the page, as the browser does, until every model has answered; gives what the board shows."""
    end = time.monotonic() + WAIT_S
    while boards[-1]["data"]["pending"] and time.monotonic() < end:
        time.sleep(0.02)
        visitor.run()
    assert not visitor.exception
    assert not boards[-1]["data"]["pending"]
    data: dict[str, Any] = boards[-1]["data"]
    return data


def test_the_first_line_is_the_answer_of_two_models(shop: Shop, visit: Visit, text: Words):
    visitor = visit("compare")
    assert not visitor.exception
    assert visitor.title[0].value == "Compare models"
    words = text(visitor)
    assert "small is the better of the two on sessions that it has not seen." in words
    assert (
        "small is right on 180 of 200 cells of ALL-IDB2, best on 160: +10.0 points (4.0\u2060\N{EN DASH}\u206015.0)."
        in words
    )


def test_one_model_is_named_and_each_leads_to_what_it_gets_wrong(
    shop: Shop, visit: Visit, text: Words, monkeypatch: pytest.MonkeyPatch
):
    import streamlit as st

    gone: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(st, "switch_page", lambda page, *, query_params: gone.append((page, query_params)))
    visitor = visit("compare")
    assert "scores highest on sessions that it has not seen: accuracy" in text(visitor)
    next(button for button in visitor.button if button.label == "What best gets wrong").click().run()
    assert gone == [("pages/confusion_explorer.py", {"task": "cell", "model": "best"})]


def test_every_model_stands_in_the_table_and_one_without_results_says_so(shop: Shop, visit: Visit, tables: list[Any]):
    visit("compare")
    rows = {row["model"]: row for row in tables[-1]["rows"]}
    assert list(rows) == ["best", "small", "tree", "resnet50"]
    assert rows["best"]["cells"][1] == {"text": "91.0", "sort": 0.91, "more": "(86.0\N{EN DASH}95.0)", "words": False}
    assert rows["best"]["cells"][3]["text"] == "98.0"
    assert rows["resnet50"]["cells"][1]["text"] == "\N{EN DASH}"
    assert rows["resnet50"]["cells"][1]["sort"] is None
    assert rows["resnet50"]["cells"][0]["more"] == "no results stored yet"
    assert "2 folds not trained yet" in rows["tree"]["cells"][0]["more"]
    assert tables[-1]["chosen"] == ["best", "small"]


def test_another_task_has_its_own_models_and_an_empty_one_says_so(shop: Shop, visit: Visit, text: Words):
    visitor = visit("compare")
    kinds = next(group for group in visitor.get("button_group") if len(group.options) == 3)
    kinds.set_value("detect").run()
    assert [box.value for box in visitor.selectbox] == ["regions", "yolo11n"]
    next(group for group in visitor.get("button_group") if len(group.options) == 3).set_value("field").run()
    assert not visitor.exception
    assert "No two models are known for this task." in text(visitor)


def test_two_models_without_a_common_result_are_not_compared(shop: Shop, visit: Visit, text: Words):
    visitor = visit("compare", a="best", b="resnet50")
    assert "best and resnet50 cannot be compared yet." in text(visitor)


def test_the_same_model_cannot_stand_on_both_sides(shop: Shop, visit: Visit):
    visitor = visit("compare")
    visitor.selectbox[0].set_value("small").run()
    assert [box.value for box in visitor.selectbox] == ["small", "best"]


def test_speed_is_measured_on_demand_and_drawn(shop: Shop, visit: Visit, text: Words, tables: list[Any]):
    visitor = visit("compare")
    assert "Nothing was timed on this machine yet." in text(visitor)
    assert not visitor.get("plotly_chart")
    visitor.button(key="compare-measure").click().run()
    assert not visitor.exception
    assert visitor.get("plotly_chart")
    times = {row["model"]: row["cells"][4]["text"] for row in tables[-1]["rows"]}
    assert times == {"best": "3.0", "small": "0.5", "tree": "\N{EN DASH}", "resnet50": "\N{EN DASH}"}
    assert "best takes 6.0 times as long on this machine as small." in text(visitor)


def test_results_that_cannot_be_read_leave_a_sentence_and_the_smear(shop: Shop, visit: Visit, text: Words, boards):
    shop.failure = "fold0.csv is not a file of predictions. Restore it."
    visitor = visit("compare")
    assert "fold0.csv is not a file of predictions." in text(visitor)
    assert answered(visitor, boards)["panels"]


def test_the_picture_stands_before_the_answers_and_these_stream_in(shop: Shop, visit: Visit, text: Words, boards):
    visitor = visit("compare")
    first = boards[0]["data"]
    assert first["image"]
    assert [panel["name"] for panel in first["panels"]] == list(NAMES)
    data = answered(visitor, boards)
    assert [panel["count"] for panel in data["panels"]] == ["3 of 5", "2 of 4"]
    assert "The models disagree on 2 of 5 white cells; they count 2 to 3 blasts." in text(visitor)
    assert [place["said"] for place in data["places"]] == [
        {"regions": "blast", "yolo11n": "healthy"},
        {"regions": "healthy", "yolo11n": None},
    ]


def test_a_disputed_cell_is_shown_with_each_models_word(shop: Shop, visit: Visit, text: Words, boards):
    visitor = visit("compare")
    answered(visitor, boards)
    visitor.session_state["compare-place"] = 1
    visitor.run()
    assert "Place 2: the models disagree" in text(visitor)
    assert "found no cell here" in text(visitor)
    visitor.button(key="compare-close").click().run()
    assert "Place 2" not in text(visitor)


def test_a_broken_model_stops_no_other(shop: Shop, visit: Visit, boards):
    shop.broken.add("yolo11n")
    data = answered(visit("compare"), boards)
    assert [panel["state"] for panel in data["panels"]] == ["done", "failed"]
    assert data["panels"][1]["note"] == "The weight file is damaged. Restore it."


def test_stress_changes_the_picture_at_once_and_the_answers_after(shop: Shop, visit: Visit, text: Words, boards):
    visitor = visit("compare")
    before = answered(visitor, boards)["image"]
    visitor.slider(key="compare-magnification").set_value(0.5).run()
    now = boards[-1]["data"]
    assert now["image"] != before
    assert (now["width"], now["height"]) == (160, 120)
    answered(visitor, boards)
    assert shop.seen[-1][1] == (120, 160, 3)
    assert "With magnification 0.50: Every model still counts as many blasts as before." in text(visitor)
    visitor.button(key="compare-clear").click().run()
    assert boards[-1]["data"]["image"] == before
    assert not boards[-1]["data"]["pending"]


def test_an_address_names_task_pair_sample_and_stress(shop: Shop, visit: Visit, boards):
    visitor = visit("compare", task="detect", a="yolo11n", b="regions", sample="second", blur="2.5")
    assert [box.value for box in visitor.selectbox] == ["yolo11n", "regions"]
    assert visitor.slider(key="compare-blur").value == 2.5
    answered(visitor, boards)
    assert shop.seen[-1][0] == "second.png"


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ({"task": "nonsense"}, "There is no task called 'nonsense'."),
        ({"a": "nobody"}, "There is no model to compare called 'nobody'."),
        ({"sample": "nothing"}, "There is no sample called 'nothing'."),
        ({"blur": "much"}, "There is no strength of 'blur' called 'much'."),
        ({"blur": "99"}, "The stress 'blur' lies between 0 and 8; 99 does not."),
    ],
)
def test_an_address_that_names_nothing_known_says_so(shop: Shop, visit: Visit, text: Words, address, says):
    visitor = visit("compare", **address)
    assert not visitor.exception
    assert says in text(visitor).replace("&#x27;", "'")


def test_the_visitors_own_smear_comes_along_and_goes_back(shop: Shop, visit: Visit, boards, file):
    visitor = visit("analyse")
    visitor.file_uploader[0].set_value([("mine.png", file(3), "image/png")]).run()
    visitor.switch_page("pages/compare.py").run()
    answered(visitor, boards)
    assert shop.seen[-1][0] == "mine.png"
    next(button for button in visitor.button if button.label == "Analyse").click().run()
    assert visitor.title[0].value == "3 of 5 white cells look like blasts."


def test_a_known_answer_is_not_computed_again(shop: Shop, visit: Visit, boards):
    answered(visit("compare"), boards)
    runs = len(shop.seen)
    answered(visit("compare"), boards)
    assert len(shop.seen) == runs


def test_a_newer_wish_takes_the_place_of_an_older_one(shop: Shop):
    desk = bench.Bench()
    image = SmearImage(np.zeros((60, 80, 3), np.uint8), "a.png", "PNG", "0" * 64)
    for blur in (1.0, 2.0, 3.0):
        desk.wish("me", image, Stress(blur=blur), NAMES)
    end = time.monotonic() + WAIT_S
    while len(desk.wish("me", image, Stress(blur=3.0), NAMES)) < len(NAMES) and time.monotonic() < end:
        desk.wait(desk.known, 0.05)
    assert len(desk.wish_known(image, Stress(blur=3.0), NAMES)) == len(NAMES)


def test_pictures_that_a_slider_passes_are_not_looked_at(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    clock = Clock()
    monkeypatch.setattr(bench, "monotonic", clock)
    desk = bench.Bench()
    image = SmearImage(np.zeros((60, 80, 3), np.uint8), "a.png", "PNG", "2" * 64)
    for blur in (1.0, 2.0, 3.0):
        desk.wish("me", image, Stress(blur=blur), NAMES)
        desk.wait(desk.known, 0.05)
    assert shop.seen == []
    clock.now += bench.REST_S
    end = time.monotonic() + WAIT_S
    while len(desk.wish("me", image, Stress(blur=3.0), NAMES)) < len(NAMES) and time.monotonic() < end:
        desk.wait(desk.known, 0.05)
    assert len(shop.seen) == 1
    assert not desk.wish_known(image, Stress(blur=1.0), NAMES)


def test_a_slider_is_not_told_where_it_stands_already():
    def page() -> None:
        import streamlit as st

        from allcad_core.ui import state

        state.hold("height", 3)
        st.slider("Height", 0, 9, key="height")

    visitor = AppTest.from_function(page).run()
    assert [visitor.slider[0].value, visitor.slider[0].proto.set_value] == [3, True]
    visitor.run()
    assert [visitor.slider[0].value, visitor.slider[0].proto.set_value] == [3, False]
    visitor.slider[0].set_value(5).run()
    assert [visitor.slider[0].value, visitor.slider[0].proto.set_value] == [3, True]


def test_asking_again_does_not_start_the_work_again(shop: Shop):
    desk = bench.Bench()
    image = SmearImage(np.zeros((60, 80, 3), np.uint8), "a.png", "PNG", "1" * 64)
    shop.pause_s = 0.1
    end = time.monotonic() + WAIT_S
    while len(desk.wish("me", image, Stress(blur=1.0), NAMES)) < len(NAMES) and time.monotonic() < end:
        desk.wait(desk.known, 0.001)
    assert [names for _, _, names in shop.seen] == [NAMES]
