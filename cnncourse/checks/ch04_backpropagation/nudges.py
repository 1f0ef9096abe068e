"""The task on slopes by nudging: central differences."""

import numpy as np

from cnncourse.checks.drawing import digits, normals, whole
from cnncourse.checks.given.ch04 import FORMULAS, ask
from cnncourse.checks.task import Misconception, Task

PAGE = "ch04_backpropagation"
CHECK = f"{PAGE}#ask-the-forward-pass-gradient-checking"

SQUARES, CUBES, PRODUCT, WAVES, ROOT = FORMULAS


def slopes_between(f, x, low, high, distance):
    """The slope of each number between `low` below it and `high` above it, as a rise over a `distance`."""
    x = x.astype(np.float64)
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += high
        down[place] -= low
        slopes[place] = (f(up) - f(down)) / distance
    return slopes


def numerical_gradient(f, x, h):
    return slopes_between(f, x, h, h, 2 * h)


def numerical_cases(rng):
    yield SQUARES, digits(rng, 1), 0.5
    yield CUBES, digits(rng, 2), 0.5
    yield PRODUCT, digits(rng, 3), 0.25
    yield SQUARES, rng.integers(1, 6, (2, 2)), 0.5
    yield CUBES, digits(rng, 1, 3), 0.1
    yield PRODUCT, normals(rng, 2, 3), 0.01
    yield WAVES, normals(rng, whole(rng, 2, 3), 4), 1e-3
    yield ROOT, normals(rng, 2, 3, 2), 1e-5
    yield SQUARES, normals(rng, 3, 3, dtype=np.float32), 1e-5


def nudge_all(f, x, h):
    x = x.astype(np.float64)
    return np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))


def nudge_rows(f, x, h):
    x = x.astype(np.float64)
    slopes = np.zeros(x.shape)
    for row in range(len(x)):
        up, down = x.copy(), x.copy()
        up[row] += h
        down[row] -= h
        slopes[row] = (f(up) - f(down)) / (2 * h)
    return slopes


def not_put_back(f, x, h):
    x = np.asarray(x, dtype=np.float64)  # x itself, if it has that dtype
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        x[place] = x[place] + h
        up = f(x)
        x[place] = x[place] - 2 * h
        slopes[place] = (up - f(x)) / (2 * h)
    return slopes


def put_back_by_adding(f, x, h):
    x = np.asarray(x, dtype=np.float64)  # x itself, if it has that dtype
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        x[place] += h
        up = f(x)
        x[place] -= 2 * h
        slopes[place] = (up - f(x)) / (2 * h)
        x[place] += h
    return slopes


def in_its_own_dtype(f, x, h):
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] = up[place] + h
        down[place] = down[place] - h
        slopes[place] = (f(up) - f(down)) / (2 * h)
    return slopes


NUMERICAL = Task(
    id="ch04.numerical_gradient",
    asks="the slope of a function in each number of an array, by central differences",
    section=CHECK,
    reference=numerical_gradient,
    cases=numerical_cases,
    probe=ask,
    misconceptions=(
        Misconception(
            "the nudge goes upwards only",
            lambda f, x, h: slopes_between(f, x, 0, h, h),
            "That is the one-sided difference, whose error falls with h. The central one compares a nudge up with a "
            "nudge down, and its error falls with the square of h.",
        ),
        Misconception(
            "the nudge goes downwards only",
            lambda f, x, h: slopes_between(f, x, h, 0, h),
            "That is the one-sided difference, whose error falls with h. The central one compares a nudge up with a "
            "nudge down, and its error falls with the square of h.",
        ),
        Misconception(
            "the difference is divided by h",
            lambda f, x, h: slopes_between(f, x, h, h, h),
            "From h below to h above is a distance of 2h.",
        ),
        Misconception(
            "a one-sided difference is divided by 2h",
            lambda f, x, h: slopes_between(f, x, 0, h, 2 * h),
            "Divide by how far the two points are apart; and take one of them below.",
        ),
        Misconception(
            "half a nudge on each side is divided by 2h",
            lambda f, x, h: slopes_between(f, x, h / 2, h / 2, 2 * h),
            "Divide by how far the two points are apart; here each of them is to be h away from the middle.",
        ),
        Misconception(
            "up and down are exchanged",
            lambda f, x, h: slopes_between(f, x, h, h, -2 * h),
            "A slope is positive where more x makes more f: subtract what came out below from what came out above.",
        ),
        Misconception(
            "all numbers are nudged at once",
            nudge_all,
            "That measures the sum of all slopes. Nudge one number, with all others where they were.",
        ),
        Misconception(
            "whole rows are nudged at once",
            nudge_rows,
            "`x[i]` of an array with two axes is a row. `np.ndindex(x.shape)` goes through the numbers of an array "
            "of any shape.",
        ),
        Misconception(
            "a nudged number is not put back",
            not_put_back,
            "After its turn a number must have its old value again, or the next ones are measured in another place.",
        ),
        Misconception(
            "a nudged number is put back by adding h again",
            put_back_by_adding,
            "x + h - 2h + h is x on paper, not in floating point. Keep the old value and put that back, or work on "
            "a copy.",
        ),
        Misconception(
            "the nudge is made in the dtype of x",
            in_its_own_dtype,
            "float32 keeps about seven digits and an int none after the point, so a small nudge is rounded off. "
            "Turn x into float64 first.",
        ),
    ),
)
