"""ch05.batch_norm: batch normalisation in training, with its running averages."""

import numpy as np

from cnncourse.checks.writing import Task, digits, given, normals, partly, whole

SETS, WRONG = "#which-numbers-share-a-mean", "#how-batch-normalisation-goes-wrong"


def batch_norm(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    return normalised(x, gamma, beta, running_mean, running_variance, momentum, epsilon)


def normalised(x, gamma, beta, stored_mean, stored_variance, momentum, epsilon, axes=(0, 1, 2), spread=np.var, **root):
    """The images, and the running averages after them."""
    seen = x.mean(axis=axes), spread(x, axis=axes)
    running = (momentum * old + (1 - momentum) * new for old, new in zip((stored_mean, stored_variance), seen))
    return apply(x, gamma, beta, *seen, epsilon, **root), *running


def apply(x, gamma, beta, mean, variance, epsilon, root=lambda variance, epsilon: np.sqrt(variance + epsilon)):
    return gamma * (x - mean) / root(variance, epsilon) + beta


def channels(rng, C):
    """gamma, beta, a mean and a variance for C channels."""
    return digits(rng, C), digits(rng, C), digits(rng, C), rng.integers(2, 10, C).astype(float)


def cases(rng):
    yield np.array([2.0, 6.0]).reshape(1, 1, 2, 1) * whole(rng, 1, 3), *channels(rng, 1), 0.75, 1.0
    yield rng.permutation([1.0, 4.0, 7.0]).reshape(1, 3, 1, 1), *channels(rng, 1), 0.5, 2.0
    yield digits(rng, 2, 1, 1, 2), *channels(rng, 2), 0.75, 1.0
    yield digits(rng, 2, 2, 2, 2), *channels(rng, 2), 0.9, 0.5
    flat = normals(rng, 3, 2, 4, 3)
    flat[..., 1] = 7.0  # a channel that never changes
    yield flat, *channels(rng, 3), 0.9, 0.001
    yield np.asfortranarray(50 + 3 * normals(rng, 2, 5, 3, 4)), *channels(rng, 4), 0.99, 0.001
    yield normals(rng, 4, 3, 2, 2, dtype=np.float32), *channels(rng, 2), 0.8, 0.01
    yield 1000 + 3 * normals(rng, 2, 4, 3, 3, dtype=np.float32), *channels(rng, 3), 0.9, 0.01


TASK = Task(
    __name__,
    __doc__,
    "#which-numbers-share-a-mean",
    batch_norm,
    cases,
    results=("y", "running mean", "running variance"),
)
NOW = (
    "In training a channel is normalised by the mean and the variance of the batch at hand; the running ones are kept "
    "for later."
)
EPSILON = "Epsilon is added to the variance, under the root. Added to the standard deviation, it has another effect."
COUNT = "The variance is the mean of the squared distances: their sum over their number, not over their number less 1."
NO_ROOT = "To come out with variance 1, a number is divided by the standard deviation, the root of the variance."
SQUARES = (
    "On paper that is the variance. In float32, far from 0, the two are so large that little is left of their "
    "difference but what was rounded off. Take the mean of the squared distances from the mean."
)
LEARNT = "After the division each channel gets the scale and the shift that it has learnt."

TASK.mistake("the running averages are used in training", NOW, WRONG)(
    partly(TASK, lambda *case: [apply(*case[:5], case[6])], 0)
)


@TASK.mistake("the new running averages are used in training", NOW, section=WRONG)
def updated_in_training(x, gamma, beta, *rest):
    _, *running = batch_norm(x, gamma, beta, *rest)
    return apply(x, gamma, beta, *running, rest[-1]), *running


why = (
    "Here, as in Keras, the momentum is the part of the stored average that stays, and it is near 1. (PyTorch "
    "names the other part.)"
)
TASK.mistake("the momentum goes to the new numbers", why, WRONG)(given(TASK, momentum=lambda momentum: 1 - momentum))
why = "One batch is a small sample. The stored averages move only a little way towards it."
TASK.mistake("the running averages are those of this batch alone", why, WRONG)(given(TASK, momentum=0.0))
why = "The stored averages have to follow what training sees, or at test time they are still at their start."
TASK.mistake("the running averages stay as they were", why, WRONG)(given(TASK, momentum=1.0))
why = (
    "A convolution treats all positions alike, so all positions of all images share one mean and one variance "
    "for each channel."
)
TASK.mistake("each pixel has its own mean, over the images only", why)(lambda *case: normalised(*case, axes=0))
why = "Each channel is normalised by itself: the mean and the variance have shape (C,)."
TASK.mistake("the channels share one mean and one variance", why)(lambda *case: normalised(*case, axes=None))


def less_one(x, **axes):
    return np.var(x, ddof=1, **axes)


def of_squares(x, **axes):
    return (x**2).mean(**axes) - x.mean(**axes) ** 2


def outside_the_root(variance, epsilon):
    return np.sqrt(variance) + epsilon


TASK.mistake("epsilon is added outside the root", EPSILON)(lambda *case: normalised(*case, root=outside_the_root))
TASK.mistake("the root is missing", NO_ROOT)(lambda *case: normalised(*case, root=np.add))
TASK.mistake("the squared distances are divided by their number less 1", COUNT)(
    lambda *case: normalised(*case, spread=less_one)
)
why = "PyTorch stores that one. Here, as in Keras, the variance that is stored is the one that was used."
TASK.mistake("the stored variance is divided by the number less 1", why)(
    partly(TASK, lambda *case: normalised(*case, spread=less_one), 2)
)
TASK.mistake("gamma and beta are left out", LEARNT)(given(TASK, gamma=1.0, beta=0.0))
TASK.mistake("the square of the mean is subtracted from the mean of the squares", SQUARES)(
    lambda *case: normalised(*case, spread=of_squares)
)


@TASK.mistake("standard deviations are averaged into the running variance", section=WRONG)
def deviation_stored(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    """At test time the root is taken of what is stored, so it has to be a variance."""
    y, mean, _ = batch_norm(x, gamma, beta, running_mean, running_variance, momentum, epsilon)
    return y, mean, momentum * running_variance + (1 - momentum) * x.std(axis=(0, 1, 2))


@TASK.mistake("the stored averages are overwritten")
def stored_in_place(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    """This function returns the new averages; the caller decides whether to store them."""
    results = batch_norm(x, gamma, beta, running_mean, running_variance, momentum, epsilon)
    running_mean[:], running_variance[:] = results[1:]
    return results
