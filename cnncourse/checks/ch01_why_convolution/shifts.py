"""The tasks on shifts: to move an image, and a matrix whose rows are one kernel moved along."""

import numpy as np

from cnncourse.checks.drawing import digits, normals, whole
from cnncourse.checks.task import Misconception, Task

PAGE = "ch01_why_convolution"


def taken(x, rows, columns):
    """The pixels at those rows and columns; the nearest ones where they lie outside."""
    _, H, W, _ = x.shape
    return x[:, rows.clip(0, H - 1)][:, :, columns.clip(0, W - 1)]


def shift(x, down, right):
    _, H, W, _ = x.shape
    rows, columns = np.arange(H) - down, np.arange(W) - right  # where the pixels come from
    inside = ((rows >= 0) & (rows < H))[:, None] & ((columns >= 0) & (columns < W))  # (H, W)
    return np.where(inside[..., None], taken(x, rows, columns), 0)


def shift_cases(rng):
    yield digits(rng, 1, 1, 3, 1), 0, 1
    yield digits(rng, 1, 1, 3, 1), 0, -1
    yield digits(rng, 1, 3, 2, 1), 1, 0
    yield digits(rng, 1, 3, 2, 1), -1, 0
    yield digits(rng, 2, 2, 2, 1), 0, 0
    yield digits(rng, 1, 3, 4, 1), 1, -2
    yield digits(rng, 3, 3, 3, 2), -1, 2
    yield normals(rng, 2, 5, 4, 3), 3, 1
    yield normals(rng, 2, 4, 6, 1, dtype=np.float32), -2, -3
    yield normals(rng, 2, 3, 4, 1), 3, -4  # nothing is left in the frame
    yield rng.integers(1, 256, size=(1, 4, 5, 3)), whole(rng, -3, 3), whole(rng, -4, 4)


def rolled(x, down, right):
    return np.roll(x, (down, right), axis=(1, 2))


def edge_repeated(x, down, right):
    return taken(x, np.arange(x.shape[1]) - down, np.arange(x.shape[2]) - right)


def positive_only(x, down, right):
    _, H, W, _ = x.shape
    y = np.zeros_like(x)
    y[:, down:, right:] = x[:, : H - down, : W - right]
    return y


def minus_zero(x, down, right):
    y = np.zeros_like(x)
    rows = (slice(down, None), slice(None, -down)) if down >= 0 else (slice(None, down), slice(-down, None))
    columns = (slice(right, None), slice(None, -right)) if right >= 0 else (slice(None, right), slice(-right, None))
    y[:, rows[0], columns[0]] = x[:, rows[1], columns[1]]
    return y


def wrong_axes(x, down, right):
    N, H, W, C = x.shape
    return shift(x.reshape(1, N, H, W * C), down, right).reshape(x.shape)


def in_place(x, down, right):
    x[:] = shift(x, down, right)
    return x


def whole_numbers(x, down, right):
    return shift(x, down, right).astype(int)


SHIFT = Task(
    id="ch01.shift",
    asks="moved images, with zeros where nothing comes in",
    section=f"{PAGE}#it-has-to-learn-every-position-anew",
    reference=shift,
    cases=shift_cases,
    fresh=True,
    misconceptions=(
        Misconception(
            "what leaves on one side comes in on the other",
            rolled,
            "`np.roll` puts the image on a ring. Here it has a frame: what leaves is lost, and zeros come in.",
        ),
        Misconception(
            "the images move in the other direction",
            lambda x, down, right: shift(x, -down, -right),
            "What is in row i afterwards was in row i - down before: a positive number moves down, and to the right.",
        ),
        Misconception(
            "the vertical shift goes in the other direction",
            lambda x, down, right: shift(x, -down, right),
            "Rows are counted from the top, so down means larger row numbers.",
        ),
        Misconception(
            "down and right are exchanged",
            lambda x, down, right: shift(x, right, down),
            "The axes are (N, H, W, C): down is along the second axis, right along the third.",
        ),
        Misconception(
            "the edge is repeated instead of zeros",
            edge_repeated,
            "Where the frame has nothing to show, the pixels are to be 0.",
        ),
        Misconception(
            "the slices fit only for shifts down and to the right",
            positive_only,
            "With a negative number the slices swap their roles: `x[:, : H - down]` would be longer than the image. "
            "An `if` for the sign will do, or ask for each pixel where it comes from.",
        ),
        Misconception(
            "[: -down] is used, which is empty when down is 0",
            minus_zero,
            "-0 is 0, so `x[:, :-0]` is `x[:, :0]`. Count from the start: `x[:, : H - down]`.",
        ),
        Misconception(
            "the sign is ignored",
            lambda x, down, right: shift(x, abs(down), abs(right)),
            "A negative number moves the images up, or to the left.",
        ),
        Misconception(
            "the axes are counted as if there were no images",
            wrong_axes,
            "The first axis counts images. Rows are the second axis, columns the third.",
        ),
        Misconception(
            "the images themselves are overwritten",
            in_place,
            "The result must be an array of its own; the caller still needs the images as they were.",
        ),
        Misconception(
            "the result is made for whole numbers",
            whole_numbers,
            "An array of dtype int cuts the fractions off everything that is put into it.",
        ),
    ),
)


