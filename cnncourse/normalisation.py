"""Normalisation: mean 0 and variance 1, and the question is over what (chapter ch05_layers).

Batch, layer and group normalisation do the same to a set of numbers: subtract their mean, divide by their standard
deviation, then give each channel a scale `gamma` and a shift `beta` of its own to learn. They differ in the set:

- batch normalisation: one channel, over all images and all pixels. What comes out for an image depends on which others
  are in the batch, so in use, where there may be no batch, constants stand in (`batch_norm_inference`).
- layer normalisation: one pixel of one image, over all its channels.
- group normalisation: one image, over all pixels and the channels of one group.

Backward is therefore one formula too. The mean and the variance depend on every number of the set, so each input acts
on each output of its set. Adding a constant to the whole set changes nothing, nor (but for epsilon) does scaling it;
so the gradient has no part in these two directions, and backward takes them out.

Local response normalisation, AlexNet's, is older and different: it divides by the activity of neighbouring channels.
"""

import math
from typing import NamedTuple

import numpy as np

from cnncourse.arguments import float_array, number, same_shape, whole_number


class BatchNormCache(NamedTuple):
    """What `batch_norm_backward` needs; a layer takes `mean` and `variance` from it to keep running statistics."""

    normalised: np.ndarray  # shape of x, before gamma and beta
    mean: np.ndarray  # (C,)
    variance: np.ndarray  # (C,); divided by the count, not by the count less one
    gamma: np.ndarray  # (C,)
    epsilon: float


# --- over the batch ---------------------------------------------------------------------------------------------------


def batch_norm_loops(x, gamma, beta, epsilon=1e-3):
    """The definition of batch normalisation in training: each channel over all images and pixels.

    >>> batch_norm_loops(np.array([[1.0], [3.0]]), np.ones(1), np.zeros(1), epsilon=1e-12)
    array([[-1.],
           [ 1.]])
    """
    x, gamma, beta, epsilon = _checked(x, gamma, beta, epsilon)
    y = np.zeros_like(x)
    for c in range(x.shape[-1]):
        y[..., c] = gamma[c] * _standardised_loops(x[..., c], epsilon) + beta[c]
    return y


def batch_norm(x, gamma, beta, epsilon=1e-3):
    """Batch normalisation in training (Ioffe and Szegedy, 2015, arXiv 1502.03167).

    Parameters
    ----------
    x : ndarray, shape (N, C) or (N, H, W, C), or with one or three image axes
    gamma, beta : ndarray, shape (C,)
    epsilon : added to the variance, so that a channel that never changes comes out as `beta` and not as NaN

    Returns
    -------
    y : ndarray, shape of x
    cache : BatchNormCache

    >>> y, cache = batch_norm(np.array([[1.0, 5.0], [3.0, 5.0]]), np.array([1.0, 2.0]), np.array([0.0, 7.0]), 1e-12)
    >>> y
    array([[-1.,  7.],
           [ 1.,  7.]])
    >>> cache.mean, cache.variance
    (array([2., 5.]), array([1., 0.]))
    """
    x, gamma, beta, epsilon = _checked(x, gamma, beta, epsilon)
    if x.size == 0:
        raise ValueError(f"x has shape {x.shape}: there is no mean over nothing, leave empty batches out of training")
    normalised, mean, variance = _normalise(x, tuple(range(x.ndim - 1)), epsilon)
    cache = BatchNormCache(normalised, mean.reshape(-1), variance.reshape(-1), gamma, epsilon)
    return gamma * normalised + beta, cache


