"""ch05.spreads: the standard deviations of He and Glorot for a kernel."""

import math

import numpy as np

from cnncourse.checks.drawing import whole
from cnncourse.checks.task import Task

BY_HAND = "#how-large-four-inputs-by-hand"


def by_fans(fan_in, fan_out):
    return math.sqrt(2 / fan_in), math.sqrt(2 / (fan_in + fan_out))


def spreads(shape):
    KH, KW, C, F = shape
    return by_fans(KH * KW * C, KH * KW * F)


def shape_cases(rng):
    yield ((1, 1, 2, whole(rng, 3, 6)),)
    yield ((1, 3, 1, whole(rng, 2, 5)),)
    yield ((2, 1, whole(rng, 2, 5), 1),)
    yield ((5, 5, 3, 2 * whole(rng, 8, 16)),)
    for _ in range(5):
        yield (tuple(whole(rng, 1, most) for most in (5, 7, 40, 60)),)


TASK = Task(
    "ch05.spreads",
    "the standard deviations of He and Glorot for a kernel",
    "ch05_layers#how-large-four-inputs-by-hand",
    spreads,
    shape_cases,
    results=("he", "glorot"),
    tolerance=1e-6,
)

TASK.mistake(
    "the variances are returned",
    "The rules state variances; NumPy's `normal` wants the standard deviation, which is the root.",
    "#through-thirty-layers",
)(lambda shape: tuple(spread**2 for spread in spreads(shape)))

TASK.mistake(
    "only the channels are counted", "One sum of a convolution runs over all numbers of a window, in every channel."
)(lambda shape: by_fans(*shape[2:]))

TASK.mistake(
    "fan-in and fan-out are exchanged",
    "He's rule keeps the size of the sum that a unit makes, so it asks how many numbers go in.",
)(lambda shape: (math.sqrt(2 / math.prod((*shape[:2], shape[3]))), spreads(shape)[1]))

TASK.mistake(
    "every weight of the kernel is counted in He's rule",
    "Each filter makes a sum of its own, over its own part of the kernel.",
)(lambda shape: (math.sqrt(2 / math.prod(shape)), spreads(shape)[1]))


@TASK.mistake(
    "the window is counted in the fan-in, but not in the fan-out",
    "A pixel is seen through every weight of the window in turn, by every filter.",
)
def taps_on_one_side(shape):
    KH, KW, C, F = shape
    return by_fans(KH * KW * C, F)


TASK.mistake("the 2 of He's rule is missing", "A ReLU throws half of the mean square away; the 2 puts it back.")(
    lambda shape: (spreads(shape)[0] / math.sqrt(2), spreads(shape)[1])
)
TASK.mistake(
    "the 2 of Glorot's rule is missing", "Glorot divides 1 by the mean of the two fans, which is half of their sum."
)(lambda shape: (spreads(shape)[0], spreads(shape)[1] / math.sqrt(2)))


@TASK.mistake(
    "Glorot's sum is halved and the 2 is kept",
    "The 2 above the line already stands for the half in the mean of the two fans.",
)
def mean_of_fans(shape):
    KH, KW, C, F = shape
    return spreads(shape)[0], math.sqrt(2 / (KH * KW * (C + F) / 2))


TASK.mistake(
    "the limits of the uniform distributions are returned",
    "A uniform number between -a and a has a standard deviation of only a / √3; the 6 in the limit is 3 · 2.",
)(lambda shape: tuple(math.sqrt(3) * spread for spread in spreads(shape)))


@TASK.mistake(
    "the bias is counted as one more input", "The bias starts from 0 and adds nothing to the variance of the sum."
)
def with_the_bias(shape):
    KH, KW, C, F = shape
    return by_fans(KH * KW * C + 1, KH * KW * F)


TASK.mistake("the root is taken of the 2 only", "The variance is the whole fraction, so the root goes over all of it.")(
    lambda shape: tuple(spread**2 / np.sqrt(2) for spread in spreads(shape))
)
