"""ch04.batch_norm_backward: the gradients of batch normalisation."""

import numpy as np

from cnncourse.checks.drawing import digits, normals
from cnncourse.checks.mistakes import given, partly
from cnncourse.checks.task import Task


def batch_norm_backward(dy, x, gamma, epsilon):
    return gradients(dy, x, gamma, epsilon)


def under_the_root(variance, epsilon):
    return np.sqrt(variance + epsilon)


def gradients(dy, x, gamma, epsilon, axes=(0, 1, 2), mean=1, variance=1, spare=0, root=under_the_root):
    """All gradients; 0 shuts a road, the one through the mean or the variance; the variance divides by `spare` less."""
    count = np.prod([x.shape[axis] for axis in axes]) - spare
    centred = x - x.mean(axis=axes, keepdims=True)
    deviation = root((centred**2).sum(axis=axes, keepdims=True) / count, epsilon)
    hat, g = centred / deviation, dy * gamma
    dx = g - mean * g.mean(axis=axes, keepdims=True) - variance * hat * (g * hat).sum(axis=axes, keepdims=True) / count
    return dx / deviation, (dy * hat).sum(axis=(0, 1, 2)), dy.sum(axis=(0, 1, 2))


def case(rng, draw, shape, epsilon, **options):
    dy, x = draw(rng, *shape, **options), draw(rng, *shape, **options)
    x[-1, -1, -1] = x.max(axis=(0, 1, 2)) + 1  # no channel is constant, nor is what comes back to it
    dy[-1, -1, -1] = dy.max(axis=(0, 1, 2)) + 1
    return dy, x, draw(rng, shape[3], **options), epsilon


def rising(rng, *shape):
    """Digits in order, so that no sum over a handful of them comes out as 0."""
    return np.sort(digits(rng, *shape), axis=None).reshape(shape)


def cases(rng):
    yield case(rng, rising, (1, 1, 3, 1), 0.5)
    yield case(rng, rising, (3, 1, 1, 1), 0.5)
    yield case(rng, digits, (2, 1, 2, 2), 2.0)
    yield case(rng, digits, (1, 2, 3, 2), 1.0)
    yield case(rng, normals, (2, 3, 4, 5), 0.1)
    yield case(rng, normals, (4, 3, 2, 3), 1e-3)
    yield case(rng, normals, (3, 4, 5, 2), 0.1, dtype=np.float32)
    dy, x, gamma, epsilon = case(rng, normals, (2, 4, 3, 2), 1e-3)
    yield dy, np.asfortranarray(20 + x), gamma, epsilon
    floats = case(rng, normals, (2, 4, 3, 2), 1e-3, dtype=np.float32)
    yield floats[0], 1000 + 3 * floats[1], *floats[2:]


TASK = Task(
    "ch04.batch_norm_backward",
    "the gradients of batch normalisation",
    "ch04_backpropagation#batch-normalisation-three-roads-home",
    batch_norm_backward,
    cases,
    results=("dx", "dgamma", "dbeta"),
)
ROADS = "Every number acts on all outputs of its channel, directly, through the mean and through the variance."
SET = "The set is one channel: all images and all pixels, the axes 0, 1 and 2."

TASK.mistake(
    "the mean and the variance are taken as constants",
    f"That is right in use, where they are constants. In training they come from the batch. {ROADS}",
)(lambda *case: gradients(*case, mean=0, variance=0))
TASK.mistake(
    "the road through the mean is forgotten",
    f"{ROADS} Adding a constant to a channel changes no output, so its dx must add up to 0.",
)(lambda *case: gradients(*case, mean=0))
TASK.mistake(
    "the road through the variance is forgotten",
    f"{ROADS} Stretching a channel about its mean hardly changes an output, so dx must have (nearly) no part "
    "along the normalised numbers.",
)(lambda *case: gradients(*case, variance=0))
TASK.mistake(
    "gamma is left out of dx", "The output was gamma times the normalised number, so on the way back gamma comes first."
)(given(TASK, gamma=1.0))
TASK.mistake(
    "gamma is multiplied into its own gradient",
    "gamma's slope is the number that it was multiplied with, and beta's is 1. gamma itself is in neither.",
)(partly(TASK, lambda dy, x, gamma, epsilon: batch_norm_backward(dy * gamma, x, gamma, epsilon), 1, 2))
TASK.mistake(
    "the gradient of gamma is taken with x as it came in",
    "gamma was multiplied with the normalised number, so that is its slope.",
)(partly(TASK, lambda dy, x, gamma, epsilon: (0, (dy * x).sum(axis=(0, 1, 2)), 0), 1))
TASK.mistake(
    "the gradients of gamma and beta are averaged",
    "One gamma and one beta serve every pixel of every image, and where roads meet, gradients add up.",
    "#used-twice-means-added",
)(partly(TASK, given(TASK, dy=lambda dy: dy / dy[..., 0].size), 1, 2))
TASK.mistake(
    "epsilon is left out",
    "The forward pass divided by the root of variance plus epsilon, and backward must do the same.",
)(given(TASK, epsilon=0.0))
TASK.mistake(
    "epsilon is added to the deviation instead of the variance", "epsilon stands under the root, next to the variance."
)(lambda *case: gradients(*case, root=lambda variance, epsilon: np.sqrt(variance) + epsilon))
TASK.mistake(
    "the variance divides by one less than the count",
    "The variance of this layer is the mean of the squared differences: it divides by the count itself.",
)(lambda *case: gradients(*case, spare=1))
TASK.mistake("each pixel is normalised by itself, over the images only", SET)(lambda *case: gradients(*case, axes=(0,)))
TASK.mistake("each image is normalised by itself", SET)(lambda *case: gradients(*case, axes=(1, 2)))
TASK.mistake(
    "dx is divided by the variance instead of its root",
    "Normalising divides by the deviation once, and so does its gradient.",
)(
    lambda dy, x, gamma, epsilon: batch_norm_backward(
        dy, x, gamma / under_the_root(x.var(axis=(0, 1, 2)), epsilon), epsilon
    )
)
