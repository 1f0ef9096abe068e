"""The bootstrap against the formula for a share, and against what it promises: to cover the truth."""

import numpy as np
import pytest

from cnncourse.training import bootstrap_interval, paired_interval

RNG = np.random.default_rng


def test_the_interval_of_a_share_is_that_of_the_formula():
    right = np.arange(2000) < 1800
    half = 1.96 * np.sqrt(0.9 * 0.1 / 2000)
    np.testing.assert_allclose(bootstrap_interval(right, RNG(0), draws=4000), [0.9 - half, 0.9 + half], atol=1.5e-3)
    half = 1.645 * np.sqrt(0.9 * 0.1 / 2000)
    found = bootstrap_interval(right, RNG(0), level=0.9, draws=4000)
    np.testing.assert_allclose(found, [0.9 - half, 0.9 + half], atol=1.5e-3)


def test_about_95_of_100_intervals_hold_the_truth():
    rng = RNG(0)
    intervals = [bootstrap_interval(rng.random(200) < 0.8, rng, draws=200) for _ in range(150)]
    assert 0.89 <= np.mean([low <= 0.8 <= high for low, high in intervals]) <= 0.99


def test_all_right_leaves_no_doubt_which_is_the_limit_of_the_method():
    assert bootstrap_interval(np.ones(50, dtype=bool), RNG(0)) == (1, 1)


def test_a_pair_is_drawn_together_so_the_difference_is_known_better_than_its_parts():
    one = RNG(0).random(1000) < 0.9
    other = one.copy()
    other[np.flatnonzero(one)[:15]] = False  # wrong where the other is, and fifteen times more
    low, high = paired_interval(one, other, RNG(0))
    assert 0 < low < 0.015 < high
    assert high - low < 0.5 * np.subtract(*bootstrap_interval(one, RNG(0))[::-1])
    reversed_low, reversed_high = paired_interval(other, one, RNG(0))
    assert (reversed_low, reversed_high) == (-high, -low)


def test_the_same_rng_gives_the_same_interval():
    right = RNG(0).random(300) < 0.7
    assert bootstrap_interval(right, RNG(1)) == bootstrap_interval(right, RNG(1))
    assert bootstrap_interval(right, RNG(1)) != bootstrap_interval(right, RNG(2))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bootstrap_interval([], RNG(0)), "N > 0"),
        (lambda: bootstrap_interval([[True]], RNG(0)), r"\(1, 1\)"),
        (lambda: bootstrap_interval([0.5, np.nan], RNG(0)), "NaN"),
        (lambda: bootstrap_interval([True], RNG(0), level=95), "level is 95"),
        (lambda: bootstrap_interval([True], 0), "rng is 0"),
        (lambda: bootstrap_interval([True], RNG(0), draws=0), "draws is 0"),
        (lambda: paired_interval([True], [True, False], RNG(0)), "same images"),
    ],
)
def test_a_bad_argument_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
