"""The tasks on sizes: how large a map is, and zeros around an image."""

import numpy as np

from cnncourse.checks.drawing import digits, normals, whole
from cnncourse.checks.task import Misconception, Task

PAGE = "ch02_convolution"


def output_size(size, kernel, stride, padding, dilation):
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def size_cases(rng):
    yield from [(7, 3, 1, 0, 1), (7, 3, 2, 0, 1), (8, 3, 2, 0, 1), (5, 5, 1, 0, 1), (6, 1, 1, 0, 1), (9, 3, 1, 0, 2)]
    for _ in range(30):
        kernel, stride, padding, dilation = (whole(rng, *span) for span in [(1, 7), (1, 4), (0, 4), (1, 3)])
        fits = dilation * (kernel - 1) + 1 - 2 * padding
        yield max(fits, 1) + whole(rng, 0, 12), kernel, stride, padding, dilation


SIZES = Task(
    id="ch02.output_size",
    asks="the size of a map from the five numbers that decide it",
    section=f"{PAGE}#how-large-is-the-result",
    reference=output_size,
    cases=size_cases,
    misconceptions=(
        Misconception(
            "the number of steps is rounded up",
            lambda n, k, s, p, d: -(-(n + 2 * p - d * (k - 1) - 1) // s) + 1,
            "A step that would take the window over the edge is not taken, so the division rounds down.",
        ),
        Misconception(
            "the number of steps is rounded to the nearest whole number",
            lambda n, k, s, p, d: round((n + 2 * p - d * (k - 1) - 1) / s) + 1,
            "A step that would take the window over the edge is not taken, so the division rounds down.",
        ),
        Misconception(
            "the + 1 is inside the division",
            lambda n, k, s, p, d: (n + 2 * p - d * (k - 1)) // s,
            "The division counts the steps after the first position; the first position itself is added afterwards.",
        ),
        Misconception(
            "the first position is not counted",
            lambda n, k, s, p, d: (n + 2 * p - d * (k - 1) - 1) // s,
            "The division counts steps. One step joins two positions, so there is one position more than steps.",
        ),
        Misconception(
            "the padding is added once",
            lambda n, k, s, p, d: (n + p - d * (k - 1) - 1) // s + 1,
            "In this course padding is what is added at each side, so a line becomes longer by twice as much.",
            f"{PAGE}#what-lies-beyond-the-edge-padding",
        ),
        Misconception(
            "dilation is left out",
            lambda n, k, s, p, d: (n + 2 * p - k) // s + 1,
            "A dilated kernel reaches further than its number of weights says.",
            f"{PAGE}#holes-dilation",
        ),
        Misconception(
            "a dilated kernel is taken to be dilation times as long",
            lambda n, k, s, p, d: (n + 2 * p - d * k) // s + 1,
            "The holes are between the weights: k weights have k - 1 gaps, and one weight stays one pixel long.",
            f"{PAGE}#holes-dilation",
        ),
        Misconception(
            "stride is left out",
            lambda n, k, s, p, d: n + 2 * p - d * (k - 1),
            "With stride 2 every second position is used, so there are about half as many.",
            f"{PAGE}#how-far-to-move-stride",
        ),
        Misconception(
            "stride is taken as the number of pixels that are skipped",
            lambda n, k, s, p, d: (n + 2 * p - d * (k - 1) - 1) // (s + 1) + 1,
            "Stride is the distance from one position to the next; stride 1 skips nothing.",
            f"{PAGE}#how-far-to-move-stride",
        ),
        Misconception(
            "the division is not rounded",
            lambda n, k, s, p, d: (n + 2 * p - d * (k - 1) - 1) / s + 1,
            "A map has a whole number of pixels. `//` divides and rounds down, and gives an int.",
        ),
    ),
)


def pad(x, padding):
    return np.pad(x, padding)


def pad_cases(rng):
    yield digits(rng, 2, 3), 1
    yield digits(rng, 3, 2), 2
    yield digits(rng, 2, 2), 0
    yield normals(rng, 4, 5), 3
    yield normals(rng, 5, 4, dtype=np.float32), 1
    yield rng.random((1, 6)), 2


def pad_end(x, padding):
    return np.pad(x, ((0, padding), (0, padding)))


def pad_rows(x, padding):
    return np.pad(x, ((padding, padding), (0, 0)))


def pad_total(x, padding):
    return np.pad(x, ((padding // 2, padding - padding // 2),) * 2)


def pad_view(x, padding):
    return np.pad(x, padding) if padding else x


def pad_whole_numbers(x, padding):
    out = np.zeros((x.shape[0] + 2 * padding, x.shape[1] + 2 * padding), dtype=int)
    out[padding : padding + x.shape[0], padding : padding + x.shape[1]] = x
    return out


def pad_minus(x, padding):
    out = np.zeros((x.shape[0] + 2 * padding, x.shape[1] + 2 * padding))
    out[padding:-padding, padding:-padding] = x
    return out


PAD = Task(
    id="ch02.pad",
    asks="zeros around an image",
    section=f"{PAGE}#what-lies-beyond-the-edge-padding",
    reference=pad,
    cases=pad_cases,
    fresh=True,
    misconceptions=(
        Misconception(
            "the zeros are added after the last row and column only",
            pad_end,
            "Padding is the number of zeros at each of the four sides.",
        ),
        Misconception(
            "only rows are added",
            pad_rows,
            "The image needs zeros to the left and right too.",
        ),
        Misconception(
            "padding is shared between two opposite sides",
            pad_total,
            "Padding is the number of zeros at each side, so the image grows by twice as much.",
        ),
        Misconception(
            "the edge is repeated instead of zeros",
            lambda x, padding: np.pad(x, padding, mode="edge"),
            "Repeating the edge is another way to pad; here, and in most networks, the border is zeros.",
        ),
        Misconception(
            "the image itself is returned when there is nothing to add",
            pad_view,
            "Whoever changes the padded image would then change the original, but only when the padding is 0.",
        ),
        Misconception(
            "the result is made for whole numbers",
            pad_whole_numbers,
            "An array of dtype int cuts the fractions off everything that is put into it.",
        ),
        Misconception(
            "the inside is addressed as [p:-p], which is empty when p is 0",
            pad_minus,
            "-0 is 0, so `out[0:-0]` is `out[0:0]`. Count from the start: `out[p : p + H]`.",
        ),
    ),
)