def batch_norm_backward(dy, cache):
    """The gradients of `batch_norm`, through the mean and the variance too.

    dy (shape of x) -> dx (shape of x), dgamma (C,), dbeta (C,).

    >>> y, cache = batch_norm(np.array([[1.0], [3.0], [8.0]]), np.ones(1), np.zeros(1))
    >>> dx, dgamma, dbeta = batch_norm_backward(np.ones((3, 1)), cache)
    >>> dx.ravel()  # pushing up all outputs of a channel alike cannot be done: their mean is fixed
    array([0., 0., 0.])
    """
    dy = same_shape(dy, "dy", cache.normalised.shape)
    dgamma, dbeta = _scale_and_shift_gradients(dy, cache.normalised)
    dx = _normalise_backward(
        dy * cache.gamma, cache.normalised, cache.variance, tuple(range(dy.ndim - 1)), cache.epsilon
    )
    return dx, dgamma, dbeta


def batch_norm_backward_loops(dy, x, gamma, epsilon=1e-3):
    """The gradients of batch normalisation one step of the forward pass at a time, last step first.

    >>> dx, dgamma, dbeta = batch_norm_backward_loops(np.array([[1.0], [2.0]]), np.array([[1.0], [3.0]]), np.ones(1))
    >>> dbeta
    array([3.])
    """
    dx, dgamma, dbeta = np.zeros_like(x), np.zeros_like(gamma), np.zeros_like(gamma)
    for c in range(x.shape[-1]):
        inputs, upstream = x[..., c].ravel().tolist(), dy[..., c].ravel().tolist()
        count, mean, variance = len(inputs), *_statistics_loops(inputs)
        deviation = math.sqrt(variance + epsilon)
        dvariance = dmean = 0.0
        for a, d in zip(inputs, upstream):
            dgamma[c] += d * (a - mean) / deviation
            dbeta[c] += d
            dmean -= d * gamma[c] / deviation
            dvariance -= d * gamma[c] * (a - mean) / (2 * deviation**3)
        # Each input acts on its own output, on the variance and on the mean. (The variance depends on the mean as
        # well, but with slope -2 * sum(a - mean) / count, which is 0.)
        own = [d * gamma[c] / deviation for d in upstream]
        shared = [(dvariance * 2 * (a - mean) + dmean) / count for a in inputs]
        dx[..., c] = np.add(own, shared).reshape(x.shape[:-1])
    return dx, dgamma, dbeta


def batch_norm_inference(x, gamma, beta, mean, variance, epsilon=1e-3):
    """Batch normalisation in use: with the mean and the variance that training has left behind.

    These are constants, so each image is treated on its own, and the whole is one multiplication and one addition per
    channel, which is why it can be folded into the convolution before it.

    x, gamma, beta, epsilon as for `batch_norm`; mean and variance (C,) -> y (shape of x), cache.

    >>> one = np.ones(1)
    >>> y, cache = batch_norm_inference(np.array([[3.0]]), one, 0 * one, mean=one, variance=4 * one, epsilon=1e-12)
    >>> y
    array([[1.]])
    """
    x, gamma, beta, epsilon = _checked(x, gamma, beta, epsilon)
    mean, variance = same_shape(mean, "mean", gamma.shape), same_shape(variance, "variance", gamma.shape)
    if (variance < 0).any():
        raise ValueError(f"variance holds {variance.min()}, but a variance is never negative")
    normalised = (x - mean) / np.sqrt(variance + epsilon)
    return gamma * normalised + beta, (normalised, variance, gamma, epsilon)


def batch_norm_inference_backward(dy, cache):
    """The gradients of `batch_norm_inference`: mean and variance are constants, so nothing flows through them.

    dy (shape of x) -> dx (shape of x), dgamma (C,), dbeta (C,).

    >>> one = np.ones(1)
    >>> y, cache = batch_norm_inference(np.array([[3.0]]), one, one, mean=one, variance=4 * one, epsilon=1e-12)
    >>> dx, dgamma, dbeta = batch_norm_inference_backward(np.ones((1, 1)), cache)
    >>> dx, dgamma, dbeta
    (array([[0.5]]), array([1.]), array([1.]))
    """
    normalised, variance, gamma, epsilon = cache
    dy = same_shape(dy, "dy", normalised.shape)
    return dy * (gamma / np.sqrt(variance + epsilon)), *_scale_and_shift_gradients(dy, normalised)


