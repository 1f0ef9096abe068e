"""ch04.batch_norm_backward: the gradients of batch normalisation."""

import numpy as np

from cnncourse.checks.drawing import digits, normals
from cnncourse.checks.task import Task


def gradients(
    dy, x, gamma, epsilon, axes=(0, 1, 2), through_mean=True, through_variance=True, gamma_in_dx=True, spare=0
):
    """All gradients, or with one of the usual mistakes; `spare` is what the variance takes off the count."""
    count = np.prod([x.shape[axis] for axis in axes])
    mean = x.mean(axis=axes, keepdims=True)
    variance = ((x - mean) ** 2).sum(axis=axes, keepdims=True) / (count - spare)
    deviation = np.sqrt(variance + epsilon)
    hat = (x - mean) / deviation
    g = dy * gamma if gamma_in_dx else dy
    dx = g
    if through_mean:
        dx = dx - g.mean(axis=axes, keepdims=True)
    if through_variance:
        dx = dx - hat * (g * hat).sum(axis=axes, keepdims=True) / (count - spare)
    return dx / deviation, (dy * hat).sum(axis=(0, 1, 2)), dy.sum(axis=(0, 1, 2))


def batch_norm_backward(dy, x, gamma, epsilon):
    return gradients(dy, x, gamma, epsilon)


def rising(rng, *shape):
    """Digits in order, so that no sum over a handful of them comes out as 0."""
    return np.sort(digits(rng, *shape), axis=None).reshape(shape)


def norm_case(rng, draw, shape, epsilon, **options):
    dy, x = draw(rng, *shape, **options), draw(rng, *shape, **options)
    x[-1, -1, -1] = x.max(axis=(0, 1, 2)) + 1  # no channel is constant, nor is what comes back to it
    dy[-1, -1, -1] = dy.max(axis=(0, 1, 2)) + 1
    return dy, x, draw(rng, shape[3], **options), epsilon


def norm_cases(rng):
    yield norm_case(rng, rising, (1, 1, 3, 1), 0.5)
    yield norm_case(rng, rising, (3, 1, 1, 1), 0.5)
    yield norm_case(rng, digits, (2, 1, 2, 2), 2.0)
    yield norm_case(rng, digits, (1, 2, 3, 2), 1.0)
    yield norm_case(rng, normals, (2, 3, 4, 5), 0.1)
    yield norm_case(rng, normals, (4, 3, 2, 3), 1e-3)
    yield norm_case(rng, normals, (3, 4, 5, 2), 0.1, dtype=np.float32)
    dy, x, gamma, epsilon = norm_case(rng, normals, (2, 4, 3, 2), 1e-3)
    yield dy, 1000 + x, gamma, epsilon


TASK = Task(
    "ch04.batch_norm_backward",
    "the gradients of batch normalisation",
    "ch04_backpropagation#batch-normalisation-three-roads-home",
    batch_norm_backward,
    norm_cases,
    results=("dx", "dgamma", "dbeta"),
)


def with_parts(**options):
    return lambda dy, x, gamma, epsilon: gradients(dy, x, gamma, epsilon, **options)


ROADS = "Every number acts on all outputs of its channel, directly, through the mean and through the variance."

TASK.mistake(
    "the mean and the variance are taken as constants",
    f"That is right in use, where they are constants. In training they come from the batch. {ROADS}",
)(with_parts(through_mean=False, through_variance=False))
TASK.mistake(
    "the road through the mean is forgotten",
    f"{ROADS} Adding a constant to a channel changes no output, so its dx must add up to 0.",
)(with_parts(through_mean=False))
TASK.mistake(
    "the road through the variance is forgotten",
    f"{ROADS} Stretching a channel about its mean hardly changes an output, so dx must have (nearly) no part "
    "along the normalised numbers.",
)(with_parts(through_variance=False))
TASK.mistake(
    "gamma is left out of dx", "The output was gamma times the normalised number, so on the way back gamma comes first."
)(with_parts(gamma_in_dx=False))


@TASK.mistake(
    "gamma is multiplied into its own gradient",
    "gamma's slope is the number that it was multiplied with, and beta's is 1. gamma itself is in neither.",
)
def dgamma_with_gamma(dy, x, gamma, epsilon):
    dx, dgamma, dbeta = batch_norm_backward(dy, x, gamma, epsilon)
    return dx, dgamma * gamma, dbeta * gamma


@TASK.mistake(
    "the gradient of gamma is taken with x as it came in",
    "gamma was multiplied with the normalised number, so that is its slope.",
)
def dgamma_from_x(dy, x, gamma, epsilon):
    dx, _, dbeta = batch_norm_backward(dy, x, gamma, epsilon)
    return dx, (dy * x).sum(axis=(0, 1, 2)), dbeta


@TASK.mistake(
    "the gradients of gamma and beta are averaged",
    "One gamma and one beta serve every pixel of every image, and where roads meet, gradients add up.",
    "#used-twice-means-added",
)
def mean_parameters(dy, x, gamma, epsilon):
    dx, dgamma, dbeta = batch_norm_backward(dy, x, gamma, epsilon)
    return dx, dgamma / dy[..., 0].size, dbeta / dy[..., 0].size


TASK.mistake(
    "epsilon is left out",
    "The forward pass divided by the root of variance plus epsilon, and backward must do the same.",
)(lambda dy, x, gamma, epsilon: batch_norm_backward(dy, x, gamma, 0.0))


@TASK.mistake(
    "epsilon is added to the deviation instead of the variance", "epsilon stands under the root, next to the variance."
)
def epsilon_on_the_deviation(dy, x, gamma, epsilon):
    mean, deviation = x.mean(axis=(0, 1, 2)), x.std(axis=(0, 1, 2)) + epsilon
    hat, g = (x - mean) / deviation, dy * gamma
    dx = g - g.mean(axis=(0, 1, 2)) - hat * (g * hat).mean(axis=(0, 1, 2))
    return dx / deviation, (dy * hat).sum(axis=(0, 1, 2)), dy.sum(axis=(0, 1, 2))


TASK.mistake(
    "the variance divides by one less than the count",
    "The variance of this layer is the mean of the squared differences: it divides by the count itself.",
)(with_parts(spare=1))
TASK.mistake(
    "each pixel is normalised by itself, over the images only",
    "The set is one channel: all images and all pixels, the axes 0, 1 and 2.",
)(with_parts(axes=(0,)))
TASK.mistake(
    "each image is normalised by itself", "The set is one channel: all images and all pixels, the axes 0, 1 and 2."
)(with_parts(axes=(1, 2)))


@TASK.mistake(
    "dx is divided by the variance instead of its root",
    "Normalising divides by the deviation once, and so does its gradient.",
)
def divided_by_the_variance(dy, x, gamma, epsilon):
    dx, dgamma, dbeta = batch_norm_backward(dy, x, gamma, epsilon)
    return dx / np.sqrt(x.var(axis=(0, 1, 2)) + epsilon), dgamma, dbeta
