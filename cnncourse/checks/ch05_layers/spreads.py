"""ch05.spreads: the standard deviations of He and Glorot for a kernel."""

import math

from cnncourse.checks.writing import Task, then, whole


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
    __name__, __doc__, "#how-large-four-inputs-by-hand", spreads, cases, results=("he", "glorot"), tolerance=1e-6
)

why = "The rules state variances; NumPy's `normal` wants the standard deviation, which is the root."
TASK.mistake("the variances are returned", why, "#through-thirty-layers")(
    then(TASK, lambda he, glorot: (he**2, glorot**2))
)
why = "One sum of a convolution runs over all numbers of a window, in every channel."
TASK.mistake("only the channels are counted", why)(lambda shape: by_fans(*shape[2:]))
why = "He's rule keeps the size of the sum that a unit makes, so it asks how many numbers go in."
TASK.mistake("fan-in and fan-out are exchanged", why)(
    lambda shape: (math.sqrt(2 / math.prod((*shape[:2], shape[3]))), spreads(shape)[1])
)
why = "Each filter makes a sum of its own, over its own part of the kernel."
TASK.mistake("every weight of the kernel is counted in He's rule", why)(
    lambda shape: (math.sqrt(2 / math.prod(shape)), spreads(shape)[1])
)
why = "A pixel is seen through every weight of the window in turn, by every filter."
TASK.mistake("the window is counted in the fan-in, but not in the fan-out", why)(
    lambda shape: by_fans(math.prod(shape[:3]), shape[3])
)
why = "A ReLU throws half of the mean square away; the 2 puts it back."
TASK.mistake("the 2 of He's rule is missing", why)(then(TASK, lambda he, glorot: (he / math.sqrt(2), glorot)))
why = "Glorot divides 1 by the mean of the two fans, which is half of their sum."
TASK.mistake("the 2 of Glorot's rule is missing", why)(then(TASK, lambda he, glorot: (he, glorot / math.sqrt(2))))
why = "The 2 above the line already stands for the half in the mean of the two fans."
TASK.mistake("Glorot's sum is halved and the 2 is kept", why)(
    then(TASK, lambda he, glorot: (he, glorot * math.sqrt(2)))
)
why = "A uniform number between -a and a has a standard deviation of only a / √3; the 6 in the limit is 3 · 2."
TASK.mistake("the limits of the uniform distributions are returned", why)(
    then(TASK, lambda he, glorot: (he * math.sqrt(3), glorot * math.sqrt(3)))
)
why = "The bias starts from 0 and adds nothing to the variance of the sum."
TASK.mistake("the bias is counted as one more input", why)(
    lambda shape: by_fans(math.prod(shape[:3]) + 1, math.prod(shape[:2]) * shape[3])
)
why = "The variance is the whole fraction, so the root goes over all of it."
TASK.mistake("the root is taken of the 2 only", why)(
    then(TASK, lambda he, glorot: (he**2 / math.sqrt(2), glorot**2 / math.sqrt(2)))
)
