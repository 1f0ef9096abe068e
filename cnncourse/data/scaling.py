"""Mean 0 and standard deviation 1 for every channel. Measure on the training images, apply to all of them."""

import numpy as np

from cnncourse.arguments import float_array, same_shape


def normalisation(x):
    """Return the mean and the standard deviation of each channel, over all images and positions.

    x : ndarray, shape (N, H, W, C), float
    returns : mean, std, each of shape (C,) and the dtype of `x`

    >>> x = np.array([0, 1, 0, 1], dtype=np.float32).reshape(1, 2, 2, 1)
    >>> normalisation(x)
    (array([0.5], dtype=float32), array([0.5], dtype=float32))
    """
    x = float_array(x, "x", "NHWC")
    if x.size == 0:
        raise ValueError(f"x has shape {x.shape}, but at least one image is needed")
    if not np.isfinite(x).all():
        raise ValueError(f"x holds {np.count_nonzero(~np.isfinite(x))} NaN or infinite values: repair or drop them")
    axes = (0, 1, 2)
    constant = x.min(axes) == x.max(axes)
    if constant.any():
        c = constant.argmax()
        raise ValueError(
            f"channel {c} is {x[0, 0, 0, c]} everywhere, so its standard deviation is 0 and nothing can be divided "
            f"by it: measure on more images, or drop the channel with np.delete(x, {c}, axis=-1)"
        )
    # A float32 sum over millions of pixels would lose digits.
    mean, std = x.mean(axes, dtype=np.float64), x.std(axes, dtype=np.float64)
    return mean.astype(x.dtype), std.astype(x.dtype)


def normalise(x, mean, std):
    """Return `x` with `mean` taken away from each channel and divided by `std`.

    x : ndarray, shape (N, H, W, C), float
    mean, std : shape (C,), from `normalisation` of the training images
    returns : ndarray, shape (N, H, W, C), the dtype of `x`

    >>> x = np.array([0, 1, 0, 1], dtype=np.float32).reshape(1, 2, 2, 1)
    >>> normalise(x, *normalisation(x)).ravel()
    array([-1.,  1., -1.,  1.], dtype=float32)
    """
    x = float_array(x, "x", "NHWC")
    mean, std = same_shape(mean, "mean", x.shape[-1:]), same_shape(std, "std", x.shape[-1:])
    if not (std > 0).all():
        raise ValueError(f"std is {std}, but a number > 0 for each channel is needed, as normalisation(x) returns it")
    result = x - mean.astype(x.dtype)
    result /= std
    return result
