"""ch02.conv_transpose: the transposed convolution of one channel, from a formula with a mistake."""

import numpy as np

from cnncourse.checks.writing import Task, digits, given, ignores, normals


def conv_transpose(x, kernel, stride):
    (H, W), (KH, KW) = x.shape, kernel.shape
    y = np.zeros(((H - 1) * stride + KH, (W - 1) * stride + KW))
    for i, j in np.ndindex(H, W):
        y[i * stride : i * stride + KH, j * stride : j * stride + KW] += x[i, j] * kernel
    return y


def cases(rng):
    yield digits(rng, 1, 2), digits(rng, 1, 2), 1
    yield digits(rng, 2, 1), digits(rng, 2, 3), 1
    yield digits(rng, 2, 2), digits(rng, 2, 2), 2
    yield np.asfortranarray(digits(rng, 2, 3)), np.asfortranarray(digits(rng, 3, 2)), 2
    yield digits(rng, 2, 2), digits(rng, 1, 2), 3
    yield digits(rng, 1, 3), digits(rng, 2, 1), 2
    yield normals(rng, 3, 4), normals(rng, 3, 3), 2
    yield normals(rng, 4, 3, dtype=np.float32), normals(rng, 2, 4, dtype=np.float32), 1


TASK = Task(__name__, __doc__, "#backwards-the-transposed-convolution", conv_transpose, cases)
ignores(TASK, "stride", 1, "Neighbouring pixels lay their patches stride apart.")


def by_formula(entry):
    """Each number of the map from the pixels (row, column) that `entry(i, j, u, v, stride)` picks; 0 outside of x."""

    def answer(x, kernel, stride):
        (H, W), (KH, KW) = x.shape, kernel.shape
        y = np.zeros(((H - 1) * stride + KH, (W - 1) * stride + KW))
        for i, j, u, v in np.ndindex(*y.shape, KH, KW):
            row, column = entry(i, j, u, v, stride)
            if 0 <= row < H and 0 <= column < W:
                y[i, j] += x[row, column] * kernel[u, v]
        return y

    return answer


why = (
    "It divides i by the stride before it subtracts u, so neighbouring outputs read the same pixel through the "
    "same weight. A pixel reaches output i only through the weight u with row * stride + u = i."
)
TASK.mistake("the printed formula is followed", why)(
    by_formula(lambda i, j, u, v, stride: (i // stride - u, j // stride - v))
)
why = (
    "Where i - u is no multiple of the stride, no pixel reaches output i through weight u; rounding down finds "
    "one all the same."
)
TASK.mistake("(i - u) / stride is rounded down", why)(
    by_formula(lambda i, j, u, v, stride: ((i - u) // stride, (j - v) // stride))
)
why = (
    "Whoever lays down a patch for each pixel leaves the kernel as it is. Whoever slides a window over the spread-out "
    "map instead meets the kernel turned. Do one or the other."
)
TASK.mistake("the kernel is turned once too often", why, "#turned-or-not")(
    given(TASK, kernel=lambda kernel: kernel[::-1, ::-1])
)
why = "It is the matrix of the convolution that is transposed, not the kernel."
TASK.mistake("the kernel is transposed", why)(given(TASK, kernel=np.transpose))
why = "The last patch is as long as the kernel: the size is (H - 1) * stride + KH."
TASK.mistake("the result is cut to stride times the size", why)(
    lambda x, kernel, stride: conv_transpose(x, kernel, stride)[: len(x) * stride, : x.shape[1] * stride]
)


@TASK.mistake("a patch replaces what is there")
def replaced(x, kernel, stride):
    """Where two patches overlap, their numbers are added up: `+=`, not `=`."""
    (H, W), (KH, KW) = x.shape, kernel.shape
    y = np.zeros(((H - 1) * stride + KH, (W - 1) * stride + KW))
    for i, j in np.ndindex(H, W):
        y[i * stride : i * stride + KH, j * stride : j * stride + KW] = x[i, j] * kernel
    return y


@TASK.mistake("overlapping patches are averaged")
def averaged(x, kernel, stride):
    """Where two patches overlap, their numbers are added up, as the gradient of a convolution is."""
    patches = conv_transpose(np.ones_like(x), np.ones_like(kernel), stride)
    return conv_transpose(x, kernel, stride) / np.maximum(patches, 1)
