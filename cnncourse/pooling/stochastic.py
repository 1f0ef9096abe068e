"""Stochastic pooling: draw the winner of a window instead of taking the largest (chapter ch03_pooling).

Max pooling always listens to the strongest activation and average pooling to all alike. In between, a window's
activations can be read as odds: one that is twice as strong is drawn twice as often (Zeiler and Fergus, 2013, arXiv
1301.3557). This needs activations >= 0, as they are behind a ReLU. The chance works against overfitting, as dropout's
does; in use the draw is replaced by what it comes to on average, each activation weighted with its own probability.

Where a window holds only zeros there are no odds; then all of its pixels are equally likely.
"""

import numpy as np

from cnncourse.arguments import float_array, generator, same_shape
from cnncourse.pooling.windows import max_pool2d_backward, pool_geometry
from cnncourse.unfolding import crop, pad


def stochastic_pool2d_loops(x, pool_size, rng, stride=None, padding="valid"):
    """The definition: draw a number below the window's sum and walk through the window until the sum so far passes it.

    >>> x = np.array([[0.0, 4.0], [0.0, 0.0]])[None, :, :, None]
    >>> stochastic_pool2d_loops(x, 2, np.random.default_rng(0)).item()
    4.0
    """
    x, geo = _checked(x, pool_size, stride, padding)
    draws = rng.random((x.shape[0], *geo.out, x.shape[3]), dtype=x.dtype)
    y = np.zeros_like(draws)
    for n, i, j, c in np.ndindex(*y.shape):
        cells = x[n, *geo.inside(i, j), c].ravel().tolist()
        so_far, goal = 0.0, draws[n, i, j, c] * sum(cells)
        for cell in cells:
            so_far += cell
            if so_far > goal:
                y[n, i, j, c] = cell
                break
    return y


def stochastic_pool2d(x, pool_size, rng, stride=None, padding="valid"):
    """Stochastic pooling in training.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C), nothing below 0
    pool_size, stride, padding : see `max_pool2d`; padding is never drawn
    rng : numpy Generator

    Returns
    -------
    y : ndarray, shape (N, OH, OW, C)
    cache : what `stochastic_pool2d_backward` needs: which tap was drawn

    >>> x = np.array([[1.0, 3.0], [0.0, 0.0]])[None, :, :, None]
    >>> rng = np.random.default_rng(0)
    >>> [stochastic_pool2d(x, 2, rng)[0].item() for _ in range(8)]  # 3 has three chances in four
    [3.0, 3.0, 1.0, 1.0, 3.0, 3.0, 3.0, 3.0]
    """
    x, geo = _checked(x, pool_size, stride, padding)
    cells, probabilities = _odds(x, geo)
    draws = generator(rng).random(cells.shape[1:], dtype=x.dtype)
    passed = np.cumsum(probabilities, axis=0)
    before = np.concatenate([np.zeros_like(passed[:1]), passed[:-1]])
    # The last possible tap that begins at or below the draw. ("The first that ends above it" finds none where rounding
    # leaves the sum of the probabilities a little short of 1.)
    reached = (before <= draws) & (probabilities > 0)
    winner = len(cells) - 1 - reached[::-1].argmax(axis=0)
    y = np.take_along_axis(cells, winner[None], axis=0)[0]
    return y, (winner, geo)


def stochastic_pool2d_backward(dy, cache):
    """The gradient of `stochastic_pool2d`: dy (N, OH, OW, C) goes to the pixel that was drawn, dx (N, H, W, C).

    Given the draw this is max pooling with another winner. How the odds depend on x does not come into it.

    >>> y, cache = stochastic_pool2d(np.array([[0.0, 4.0], [0.0, 0.0]])[None, :, :, None], 2, np.random.default_rng(0))
    >>> stochastic_pool2d_backward(np.ones_like(y), cache)[0, :, :, 0]
    array([[0., 1.],
           [0., 0.]])
    """
    return max_pool2d_backward(dy, cache)


def stochastic_pool2d_inference_loops(x, pool_size=2, stride=None, padding="valid"):
    """The definition of what stands for the draw in use: the sum of each activation times its probability.

    >>> stochastic_pool2d_inference_loops(np.array([[1.0, 3.0], [0.0, 0.0]])[None, :, :, None]).item()
    2.5
    """
    x, geo = _checked(x, pool_size, stride, padding)
    y = np.zeros((x.shape[0], *geo.out, x.shape[3]), x.dtype)
    for n, i, j, c in np.ndindex(*y.shape):
        cells = x[n, *geo.inside(i, j), c].ravel().tolist()
        if sum(cells) > 0:
            y[n, i, j, c] = sum(cell * (cell / sum(cells)) for cell in cells)
    return y


def stochastic_pool2d_inference(x, pool_size=2, stride=None, padding="valid"):
    """Stochastic pooling in use: x (N, H, W, C), nothing below 0 -> y (N, OH, OW, C), cache. See `stochastic_pool2d`.

    >>> y, cache = stochastic_pool2d_inference(np.array([[1.0, 3.0], [0.0, 0.0]])[None, :, :, None])
    >>> y.item()  # 1 * 1/4 + 3 * 3/4, between the mean (1) and the maximum (3)
    2.5
    """
    x, geo = _checked(x, pool_size, stride, padding)
    cells, probabilities = _odds(x, geo)
    return (cells * probabilities).sum(axis=0), (probabilities, geo)


def stochastic_pool2d_inference_backward(dy, cache):
    """The gradient of `stochastic_pool2d_inference`: dy (N, OH, OW, C) -> dx (N, H, W, C).

    Here the probabilities do depend on x. With ``y = sum(a**2) / sum(a)`` the slope for one activation of a window is
    ``2 * p - sum(p**2)``: it is negative for the weak, which draw weight away from the strong.

    >>> y, cache = stochastic_pool2d_inference(np.array([[1.0, 3.0], [0.0, 0.0]])[None, :, :, None])
    >>> stochastic_pool2d_inference_backward(np.ones_like(y), cache)[0, :, :, 0]
    array([[-0.125,  0.875],
           [-0.625, -0.625]])
    """
    probabilities, geo = cache
    dy = same_shape(dy, "dy", probabilities.shape[1:])
    slopes = 2 * probabilities - (probabilities * probabilities).sum(axis=0)
    dxp = geo.padded_zeros(dy)
    for slope, at in zip(slopes, geo.taps()):
        dxp[at] += dy * slope
    return crop(dxp, geo.pads)


def _checked(x, pool_size, stride, padding):
    x = float_array(x, "x", "NHWC")
    if not ((x >= 0) & (x < np.inf)).all():
        what = "NaN" if np.isnan(x).any() else f"values down to {x.min()}" if (x < 0).any() else "infinity"
        raise ValueError(f"x holds {what}, but activations >= 0 are needed to serve as odds: put a ReLU in front")
    return x, pool_geometry(x.shape[1:3], pool_size, stride, padding)


def _odds(x, geo):
    """The cells of all windows and their probabilities, both (KH*KW, N, OH, OW, C)."""
    xp, pixels = pad(x, geo.pads), geo.pixels()
    cells = np.stack([xp[at] for at in geo.taps()])
    inside = np.stack([pixels[at] for at in geo.taps()])  # (KH*KW, 1, OH, OW, 1)
    weights = np.where(cells.any(axis=0), cells, inside.astype(x.dtype))
    return cells, weights / weights.sum(axis=0)