# --- over the channels of each pixel ----------------------------------------------------------------------------------


def layer_norm_loops(x, gamma, beta, epsilon=1e-3):
    """The definition of layer normalisation: each pixel over its channels.

    >>> layer_norm_loops(np.array([[1.0, 3.0]]), np.ones(2), np.zeros(2), epsilon=1e-12)
    array([[-1.,  1.]])
    """
    x, gamma, beta, epsilon = _checked(x, gamma, beta, epsilon)
    y = np.zeros_like(x)
    for pixel in np.ndindex(*x.shape[:-1]):
        y[pixel] = gamma * _standardised_loops(x[pixel], epsilon) + beta
    return y


def layer_norm(x, gamma, beta, epsilon=1e-3):
    """Layer normalisation over the last axis (Ba, Kiros and Hinton, 2016, arXiv 1607.06450), as Keras does by default.

    x, gamma, beta, epsilon as for `batch_norm` -> y (shape of x), cache.

    >>> y, cache = layer_norm(np.array([[1.0, 3.0], [10.0, 30.0]]), np.ones(2), np.zeros(2), epsilon=1e-12)
    >>> y
    array([[-1.,  1.],
           [-1.,  1.]])
    """
    x, gamma, beta, epsilon = _checked(x, gamma, beta, epsilon)
    normalised, _, variance = _normalise(x, -1, epsilon)
    return gamma * normalised + beta, (normalised, variance, gamma, epsilon)


def layer_norm_backward(dy, cache):
    """The gradients of `layer_norm`: dy (shape of x) -> dx (shape of x), dgamma (C,), dbeta (C,).

    >>> y, cache = layer_norm(np.array([[1.0, 3.0, 8.0]]), np.ones(3), np.zeros(3))
    >>> dx, dgamma, dbeta = layer_norm_backward(np.array([[0.0, 1.0, 0.0]]), cache)
    >>> dx.round(3)  # sums to 0
    array([[-0.152,  0.213, -0.061]])
    """
    normalised, variance, gamma, epsilon = cache
    dy = same_shape(dy, "dy", normalised.shape)
    dx = _normalise_backward(dy * gamma, normalised, variance, -1, epsilon)
    return dx, *_scale_and_shift_gradients(dy, normalised)


# --- over the pixels and a group of channels of each image ------------------------------------------------------------


def group_norm_loops(x, gamma, beta, groups, epsilon=1e-3):
    """The definition of group normalisation: each image, over all pixels and the channels of one group.

    >>> group_norm_loops(np.array([[1.0, 3.0, 10.0, 30.0]]), np.ones(4), np.zeros(4), groups=2, epsilon=1e-12)
    array([[-1.,  1., -1.,  1.]])
    """
    x, gamma, beta, epsilon = _checked(x, gamma, beta, epsilon)
    size = _channels_of_a_group(x, groups)
    y = np.zeros_like(x)
    for n, first in np.ndindex(x.shape[0], groups):
        group = slice(first * size, (first + 1) * size)
        y[n, ..., group] = gamma[group] * _standardised_loops(x[n, ..., group], epsilon) + beta[group]
    return y


def group_norm(x, gamma, beta, groups, epsilon=1e-3):
    """Group normalisation (Wu and He, 2018, arXiv 1803.08494).

    With one group it takes an image's whole activity; with as many groups as channels it is instance normalisation.

    x, gamma, beta, epsilon as for `batch_norm`; groups an int that divides C -> y (shape of x), cache.

    >>> y, cache = group_norm(np.array([[1.0, 3.0, 10.0, 30.0]]), np.ones(4), np.zeros(4), groups=2, epsilon=1e-12)
    >>> y
    array([[-1.,  1., -1.,  1.]])
    """
    x, gamma, beta, epsilon = _checked(x, gamma, beta, epsilon)
    size = _channels_of_a_group(x, groups)
    grouped = x.reshape(x.shape[0], math.prod(x.shape[1:-1]), groups, size)  # (N, H, W, C) -> (N, H*W, G, C/G)
    normalised, _, variance = _normalise(grouped, (1, 3), epsilon)
    y = gamma * normalised.reshape(x.shape) + beta
    return y, (x.shape, normalised, variance, gamma, epsilon)


