"""ch01.permute: the pixels of all images in another order."""

import numpy as np

from cnncourse.checks.writing import Task, digits, in_place, normals, then


def permute(x, order):
    N, H, W, C = x.shape
    return x.reshape(N, H * W, C)[:, order].reshape(x.shape)


def shuffle(rng, pixels):
    """An order that is not its own way back."""
    order = np.arange(pixels)
    while (order[order] == np.arange(pixels)).all():
        order = rng.permutation(pixels)
    return order


def cases(rng):
    for shape in [(1, 1, 3, 1), (1, 2, 2, 1), (2, 1, 3, 1), (1, 2, 2, 2), (2, 2, 3, 1)]:
        yield digits(rng, *shape), shuffle(rng, shape[1] * shape[2])
    yield np.asfortranarray(digits(rng, 2, 2, 3, 1)), shuffle(rng, 6)
    yield normals(rng, 3, 4, 5, 2), shuffle(rng, 20)
    yield normals(rng, 2, 5, 3, 3, dtype=np.float32), shuffle(rng, 15)
    yield normals(rng, 2, 6, 1, 4), shuffle(rng, 6)


TASK = Task(__name__, __doc__, "#it-does-not-know-which-pixels-are-neighbours", permute, cases, fresh=True)


def channels_first(x, order):
    N, H, W, C = x.shape
    return x.reshape(N, C, H * W)[:, :, order].reshape(x.shape)


def by_columns(x, order):
    return permute(x.swapaxes(1, 2), order).swapaxes(1, 2).copy()


def first_image(x, order):
    return np.concatenate([permute(x[:1], order), x[1:]])


# mistakes that are made on the way back too
TORN = (
    "the channels of a pixel are torn apart",
    "The channels of a pixel move together: bring x into the shape (N, H * W, C) before you take its pixels.",
)
COLUMNS = "the pixels are numbered column by column", "Pixels are numbered row by row, as `reshape` numbers them."
FIRST = (
    "only the first image is rearranged",
    "The order is the same for all images, and all of them are to be rearranged.",
)
WRITTEN = (
    "the images themselves are overwritten",
    "The result must be an array of its own; the caller still needs the images as they were.",
)

why = (
    "Pixel p of the result comes from place order[p] of the old image. Here pixel p of the old image was sent to place "
    "order[p]."
)
TASK.mistake("the order is followed in the other direction", why)(lambda x, order: permute(x, np.argsort(order)))
TASK.mistake(*TORN)(channels_first)
TASK.mistake(*COLUMNS)(by_columns)
TASK.mistake(*FIRST)(first_image)
why = "A pixel takes all its channels along."
TASK.mistake("only the first channel is rearranged", why)(
    lambda x, order: np.concatenate([permute(x[..., :1], order), x[..., 1:]], axis=3)
)
why = "The result must be images again, of the shape that came in."
TASK.mistake("the result is left without rows and columns", why)(
    then(TASK, lambda y: y.reshape(len(y), -1, y.shape[3]))
)
TASK.mistake(*WRITTEN)(in_place(TASK))
