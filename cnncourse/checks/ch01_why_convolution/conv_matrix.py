"""ch01.conv_matrix: the matrix of a kernel that slides along a line."""

import numpy as np

from cnncourse.checks.writing import Task, cuts_fractions, digits, given, normals, then, whole


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


TASK = Task(__name__, __doc__, "#a-layer-that-treats-every-place-alike", conv_matrix, cases)
cuts_fractions(TASK)

why = "A row belongs to one number of the result and has a weight for every number of the line."
TASK.mistake("the matrix is transposed", why)(then(TASK, np.transpose))
why = "The kernel lies on the line as it is written: its first weight meets the leftmost number of the window."
TASK.mistake("the kernel is turned round", why)(given(TASK, kernel=lambda kernel: kernel[::-1]))
why = "One row down, everything stands one column further right."
TASK.mistake("the kernel does not move on", why)(then(TASK, lambda matrix: np.full_like(matrix, matrix[:1])))
why = "size - K counts the steps; there is one position more."
TASK.mistake("the last position is left out", why)(then(TASK, lambda matrix: matrix[:-1]))
why = "The first number of the result belongs to the window at the left end."
TASK.mistake("the kernel slides from right to left", why)(then(TASK, lambda matrix: matrix[::-1]))
why = "From one row to the next the kernel moves by one number, not by its own length."
TASK.mistake("the windows do not overlap", why)(lambda kernel, size: conv_matrix(kernel, size)[:: len(kernel)])


@TASK.mistake("the kernel is led round a ring", section="#by-hand-on-a-ring")
def round_the_ring(kernel, size):
    """A line has two ends. The kernel stops where its last weight meets the last number."""
    first = np.append(kernel, np.zeros(size - len(kernel)))
    return np.array([np.roll(first, i) for i in range(size)])


@TASK.mistake("the kernel may hang over the ends")
def zeros_outside(kernel, size):
    """Here the whole kernel stays on the line, so there are fewer results than numbers."""
    before = (len(kernel) - 1) // 2
    return conv_matrix(kernel, size + len(kernel) - 1)[:, before : before + size]
