"""ch01.conv_matrix: a dense layer that is a convolution."""

import numpy as np

from cnncourse.checks.drawing import digits, normals, whole
from cnncourse.checks.mistakes import cuts_fractions, given, then
from cnncourse.checks.task import Task


def conv_matrix(kernel, size):
    matrix = np.zeros((size - len(kernel) + 1, size))
    for i, row in enumerate(matrix):
        row[i : i + len(kernel)] = kernel
    return matrix


def cases(rng):
    for K, size in [(2, 3), (1, 3), (3, 3), (2, 5), (3, 7)]:
        yield digits(rng, K), size
    yield normals(rng, 4), 9
    yield normals(rng, 5, dtype=np.float32), 12
    yield normals(rng, whole(rng, 2, 5)), whole(rng, 6, 12)


TASK = Task(
    "ch01.conv_matrix",
    "the matrix of a kernel that slides along a line",
    "ch01_why_convolution#a-layer-that-treats-every-place-alike",
    conv_matrix,
    cases,
)
cuts_fractions(TASK)

TASK.mistake(
    "the matrix is transposed",
    "A row belongs to one number of the result and has a weight for every number of the line.",
)(then(TASK, np.transpose))
TASK.mistake(
    "the kernel is turned round",
    "The kernel lies on the line as it is written: its first weight meets the leftmost number of the window.",
)(given(TASK, kernel=lambda kernel: kernel[::-1]))
TASK.mistake("the kernel does not move on", "One row down, everything stands one column further right.")(
    then(TASK, lambda matrix: np.full_like(matrix, matrix[:1]))
)
TASK.mistake("the last position is left out", "size - K counts the steps; there is one position more.")(
    then(TASK, lambda matrix: matrix[:-1])
)
TASK.mistake(
    "the kernel slides from right to left", "The first number of the result belongs to the window at the left end."
)(then(TASK, lambda matrix: matrix[::-1]))
TASK.mistake(
    "the windows do not overlap", "From one row to the next the kernel moves by one number, not by its own length."
)(lambda kernel, size: conv_matrix(kernel, size)[:: len(kernel)])


@TASK.mistake(
    "the kernel is led round a ring",
    "A line has two ends. The kernel stops where its last weight meets the last number.",
    "#by-hand-on-a-ring",
)
def round_the_ring(kernel, size):
    first = np.append(kernel, np.zeros(size - len(kernel)))
    return np.array([np.roll(first, i) for i in range(size)])


@TASK.mistake(
    "the kernel may hang over the ends",
    "Here the whole kernel stays on the line, so there are fewer results than numbers.",
)
def zeros_outside(kernel, size):
    before = (len(kernel) - 1) // 2
    return conv_matrix(kernel, size + len(kernel) - 1)[:, before : before + size]
