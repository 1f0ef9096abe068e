"""Images shifted, or with their pixels shuffled: what does a network rely on? (chapter ch01_why_convolution)"""

import numpy as np

from cnncourse.arguments import float_array, whole_number


def permute_pixels(x, seed=0):
    """Shuffle the places of the pixels, in every image in the same way; the channels of a pixel stay together.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
    seed : the same seed and size give the same shuffle, so training and test images can be shuffled apart.

    Returns
    -------
    ndarray, shape (N, H, W, C)

    >>> x = np.arange(2 * 6.0).reshape(2, 2, 3, 1)
    >>> shuffled = permute_pixels(x)
    >>> shuffled[1] - shuffled[0]  # the second image was 6 more everywhere, and still is
    array([[[6.],
            [6.],
            [6.]],
    <BLANKLINE>
           [[6.],
            [6.],
            [6.]]])
    >>> np.sort(shuffled[0].ravel())
    array([0., 1., 2., 3., 4., 5.])
    """
    x = float_array(x, "x", "NHWC")
    N, H, W, C = x.shape
    order = np.random.default_rng(seed).permutation(H * W)
    return x.reshape(N, H * W, C)[:, order].reshape(x.shape)


def shift_images(x, down=0, right=0):
    """Move the content of the images; what leaves the frame is lost, and zeros come in on the other side.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
    down, right : int, in pixels; negative is up and left.

    Returns
    -------
    ndarray, shape (N, H, W, C)

    >>> x = np.array([[1.0, 2, 3], [4, 5, 6]]).reshape(1, 2, 3, 1)
    >>> shift_images(x, down=1, right=-1)[0, :, :, 0]
    array([[0., 0., 0.],
           [2., 3., 0.]])
    """
    x = float_array(x, "x", "NHWC")
    (to_rows, from_rows), (to_columns, from_columns) = _overlap(down, x, 1, "down"), _overlap(right, x, 2, "right")
    moved = np.zeros_like(x)
    moved[:, to_rows, to_columns] = x[:, from_rows, from_columns]
    return moved


def _overlap(step, x, axis, name):
    """Where the content lands, and where it was: two slices of the same length."""
    size = x.shape[axis]
    step = whole_number(step, name, minimum=-size)
    if step > size:
        raise ValueError(f"{name} is {step}, but the images are {size} pixels long there: use -{size} to {size}")
    kept = size - abs(step)
    return (slice(step, size), slice(kept)) if step > 0 else (slice(kept), slice(-step, size))
