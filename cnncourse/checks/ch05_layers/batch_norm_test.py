"""ch05.batch_norm_test: batch normalisation at test time, from a formula with a mistake."""

import numpy as np

from cnncourse.checks.ch05_layers.batch_norm import EPSILON, NO_ROOT, SETS, apply, channels, outside_the_root
from cnncourse.checks.writing import Task, digits, exchanged, given, normals


def batch_norm_test(x, gamma, beta, running_mean, running_variance, epsilon):
    return apply(x, gamma, beta, running_mean, running_variance, epsilon)


def cases(rng):
    yield digits(rng, 1, 1, 1, 1), *channels(rng, 1), 1.0
    yield digits(rng, 1, 1, 2, 1), *channels(rng, 1), 2.0
    yield digits(rng, 2, 1, 1, 2), *channels(rng, 2), 1.0
    gamma, beta, mean, variance = channels(rng, 2)
    yield digits(rng, 1, 2, 2, 2), gamma, beta, mean, variance * [0.0, 1.0], 0.25  # a channel that never changed
    yield np.asfortranarray(normals(rng, 3, 2, 4, 3)), *channels(rng, 3), 0.001
    yield normals(rng, 2, 4, 3, 5, dtype=np.float32), *channels(rng, 5), 0.01


TASK = Task(__name__, __doc__, "#how-batch-normalisation-goes-wrong", batch_norm_test, cases)

why = (
    "It stops one step early. The layers above were trained on what came out of the whole layer, so compare "
    "its two halves with the ones for training."
)
TASK.mistake("the printed formula is followed", why)(given(TASK, gamma=1.0, beta=0.0))
why = "Then the answer for an image would depend on its neighbours in the batch; at test time there may be none."
TASK.mistake("the images at hand are used, instead of the stored averages", why)(
    lambda x, gamma, beta, *rest: apply(x, gamma, beta, x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2)), rest[-1])
)
why = "Training has moved beta away from 0, and the layers above count on it."
TASK.mistake("the shift is left out", why)(given(TASK, beta=0.0))
why = "Training has moved gamma away from 1, and the layers above count on it."
TASK.mistake("the scale is left out", why)(given(TASK, gamma=1.0))
why = "gamma is the factor and beta the summand."
TASK.mistake("scale and shift are exchanged", why)(exchanged(TASK, "gamma", "beta"))
why = "beta is added last: it is the mean that the channel ends up with."
TASK.mistake("the shift is added before the scale", why, SETS)(
    lambda x, gamma, beta, *rest: batch_norm_test(x, gamma, gamma * beta, *rest)
)
TASK.mistake("epsilon is added outside the root", EPSILON, SETS)(lambda *case: apply(*case, root=outside_the_root))
TASK.mistake("the root is missing", NO_ROOT, SETS)(lambda *case: apply(*case, root=np.add))
why = "A channel that never changed in training has variance 0, and nothing may be divided by that."
TASK.mistake("epsilon is left out", why, SETS)(given(TASK, epsilon=0.0))
