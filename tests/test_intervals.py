"""Wilson's interval against published values, its defining equation and a second implementation."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from allcad_core.intervals import Z_95, Proportion, wilson

counts = st.integers(0, 5000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))
some = st.integers(1, 5000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


@pytest.mark.parametrize(
    ("successes", "total", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17:857-872, Table I, method 3 (score without continuity correction).
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_published_intervals(successes, total, low, high):
    share = wilson(successes, total)
    assert (round(share.low, 4), round(share.high, 4)) == (low, high)


@given(some)
def test_a_second_implementation_agrees(case):
    successes, total = case
    theirs = binomtest(successes, total).proportion_ci(0.95, method="wilson")
    ours = wilson(successes, total)
    assert ours.low == pytest.approx(theirs.low, abs=1e-12)
    assert ours.high == pytest.approx(theirs.high, abs=1e-12)


@given(some)
def test_the_bounds_solve_the_score_equation(case):
    """Wilson 1927: the bounds are the shares p with |k/n - p| = z sqrt(p (1 - p) / n)."""
    successes, total = case
    share = wilson(successes, total)
    for bound in (share.low, share.high):
        distance, width = abs(successes / total - bound), Z_95 * math.sqrt(bound * (1 - bound) / total)
        assert distance == pytest.approx(width, abs=1e-9)


@given(counts)
def test_the_interval_holds_the_share_and_stays_within_0_and_1(case):
    share = wilson(*case)
    if case[1] == 0:
        assert share == Proportion(None, None, None)
    else:
        assert 0 <= share.low <= share.value <= share.high <= 1


@given(some)
def test_successes_and_failures_mirror_each_other(case):
    successes, total = case
    one, other = wilson(successes, total), wilson(total - successes, total)
    assert one.low == pytest.approx(1 - other.high, abs=1e-12)


def test_the_ends_are_exact():
    assert wilson(0, 34).low == 0.0
    assert wilson(34, 34).high == 1.0


def test_the_quantile_is_that_of_95_per_cent():
    assert pytest.approx(norm.ppf(0.975), abs=1e-15) == Z_95


@pytest.mark.parametrize(("successes", "total"), [(-1, 3), (4, 3), (0, -1)])
def test_impossible_counts_are_refused(successes, total):
    with pytest.raises(ValueError, match="not a proportion"):
        wilson(successes, total)


def test_a_share_says_itself_in_whole_per_cent():
    assert str(Proportion(0.379, 0.312, 0.456)) == "38\u00a0% (31\u201346)"
    assert str(Proportion(None, None, None)) == "\u2013"
