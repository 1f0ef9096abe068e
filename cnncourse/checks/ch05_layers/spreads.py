"""The task on where the weights start: the standard deviations of He and of Glorot."""

import math

import numpy as np

from cnncourse.checks.drawing import whole
from cnncourse.checks.task import Misconception, Task

PAGE = "ch05_layers"
BY_HAND = f"{PAGE}#how-large-four-inputs-by-hand"


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


def channels_only(shape):
    return by_fans(*shape[2:])


def mean_of_fans(shape):
    KH, KW, C, F = shape
    return spreads(shape)[0], math.sqrt(2 / (KH * KW * (C + F) / 2))


def taps_on_one_side(shape):
    KH, KW, C, F = shape
    return by_fans(KH * KW * C, F)


def with_the_bias(shape):
    KH, KW, C, F = shape
    return by_fans(KH * KW * C + 1, KH * KW * F)


def all_weights(shape):
    return math.sqrt(2 / math.prod(shape)), spreads(shape)[1]


SPREADS = Task(
    id="ch05.spreads",
    asks="the standard deviations of He and Glorot for a kernel",
    section=BY_HAND,
    reference=spreads,
    results=("he", "glorot"),
    cases=shape_cases,
    tolerance=1e-6,
    misconceptions=(
        Misconception(
            "the variances are returned",
            lambda shape: tuple(spread**2 for spread in spreads(shape)),
            "The rules state variances; NumPy's `normal` wants the standard deviation, which is the root.",
            f"{PAGE}#through-thirty-layers",
        ),
        Misconception(
            "only the channels are counted",
            channels_only,
            "One sum of a convolution runs over all numbers of a window, in every channel.",
        ),
        Misconception(
            "fan-in and fan-out are exchanged",
            lambda shape: (math.sqrt(2 / math.prod((*shape[:2], shape[3]))), spreads(shape)[1]),
            "He's rule keeps the size of the sum that a unit makes, so it asks how many numbers go in.",
        ),
        Misconception(
            "every weight of the kernel is counted in He's rule",
            all_weights,
            "Each filter makes a sum of its own, over its own part of the kernel.",
        ),
        Misconception(
            "the window is counted in the fan-in, but not in the fan-out",
            taps_on_one_side,
            "A pixel is seen through every weight of the window in turn, by every filter.",
        ),
        Misconception(
            "the 2 of He's rule is missing",
            lambda shape: (spreads(shape)[0] / math.sqrt(2), spreads(shape)[1]),
            "A ReLU throws half of the mean square away; the 2 puts it back.",
        ),
        Misconception(
            "the 2 of Glorot's rule is missing",
            lambda shape: (spreads(shape)[0], spreads(shape)[1] / math.sqrt(2)),
            "Glorot divides 1 by the mean of the two fans, which is half of their sum.",
        ),
        Misconception(
            "Glorot's sum is halved and the 2 is kept",
            mean_of_fans,
            "The 2 above the line already stands for the half in the mean of the two fans.",
        ),
        Misconception(
            "the limits of the uniform distributions are returned",
            lambda shape: tuple(math.sqrt(3) * spread for spread in spreads(shape)),
            "A uniform number between -a and a has a standard deviation of only a / √3; the 6 in the limit is 3 · 2.",
        ),
        Misconception(
            "the bias is counted as one more input",
            with_the_bias,
            "The bias starts from 0 and adds nothing to the variance of the sum.",
        ),
        Misconception(
            "the root is taken of the 2 only",
            lambda shape: tuple(spread**2 / np.sqrt(2) for spread in spreads(shape)),
            "The variance is the whole fraction, so the root goes over all of it.",
        ),
    ),
)