def conv_matrix(kernel, size):
    matrix = np.zeros((size - len(kernel) + 1, size))
    for i, row in enumerate(matrix):
        row[i : i + len(kernel)] = kernel
    return matrix


def matrix_cases(rng):
    yield digits(rng, 2), 3
    yield digits(rng, 1), 3
    yield digits(rng, 3), 3
    yield digits(rng, 2), 5
    yield digits(rng, 3), 7
    yield normals(rng, 4), 9
    yield normals(rng, 5, dtype=np.float32), 12
    yield normals(rng, whole(rng, 2, 5)), whole(rng, 6, 12)


def round_the_ring(kernel, size):
    first = np.append(kernel, np.zeros(size - len(kernel)))
    return np.array([np.roll(first, i) for i in range(size)])


def zeros_outside(kernel, size):
    before = (len(kernel) - 1) // 2
    return conv_matrix(kernel, size + len(kernel) - 1)[:, before : before + size]


def without_overlap(kernel, size):
    matrix = np.zeros((size // len(kernel), size))
    for i, row in enumerate(matrix):
        row[i * len(kernel) : (i + 1) * len(kernel)] = kernel
    return matrix


def same_place(kernel, size):
    return np.repeat(conv_matrix(kernel, size)[:1], size - len(kernel) + 1, axis=0)


MATRIX = Task(
    id="ch01.conv_matrix",
    asks="the matrix of a kernel that slides along a line",
    section=f"{PAGE}#a-layer-that-treats-every-place-alike",
    reference=conv_matrix,
    cases=matrix_cases,
    misconceptions=(
        Misconception(
            "the matrix is transposed",
            lambda kernel, size: conv_matrix(kernel, size).T,
            "A row belongs to one number of the result and has a weight for every number of the line.",
        ),
        Misconception(
            "the kernel is turned round",
            lambda kernel, size: conv_matrix(kernel[::-1], size),
            "The kernel lies on the line as it is written: its first weight meets the leftmost number of the window.",
        ),
        Misconception(
            "the kernel is led round a ring",
            round_the_ring,
            "A line has two ends. The kernel stops where its last weight meets the last number.",
            f"{PAGE}#by-hand-on-a-ring",
        ),
        Misconception(
            "the kernel may hang over the ends",
            zeros_outside,
            "Here the whole kernel stays on the line, so there are fewer results than numbers.",
        ),
        Misconception(
            "the kernel does not move on",
            same_place,
            "One row down, everything stands one column further right.",
        ),
        Misconception(
            "the last position is left out",
            lambda kernel, size: conv_matrix(kernel, size)[:-1],
            "size - K counts the steps; there is one position more.",
        ),
        Misconception(
            "the windows do not overlap",
            without_overlap,
            "From one row to the next the kernel moves by one number, not by its own length.",
        ),
        Misconception(
            "the kernel slides from right to left",
            lambda kernel, size: conv_matrix(kernel, size)[::-1],
            "The first number of the result belongs to the window at the left end.",
        ),
        Misconception(
            "the result is made for whole numbers",
            lambda kernel, size: conv_matrix(kernel, size).astype(int),
            "An array of dtype int cuts the fractions off everything that is put into it.",
        ),
    ),
)
