"""ch03.blur_pool: a blur with 1 2 1 in both directions, at every stride-th place."""

import numpy as np

from cnncourse.checks.ch03_pooling.windows import SIZE, around, windows
from cnncourse.checks.writing import Task, digits, given, ignores, normals, then, with_zeros

LINE = np.array([1, 2, 1])


def weighted(weights, within=np.s_[:]):
    """Weighted sums of the windows of a part of the images."""

    def answer(x, stride):
        return np.einsum("nijcuv,uv->nijc", windows(x[within], *np.shape(weights), stride), weights)

    return answer


def blur_pool(x, stride):
    return weighted(np.outer(LINE, LINE) / 16)(x, stride)


def cases(rng):
    yield 16 * digits(rng, 1, 3, 3, 1), 1
    yield 16 * digits(rng, 1, 5, 6, 1), 2
    yield 16 * digits(rng, 1, 4, 3, 1), 1
    yield 16 * digits(rng, 1, 3, 3, 2), 1
    yield 16 * np.asfortranarray(with_zeros(rng, 2, 3, 4, 1)), 1
    yield 16 * digits(rng, 1, 7, 8, 1), 4
    yield normals(rng, 2, 7, 10, 3), 2
    yield normals(rng, 2, 11, 9, 2, dtype=np.float32), 3
    yield normals(rng, 3, 8, 7, 4), 1
    yield np.broadcast_to(rng.random(12) > 0.5, (1, 7, 12)).astype(float)[..., None], 2


TASK = Task(__name__, __doc__, "#stripes-that-were-never-there", blur_pool, cases)
ignores(TASK, "stride", 1, "The blur is wanted at every stride-th place, in both directions.")

why = "That is average pooling. In the blur the pixel in the middle weighs most."
TASK.mistake("all nine weights are equal", why)(weighted(np.full((3, 3), 1 / 9)))
why = "An even grey must stay the same grey: divide by the sum of all nine weights."
TASK.mistake("the weights do not add up to 1", why)(weighted(np.outer(LINE, LINE)))
why = "1 2 1 has the sum 4 in each of the two directions, so the nine weights together have 4 times 4."
TASK.mistake("the sum is divided once, by 4", why)(weighted(np.outer(LINE, LINE) / 4))
why = "Each row is blurred from left to right, but the rows are not blurred with each other."
TASK.mistake("the blur goes along the rows only", why)(weighted(LINE[None] / 4, np.s_[:, 1:-1]))
why = "Each column is blurred from top to bottom, but the columns are not blurred with each other."
TASK.mistake("the blur goes down the columns only", why)(weighted(LINE[:, None] / 4, np.s_[:, :, 1:-1]))
why = "Blurring twice multiplies: the weight of a pixel is that of its row times that of its column."
TASK.mistake("the weights of row and column are added", why)(weighted(np.add.outer(LINE, LINE) / 24))
why = "A blur along the rows, and then one down the columns, reaches the corners too: with 1 times 1."
TASK.mistake("the corners have no weight", why)(weighted(np.array([[0, 1, 0], LINE, [0, 1, 0]]) / 6))
why = "What was left out cannot speak through its neighbours any more. The blur comes before the stride."
TASK.mistake("pixels are left out first, and then the rest is blurred", why)(
    lambda x, stride: blur_pool(x[:, ::stride, ::stride], 1)
)
why = "Without padding the window of 3 by 3 stays inside; zeros would darken the border."
TASK.mistake("zeros are added around the image", why)(given(TASK, x=lambda x: np.pad(x, around(1))))
why = "(H - 3) // stride is the number of steps; there is one window more."
TASK.mistake("the last row and the last column of windows are left out", why, SIZE)(
    then(TASK, lambda y: y[:, :-1, :-1])
)
why = "Each channel is blurred for itself."
TASK.mistake("the channels are averaged", why)(then(TASK, lambda y: np.full_like(y, y.mean(axis=3, keepdims=True))))
