"""ch05.dropout: inverted dropout and its gradient, with the random numbers given."""

import numpy as np

from cnncourse.checks.writing import Task, digits, normals, partly


def dropout(x, dy, draws, rate):
    scale = np.where(draws < rate, 0.0, 1 / (1 - rate))
    return x * scale, dy * scale


def cases(rng):
    yield digits(rng, 2), digits(rng, 2), rng.permutation([0.1, 0.9]), 0.2
    yield digits(rng, 3), digits(rng, 3), rng.permutation([0.25, 0.0, 0.75]), 0.25  # a draw that equals the rate
    yield digits(rng, 3).astype(int), digits(rng, 3), rng.permutation([0.2, 0.4, 0.8]), 0.3  # whole numbers
    yield np.array([0.0, *digits(rng, 2)]), digits(rng, 3), np.array([0.7, 0.2, 0.6]), 0.5  # a 0 that is kept
    yield digits(rng, 2, 3), digits(rng, 2, 3), rng.permutation(6).reshape(2, 3) / 8, 0.5
    yield digits(rng, 4), digits(rng, 4), rng.permutation([0.0, 0.2, 0.5, 0.9]), 0.0
    yield *(np.asfortranarray(normals(rng, 2, 3, 4, 2)) for _ in range(2)), rng.random((2, 3, 4, 2)), 0.1
    yield normals(rng, 3, 5, dtype=np.float32), normals(rng, 3, 5, dtype=np.float32), rng.random((3, 5)), 0.8
    yield normals(rng, 20), normals(rng, 20), rng.random(20), 0.6


TASK = Task(__name__, __doc__, "#dropout-and-four-ways-to-get-it-wrong", dropout, cases, results=("y", "dx"))


def scaled(scale):
    """Both results times a scale, made of what is kept and of the rate."""

    def answer(x, dy, draws, rate):
        factor = scale(draws >= rate, rate)
        return x * factor, dy * factor

    return answer


why = (
    "The sum above would be smaller in training than in use, where nothing is dropped. Inverted dropout makes "
    "up for that at once, in training."
)
TASK.mistake("the numbers that are kept are not scaled", why)(scaled(lambda kept, rate: kept))
why = "Here, as in Keras, the rate is the part that is dropped; the part that is kept is 1 - rate."
TASK.mistake("the rate is taken for the probability to keep", why)(scaled(lambda kept, rate: ~kept / max(rate, 1e-9)))
why = "A draw lies below the rate with probability rate, so those are the ones to drop."
TASK.mistake("what should be dropped is kept, and the other way round", why)(
    scaled(lambda kept, rate: ~kept / (1 - rate))
)
why = "A number survives with probability 1 - rate. The mean is right if that probability cancels."
TASK.mistake("the numbers that are kept are divided by the rate", why)(
    scaled(lambda kept, rate: kept / max(rate, 1e-9))
)
why = (
    "That factor belongs to the older kind of dropout, at test time. In training it makes small what is "
    "already too small on average."
)
TASK.mistake("the numbers that are kept are multiplied by 1 - rate", why)(scaled(lambda kept, rate: kept * (1 - rate)))
why = "The scale is a constant of the layer: the probability to be kept is known, and need not be measured."
TASK.mistake("the scale comes from how many happened to be kept", why)(
    scaled(lambda kept, rate: kept / max(kept.mean(), 1e-9))
)
why = "A number that was dropped has no effect on the loss, so its gradient is 0."
TASK.mistake("the gradient passes as if nothing had been dropped", why)(
    partly(TASK, lambda x, dy, *rest: (x, dy.copy()), 1)
)
why = "If x moves by 1, then y moves by the factor it was scaled with, and the gradient gets the same factor."
TASK.mistake("the gradient is dropped, but not scaled", why)(partly(TASK, scaled(lambda kept, rate: kept), 1))
why = "A 0 that was in x already has not been dropped: its gradient passes, with the scale. The draws say what is kept."
TASK.mistake("what is left of x is taken for what was kept", why)(
    lambda x, dy, draws, rate: (dropout(x, dy, draws, rate)[0], dy * (dropout(x, dy, draws, rate)[0] != 0) / (1 - rate))
)
why = "An array like x is one of whole numbers if x is, and cuts the fractions off everything put into it."
TASK.mistake("the result is made for whole numbers", why)(
    partly(TASK, lambda *case: [dropout(*case)[0].astype(case[0].dtype)], 0)
)


@TASK.mistake("zeros are written into the arguments")
def overwritten(x, dy, draws, rate):
    """The layer below still needs its output to compute its own gradient, so a layer must not write into what it is
    given."""
    results = dropout(x, dy, draws, rate)
    x[draws < rate] = dy[draws < rate] = 0
    return results


@TASK.mistake("fractions are multiplied into a copy of whole numbers")
def into_a_copy(x, dy, draws, rate):
    """An array of dtype int can hold whole numbers only, and so can its copy; NumPy refuses. Make an array of floats
    instead of writing into a copy of x."""
    y, dx = x.copy(), dy.copy()
    for part in (y, dx):
        part[draws < rate] = 0
        part /= 1 - rate
    return y, dx
