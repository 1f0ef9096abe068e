"""What the text of a task lends: functions of `cnncourse` by their names there, short, and without the rest of it.

When a notebook is graded, the library itself is out of reach. The source of these is handed over when a task is tried
that lends them, after all tasks that do not.
"""

import numpy as np


def shift_images(x, down=0, right=0):
    """`cnncourse.baselines.shift_images`.

    >>> shift_images(np.array([[1.0, 2, 3], [4, 5, 6]]).reshape(1, 2, 3, 1), down=1, right=-1)[0, :, :, 0]
    array([[0., 0., 0.],
           [2., 3., 0.]])
    """
    moved = np.zeros_like(x, dtype=np.result_type(x, np.float32))
    H, W = x.shape[1:3]
    rows, columns = np.arange(max(down, 0), min(H, H + down)), np.arange(max(right, 0), min(W, W + right))
    moved[:, rows[:, None], columns] = x[:, rows[:, None] - down, columns - right]
    return moved


def correlate(image, kernel, stride=1):
    """`cnncourse.convolution.correlate`, without padding.

    >>> correlate(np.eye(3), np.array([[1, 2], [3, 4]]))
    array([[5., 3.],
           [2., 5.]])
    """
    image, kernel = np.asarray(image, float), np.asarray(kernel, float)
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.tensordot(windows[(slice(None, None, stride),) * image.ndim], kernel, kernel.ndim)


def conv2d(x, w):
    """`cnncourse.convolution.conv2d`, with none of its options and without what a gradient needs.

    >>> conv2d(np.ones((1, 2, 3, 1)), np.ones((2, 2, 1, 4)))[0].shape
    (1, 1, 2, 4)
    """
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[:2], axis=(1, 2))  # (N, OH, OW, C, KH, KW)
    return np.einsum("nijcuv,uvcf->nijf", windows, w), None


def max_pool2d(x, pool_size=2, stride=None):
    """`cnncourse.pooling.max_pool2d`, without padding and without what a gradient needs.

    >>> max_pool2d(np.array([[1.0, 5.0, 2.0, 0.0], [3.0, 4.0, 9.0, 9.0]])[None, :, :, None])[0][0, :, :, 0]
    array([[5., 9.]])
    """
    size = (pool_size, pool_size) if np.ndim(pool_size) == 0 else tuple(pool_size)
    step = size if stride is None else (stride, stride) if np.ndim(stride) == 0 else tuple(stride)
    windows = np.lib.stride_tricks.sliding_window_view(x, size, axis=(1, 2))  # (N, OH, OW, C, KH, KW)
    return windows[:, :: step[0], :: step[1]].max(axis=(4, 5)), None