def group_norm_backward(dy, cache):
    """The gradients of `group_norm`: dy (shape of x) -> dx (shape of x), dgamma (C,), dbeta (C,).

    >>> y, cache = group_norm(np.array([[1.0, 3.0, 8.0, 2.0]]), np.ones(4), np.zeros(4), groups=2)
    >>> dx, dgamma, dbeta = group_norm_backward(np.array([[1.0, 1.0, 0.0, 5.0]]), cache)
    >>> dx[0, :2].round(3) + 0, dbeta  # in the first group both outputs are pushed alike: nothing can move
    (array([0., 0.]), array([1., 1., 0., 5.]))
    """
    shape, normalised, variance, gamma, epsilon = cache
    dy = same_shape(dy, "dy", shape)
    dnormalised = (dy * gamma).reshape(normalised.shape)
    dx = _normalise_backward(dnormalised, normalised, variance, (1, 3), epsilon)
    return dx.reshape(shape), *_scale_and_shift_gradients(dy, normalised.reshape(shape))


# --- over neighbouring channels ---------------------------------------------------------------------------------------


def local_response_norm_loops(x, size=5, bias=2.0, alpha=1e-4, beta=0.75):
    """The definition of local response normalisation, one number at a time.

    >>> local_response_norm_loops(np.array([[3.0, 4.0]]), size=3, bias=11.0, alpha=1.0, beta=0.5)
    array([[0.5       , 0.66666667]])
    """
    y = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        *pixel, c = index
        around = x[*pixel, max(c - size // 2, 0) : c + size // 2 + 1].tolist()
        y[index] = float(x[index]) / (bias + alpha * math.fsum(a * a for a in around)) ** beta
    return y


def local_response_norm(x, size=5, bias=2.0, alpha=1e-4, beta=0.75):
    """Divide each value by a power of the activity of the `size` channels around it, as AlexNet did.

    ``y[c] = x[c] / (bias + alpha * S) ** beta``, where S is the sum of ``x[k] ** 2`` over the channels k with
    ``|k - c| <= size // 2`` that exist: formula and constants of Krizhevsky, Sutskever and Hinton (2012, reprinted as
    doi 10.1145/3065386). `alpha` multiplies the sum, as in TensorFlow, whose `depth_radius`
    is ``size // 2``; Caffe and PyTorch divide their alpha by `size` first, so theirs has to be `size` times as large.

    x as for `batch_norm`, size an odd int, bias > 0, alpha and beta >= 0 -> y (shape of x), cache.

    >>> y, cache = local_response_norm(np.array([[3.0, 4.0]]), size=3, bias=11.0, alpha=1.0, beta=0.5)
    >>> y  # both are divided by sqrt(11 + 9 + 16) = 6
    array([[0.5       , 0.66666667]])
    """
    x, radius = _image_floats(x), _radius(size)
    bias, alpha, beta = number(bias, "bias", above_zero=True), number(alpha, "alpha"), number(beta, "beta")
    base = bias + alpha * _sum_around(x * x, radius)
    return x * base**-beta, (x.copy(), base, radius, alpha, beta)


def local_response_norm_backward(dy, cache):
    """The gradient of `local_response_norm`: dy (shape of x) -> dx (shape of x).

    A value is divided by its own neighbourhood, and it is also in the neighbourhood of others.

    >>> y, cache = local_response_norm(np.array([[1.0, 1.0]]), size=3, bias=2.0, alpha=1.0, beta=1.0)
    >>> local_response_norm_backward(np.array([[1.0, 0.0]]), cache)  # 1/4 - 2/16, and what x[1] does to y[0]: -2/16
    array([[ 0.125, -0.125]])
    """
    x, base, radius, alpha, beta = cache
    dy = same_shape(dy, "dy", x.shape)
    return dy * base**-beta - 2 * alpha * beta * x * _sum_around(dy * x * base ** (-beta - 1), radius)


def _sum_around(values, radius):
    """The sum over the channels c - radius ... c + radius that exist."""
    channels = values.shape[-1]
    radius = min(radius, channels)
    padded = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(radius, radius)])
    return sum(padded[..., first : first + channels] for first in range(2 * radius + 1))


