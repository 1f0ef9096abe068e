"""The tasks on flattened images: where a pixel goes, and the dense layer that reads it there."""

import numpy as np

from cnncourse.checks.drawing import digits, normals, whole
from cnncourse.checks.task import Misconception, Task

PAGE = "ch01_why_convolution"
NEIGHBOURS = f"{PAGE}#it-does-not-know-which-pixels-are-neighbours"


def flat_index(row, column, channel, shape):
    return int(np.ravel_multi_index((row, column, channel), shape))


def index_cases(rng):
    for shape in [(2, 3, 1), (3, 2, 1), (2, 3, 2), (4, 3, 3), (28, 28, 1)]:
        yield *(whole(rng, 0, size - 1) for size in shape), shape
    for _ in range(25):
        shape = tuple(whole(rng, *span) for span in [(1, 7), (1, 7), (1, 4)])
        yield *(whole(rng, 0, size - 1) for size in shape), shape
    H, W, C = (whole(rng, 5, 300) for _ in range(3))
    yield H - 1, W - 1, C - 1, (H, W, C)


FLAT_INDEX = Task(
    id="ch01.flat_index",
    asks="where a number of an image goes when the image is flattened",
    section=NEIGHBOURS,
    reference=flat_index,
    cases=index_cases,
    misconceptions=(
        Misconception(
            "a row is counted as H numbers long",
            lambda row, column, channel, shape: (row * shape[0] + column) * shape[2] + channel,
            "One step down passes a whole row, and a row has as many pixels as the image is wide.",
        ),
        Misconception(
            "the image is written out column by column",
            lambda row, column, channel, shape: (column * shape[0] + row) * shape[2] + channel,
            "Flattening writes the rows one behind the other: the pixel to the right comes before the pixel below.",
        ),
        Misconception(
            "the channels come first",
            lambda row, column, channel, shape: (channel * shape[0] + row) * shape[1] + column,
            "The last axis changes fastest: the channels of one pixel stand side by side, then comes the next pixel.",
        ),
        Misconception(
            "the pixels are counted, not the numbers",
            lambda row, column, channel, shape: row * shape[1] + column,
            "A pixel holds C numbers, so each pixel before this one has taken C places.",
        ),
        Misconception(
            "the channel is not added",
            lambda row, column, channel, shape: (row * shape[1] + column) * shape[2],
            "That is the place of the pixel's first channel; the others follow it.",
        ),
        Misconception(
            "only the columns are multiplied by the number of channels",
            lambda row, column, channel, shape: row * shape[1] + column * shape[2] + channel,
            "A row of W pixels holds W times C numbers, and one step down passes all of them.",
        ),
        Misconception(
            "the number of channels is not used",
            lambda row, column, channel, shape: row * shape[1] + column + channel,
            "A pixel holds C numbers, so each pixel before this one has taken C places.",
        ),
        Misconception(
            "the positions are counted from 1",
            lambda *case: flat_index(*case) + 1,
            "The first number of a vector has position 0, as its row, its column and its channel have.",
        ),
    ),
)


def dense_layer(x, weights, bias):
    return x.reshape(len(x), -1) @ weights + bias


def dense_cases(rng):
    yield digits(rng, 1, 1, 2, 1), digits(rng, 2, 1), digits(rng, 1)
    yield digits(rng, 2, 2, 1, 1), digits(rng, 2, 1), digits(rng, 1)
    yield digits(rng, 1, 1, 2, 1), digits(rng, 2, 3), digits(rng, 3)
    yield digits(rng, 1, 2, 3, 1), digits(rng, 6, 1), digits(rng, 1)
    yield digits(rng, 1, 1, 2, 2), digits(rng, 4, 2), digits(rng, 2)
    yield rng.integers(0, 256, size=(2, 3, 2, 1)), normals(rng, 6, 3), normals(rng, 3)
    yield normals(rng, 3, 4, 5, 3), normals(rng, 60, 4), normals(rng, 4)
    yield tuple(normals(rng, *shape, dtype=np.float32) for shape in [(4, 5, 3, 2), (30, 7), (7,)])
    yield normals(rng, 6, 3, 3, 1), normals(rng, 9, 6), normals(rng, 6)


def mixed_images(x, weights, bias):
    return x.reshape(-1, len(x)).T @ weights + bias


def whole_numbers(x, weights, bias):
    y = np.zeros((len(x), len(bias)), dtype=x.dtype)
    y[:] = dense_layer(x, weights, bias)
    return y


DENSE = Task(
    id="ch01.dense_layer",
    asks="a dense layer on a batch of images",
    section=NEIGHBOURS,
    reference=dense_layer,
    cases=dense_cases,
    misconceptions=(
        Misconception(
            "the bias is forgotten",
            lambda x, weights, bias: dense_layer(x, weights, 0 * bias),
            "Each unit adds its own bias to its weighted sum.",
        ),
        Misconception(
            "the bias is added with every product",
            lambda x, weights, bias: dense_layer(x, weights, len(weights) * bias),
            "The bias is added once to the finished sum, not inside the loop that makes it.",
        ),
        Misconception(
            "the images are flattened column by column",
            lambda x, weights, bias: dense_layer(x.swapaxes(1, 2), weights, bias),
            "Row D of the weights belongs to number D of the image written out row by row.",
        ),
        Misconception(
            "the images are flattened channel by channel",
            lambda x, weights, bias: dense_layer(np.moveaxis(x, 3, 1), weights, bias),
            "The channels of one pixel stand side by side: `reshape` without moving an axis keeps them there.",
        ),
        Misconception(
            "the numbers of different images are mixed",
            mixed_images,
            "The first axis counts images and must stay the first one when the image is flattened.",
        ),
        Misconception(
            "every image gets the scores of the first one",
            lambda x, weights, bias: dense_layer(np.repeat(x[:1], len(x), axis=0), weights, bias),
            "The first axis counts images; each has a weighted sum of its own.",
        ),
        Misconception(
            "negative results are set to 0",
            lambda x, weights, bias: np.maximum(dense_layer(x, weights, bias), 0),
            "ReLU is a layer of its own. A dense layer ends with the bias.",
        ),
        Misconception(
            "the weighted sum is divided by the number of pixels",
            lambda x, weights, bias: dense_layer(x / len(weights), weights, bias),
            "The products are added up, not averaged.",
        ),
        Misconception(
            "the axes of the result are (F, N)",
            lambda x, weights, bias: dense_layer(x, weights, bias).T,
            "One row for each image, one column for each unit: (N, F).",
        ),
        Misconception(
            "the result takes the type of the images",
            whole_numbers,
            "Images often hold whole numbers. An array of dtype int cuts the fractions off everything put into it.",
        ),
    ),
)
