"""Mirror images and parts of images: pixels change their place and none changes its value."""

import numpy as np

from cnncourse.arguments import float_array, fraction, generator, per_axis, whole_number


def flip_left_right(images):
    """Mirror images so that left and right change places: the same as ``warp(images, flip())``, without arithmetic.

    images : ndarray, shape (N, H, W, C); so is what is returned

    >>> flip_left_right(np.array([[1.0, 2, 3]]).reshape(1, 1, 3, 1)).ravel()
    array([3., 2., 1.])
    """
    return float_array(images, "images", "NHWC")[:, :, ::-1].copy()


def flip_up_down(images):
    """Mirror images so that top and bottom change places.

    images : ndarray, shape (N, H, W, C); so is what is returned

    >>> flip_up_down(np.array([[1.0, 2, 3]]).reshape(1, 3, 1, 1)).ravel()
    array([3., 2., 1.])
    """
    return float_array(images, "images", "NHWC")[:, ::-1].copy()


def random_flip(images, rng, rate=0.5):
    """Mirror each image, left to right, with probability `rate`. A step of a pipeline.

    >>> x = np.tile([1.0, 2.0, 3.0], (4, 1)).reshape(4, 1, 3, 1)
    >>> random_flip(x, np.random.default_rng(0))[:, 0, 0, 0]
    array([1., 3., 3., 3.])
    """
    images, rate = float_array(images, "images", "NHWC"), fraction(rate, "rate", below_one=False)
    mirrored = generator(rng).random(len(images)) < rate
    return np.where(mirrored[:, None, None, None], images[:, :, ::-1], images)


def crop(images, top, left, size):
    """Cut a window out of images, each at its own place.

    images : ndarray, shape (N, H, W, C)
    top, left : first row and column of the window, a whole number or one for each image, shape (N,)
    size : height and width of the window, or one number for both

    Returns an array of shape (N, height, width, C).

    >>> crop(np.arange(12.0).reshape(1, 3, 4, 1), 1, 2, size=2)[0, :, :, 0]
    array([[ 6.,  7.],
           [10., 11.]])
    """
    images = float_array(images, "images", "NHWC")
    n = len(images)
    starts = []
    for name, start, length, room in zip(
        ("top", "left"), (top, left), per_axis(size, 2, "size"), images.shape[1:3], strict=True
    ):
        start = np.asarray(start)
        if start.shape not in ((), (n,)) or not np.issubdtype(start.dtype, np.integer):
            raise ValueError(f"{name} is {start!r}, but a whole number or {n} of them, one for each image, are needed")
        if n and (start.min() < 0 or start.max() + length > room):
            raise ValueError(
                f"the window is {length} pixels long and {name} goes from {start.min()} to {start.max()}, but the "
                f"images are {room} pixels long there: use {name} from 0 to {room - length} or a smaller size"
            )
        starts.append(np.broadcast_to(start, n)[:, None] + np.arange(length))  # (N, length)
    rows, columns = starts
    return images[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]


def random_crop(images, rng, padding):
    """Put a border of zeros around each image and cut a window of the old size out of that, anywhere in it.

    The image moves by up to `padding` whole pixels in each direction. A step of a pipeline.

    images : ndarray, shape (N, H, W, C); so is what is returned

    >>> random_crop(np.ones((2, 3, 4, 1)), np.random.default_rng(0), padding=1).shape
    (2, 3, 4, 1)
    """
    images, padding = float_array(images, "images", "NHWC"), whole_number(padding, "padding", minimum=0)
    top, left = generator(rng).integers(0, 2 * padding + 1, (2, len(images)))
    padded = np.pad(images, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    return crop(padded, top, left, images.shape[1:3])