# --- what the three have in common ------------------------------------------------------------------------------------


def _normalise(x, axes, epsilon):
    """x with mean 0 and variance 1 over `axes`, and the mean and variance it had (axes kept, with size 1).

    The variance is the mean of the squared differences. The mean of the squares less the square of the mean is the same
    on paper; in float32, at a mean of 1,000 and a variance of 1, it is noise, and often negative.
    """
    mean = _mean(x, axes)
    centred = x - mean
    variance = _mean(centred * centred, axes)
    return centred / np.sqrt(variance + epsilon), mean, variance


def _normalise_backward(dnormalised, normalised, variance, axes, epsilon):
    """Take out of the gradient what would shift the set and what would scale it; divide by the deviation."""
    shift = _mean(dnormalised, axes)
    scale = _mean(dnormalised * normalised, axes)
    return (dnormalised - shift - normalised * scale) / np.sqrt(variance + epsilon)


def _mean(values, axes):
    """The mean, added up in float64: NumPy's float32 sums over leading axes drift with the number of terms."""
    return values.mean(axis=axes, keepdims=True, dtype=np.float64).astype(values.dtype)


def _scale_and_shift_gradients(dy, normalised):
    """dgamma and dbeta; they add up over everything that one gamma and one beta have served."""
    product, axes = dy * normalised, tuple(range(dy.ndim - 1))
    return tuple(a.sum(axis=axes, dtype=np.float64).astype(a.dtype) for a in (product, dy))


def _statistics_loops(values):
    """The mean and the variance of a list of numbers."""
    mean = math.fsum(values) / len(values)
    return mean, math.fsum((a - mean) ** 2 for a in values) / len(values)


def _standardised_loops(values, epsilon):
    """One set of numbers, with mean 0 and variance 1."""
    mean, variance = _statistics_loops(values.ravel().tolist())
    standardised = [(a - mean) / math.sqrt(variance + epsilon) for a in values.ravel().tolist()]
    return np.reshape(standardised, values.shape)


# --- checks -----------------------------------------------------------------------------------------------------------


def _image_floats(x):
    x = float_array(x, "x", {2: "NC", 3: "NWC", 5: "NDHWC"}.get(np.ndim(x), "NHWC"))
    if 0 in x.shape[1:]:
        raise ValueError(f"x has shape {x.shape}: an image without pixels or channels cannot be normalised")
    return x


def _checked(x, gamma, beta, epsilon):
    x = _image_floats(x)
    gamma, beta = same_shape(gamma, "gamma", x.shape[-1:]), same_shape(beta, "beta", x.shape[-1:])
    return x, gamma, beta, number(epsilon, "epsilon", above_zero=True)


def _channels_of_a_group(x, groups):
    channels, groups = x.shape[-1], whole_number(groups, "groups")
    if channels % groups:
        fits = [g for g in range(1, channels + 1) if channels % g == 0]
        raise ValueError(f"groups is {groups}, but it must divide the {channels} channels: one of {fits}")
    return channels // groups


def _radius(size):
    if whole_number(size, "size") % 2 == 0:
        raise ValueError(f"size is {size}, but an odd number is needed, such as {size + 1}: as many on either side")
    return int(size) // 2
