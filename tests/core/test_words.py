"""One spelling of numbers; never an empty cell, never nan."""

from __future__ import annotations

import math

import pytest

from neurodecode.core import words


@pytest.mark.parametrize(
    ("score", "n", "text"),
    [(0.7186, None, "71.9"), (0.7186, 42, "72"), (0.7186, 50, "71.9"), (1, 10, "100"),
     (-0.0004, None, "0.0"), (-0.123, None, "−12.3"), (math.nan, None, "–")],
)  # fmt: skip
def test_percent_has_one_decimal_and_none_below_fifty_trials(score, n, text):
    assert words.percent(score, n) == text


@pytest.mark.parametrize(
    ("points", "text"),
    [(2.34, "+2.3"), (-2.34, "−2.3"), (0.0, "0.0"), (-0.04, "0.0"), (0.06, "+0.1"), (None, "–")],
)
def test_signs_are_true_and_zero_has_none(points, text):
    assert words.signed(points) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.034, "= .034"), (0.00099, "< .001"), (0.001, "= .001"), (0.9996, "= 1"), (1, "= 1"),
     (0.5, "= .500"), (math.nan, "not testable")],
)  # fmt: skip
def test_p_is_never_zero(p, text):
    assert words.p_words(p) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.001, "< 0.01 s"), (0.04, "0.04 s"), (0.8, "0.8 s"), (9.96, "10 s"), (49, "49 s"),
     (99.6, "1.7 min"), (276, "4.6 min"), (34900, "9.7 h"), (None, "–")],
)  # fmt: skip
def test_time_in_the_unit_that_suits_it(seconds, text):
    assert words.seconds_words(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (708, "708"), (3400, "3.4 k"), (999_600, "1.0 M"), (789_572, "790 k"),
     (5.8e6, "5.8 M"), (2.5e13, "25000 G")],
)  # fmt: skip
def test_counts_in_three_digits(count, text):
    assert words.count_words(count) == text


def test_intervals_never_print_half():
    assert words.interval_words(0.5, None) == words.NOT_APPLICABLE
    assert words.interval_words(0.3, 0.5, n=20) == "[30, 50]"
