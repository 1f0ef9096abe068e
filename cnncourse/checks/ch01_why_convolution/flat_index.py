"""ch01.flat_index: where a number of an image goes when the image is flattened."""

import numpy as np

from cnncourse.checks.writing import Task, then, whole


def flat_index(row, column, channel, shape):
    return int(np.ravel_multi_index((row, column, channel), shape))


def cases(rng):
    shapes = [(2, 3, 1), (3, 2, 1), (2, 3, 2), (4, 3, 3), (28, 28, 1)]
    shapes += [tuple(whole(rng, *span) for span in [(1, 7), (1, 7), (1, 4)]) for _ in range(25)]
    for shape in shapes:
        yield *(whole(rng, 0, size - 1) for size in shape), shape
    H, W, C = (whole(rng, 5, 300) for _ in range(3))
    yield H - 1, W - 1, C - 1, (H, W, C)


TASK = Task(__name__, __doc__, "#it-does-not-know-which-pixels-are-neighbours", flat_index, cases)
PIXELS = "A pixel holds C numbers, so each pixel before this one has taken C places."

why = "One step down passes a whole row, and a row has as many pixels as the image is wide."
TASK.mistake("a row is counted as H numbers long", why)(
    lambda row, column, channel, shape: (row * shape[0] + column) * shape[2] + channel
)
why = "Flattening writes the rows one behind the other: the pixel to the right comes before the pixel below."
TASK.mistake("the image is written out column by column", why)(
    lambda row, column, channel, shape: (column * shape[0] + row) * shape[2] + channel
)
why = "The last axis changes fastest: the channels of one pixel stand side by side, then comes the next pixel."
TASK.mistake("the channels come first", why)(
    lambda row, column, channel, shape: (channel * shape[0] + row) * shape[1] + column
)
TASK.mistake("the pixels are counted, not the numbers", PIXELS)(
    lambda row, column, channel, shape: row * shape[1] + column
)
why = "That is the place of the pixel's first channel; the others follow it."
TASK.mistake("the channel is not added", why)(lambda row, column, channel, shape: (row * shape[1] + column) * shape[2])
why = "A row of W pixels holds W times C numbers, and one step down passes all of them."
TASK.mistake("only the columns are multiplied by the number of channels", why)(
    lambda row, column, channel, shape: row * shape[1] + column * shape[2] + channel
)
TASK.mistake("the number of channels is not used", PIXELS)(
    lambda row, column, channel, shape: row * shape[1] + column + channel
)
why = "The first number of a vector has position 0, as its row, its column and its channel have."
TASK.mistake("the positions are counted from 1", why)(then(TASK, lambda place: place + 1))
