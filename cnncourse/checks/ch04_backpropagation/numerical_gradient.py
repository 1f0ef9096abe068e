"""ch04.numerical_gradient: the slope of a function in each number of an array, by central differences."""

import numpy as np

from cnncourse.checks.drawing import digits, normals, whole
from cnncourse.checks.task import Task

CHECK = "#ask-the-forward-pass-gradient-checking"


SQUARES, CUBES, PRODUCT = "np.sum(x**2)", "np.sum(x**3)", "np.prod(x)"
WAVES, ROOT = "np.sum(np.sin(x)) * np.mean(x**2)", "np.sum(np.exp(x)) ** 0.5"


def ask(answer, f, x, h):
    """Ask for the slopes of a loss: its formula becomes a function that shows what it computes."""

    class Loss:
        def __call__(self, x):
            return eval(f, {"np": np, "x": x}).item()

        def __repr__(self):
            return f

    return answer(Loss(), x, h)


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


TASK = Task(
    "ch04.numerical_gradient",
    "the slope of a function in each number of an array, by central differences",
    "ch04_backpropagation#ask-the-forward-pass-gradient-checking",
    numerical_gradient,
    numerical_cases,
    probe=ask,
)

TASK.mistake(
    "the nudge goes upwards only",
    "That is the one-sided difference, whose error falls with h. The central one compares a nudge up with a "
    "nudge down, and its error falls with the square of h.",
)(lambda f, x, h: slopes_between(f, x, 0, h, h))
TASK.mistake(
    "the nudge goes downwards only",
    "That is the one-sided difference, whose error falls with h. The central one compares a nudge up with a "
    "nudge down, and its error falls with the square of h.",
)(lambda f, x, h: slopes_between(f, x, h, 0, h))
TASK.mistake("the difference is divided by h", "From h below to h above is a distance of 2h.")(
    lambda f, x, h: slopes_between(f, x, h, h, h)
)
TASK.mistake(
    "a one-sided difference is divided by 2h", "Divide by how far the two points are apart; and take one of them below."
)(lambda f, x, h: slopes_between(f, x, 0, h, 2 * h))
TASK.mistake(
    "half a nudge on each side is divided by 2h",
    "Divide by how far the two points are apart; here each of them is to be h away from the middle.",
)(lambda f, x, h: slopes_between(f, x, h / 2, h / 2, 2 * h))
TASK.mistake(
    "up and down are exchanged",
    "A slope is positive where more x makes more f: subtract what came out below from what came out above.",
)(lambda f, x, h: slopes_between(f, x, h, h, -2 * h))


@TASK.mistake(
    "all numbers are nudged at once",
    "That measures the sum of all slopes. Nudge one number, with all others where they were.",
)
def nudge_all(f, x, h):
    x = x.astype(np.float64)
    return np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))


@TASK.mistake(
    "whole rows are nudged at once",
    "`x[i]` of an array with two axes is a row. `np.ndindex(x.shape)` goes through the numbers of an array "
    "of any shape.",
)
def nudge_rows(f, x, h):
    x = x.astype(np.float64)
    slopes = np.zeros(x.shape)
    for row in range(len(x)):
        up, down = x.copy(), x.copy()
        up[row] += h
        down[row] -= h
        slopes[row] = (f(up) - f(down)) / (2 * h)
    return slopes


@TASK.mistake(
    "a nudged number is not put back",
    "After its turn a number must have its old value again, or the next ones are measured in another place.",
)
def not_put_back(f, x, h):
    x = np.asarray(x, dtype=np.float64)  # x itself, if it has that dtype
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        x[place] = x[place] + h
        up = f(x)
        x[place] = x[place] - 2 * h
        slopes[place] = (up - f(x)) / (2 * h)
    return slopes


@TASK.mistake(
    "a nudged number is put back by adding h again",
    "x + h - 2h + h is x on paper, not in floating point. Keep the old value and put that back, or work on a copy.",
)
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


@TASK.mistake(
    "the nudge is made in the dtype of x",
    "float32 keeps about seven digits and an int none after the point, so a small nudge is rounded off. "
    "Turn x into float64 first.",
)
def in_its_own_dtype(f, x, h):
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] = up[place] + h
        down[place] = down[place] - h
        slopes[place] = (f(up) - f(down)) / (2 * h)
    return slopes
