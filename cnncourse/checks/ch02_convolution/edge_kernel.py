"""ch02.edge_kernel: a kernel that subtracts the left neighbour from the right one."""

import numpy as np

from cnncourse.checks.ch02_convolution.correlate import slide
from cnncourse.checks.writing import Task, digits, normals, returns

WANTED = np.array([[0.0, 0.0, 0.0], [-1.0, 0.0, 1.0], [0.0, 0.0, 0.0]])


def cases(rng):
    yield (np.array([[0.0, 0, 0, 0], [2, 3, 5, 9], [0, 0, 0, 0]]),)
    yield (np.array([[0.0, 1, 0], [0, 2, 0], [0, 4, 0], [0, 8, 0]]),)
    yield (digits(rng, 3, 4),)
    yield (normals(rng, 6, 5),)


def kernel_of(answer, image):
    """The 3 by 3 kernel that an answer returns; what it does to the image is found out outside."""
    kernel = np.asarray(answer(), dtype=float)
    if kernel.shape != (3, 3):
        raise ValueError(f"the kernel has shape {kernel.shape}, but (3, 3) is asked for")
    return kernel


TASK = Task(
    __name__,
    __doc__,
    "#nine-weights-and-a-photograph",
    returns(WANTED),
    cases,
    probe=kernel_of,
    settle=lambda kernel, image: slide(image, kernel, 1),
)
SAME_ROW = "The right and the left neighbour are in the same row: the two weights stand side by side."

why = "The kernel is laid on the image as it is written, not turned: its right column meets the right neighbour."
TASK.mistake("left and right are exchanged", why, "#turned-or-not")(returns(-WANTED))
TASK.mistake("the kernel compares the neighbours above and below", SAME_ROW)(returns(WANTED.T))
TASK.mistake("the kernel compares the neighbours below and above", SAME_ROW)(returns(-WANTED.T))
why = "Halving makes it a slope per pixel. Here the difference itself is asked for."
TASK.mistake("the difference is halved", why)(returns(WANTED / 2))
why = "That is the Prewitt kernel: it averages over the rows above and below, which is not asked for here."
TASK.mistake("the difference is summed over three rows", why)(returns(np.array([[-1.0, 0, 1]] * 3)))
why = "The Sobel kernel also reads the rows above and below; here only the two neighbours count."
TASK.mistake("the rows are weighted as Sobel does", why)(returns(np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])))
why = "The pixel in the middle has weight 0: the left neighbour is the one to subtract."
TASK.mistake("the pixel itself is subtracted from its right neighbour", why)(
    returns(np.array([[0.0, 0, 0], [0, -1, 1], [0, 0, 0]]))
)
why = "The pixel in the middle has weight 0: the right neighbour is the one to subtract from."
TASK.mistake("the pixel itself is compared with its left neighbour", why)(
    returns(np.array([[0.0, 0, 0], [-1, 1, 0], [0, 0, 0]]))
)
