"""ch05.batch_norm: batch normalisation in training, with its running averages."""

import numpy as np

from cnncourse.checks.drawing import digits, normals, whole
from cnncourse.checks.task import Task

SETS = "#which-numbers-share-a-mean"


def apply(x, gamma, beta, mean, variance, epsilon):
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta


def towards(stored, seen, momentum):
    """A stored average after one step, by the share of it that stays."""
    return momentum * stored + (1 - momentum) * seen


def batch_norm(x, gamma, beta, running_mean, running_variance, momentum, epsilon, axes=(0, 1, 2)):
    mean, variance = x.mean(axis=axes), x.var(axis=axes)
    y = apply(x, gamma, beta, mean, variance, epsilon)
    return y, towards(running_mean, mean, momentum), towards(running_variance, variance, momentum)


def channels(rng, C):
    """gamma, beta, a mean and a variance for C channels."""
    return digits(rng, C), digits(rng, C), digits(rng, C), rng.integers(2, 10, C).astype(float)


def batch_cases(rng):
    yield np.array([2.0, 6.0]).reshape(1, 1, 2, 1) * whole(rng, 1, 3), *channels(rng, 1), 0.75, 1.0
    yield rng.permutation([1.0, 4.0, 7.0]).reshape(1, 3, 1, 1), *channels(rng, 1), 0.5, 2.0
    yield digits(rng, 2, 1, 1, 2), *channels(rng, 2), 0.75, 1.0
    yield digits(rng, 2, 2, 2, 2), *channels(rng, 2), 0.9, 0.5
    flat = normals(rng, 3, 2, 4, 3)
    flat[..., 1] = 7.0  # a channel that never changes
    yield flat, *channels(rng, 3), 0.9, 0.001
    yield 50 + 3 * normals(rng, 2, 5, 3, 4), *channels(rng, 4), 0.99, 0.001
    yield normals(rng, 4, 3, 2, 2, dtype=np.float32), *channels(rng, 2), 0.8, 0.01


TASK = Task(
    "ch05.batch_norm",
    "batch normalisation in training, with its running averages",
    "ch05_layers#which-numbers-share-a-mean",
    batch_norm,
    batch_cases,
    results=("y", "running mean", "running variance"),
)
WRONG = "#how-batch-normalisation-goes-wrong"
EPSILON = "Epsilon is added to the variance, under the root. Added to the standard deviation, it has another effect."

COUNT = "The variance is the mean of the squared distances: their sum over their number, not over their number less 1."
NO_ROOT = "To come out with variance 1, a number is divided by the standard deviation, the root of the variance."


def one_less(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2), ddof=1)
    y = apply(x, gamma, beta, mean, variance, epsilon)
    return y, towards(running_mean, mean, momentum), towards(running_variance, variance, momentum)


@TASK.mistake(
    "the running averages are used in training",
    "In training a channel is normalised by the mean and the variance of the batch at hand; the running ones "
    "are kept for later.",
    WRONG,
)
def running_in_training(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    _, mean, variance = batch_norm(x, gamma, beta, running_mean, running_variance, momentum, epsilon)
    return apply(x, gamma, beta, running_mean, running_variance, epsilon), mean, variance


@TASK.mistake(
    "the new running averages are used in training",
    "In training a channel is normalised by the mean and the variance of the batch at hand; the running ones "
    "are kept for later.",
    WRONG,
)
def updated_in_training(x, gamma, beta, *rest):
    _, mean, variance = batch_norm(x, gamma, beta, *rest)
    return apply(x, gamma, beta, mean, variance, rest[-1]), mean, variance


@TASK.mistake(
    "the momentum goes to the new numbers",
    "Here, as in Keras, the momentum is the part of the stored average that stays, and it is near 1. (PyTorch "
    "names the other part.)",
    WRONG,
)
def backwards_momentum(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    return batch_norm(x, gamma, beta, running_mean, running_variance, 1 - momentum, epsilon)


@TASK.mistake(
    "the running averages are those of this batch alone",
    "One batch is a small sample. The stored averages move only a little way towards it.",
    WRONG,
)
def only_this_batch(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    return batch_norm(x, gamma, beta, running_mean, running_variance, 0.0, epsilon)


@TASK.mistake(
    "the running averages stay as they were",
    "The stored averages have to follow what training sees, or at test time they are still at their start.",
    WRONG,
)
def never_updated(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    return batch_norm(x, gamma, beta, running_mean, running_variance, 1.0, epsilon)


TASK.mistake(
    "each pixel has its own mean, over the images only",
    "A convolution treats all positions alike, so all positions of all images share one mean and one variance "
    "for each channel.",
)(lambda *case: batch_norm(*case, axes=0))


@TASK.mistake(
    "the channels share one mean and one variance",
    "Each channel is normalised by itself: the mean and the variance have shape (C,).",
)
def all_channels(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    return batch_norm(x, gamma, beta, running_mean, running_variance, momentum, epsilon, axes=None)


@TASK.mistake("epsilon is added outside the root", EPSILON)
def epsilon_outside(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    _, *running = batch_norm(x, gamma, beta, running_mean, running_variance, momentum, epsilon)
    y = gamma * (x - x.mean(axis=(0, 1, 2))) / (x.std(axis=(0, 1, 2)) + epsilon) + beta
    return y, *running


@TASK.mistake("the root is missing", NO_ROOT)
def no_root(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    _, *running = batch_norm(x, gamma, beta, running_mean, running_variance, momentum, epsilon)
    return gamma * (x - x.mean(axis=(0, 1, 2))) / (x.var(axis=(0, 1, 2)) + epsilon) + beta, *running


TASK.mistake("the squared distances are divided by their number less 1", COUNT)(one_less)

TASK.mistake(
    "the stored variance is divided by the number less 1",
    "PyTorch stores that one. Here, as in Keras, the variance that is stored is the one that was used.",
)(lambda *case: (*batch_norm(*case)[:2], one_less(*case)[2]))


@TASK.mistake(
    "standard deviations are averaged into the running variance",
    "At test time the root is taken of what is stored, so it has to be a variance.",
    WRONG,
)
def deviation_stored(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    y, mean, _ = batch_norm(x, gamma, beta, running_mean, running_variance, momentum, epsilon)
    return y, mean, towards(running_variance, x.std(axis=(0, 1, 2)), momentum)


TASK.mistake(
    "gamma and beta are left out", "After the division each channel gets the scale and the shift that it has learnt."
)(lambda x, gamma, beta, *rest: batch_norm(x, 1.0, 0.0, *rest))


@TASK.mistake(
    "the stored averages are overwritten",
    "This function returns the new averages; the caller decides whether to store them.",
)
def stored_in_place(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    y, mean, variance = batch_norm(x, gamma, beta, running_mean, running_variance, momentum, epsilon)
    running_mean[:], running_variance[:] = mean, variance
    return y, mean, variance
