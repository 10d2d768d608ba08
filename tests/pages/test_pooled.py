"""Several photographs as one patient's smear."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streamlit.testing.v1 import AppTest

Visit = Callable[..., AppTest]
Words = Callable[[AppTest], str]
File = Callable[[int], bytes]


def upload(visitor: AppTest, *files: tuple[str, bytes]) -> AppTest:
    visitor.file_uploader[0].set_value([(name, content, "image/png") for name, content in files])
    return visitor.run()


def test_one_photograph_offers_no_pooling(visit: Visit, file: File):
    assert not upload(visit("analyse"), ("one.png", file(1))).toggle


def test_several_photographs_are_pooled_at_a_switch(visit: Visit, text: Words, file: File):
    visitor = upload(visit("analyse"), ("one.png", file(1)), ("two.png", file(2)))
    assert visitor.title[0].value == "3 of 5 white cells look like blasts."
    visitor.toggle[0].set_value(True).run()
    assert not visitor.exception
    assert visitor.title[0].value == "6 of 10 white cells look like blasts."
    words = text(visitor)
    assert "2 fields of one smear, their cells pooled." in words
    assert "(31\N{EN DASH}83)" in words
    assert "60\u00a0% blasts in each" in words
    visitor.slider[0].set_value(0.75).run()
    assert visitor.title[0].value == "6 of 6 white cells look like blasts."
    visitor.toggle[0].set_value(False).run()
    assert visitor.title[0].value == "3 of 3 white cells look like blasts."


def test_a_review_of_one_field_changes_the_pool(visit: Visit, file: File):
    visitor = upload(visit("analyse"), ("one.png", file(1)), ("two.png", file(2)))
    visitor.toggle[0].set_value(True).run()
    visitor.button(key="say-healthy").click().run()
    assert visitor.title[0].value == "5 of 10 white cells look like blasts."


def test_a_sample_is_nobodys_smear(visit: Visit, file: File):
    visitor = upload(visit("analyse", sample="first"), ("one.png", file(1)))
    assert not visitor.toggle


def test_a_doubtful_field_is_named(visit: Visit, house: Any, text: Words, file: File):
    house.doubt("blurred", "The picture is out of focus.")
    visitor = upload(visit("analyse"), ("one.png", file(1)), ("two.png", file(2)))
    visitor.toggle[0].set_value(True).run()
    assert "In doubt: one.png, two.png." in text(visitor)
    assert visitor.title[0].value.startswith("Treat these counts with doubt")
