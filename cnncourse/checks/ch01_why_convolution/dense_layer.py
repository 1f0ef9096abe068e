"""ch01.dense_layer: a dense layer on a batch of images."""

import numpy as np

from cnncourse.checks.writing import Task, digits, given, normals, then


def dense_layer(x, weights, bias):
    return x.reshape(len(x), -1) @ weights + bias


def cases(rng):
    yield digits(rng, 1, 1, 2, 1), digits(rng, 2, 1), digits(rng, 1)
    yield digits(rng, 2, 2, 1, 1), digits(rng, 2, 1), digits(rng, 1)
    yield digits(rng, 1, 1, 2, 1), digits(rng, 2, 3), digits(rng, 3)
    yield digits(rng, 1, 2, 3, 1), digits(rng, 6, 1), digits(rng, 1)
    yield digits(rng, 1, 1, 2, 2), digits(rng, 4, 2), digits(rng, 2)
    yield np.asfortranarray(digits(rng, 2, 2, 2, 1)), np.asfortranarray(digits(rng, 4, 2)), digits(rng, 2)
    yield rng.integers(0, 256, size=(2, 3, 2, 1)), normals(rng, 6, 3), normals(rng, 3)
    yield normals(rng, 3, 4, 5, 3), normals(rng, 60, 4), normals(rng, 4)
    yield tuple(normals(rng, *shape, dtype=np.float32) for shape in [(4, 5, 3, 2), (30, 7), (7,)])
    yield normals(rng, 6, 3, 3, 1), normals(rng, 9, 6), normals(rng, 6)


TASK = Task(__name__, __doc__, "#it-does-not-know-which-pixels-are-neighbours", dense_layer, cases)
why = "Each unit adds its own bias to its weighted sum."
TASK.mistake("the bias is forgotten", why)(given(TASK, bias=lambda bias: 0 * bias))
why = "The bias is added once to the finished sum, not inside the loop that makes it."
TASK.mistake("the bias is added with every product", why)(
    lambda x, weights, bias: dense_layer(x, weights, len(weights) * bias)
)
why = "Row D of the weights belongs to number D of the image written out row by row."
TASK.mistake("the images are flattened column by column", why)(given(TASK, x=lambda x: x.swapaxes(1, 2)))
why = "The channels of one pixel stand side by side: `reshape` without moving an axis keeps them there."
TASK.mistake("the images are flattened channel by channel", why)(given(TASK, x=lambda x: np.moveaxis(x, 3, 1)))
why = "The first axis counts images and must stay the first one when the image is flattened."
TASK.mistake("the numbers of different images are mixed", why)(given(TASK, x=lambda x: x.reshape(-1, len(x)).T))
why = "The first axis counts images; each has a weighted sum of its own."
TASK.mistake("every image gets the scores of the first one", why)(then(TASK, lambda y: np.full_like(y, y[:1])))
why = "ReLU is a layer of its own. A dense layer ends with the bias."
TASK.mistake("negative results are set to 0", why)(then(TASK, lambda y: np.maximum(y, 0)))
why = "The products are added up, not averaged."
TASK.mistake("the weighted sum is divided by the number of pixels", why)(
    given(TASK, weights=lambda weights: weights / len(weights))
)
why = "One row for each image, one column for each unit: (N, F)."
TASK.mistake("the axes of the result are (F, N)", why)(then(TASK, np.transpose))
why = "Images often hold whole numbers. An array of dtype int cuts the fractions off everything put into it."
TASK.mistake("the result takes the type of the images", why)(
    lambda x, weights, bias: dense_layer(x, weights, bias).astype(x.dtype)
)
