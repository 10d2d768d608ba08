"""Analyse smear: the answer first, and every other state that a visitor can meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from allcad_core.ui import engine, notes
from allcad_core.ui import words as wording

TELL_VISITORS = notes.unexpected
"""What allcad does about its own mistakes; in the other tests they are raised."""

Visit = Callable[..., AppTest]
Words = Callable[[AppTest], str]
File = Callable[[int], bytes]


def upload(visitor: AppTest, *files: tuple[str, bytes]) -> AppTest:
    visitor.file_uploader[0].set_value([(name, content, "image/png") for name, content in files])
    return visitor.run()


def test_before_the_first_smear_the_page_offers_ways_to_bring_one(visit: Visit):
    visitor = visit("analyse")
    assert visitor.title[0].value == "No smear yet."
    assert [button.label for button in visitor.button] == ["Try a sample", "Use the camera"]
    assert visitor.file_uploader[0].accept_multiple_files
    assert not visitor.exception


def test_one_button_shows_an_answer_on_a_sample(visit: Visit, text: Words):
    visitor = visit("analyse")
    visitor.button[0].click().run()
    assert not visitor.exception
    assert visitor.title[0].value == "3 of 5 white cells look like blasts."
    words = text(visitor)
    assert "60\u00a0%" in words
    assert "(23\N{EN DASH}88)" in words
    assert "generated sample" in words
    assert "analysed in 1.4 s" in words
    assert "For research and teaching. Not a medical device." in words


def test_the_slider_filters_without_running_the_model_again(visit: Visit, house: Any):
    visitor = visit("analyse", sample="first")
    runs = len(house.runs)
    visitor.slider[0].set_value(0.75).run()
    assert visitor.title[0].value == "3 of 3 white cells look like blasts."
    visitor.slider[0].set_value(0.25).run()
    assert visitor.title[0].value == "3 of 5 white cells look like blasts."
    assert len(house.runs) == runs


def test_an_address_names_sample_and_model(visit: Visit, house: Any, text: Words):
    visitor = visit("analyse", sample="second", model="yolo11n")
    assert visitor.selectbox[0].value == "yolo11n"
    assert ("second.png", "yolo11n") in house.runs
    assert "second" in text(visitor)


@pytest.mark.parametrize(("key", "kind"), [("sample", "sample"), ("model", "model")])
def test_an_address_that_names_nothing_known_says_so(visit: Visit, key: str, kind: str, text: Words):
    visitor = visit("analyse", **{key: "nonsense"})
    assert not visitor.exception
    assert f"There is no {kind} called 'nonsense'." in text(visitor).replace("&#x27;", "'")


def test_the_table_says_of_no_cell_that_it_is_certain_and_still_sorts_by_number(visit: Visit):
    from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df

    table = visit("analyse", sample="first").dataframe[0]
    shown = convert_arrow_bytes_to_pandas_df(table.proto.arrow_data.styler.display_values)
    assert list(shown["Score"]) == [wording.probability(score) for score in table.value["Score"]]
    assert table.value["Score"].dtype.kind == "f"


def test_an_address_with_one_unknown_name_still_shows_what_it_can(visit: Visit, house: Any, text: Words):
    visitor = visit("analyse", sample="second", model="nonsense")
    assert "There is no model called 'nonsense'." in text(visitor).replace("&#x27;", "'")
    assert ("second.png", "regions") in house.runs


def test_a_broken_upload_does_not_stop_the_others(visit: Visit, text: Words, file: File):
    visitor = upload(visit("analyse"), ("notes.jpg", b"these are words"), ("good.png", file(0)))
    assert not visitor.exception
    words = text(visitor)
    assert words.count("notes.jpg is not a picture that allcad can read.") == 1
    assert "The other file was read." in words
    assert visitor.title[0].value == "3 of 5 white cells look like blasts."
    assert "generated sample" not in words


def test_only_broken_uploads_leave_the_way_to_bring_another(visit: Visit, text: Words):
    visitor = upload(visit("analyse"), ("notes.jpg", b"these are words"))
    assert "notes.jpg is not a picture" in text(visitor)
    assert visitor.title[0].value == "No smear yet."


def test_several_smears_are_all_read_and_the_first_is_shown(visit: Visit, house: Any, text: Words, file: File):
    visitor = upload(visit("analyse"), ("one.png", file(1)), ("two.png", file(2)), ("three.png", file(3)))
    assert {name for name, _ in house.runs} >= {"one.png", "two.png", "three.png"}
    assert "one" in text(visitor)
    runs = len(house.runs)
    visitor.run()
    assert len(house.runs) == runs


def test_another_model_looks_anew_and_both_answers_are_kept(visit: Visit, house: Any, file: File):
    visitor = upload(visit("analyse"), ("one.png", file(1)))
    visitor.selectbox[0].set_value("yolo11n").run()
    visitor.selectbox[0].set_value("regions").run()
    own = [run for run in house.runs if run[0] == "one.png"]
    assert own == [("one.png", "regions"), ("one.png", "yolo11n")]


def test_nothing_found_is_an_answer(visit: Visit, house: Any, text: Words):
    house.find_nothing()
    visitor = visit("analyse", sample="first")
    assert not visitor.exception
    assert visitor.title[0].value == "No white cell was found."
    assert "No white cell reached a score of 0.25." in text(visitor)


def test_boxes_below_the_score_can_be_shown(visit: Visit, text: Words):
    visitor = visit("analyse", sample="first")
    visitor.slider[0].set_value(0.99).run()
    assert "5 boxes lie between 0.40 and 0.99." in text(visitor)
    next(button for button in visitor.button if button.label == "Show them").click().run()
    assert visitor.title[0].value == "3 of 5 white cells look like blasts."


def test_a_picture_unlike_those_learned_from_keeps_its_answer_with_doubt_beside_it(
    visit: Visit, house: Any, text: Words
):
    house.doubt("foreign_scale", "Cells look about 2.1 times larger than in training.")
    visitor = visit("analyse", sample="first")
    words = text(visitor)
    assert visitor.title[0].value.startswith("Treat these counts with doubt")
    assert "Cells look about 2.1 times larger than in training." in words
    assert "Unusual magnification" in words


def test_a_model_that_cannot_be_used_leaves_a_sentence_and_the_choice_of_another(visit: Visit, house: Any, text: Words):
    house.break_down("The weight file is damaged. Restore it from the repository.")
    visitor = visit("analyse", sample="first")
    assert not visitor.exception
    assert "The weight file is damaged." in text(visitor)
    assert visitor.selectbox[0].options == ["Model: regions", "Model: yolo11n"]


def test_the_second_tab_shows_histogram_and_mask(visit: Visit, text: Words):
    visitor = visit("analyse", sample="first")
    assert [tab.label for tab in visitor.tabs] == ["Cells", "Histogram and mask"]
    visitor.session_state["view"] = "Histogram and mask"
    visitor.run()
    assert not visitor.exception
    assert "Everything up to grey" in text(visitor)
    assert visitor.get("plotly_chart")


def test_classes_can_be_hidden(visit: Visit, text: Words):
    visitor = visit("analyse", sample="first")
    pills = next(group for group in visitor.get("button_group") if len(group.options) == 3)
    assert [option.split("] ")[1] for option in pills.options] == ["Blast 3", "Healthy 2", "To review 1"]
    pills.set_value(["healthy"]).run()
    assert not visitor.exception
    assert visitor.title[0].value == "3 of 5 white cells look like blasts."
    assert "1 of 2, most suspicious first" in text(visitor)


def test_the_smear_goes_along_to_other_pages_and_back(visit: Visit, house: Any, file: File):
    visitor = upload(visit("analyse"), ("mine.png", file(4)))
    visitor.slider[0].set_value(0.75).run()
    runs = len(house.runs)
    visitor.switch_page("pages/models.py").run()
    visitor.switch_page("pages/analyse.py").run()
    assert visitor.title[0].value == "3 of 3 white cells look like blasts."
    assert [run for run in house.runs[runs:] if run[0] == "mine.png"] == []


def test_two_visitors_do_not_see_each_other(visit: Visit, file: File):
    upload(visit("analyse"), ("mine.png", file(4)))
    assert visit("analyse").title[0].value == "No smear yet."


def test_a_file_name_is_text_and_nothing_else(visit: Visit, text: Words, file: File):
    name = "**b** [x](http:__evil) <i>.png"
    visitor = upload(visit("analyse"), (name, file(1)), ("<script>x<_script>.jpg", b"words"))
    assert not visitor.exception
    words = text(visitor)
    assert "<script>" not in words
    assert "\\*\\*b\\*\\* \\[x\\]" in words


def test_a_mistake_of_allcad_itself_is_a_sentence_without_a_trace(
    visit: Visit, house: Any, text: Words, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def fail(_image: object, _recipe: str) -> None:
        raise KeyError("secret")

    house.answer = fail
    monkeypatch.setattr(notes, "unexpected", TELL_VISITORS)
    visitor = visit("analyse", sample="first")
    assert not visitor.exception
    words = text(visitor)
    assert "allcad failed here, which is its own mistake (KeyError)." in words
    assert "secret" not in words
    assert "For research and teaching. Not a medical device." in words
    assert "secret" in caplog.text


def test_the_chosen_cell_alone_is_explained_and_only_once(visit: Visit, house: Any, text: Words):
    visitor = visit("analyse", sample="first")
    words = text(visitor)
    assert house.explained == [0]
    assert "Where lightweight looked" in words
    assert "lightweight says blast; 72\u00a0% of what spoke for it lies inside the cell." in words
    for key, known in (("Next cell", [0, 1]), ("Previous cell", [0, 1])):
        next(button for button in visitor.button if button.key == key).click().run()
        assert house.explained == known
    assert not visitor.exception


def test_a_classifier_that_looked_elsewhere_is_told_on(visit: Visit, house: Any, text: Words):
    house.inside = 0.31
    assert "only 31\u00a0% of what spoke for it lies inside the cell, so it judged the surroundings too." in text(
        visit("analyse", sample="first")
    )


def test_what_cannot_be_explained_shows_how_it_was_measured(visit: Visit, house: Any, text: Words):
    house.inside = None
    words = text(visit("analyse", sample="first"))
    assert "As measured" in words
    assert "looked" not in words.split("As measured")[0].split("As photographed")[-1]


@pytest.mark.parametrize(
    ("relabels", "told"),
    [(False, "yolo11n says blast, lightweight says healthy"), (True, "lightweight says blast, yolo11n says healthy")],
)
def test_a_cell_on_which_detector_and_classifier_differ_says_who_says_what(
    visit: Visit, house: Any, text: Words, monkeypatch: pytest.MonkeyPatch, relabels: bool, told: str
):
    def differ(image: Any, recipe: str) -> Any:
        found = house.whole(image, recipe)
        first = replace(
            found.every_cell[0], p_blast=0.1, probabilities={"yolo11n": 0.95, "lightweight": 0.1}, flags=("disagree",)
        )
        return replace(found, every_cell=(first,), models=replace(found.models, detector="yolo11n"))

    house.whole = house.answer
    house.answer = differ
    known = tuple(replace(one, relabels=relabels) for one in engine.recipes())
    monkeypatch.setattr(engine, "recipes", lambda: known)
    words = text(visit("analyse", sample="first"))
    assert f"May be wrong:</b> {told}." in words


def press(visitor: AppTest, key: str) -> AppTest:
    return next(button for button in visitor.button if button.key == key).click().run()


def test_a_person_says_what_a_cell_is_and_counts_share_and_marks_follow(visit: Visit, house: Any, text: Words):
    visitor = visit("analyse", sample="first")
    runs = len(house.runs)
    press(visitor, "say-healthy")
    assert not visitor.exception
    assert visitor.title[0].value == "2 of 5 white cells look like blasts."
    words = text(visitor)
    assert "Cell 1 is now healthy. U takes it back." in words
    assert "1 of 5 cells reviewed by a person, 1 change. Models alone: 60\u00a0% (23\N{EN DASH}88)." in words
    press(visitor, "say-unsure")
    assert visitor.title[0].value == "2 of 4 white cells look like blasts."
    press(visitor, "say-blast")
    assert "1 of 5 cells reviewed by a person, 0 changes." in text(visitor)
    assert len(house.runs) == runs


def test_delete_undo_and_redo_go_back_and_forth(visit: Visit, text: Words):
    visitor = visit("analyse", sample="first")
    assert all(button.disabled for button in visitor.button if button.key in {"undo", "redo"})
    press(press(visitor, "delete"), "delete")
    assert visitor.title[0].value == "1 of 3 white cells looks like a blast."
    assert "Cell 1 deleted. U brings it back." in text(visitor)
    press(visitor, "undo")
    assert visitor.title[0].value == "2 of 4 white cells look like blasts."
    press(visitor, "undo")
    assert visitor.title[0].value == "3 of 5 white cells look like blasts."
    assert "reviewed by a person" not in text(visitor)
    press(visitor, "redo")
    assert visitor.title[0].value == "2 of 4 white cells look like blasts."


def test_a_review_stays_with_its_smear_and_its_visitor(visit: Visit, file: File):
    visitor = upload(visit("analyse"), ("one.png", file(1)), ("two.png", file(2)))
    press(visitor, "say-healthy")
    visitor.selectbox[0].set_value("yolo11n").run()
    assert visitor.title[0].value == "2 of 5 white cells look like blasts."
    visitor.switch_page("pages/models.py").run()
    visitor.switch_page("pages/analyse.py").run()
    assert visitor.title[0].value == "2 of 5 white cells look like blasts."
    assert visit("analyse", sample="first").title[0].value == "3 of 5 white cells look like blasts."


def test_when_every_cell_is_deleted_undo_is_left(visit: Visit, text: Words):
    visitor = visit("analyse", sample="first")
    for _ in range(5):
        press(visitor, "delete")
    assert not visitor.exception
    assert visitor.title[0].value == "No white cell was found."
    press(visitor, "undo")
    assert "1 of 1, most suspicious first" in text(visitor)


@pytest.mark.parametrize(
    ("box", "says", "counted"),
    [
        ([100.0, 10.0, 150.0, 60.0], "Box added. Say what it is", 5),
        ([14.0, 124.0, 66.0, 175.0], "There is a box around this cell already", 5),
        ([100.0, 10.0, 102.0, 60.0], "This box is too small for a cell", 5),
        ([900.0, 10.0, 950.0, 60.0], "lies outside the picture", 5),
    ],
)
def test_a_drawn_box_is_judged_by_its_person_alone(
    visit: Visit, text: Words, monkeypatch: pytest.MonkeyPatch, box: list[float], says: str, counted: int
):
    """A box cannot be drawn without a browser, so the callback of the viewer is called as the browser would."""
    from allcad_core.ui import reviewing, state

    pending = [box]
    buttons = reviewing.buttons

    def drawn_before(own: Any, analysis: Any, order: list[int], chosen: int | None) -> None:
        if pending:
            smear = state.current()
            assert smear is not None
            reviewing.draw(smear, analysis, pending.pop())
        buttons(own, analysis, order, chosen)

    monkeypatch.setattr(reviewing, "buttons", drawn_before)
    visitor = visit("analyse", sample="first").run()
    assert not visitor.exception
    assert says in text(visitor)
    assert visitor.title[0].value == f"3 of {counted} white cells look like blasts."
    if says.startswith("Box added"):
        press(visitor, "say-blast")
        assert visitor.title[0].value == "4 of 6 white cells look like blasts."
        assert "Drawn by a person" in text(visitor)


def test_further_classifiers_are_heard_and_one_that_differs_is_named(visit: Visit, house: Any, text: Words):
    house.others = {"another": (0.1, 0.9, 0.9, 0.9, 0.9)}
    visitor = visit("analyse", sample="first")
    words = text(visitor)
    assert "<span>another</span>" in words
    assert "<b>0.10</b>" in words
    assert "another says healthy" in words
    next(button for button in visitor.button if button.label == "\u25c6 Blast").click().run()
    assert "another says healthy" not in text(visitor)  # a person has looked
