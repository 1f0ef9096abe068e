"""ch02.convolve: true convolution of one channel."""

import numpy as np

from cnncourse.checks import lent
from cnncourse.checks.ch02_convolution.correlate import slide
from cnncourse.checks.writing import Task, digits, normals


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
    __name__, __doc__, "#turned-or-not", convolve, cases, lends=(("cnncourse.convolution.correlate", lent.correlate),)
)
MIRROR = "Turning by 180 degrees reverses rows and columns; reversing {} alone is a mirror image."

why = "That is cross-correlation. A true convolution turns the kernel by 180 degrees first."
TASK.mistake("the kernel is not turned", why)(lambda x, kernel: slide(x, kernel, 1))
why = MIRROR.format("rows")
TASK.mistake("only the rows of the kernel are reversed", why)(lambda x, kernel: slide(x, kernel[::-1], 1))
why = MIRROR.format("columns")
TASK.mistake("only the columns of the kernel are reversed", why)(lambda x, kernel: slide(x, kernel[:, ::-1], 1))
why = "A transposed kernel is mirrored at its diagonal. Turning by 180 degrees is `kernel[::-1, ::-1]`."
TASK.mistake("the kernel is transposed", why)(lambda x, kernel: slide(x, kernel.T, 1))
why = "`np.rot90` turns by 90 degrees; twice that is needed: `np.rot90(kernel, 2)`, or `kernel[::-1, ::-1]`."
TASK.mistake("the kernel is turned by 90 degrees", why)(lambda x, kernel: slide(x, np.rot90(kernel), 1))
why = "Turning the image instead gives the right numbers in the wrong places: the map comes out turned too."
TASK.mistake("the image is turned instead of the kernel", why)(lambda x, kernel: slide(x[::-1, ::-1], kernel, 1))
why = "Turning the map afterwards moves the numbers of a correlation about, it does not change them."
TASK.mistake("the map is turned instead of the kernel", why)(lambda x, kernel: slide(x, kernel, 1)[::-1, ::-1])
why = "That is the full convolution. Here the kernel stays inside the image."
TASK.mistake("the border is filled with zeros first", why, "#what-lies-beyond-the-edge-padding")(
    lambda x, kernel: convolve(np.pad(x, [(n - 1, n - 1) for n in kernel.shape]), kernel)
)
