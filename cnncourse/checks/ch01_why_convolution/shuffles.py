"""The tasks on shuffled pixels: one order for all images, and the way back."""

import numpy as np

from cnncourse.checks.drawing import digits, normals
from cnncourse.checks.task import Misconception, Task

PAGE = "ch01_why_convolution"
OPENING = f"{PAGE}#it-does-not-know-which-pixels-are-neighbours"


def permute(x, order):
    N, H, W, C = x.shape
    return x.reshape(N, H * W, C)[:, order].reshape(x.shape)


def unpermute(x, order):
    return permute(x, np.argsort(order))


def shuffle_cases(rng):
    for shape, dtype in [
        ((1, 1, 3, 1), None),
        ((1, 2, 2, 1), None),
        ((2, 1, 3, 1), None),
        ((1, 2, 2, 2), None),
        ((2, 2, 3, 1), None),
        ((3, 4, 5, 2), np.float64),
        ((2, 5, 3, 3), np.float32),
        ((2, 6, 1, 4), np.float64),
    ]:
        x = digits(rng, *shape) if dtype is None else normals(rng, *shape, dtype=dtype)
        order = rng.permutation(shape[1] * shape[2])
        while (order[order] == np.arange(order.size)).all():  # such an order is its own way back
            order = rng.permutation(shape[1] * shape[2])
        yield x, order


def channels_first(x, order):
    N, H, W, C = x.shape
    return x.reshape(N, C, H * W)[:, :, order].reshape(x.shape)


def by_columns(x, order):
    return permute(x.swapaxes(1, 2), order).reshape(x.swapaxes(1, 2).shape).swapaxes(1, 2).copy()


def first_image(x, order):
    y = x.copy()
    y[:1] = permute(x[:1], order)
    return y


def first_channel(x, order):
    y = x.copy()
    y[..., :1] = permute(x[..., :1], order)
    return y


def left_flat(x, order):
    return permute(x, order).reshape(len(x), -1, x.shape[3])


def in_place(x, order):
    x[:] = permute(x, order)
    return x


def sorted_pixels(x, order):
    return np.sort(x.reshape(len(x), -1, x.shape[3]), axis=1).reshape(x.shape)


def back(mistake):
    """The same mistake on the way back."""
    return lambda x, order: mistake(x, np.argsort(order))


STAY = "The channels of a pixel move together: bring x into the shape (N, H * W, C) before you take its pixels."
ROWS = "Pixels are numbered row by row, as `reshape` numbers them."
ALL = "The order is the same for all images, and all of them are to be rearranged."
COPY = "The result must be an array of its own; the caller still needs the images as they were."

PERMUTE = Task(
    id="ch01.permute",
    asks="the pixels of all images in another order",
    section=OPENING,
    reference=permute,
    cases=shuffle_cases,
    fresh=True,
    misconceptions=(
        Misconception(
            "the order is followed in the other direction",
            unpermute,
            "Pixel p of the result comes from place order[p] of the old image. Here pixel p of the old image was sent "
            "to place order[p].",
        ),
        Misconception("the channels of a pixel are torn apart", channels_first, STAY),
        Misconception("the pixels are numbered column by column", by_columns, ROWS),
        Misconception("only the first image is rearranged", first_image, ALL),
        Misconception(
            "only the first channel is rearranged",
            first_channel,
            "A pixel takes all its channels along.",
        ),
        Misconception(
            "the result is left without rows and columns",
            left_flat,
            "The result must be images again, of the shape that came in.",
        ),
        Misconception("the images themselves are overwritten", in_place, COPY),
    ),
)

UNPERMUTE = Task(
    id="ch01.unpermute",
    asks="the images back from the shuffled ones",
    section=OPENING,
    reference=unpermute,
    cases=shuffle_cases,
    fresh=True,
    misconceptions=(
        Misconception(
            "the order is applied a second time",
            permute,
            "Twice the same order is a third order. Each pixel must return to the place that it was taken from.",
        ),
        Misconception(
            "the order is read from its end",
            lambda x, order: permute(x, order[::-1]),
            "A list read backwards is not the way back. Ask, for each place of the original, where its pixel is now.",
        ),
        Misconception(
            "the places are counted from the end",
            lambda x, order: permute(x, order.size - 1 - order),
            "Mirroring the places does not undo an order. Ask, for each place of the original, where its pixel is now.",
        ),
        Misconception(
            "the pixels are sorted by their values",
            sorted_pixels,
            "It is the order that can be sorted out; what the values were says nothing about where they stood.",
        ),
        Misconception("the channels of a pixel are torn apart", back(channels_first), STAY),
        Misconception("the pixels are numbered column by column", back(by_columns), ROWS),
        Misconception("only the first image is rearranged", back(first_image), ALL),
        Misconception("the images themselves are overwritten", back(in_place), COPY),
    ),
)
