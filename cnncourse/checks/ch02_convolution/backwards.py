"""The tasks that go the other way: from an effect to the kernel, and from a small map to a large one."""

import numpy as np

from cnncourse.checks.ch02_convolution.windows import slide
from cnncourse.checks.drawing import digits, normals
from cnncourse.checks.given.ch02 import kernel_of
from cnncourse.checks.task import Misconception, Task, returns

PAGE = "ch02_convolution"

WANTED = np.array([[0.0, 0.0, 0.0], [-1.0, 0.0, 1.0], [0.0, 0.0, 0.0]])


def image_cases(rng):
    yield (np.array([[0.0, 0, 0, 0], [2, 3, 5, 9], [0, 0, 0, 0]]),)
    yield (np.array([[0.0, 1, 0], [0, 2, 0], [0, 4, 0], [0, 8, 0]]),)
    yield (digits(rng, 3, 4),)
    yield (normals(rng, 6, 5),)


KERNEL = Task(
    id="ch02.edge_kernel",
    asks="a kernel that subtracts the left neighbour from the right one",
    section=f"{PAGE}#nine-weights-and-a-photograph",
    reference=returns(WANTED),
    cases=image_cases,
    probe=kernel_of,
    settle=lambda kernel, image: slide(image, kernel, 1),
    misconceptions=(
        Misconception(
            "left and right are exchanged",
            returns(-WANTED),
            "The kernel is laid on the image as it is written, not turned: its right column meets the right neighbour.",
            f"{PAGE}#turned-or-not",
        ),
        Misconception(
            "the kernel compares the neighbours above and below",
            returns(WANTED.T),
            "The right and the left neighbour are in the same row: the two weights stand side by side.",
        ),
        Misconception(
            "the kernel compares the neighbours below and above",
            returns(-WANTED.T),
            "The right and the left neighbour are in the same row: the two weights stand side by side.",
        ),
        Misconception(
            "the difference is halved",
            returns(WANTED / 2),
            "Halving makes it a slope per pixel. Here the difference itself is asked for.",
        ),
        Misconception(
            "the difference is summed over three rows",
            returns(np.array([[-1.0, 0, 1]] * 3)),
            "That is the Prewitt kernel: it averages over the rows above and below, which is not asked for here.",
        ),
        Misconception(
            "the rows are weighted as Sobel does",
            returns(np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])),
            "The Sobel kernel also reads the rows above and below; here only the two neighbours count.",
        ),
        Misconception(
            "the pixel itself is subtracted from its right neighbour",
            returns(np.array([[0.0, 0, 0], [0, -1, 1], [0, 0, 0]])),
            "The pixel in the middle has weight 0: the left neighbour is the one to subtract.",
        ),
        Misconception(
            "the pixel itself is compared with its left neighbour",
            returns(np.array([[0.0, 0, 0], [-1, 1, 0], [0, 0, 0]])),
            "The pixel in the middle has weight 0: the right neighbour is the one to subtract from.",
        ),
    ),
)


def conv_transpose(x, kernel, stride):
    (H, W), (KH, KW) = x.shape, kernel.shape
    y = np.zeros(((H - 1) * stride + KH, (W - 1) * stride + KW))
    for i in range(H):
        for j in range(W):
            y[i * stride : i * stride + KH, j * stride : j * stride + KW] += x[i, j] * kernel
    return y


def transpose_cases(rng):
    yield digits(rng, 1, 2), digits(rng, 1, 2), 1
    yield digits(rng, 2, 1), digits(rng, 2, 3), 1
    yield digits(rng, 2, 2), digits(rng, 2, 2), 2
    yield digits(rng, 2, 3), digits(rng, 3, 2), 2
    yield digits(rng, 2, 2), digits(rng, 1, 2), 3
    yield normals(rng, 3, 4), normals(rng, 3, 3), 2
    yield normals(rng, 4, 3, dtype=np.float32), normals(rng, 2, 4, dtype=np.float32), 1


def with_indices(x, kernel, stride, entry):
    """A map of the right size whose numbers `entry(x, kernel, i, j, u, v)` picks; it gives 0 outside of x."""
    (H, W), (KH, KW) = x.shape, kernel.shape
    y = np.zeros(((H - 1) * stride + KH, (W - 1) * stride + KW))
    for i in range(len(y)):
        for j in range(y.shape[1]):
            for u in range(KH):
                for v in range(KW):
                    row, column = entry(i, j, u, v)
                    if 0 <= row < H and 0 <= column < W:
                        y[i, j] += x[row, column] * kernel[u, v]
    return y


def as_printed(x, kernel, stride):
    return with_indices(x, kernel, stride, lambda i, j, u, v: (i // stride - u, j // stride - v))


def rounded_down(x, kernel, stride):
    return with_indices(x, kernel, stride, lambda i, j, u, v: ((i - u) // stride, (j - v) // stride))


def overwritten(x, kernel, stride):
    (H, W), (KH, KW) = x.shape, kernel.shape
    y = np.zeros(((H - 1) * stride + KH, (W - 1) * stride + KW))
    for i in range(H):
        for j in range(W):
            y[i * stride : i * stride + KH, j * stride : j * stride + KW] = x[i, j] * kernel
    return y


def cropped(x, kernel, stride):
    return conv_transpose(x, kernel, stride)[: len(x) * stride, : x.shape[1] * stride]


def averaged(x, kernel, stride):
    patches = conv_transpose(np.ones_like(x), np.ones_like(kernel), stride)
    return conv_transpose(x, kernel, stride) / np.maximum(patches, 1)


CONV_TRANSPOSE = Task(
    id="ch02.conv_transpose",
    asks="the transposed convolution of one channel, from a formula with a mistake",
    section=f"{PAGE}#backwards-the-transposed-convolution",
    reference=conv_transpose,
    cases=transpose_cases,
    misconceptions=(
        Misconception(
            "the printed formula is followed",
            as_printed,
            "It divides i by the stride before it subtracts u, so neighbouring outputs read the same pixel through the "
            "same weight. A pixel reaches output i only through the weight u with row * stride + u = i.",
        ),
        Misconception(
            "(i - u) / stride is rounded down",
            rounded_down,
            "Where i - u is no multiple of the stride, no pixel reaches output i through weight u; rounding down finds "
            "one all the same.",
        ),
        Misconception(
            "a patch replaces what is there",
            overwritten,
            "Where two patches overlap, their numbers are added up: `+=`, not `=`.",
        ),
        Misconception(
            "stride is ignored",
            lambda x, kernel, stride: conv_transpose(x, kernel, 1),
            "Neighbouring pixels lay their patches stride apart.",
        ),
        Misconception(
            "the kernel is turned",
            lambda x, kernel, stride: conv_transpose(x, kernel[::-1, ::-1], stride),
            "Each pixel lays down the kernel as it is. Seen from the output that reads like a turned kernel, but "
            "turning it here as well would do it twice.",
            f"{PAGE}#turned-or-not",
        ),
        Misconception(
            "overlapping patches are averaged",
            averaged,
            "Where two patches overlap, their numbers are added up, as the gradient of a convolution is.",
        ),
        Misconception(
            "the result is cut to stride times the size",
            cropped,
            "The last patch is as long as the kernel: the size is (H - 1) * stride + KH.",
        ),
        Misconception(
            "the kernel is transposed",
            lambda x, kernel, stride: conv_transpose(x, kernel.T, stride),
            "It is the matrix of the convolution that is transposed, not the kernel.",
        ),
    ),
)
