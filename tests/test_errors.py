"""The family of errors: one base, one sentence each, and they survive the way back from a worker."""

import pickle

import pytest

from allcad_core import errors
from allcad_core.errors import AllcadError, UnknownNameError

FAMILY = [error for error in vars(errors).values() if isinstance(error, type) and issubclass(error, AllcadError)]


def test_every_error_of_the_module_is_of_the_family():
    raised = [thing for thing in vars(errors).values() if isinstance(thing, type) and issubclass(thing, Exception)]
    assert len(raised) > 4
    assert set(raised) == set(FAMILY)


def test_an_unknown_name_lists_the_known_ones_in_order():
    error = UnknownNameError("method", "papper", ["paper", "otsu"])
    assert str(error) == "There is no method called 'papper'. Known: otsu, paper."


def test_an_unknown_name_among_none_says_so():
    assert str(UnknownNameError("model", "x", [])) == "There is no model called 'x'. Known: none."


@pytest.mark.parametrize("error", FAMILY)
def test_an_error_comes_back_from_a_worker_process(error):
    known = error("method", "a", ["b"]) if error is UnknownNameError else error("smear.jpg is empty.")
    again = pickle.loads(pickle.dumps(known))  # noqa: S301  # our own bytes
    assert type(again) is error
    assert str(again) == str(known)
