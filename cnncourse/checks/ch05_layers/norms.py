"""The tasks on normalisation: of a batch in training and at test time, and of each image by itself."""

import numpy as np

from cnncourse.checks.drawing import digits, normals, whole
from cnncourse.checks.task import Misconception, Task

PAGE = "ch05_layers"
SETS = f"{PAGE}#which-numbers-share-a-mean"
WRONG = f"{PAGE}#how-batch-normalisation-goes-wrong"
EPSILON = "Epsilon is added to the variance, under the root. Added to the standard deviation, it has another effect."
COUNT = "The variance is the mean of the squared distances: their sum over their number, not over their number less 1."
NO_ROOT = "To come out with variance 1, a number is divided by the standard deviation, the root of the variance."


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


def running_in_training(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    _, mean, variance = batch_norm(x, gamma, beta, running_mean, running_variance, momentum, epsilon)
    return apply(x, gamma, beta, running_mean, running_variance, epsilon), mean, variance


def updated_in_training(x, gamma, beta, *rest):
    _, mean, variance = batch_norm(x, gamma, beta, *rest)
    return apply(x, gamma, beta, mean, variance, rest[-1]), mean, variance


def backwards_momentum(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    return batch_norm(x, gamma, beta, running_mean, running_variance, 1 - momentum, epsilon)


def only_this_batch(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    return batch_norm(x, gamma, beta, running_mean, running_variance, 0.0, epsilon)


def never_updated(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    return batch_norm(x, gamma, beta, running_mean, running_variance, 1.0, epsilon)


def per_pixel(*case):
    return batch_norm(*case, axes=0)


def all_channels(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    return batch_norm(x, gamma, beta, running_mean, running_variance, momentum, epsilon, axes=None)


def epsilon_outside(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    _, *running = batch_norm(x, gamma, beta, running_mean, running_variance, momentum, epsilon)
    y = gamma * (x - x.mean(axis=(0, 1, 2))) / (x.std(axis=(0, 1, 2)) + epsilon) + beta
    return y, *running


def no_root(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    _, *running = batch_norm(x, gamma, beta, running_mean, running_variance, momentum, epsilon)
    return gamma * (x - x.mean(axis=(0, 1, 2))) / (x.var(axis=(0, 1, 2)) + epsilon) + beta, *running


def one_less(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2), ddof=1)
    y = apply(x, gamma, beta, mean, variance, epsilon)
    return y, towards(running_mean, mean, momentum), towards(running_variance, variance, momentum)


def one_less_stored(*case):
    return *batch_norm(*case)[:2], one_less(*case)[2]


def deviation_stored(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    y, mean, _ = batch_norm(x, gamma, beta, running_mean, running_variance, momentum, epsilon)
    return y, mean, towards(running_variance, x.std(axis=(0, 1, 2)), momentum)


def without_scale(x, gamma, beta, *rest):
    return batch_norm(x, 1.0, 0.0, *rest)


def stored_in_place(x, gamma, beta, running_mean, running_variance, momentum, epsilon):
    y, mean, variance = batch_norm(x, gamma, beta, running_mean, running_variance, momentum, epsilon)
    running_mean[:], running_variance[:] = mean, variance
    return y, mean, variance


BATCH_NORM = Task(
    id="ch05.batch_norm",
    asks="batch normalisation in training, with its running averages",
    section=SETS,
    reference=batch_norm,
    results=("y", "running mean", "running variance"),
    cases=batch_cases,
    misconceptions=(
        Misconception(
            "the running averages are used in training",
            running_in_training,
            "In training a channel is normalised by the mean and the variance of the batch at hand; the running ones "
            "are kept for later.",
            WRONG,
        ),
        Misconception(
            "the new running averages are used in training",
            updated_in_training,
            "In training a channel is normalised by the mean and the variance of the batch at hand; the running ones "
            "are kept for later.",
            WRONG,
        ),
        Misconception(
            "the momentum goes to the new numbers",
            backwards_momentum,
            "Here, as in Keras, the momentum is the part of the stored average that stays, and it is near 1. (PyTorch "
            "names the other part.)",
            WRONG,
        ),
        Misconception(
            "the running averages are those of this batch alone",
            only_this_batch,
            "One batch is a small sample. The stored averages move only a little way towards it.",
            WRONG,
        ),
        Misconception(
            "the running averages stay as they were",
            never_updated,
            "The stored averages have to follow what training sees, or at test time they are still at their start.",
            WRONG,
        ),
        Misconception(
            "each pixel has its own mean, over the images only",
            per_pixel,
            "A convolution treats all positions alike, so all positions of all images share one mean and one variance "
            "for each channel.",
        ),
        Misconception(
            "the channels share one mean and one variance",
            all_channels,
            "Each channel is normalised by itself: the mean and the variance have shape (C,).",
        ),
        Misconception("epsilon is added outside the root", epsilon_outside, EPSILON),
        Misconception("the root is missing", no_root, NO_ROOT),
        Misconception("the squared distances are divided by their number less 1", one_less, COUNT),
        Misconception(
            "the stored variance is divided by the number less 1",
            one_less_stored,
            "PyTorch stores that one. Here, as in Keras, the variance that is stored is the one that was used.",
        ),
        Misconception(
            "standard deviations are averaged into the running variance",
            deviation_stored,
            "At test time the root is taken of what is stored, so it has to be a variance.",
            WRONG,
        ),
        Misconception(
            "gamma and beta are left out",
            without_scale,
            "After the division each channel gets the scale and the shift that it has learnt.",
        ),
        Misconception(
            "the stored averages are overwritten",
            stored_in_place,
            "This function returns the new averages; the caller decides whether to store them.",
        ),
    ),
)


def batch_norm_test(x, gamma, beta, running_mean, running_variance, epsilon):
    return apply(x, gamma, beta, running_mean, running_variance, epsilon)


def stored_cases(rng):
    yield digits(rng, 1, 1, 1, 1), *channels(rng, 1), 1.0
    yield digits(rng, 1, 1, 2, 1), *channels(rng, 1), 2.0
    yield digits(rng, 2, 1, 1, 2), *channels(rng, 2), 1.0
    gamma, beta, mean, variance = channels(rng, 2)
    yield digits(rng, 1, 2, 2, 2), gamma, beta, mean, variance * [0.0, 1.0], 0.25  # a channel that never changed
    yield normals(rng, 3, 2, 4, 3), *channels(rng, 3), 0.001
    yield normals(rng, 2, 4, 3, 5, dtype=np.float32), *channels(rng, 5), 0.01


def by_its_own_batch(x, gamma, beta, running_mean, running_variance, epsilon):
    return apply(x, gamma, beta, x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2)), epsilon)


BATCH_NORM_TEST = Task(
    id="ch05.batch_norm_test",
    asks="batch normalisation at test time, from a formula with a mistake",
    section=WRONG,
    reference=batch_norm_test,
    cases=stored_cases,
    misconceptions=(
        Misconception(
            "the printed formula is followed",
            lambda x, gamma, beta, *rest: batch_norm_test(x, 1.0, 0.0, *rest),
            "It stops one step early. The layers above were trained on what came out of the whole layer, so compare "
            "its two halves with the ones for training.",
        ),
        Misconception(
            "the images at hand are used, instead of the stored averages",
            by_its_own_batch,
            "Then the answer for an image would depend on its neighbours in the batch; at test time there may be none.",
        ),
        Misconception(
            "the shift is left out",
            lambda x, gamma, beta, *rest: batch_norm_test(x, gamma, 0.0, *rest),
            "Training has moved beta away from 0, and the layers above count on it.",
        ),
        Misconception(
            "the scale is left out",
            lambda x, gamma, beta, *rest: batch_norm_test(x, 1.0, beta, *rest),
            "Training has moved gamma away from 1, and the layers above count on it.",
        ),
        Misconception(
            "scale and shift are exchanged",
            lambda x, gamma, beta, *rest: batch_norm_test(x, beta, gamma, *rest),
            "gamma is the factor and beta the summand.",
        ),
        Misconception(
            "the shift is added before the scale",
            lambda x, gamma, beta, *rest: batch_norm_test(x, gamma, gamma * beta, *rest),
            "beta is added last: it is the mean that the channel ends up with.",
            SETS,
        ),
        Misconception(
            "epsilon is added outside the root",
            lambda x, gamma, beta, mean, variance, epsilon: gamma * (x - mean) / (np.sqrt(variance) + epsilon) + beta,
            EPSILON,
            SETS,
        ),
        Misconception(
            "the root is missing",
            lambda x, gamma, beta, mean, variance, epsilon: gamma * (x - mean) / (variance + epsilon) + beta,
            NO_ROOT,
            SETS,
        ),
        Misconception(
            "epsilon is left out",
            lambda x, gamma, beta, mean, variance, epsilon: apply(x, gamma, beta, mean, variance, 0.0),
            "A channel that never changed in training has variance 0, and nothing may be divided by that.",
            SETS,
        ),
    ),
)


def layer_norm(x, gamma, beta, epsilon, axes=(1, 2, 3)):
    return apply(x, gamma, beta, x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True), epsilon)


def layer_cases(rng):
    yield np.array([[[[2.0], [6.0]]]]) * whole(rng, 1, 3), digits(rng, 1), digits(rng, 1), 1.0
    yield rng.permutation([1.0, 4.0, 7.0]).reshape(1, 1, 1, 3), digits(rng, 3), digits(rng, 3), 2.0
    yield digits(rng, 1, 1, 2, 2), digits(rng, 2), digits(rng, 2), 1.0
    yield digits(rng, 2, 2, 1, 1), digits(rng, 1), digits(rng, 1), 0.5
    yield digits(rng, 2, 2, 2, 2), digits(rng, 2), digits(rng, 2), 0.25
    black = normals(rng, 3, 2, 4, 2)
    black[1] = 0.0
    yield black, digits(rng, 2), digits(rng, 2), 0.001
    yield normals(rng, 2, 3, 5, 4, dtype=np.float32), digits(rng, 4), digits(rng, 4), 0.01
    yield 20 + 5 * normals(rng, 3, 4, 2, 3), digits(rng, 3), digits(rng, 3), 0.001


def layer_epsilon_outside(x, gamma, beta, epsilon):
    mean, spread = (f(x, axis=(1, 2, 3), keepdims=True) for f in (np.mean, np.std))
    return gamma * (x - mean) / (spread + epsilon) + beta


def layer_no_root(x, gamma, beta, epsilon):
    mean, variance = (f(x, axis=(1, 2, 3), keepdims=True) for f in (np.mean, np.var))
    return gamma * (x - mean) / (variance + epsilon) + beta


def layer_one_less(x, gamma, beta, epsilon):
    axes = (1, 2, 3)
    variance = x.var(axis=axes, ddof=1, keepdims=True)
    return apply(x, gamma, beta, x.mean(axis=axes, keepdims=True), variance, epsilon)


LAYER_NORM = Task(
    id="ch05.layer_norm",
    asks="each image normalised over all its rows, columns and channels",
    section=SETS,
    reference=layer_norm,
    cases=layer_cases,
    misconceptions=(
        Misconception(
            "each position is normalised by itself, over its channels",
            lambda *case: layer_norm(*case, axes=-1),
            "That is the other layer normalisation, Keras's default. Here all positions of an image share one mean.",
        ),
        Misconception(
            "each channel of an image is normalised by itself",
            lambda *case: layer_norm(*case, axes=(1, 2)),
            "That is instance normalisation. Here all channels of an image share one mean.",
        ),
        Misconception(
            "the images share a mean for each channel",
            lambda *case: layer_norm(*case, axes=(0, 1, 2)),
            "That is batch normalisation. Here no number of one image may change the result of another.",
        ),
        Misconception(
            "one mean is taken over the whole batch",
            lambda *case: layer_norm(*case, axes=None),
            "Each image has its own mean and variance: no number of one image may change the result of another.",
        ),
        Misconception("epsilon is added outside the root", layer_epsilon_outside, EPSILON),
        Misconception(
            "epsilon is left out",
            lambda x, gamma, beta, epsilon: layer_norm(x, gamma, beta, 0.0),
            "An image that is the same everywhere has variance 0, and 0/0 is no number.",
        ),
        Misconception("the root is missing", layer_no_root, NO_ROOT),
        Misconception("the squared distances are divided by their number less 1", layer_one_less, COUNT),
        Misconception(
            "gamma and beta are left out",
            lambda x, gamma, beta, epsilon: layer_norm(x, 1.0, 0.0, epsilon),
            "After the division each channel gets the scale and the shift that it has learnt.",
        ),
        Misconception(
            "the shift is added before the scale",
            lambda x, gamma, beta, epsilon: layer_norm(x, gamma, gamma * beta, epsilon),
            "beta is added last: the scale is for the normalised number alone.",
        ),
    ),
)
