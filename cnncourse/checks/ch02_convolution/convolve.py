"""ch02.convolve: true convolution of one channel."""

import numpy as np

from cnncourse.checks import lent
from cnncourse.checks.ch02_convolution.correlate import slide
from cnncourse.checks.drawing import digits, normals
from cnncourse.checks.task import Task


def convolve(x, kernel):
    return slide(x, kernel[::-1, ::-1], 1)


def cases(rng):
    yield digits(rng, 1, 3), digits(rng, 1, 2)
    yield digits(rng, 3, 2), digits(rng, 2, 1)
    yield digits(rng, 3, 3), digits(rng, 2, 2)
    yield np.asfortranarray(digits(rng, 4, 5)), np.asfortranarray(digits(rng, 2, 3))
    yield normals(rng, 6, 5), normals(rng, 3, 3)
    yield normals(rng, 5, 8, dtype=np.float32), normals(rng, 4, 2, dtype=np.float32)


TASK = Task(
    "ch02.convolve",
    "true convolution of one channel",
    "ch02_convolution#turned-or-not",
    convolve,
    cases,
    lends=(("cnncourse.convolution.correlate", lent.correlate),),
)
MIRROR = "Turning by 180 degrees reverses rows and columns; reversing {} alone is a mirror image."

TASK.mistake(
    "the kernel is not turned", "That is cross-correlation. A true convolution turns the kernel by 180 degrees first."
)(lambda x, kernel: slide(x, kernel, 1))
TASK.mistake("only the rows of the kernel are reversed", MIRROR.format("rows"))(
    lambda x, kernel: slide(x, kernel[::-1], 1)
)
TASK.mistake("only the columns of the kernel are reversed", MIRROR.format("columns"))(
    lambda x, kernel: slide(x, kernel[:, ::-1], 1)
)
TASK.mistake(
    "the kernel is transposed",
    "A transposed kernel is mirrored at its diagonal. Turning by 180 degrees is `kernel[::-1, ::-1]`.",
)(lambda x, kernel: slide(x, kernel.T, 1))
TASK.mistake(
    "the kernel is turned by 90 degrees",
    "`np.rot90` turns by 90 degrees; twice that is needed: `np.rot90(kernel, 2)`, or `kernel[::-1, ::-1]`.",
)(lambda x, kernel: slide(x, np.rot90(kernel), 1))
TASK.mistake(
    "the image is turned instead of the kernel",
    "Turning the image instead gives the right numbers in the wrong places: the map comes out turned too.",
)(lambda x, kernel: slide(x[::-1, ::-1], kernel, 1))
TASK.mistake(
    "the map is turned instead of the kernel",
    "Turning the map afterwards moves the numbers of a correlation about, it does not change them.",
)(lambda x, kernel: slide(x, kernel, 1)[::-1, ::-1])
TASK.mistake(
    "the border is filled with zeros first",
    "That is the full convolution. Here the kernel stays inside the image.",
    "#what-lies-beyond-the-edge-padding",
)(lambda x, kernel: convolve(np.pad(x, [(n - 1, n - 1) for n in kernel.shape]), kernel))
