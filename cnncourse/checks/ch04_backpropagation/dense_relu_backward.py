"""ch04.dense_relu_backward: the gradients of a dense layer with a ReLU."""

import numpy as np

from cnncourse.checks.writing import Task, digits, given, normals, partly


def dense_relu_backward(dy, x, w, b):
    return gradients(dy * (x @ w + b > 0), x, w)


def gradients(dz, x, w):
    return dz @ w.T, x.T @ dz, dz.sum(axis=0)


def shut_at_first(rng, N, C, F):
    """Whole numbers, and a bias that brings the first row of `x` to exactly 0 in every unit."""
    x, w = digits(rng, N, C), digits(rng, C, F)
    return digits(rng, N, F), x, w, -(x[0] @ w)


def cases(rng):
    dy, x, w, b = shut_at_first(rng, 2, 2, 1)
    yield dy, x, w, b + 1  # the gate is open for the first
    yield shut_at_first(rng, 2, 1, 2)
    yield shut_at_first(rng, 3, 2, 3)
    yield normals(rng, 6, 4), normals(rng, 6, 3), normals(rng, 3, 4), normals(rng, 4)
    yield normals(rng, 1, 5), normals(rng, 1, 4), normals(rng, 4, 5), normals(rng, 5)
    yield (
        np.asfortranarray(normals(rng, 7, 3)),
        np.asfortranarray(normals(rng, 7, 3)),
        normals(rng, 3, 3),
        normals(rng, 3),
    )
    yield tuple(normals(rng, *shape, dtype=np.float32) for shape in [(9, 2), (9, 8), (8, 2), (2,)])


TASK = Task(__name__, __doc__, "#the-three-easy-ones", dense_relu_backward, cases, results=("dx", "dw", "db"))
TWICE = "#used-twice-means-added"
ADD_UP = (
    "{} on every image of the batch, and where roads meet, gradients add up. If the loss is a mean, dy holds the 1/N "
    "already."
)
AVERAGED = given(TASK, dy=lambda dy: dy / len(dy))


def gated(gate):
    """All gradients, with something else to multiply dy with, made of dy and of what goes into the ReLU."""
    return lambda dy, x, w, b: gradients(dy * gate(dy, x @ w + b), x, w)


why = "Where the ReLU was shut, nothing that comes before it acted on the loss: no gradient passes there."
TASK.mistake("the ReLU is left out", why)(gated(lambda dy, z: 1))
why = (
    "Whether the gate is open was decided on the way forward, by the number that went into the ReLU. "
    "A negative gradient passes an open gate as well as a positive one."
)
TASK.mistake("the gate is set by the gradient that arrives", why)(gated(lambda dy, z: dy > 0))
why = "At exactly 0 there is no slope, and a rule is needed. The rule of this course, and of Keras, is 0 there."
TASK.mistake("the gate is open at 0", why, TWICE)(gated(lambda dy, z: z >= 0))
why = "What went into the ReLU was x @ w + b."
TASK.mistake("the gate is set by x @ w without the bias", why)(lambda dy, x, w, b: dense_relu_backward(dy, x, w, 0))
why = "Backward multiplies by the slope of the ReLU. Where the gate is open, that is 1, whatever the value."
TASK.mistake("the gradient is multiplied by the value of the ReLU", why)(gated(lambda dy, z: np.maximum(z, 0)))
why = (
    "The ReLU stands behind the dense layer, so on the way back its gate comes first, and dx, dw and db are "
    "all behind it."
)
TASK.mistake("the gate is put on the input of the layer", why)(
    lambda dy, x, w, b: (dy @ w.T * (x > 0), x.T @ dy, dy.sum(axis=0))
)
why = "The bias was added before the ReLU, so its gradient comes through the ReLU too."
TASK.mistake("the gradient of the bias does not pass the gate", why)(partly(TASK, gated(lambda dy, z: 1), 2))
why = ADD_UP.format("The bias acts")
TASK.mistake("the gradient of the bias is averaged over the batch", why, TWICE)(partly(TASK, AVERAGED, 2))
why = ADD_UP.format("The parameters act")
TASK.mistake("the gradients of the weights and the bias are averaged over the batch", why, TWICE)(
    partly(TASK, AVERAGED, 1, 2)
)
why = "There is one bias for each unit, shared by all images, so db has the shape of b."
TASK.mistake("the gradient of the bias is not added up over the batch", why)(
    lambda dy, x, w, b: (*dense_relu_backward(dy, x, w, b)[:2], dy * (x @ w + b > 0))
)
