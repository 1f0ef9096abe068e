"""ch05.spreads: the standard deviations of He and Glorot for a kernel."""

import math

from cnncourse.checks.drawing import whole
from cnncourse.checks.mistakes import then
from cnncourse.checks.task import Task


def by_fans(fan_in, fan_out):
    return math.sqrt(2 / fan_in), math.sqrt(2 / (fan_in + fan_out))


def spreads(shape):
    KH, KW, C, F = shape
    return by_fans(KH * KW * C, KH * KW * F)


def cases(rng):
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
    cases,
    results=("he", "glorot"),
    tolerance=1e-6,
)

TASK.mistake(
    "the variances are returned",
    "The rules state variances; NumPy's `normal` wants the standard deviation, which is the root.",
    "#through-thirty-layers",
)(then(TASK, lambda he, glorot: (he**2, glorot**2)))
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
TASK.mistake(
    "the window is counted in the fan-in, but not in the fan-out",
    "A pixel is seen through every weight of the window in turn, by every filter.",
)(lambda shape: by_fans(math.prod(shape[:3]), shape[3]))
TASK.mistake("the 2 of He's rule is missing", "A ReLU throws half of the mean square away; the 2 puts it back.")(
    then(TASK, lambda he, glorot: (he / math.sqrt(2), glorot))
)
TASK.mistake(
    "the 2 of Glorot's rule is missing", "Glorot divides 1 by the mean of the two fans, which is half of their sum."
)(then(TASK, lambda he, glorot: (he, glorot / math.sqrt(2))))
TASK.mistake(
    "Glorot's sum is halved and the 2 is kept",
    "The 2 above the line already stands for the half in the mean of the two fans.",
)(then(TASK, lambda he, glorot: (he, glorot * math.sqrt(2))))
TASK.mistake(
    "the limits of the uniform distributions are returned",
    "A uniform number between -a and a has a standard deviation of only a / √3; the 6 in the limit is 3 · 2.",
)(then(TASK, lambda he, glorot: (he * math.sqrt(3), glorot * math.sqrt(3))))
TASK.mistake(
    "the bias is counted as one more input", "The bias starts from 0 and adds nothing to the variance of the sum."
)(lambda shape: by_fans(math.prod(shape[:3]) + 1, math.prod(shape[:2]) * shape[3]))
TASK.mistake("the root is taken of the 2 only", "The variance is the whole fraction, so the root goes over all of it.")(
    then(TASK, lambda he, glorot: (he**2 / math.sqrt(2), glorot**2 / math.sqrt(2)))
)
