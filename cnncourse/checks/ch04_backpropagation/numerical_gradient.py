"""ch04.numerical_gradient: the slope of a function in each number of an array, by central differences."""

import numpy as np

from cnncourse.checks.writing import Task, digits, normals, then, whole


def numerical_gradient(f, x, h):
    return slopes(f, x, h)


def slopes(f, x, h, low=1, high=1, run=2, places=None, own=np.array, dtype=float, back=lambda old, h: old):
    """Slopes between `low` and `high` times h, over `run` times h, and what comes back to the place of a nudge."""
    x, found = own(x, dtype), np.zeros(x.shape)
    for place in places or np.ndindex(x.shape):
        old = x[place].copy()
        x[place] = old + high * h
        above = f(x)
        x[place] = old - low * h
        found[place] = (above - f(x)) / (run * h)
        x[place] = back(old, h)
    return found


def ask(answer, f, x, h):
    """Ask for the slopes of a loss: its formula becomes a function that shows what it computes."""

    class Loss:
        def __call__(self, x):
            return eval(f, {"np": np, "x": x}).item()

        def __repr__(self):
            return f

    return answer(Loss(), x, h)


SQUARES, CUBES, PRODUCT = "np.sum(x**2)", "np.sum(x**3)", "np.prod(x)"
WAVES, ROOT = "np.sum(np.sin(x)) * np.mean(x**2)", "np.sum(np.exp(x)) ** 0.5"


def cases(rng):
    yield SQUARES, digits(rng, 1), 0.5
    yield CUBES, digits(rng, 2), 0.5
    yield PRODUCT, digits(rng, 3), 0.25
    yield SQUARES, rng.integers(1, 6, (2, 2)), 0.5
    yield CUBES, digits(rng, 1, 3), 0.1
    yield PRODUCT, normals(rng, 2, 3), 0.01
    yield WAVES, normals(rng, whole(rng, 2, 3), 4), 1e-3
    yield ROOT, normals(rng, 2, 3, 2), 1e-5
    yield SQUARES, normals(rng, 3, 3, dtype=np.float32), 1e-5


TASK = Task(__name__, __doc__, "#ask-the-forward-pass-gradient-checking", numerical_gradient, cases, probe=ask)
ONE_SIDED = (
    "That is the one-sided difference, whose error falls with h. The central one compares a nudge up with a nudge "
    "down, and its error falls with the square of h."
)

TASK.mistake("the nudge goes upwards only", ONE_SIDED)(lambda *case: slopes(*case, low=0, run=1))
TASK.mistake("the nudge goes downwards only", ONE_SIDED)(lambda *case: slopes(*case, high=0, run=1))
why = "From h below to h above is a distance of 2h."
TASK.mistake("the difference is divided by h", why)(lambda *case: slopes(*case, run=1))
why = "Divide by how far the two points are apart; and take one of them below."
TASK.mistake("a one-sided difference is divided by 2h", why)(lambda *case: slopes(*case, low=0))
why = "Divide by how far the two points are apart; here each of them is to be h away from the middle."
TASK.mistake("half a nudge on each side is divided by 2h", why)(lambda *case: slopes(*case, low=0.5, high=0.5))
why = "A slope is positive where more x makes more f: subtract what came out below from what came out above."
TASK.mistake("up and down are exchanged", why)(then(TASK, np.negative))
why = "That measures the sum of all slopes. Nudge one number, with all others where they were."
TASK.mistake("all numbers are nudged at once", why)(lambda *case: slopes(*case, places=[...]))
why = (
    "`x[i]` of an array with two axes is a row. `np.ndindex(x.shape)` goes through the numbers of an array "
    "of any shape."
)
TASK.mistake("whole rows are nudged at once", why)(lambda *case: slopes(*case, places=range(len(case[1]))))
# `np.asarray` is x itself, if it holds floats already
why = "After its turn a number must have its old value again, or the next ones are measured in another place."
TASK.mistake("a nudged number is not put back", why)(
    lambda *case: slopes(*case, own=np.asarray, back=lambda old, h: old - h)
)
why = "x + h - 2h + h is x on paper, not in floating point. Keep the old value and put that back, or work on a copy."
TASK.mistake("a nudged number is put back by adding h again", why)(
    lambda *case: slopes(*case, own=np.asarray, back=lambda old, h: old + h - 2 * h + h)
)
why = (
    "float32 keeps about seven digits and an int none after the point, so a small nudge is rounded off. "
    "Turn x into float64 first."
)
TASK.mistake("the nudge is made in the dtype of x", why)(lambda *case: slopes(*case, dtype=None))
