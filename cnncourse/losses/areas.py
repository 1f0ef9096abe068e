"""Losses for masks: how badly do two areas overlap? (chapter ch05_layers)

In a segmentation most pixels are background, and a network that never finds anything is right on nearly all of them.
Dice and intersection over union look at the overlap alone: background found as background counts for nothing. Here
both are soft: a probability of 0.7 counts as 0.7 of a pixel, so there is a gradient to follow.

Each image is judged on its own, over all of its pixels and channels, and the mean is over the images. But for the
smoothing both order the answers for one image alike, as ``dice = 2 * iou / (1 + iou)`` for the overlaps themselves.
"""

import numpy as np

from cnncourse.arguments import float_array, number
from cnncourse.losses.loss import targets_like, upstream


def _areas(probabilities, targets, smoothing):
    """The areas of the overlap, of the prediction and of the target, each of shape (N,), and what else was checked."""
    p = float_array(probabilities, "probabilities", "N" + "*" * max(np.ndim(probabilities) - 1, 1))
    if p.size and not (p.min() >= 0 and p.max() <= 1):
        raise ValueError(
            f"probabilities go from {p.min()} to {p.max()}, but 0 ... 1 is needed: pass sigmoid(logits)[0]"
        )
    t = targets_like(p, targets, 0, 1)
    smoothing = number(smoothing, "smoothing", above_zero=True)  # an empty mask would give 0 / 0
    axes = tuple(range(1, p.ndim))
    return (p * t).sum(axis=axes), p.sum(axis=axes), t.sum(axis=axes), t, smoothing


def dice(probabilities, targets, smoothing=1.0):
    """``1 - (2 * overlap + smoothing) / (area of the prediction + area of the target + smoothing)``.

    As a loss it is from Milletari, Navab and Ahmadi (2016, arXiv:1606.04797), who square the numbers in the
    denominator; here, as in Keras and in Sudre et al. (2017, arXiv:1707.03237), they stand as they are.

    Parameters
    ----------
    probabilities : ndarray in 0 ... 1, shape (N, ...), e.g. (N, H, W, C)
    targets : numbers in 0 ... 1, shape of probabilities
    smoothing : a number > 0; it makes an empty mask that was left empty a perfect answer instead of 0 / 0.

    Returns
    -------
    loss : a number
    cache : what `dice_backward` needs

    >>> dice(np.array([[1.0, 1.0, 0.0, 0.0]]), np.array([[0, 1, 1, 0]]), smoothing=1e-9)[0].round(4)
    np.float64(0.5)
    """
    overlap, area_p, area_t, t, smoothing = _areas(probabilities, targets, smoothing)
    above, below = 2 * overlap + smoothing, area_p + area_t + smoothing
    return (1 - above / below).sum() / max(len(t), 1), (above, below, t)


def dice_backward(dloss, cache):
    """The gradient with respect to the probabilities, by the quotient rule, shape (N, ...).

    With a target of zeros and ones an image has two values: one for all pixels of the target, one for all others.

    >>> loss, cache = dice(np.array([[1.0, 1.0, 0.0, 0.0]]), np.array([[0, 1, 1, 0]]), smoothing=1e-9)
    >>> dice_backward(1.0, cache).round(4)
    array([[ 0.125, -0.375, -0.375,  0.125]])
    """
    above, below, t = cache
    above, below = (per_image.reshape(-1, *[1] * (t.ndim - 1)) for per_image in (above, below))
    return upstream(dloss) / max(len(t), 1) * (above / below - 2 * t) / below


def iou(probabilities, targets, smoothing=1.0):
    """``1 - (overlap + smoothing) / (union + smoothing)`` (Rahman and Wang, 2016, doi:10.1007/978-3-319-50835-1_22).

    The union is both areas less the overlap, which would be counted twice.

    Parameters
    ----------
    probabilities, targets, smoothing : see `dice`

    Returns
    -------
    loss : a number
    cache : what `iou_backward` needs

    >>> iou(np.array([[1.0, 1.0, 0.0, 0.0]]), np.array([[0, 1, 1, 0]]), smoothing=1e-9)[0].round(4)
    np.float64(0.6667)
    """
    overlap, area_p, area_t, t, smoothing = _areas(probabilities, targets, smoothing)
    above, below = overlap + smoothing, area_p + area_t - overlap + smoothing
    return (1 - above / below).sum() / max(len(t), 1), (above, below, t)


def iou_backward(dloss, cache):
    """The gradient with respect to the probabilities, by the quotient rule, shape (N, ...).

    >>> loss, cache = iou(np.array([[1.0, 1.0, 0.0, 0.0]]), np.array([[0, 1, 1, 0]]), smoothing=1e-9)
    >>> iou_backward(1.0, cache).round(4)
    array([[ 0.1111, -0.3333, -0.3333,  0.1111]])
    """
    above, below, t = cache
    above, below = (per_image.reshape(-1, *[1] * (t.ndim - 1)) for per_image in (above, below))
    return upstream(dloss) / max(len(t), 1) * (above / below * (1 - t) - t) / below
