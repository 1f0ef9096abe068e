"""ch04.dense_relu_backward: the gradients of a dense layer with a ReLU."""

import numpy as np

from cnncourse.checks.drawing import digits, normals
from cnncourse.checks.task import Task

EASY = "#the-three-easy-ones"


def gradients(dz, x, w):
    return dz @ w.T, x.T @ dz, dz.sum(axis=0)


def dense_relu_backward(dy, x, w, b):
    return gradients(dy * (x @ w + b > 0), x, w)


def shut_at_first(rng, x, w):
    """A bias that brings the first row of `x` to exactly 0, in every unit; all numbers are whole."""
    return -(x[0] @ w)


def dense_cases(rng):
    x, w = digits(rng, 1, 2), digits(rng, 2, 1)
    yield digits(rng, 1, 1), x, w, np.array([1.0]) - x[0] @ w  # z = 1: the gate is open
    x, w = digits(rng, 2, 1), digits(rng, 1, 2)
    yield digits(rng, 2, 2), x, w, shut_at_first(rng, x, w)
    x, w = digits(rng, 3, 2), digits(rng, 2, 3)
    yield digits(rng, 3, 3), x, w, shut_at_first(rng, x, w)
    yield normals(rng, 6, 4), normals(rng, 6, 3), normals(rng, 3, 4), normals(rng, 4)
    yield normals(rng, 1, 5), normals(rng, 1, 4), normals(rng, 4, 5), normals(rng, 5)
    yield normals(rng, 7, 3), normals(rng, 7, 3), normals(rng, 3, 3), normals(rng, 3)
    shapes = [(9, 2), (9, 8), (8, 2), (2,)]
    yield tuple(normals(rng, *shape, dtype=np.float32) for shape in shapes)


TASK = Task(
    "ch04.dense_relu_backward",
    "the gradients of a dense layer with a ReLU",
    "ch04_backpropagation#the-three-easy-ones",
    dense_relu_backward,
    dense_cases,
    results=("dx", "dw", "db"),
)

TASK.mistake(
    "the ReLU is left out",
    "Where the ReLU was shut, nothing that comes before it acted on the loss: no gradient passes there.",
)(lambda dy, x, w, b: gradients(dy, x, w))

TASK.mistake(
    "the gate is set by the gradient that arrives",
    "Whether the gate is open was decided on the way forward, by the number that went into the ReLU. "
    "A negative gradient passes an open gate as well as a positive one.",
)(lambda dy, x, w, b: gradients(dy * (dy > 0), x, w))

TASK.mistake(
    "the gate is open at 0",
    "At exactly 0 there is no slope, and a rule is needed. The rule of this course, and of Keras, is 0 there.",
    "#used-twice-means-added",
)(lambda dy, x, w, b: gradients(dy * (x @ w + b >= 0), x, w))

TASK.mistake("the gate is set by x @ w without the bias", "What went into the ReLU was x @ w + b.")(
    lambda dy, x, w, b: gradients(dy * (x @ w > 0), x, w)
)


@TASK.mistake(
    "the gate is put on the input of the layer",
    "The ReLU stands behind the dense layer, so on the way back its gate comes first, and dx, dw and db are "
    "all behind it.",
)
def gate_on_dx(dy, x, w, b):
    dx, dw, db = gradients(dy, x, w)
    return dx * (x > 0), dw, db


TASK.mistake(
    "the gradient is multiplied by the value of the ReLU",
    "Backward multiplies by the slope of the ReLU. Where the gate is open, that is 1, whatever the value.",
)(lambda dy, x, w, b: gradients(dy * np.maximum(x @ w + b, 0), x, w))

TASK.mistake(
    "the gradient of the bias does not pass the gate",
    "The bias was added before the ReLU, so its gradient comes through the ReLU too.",
)(lambda dy, x, w, b: (*dense_relu_backward(dy, x, w, b)[:2], dy.sum(axis=0)))


@TASK.mistake(
    "the gradient of the bias is averaged over the batch",
    "The bias acts on every image of the batch, and where roads meet, gradients add up. If the loss is a mean, "
    "dy holds the 1/N already.",
    "#used-twice-means-added",
)
def mean_bias(dy, x, w, b):
    dx, dw, db = dense_relu_backward(dy, x, w, b)
    return dx, dw, db / len(x)


@TASK.mistake(
    "the gradients of the weights and the bias are averaged over the batch",
    "The parameters act on every image of the batch, and where roads meet, gradients add up. If the loss is a "
    "mean, dy holds the 1/N already.",
    "#used-twice-means-added",
)
def mean_parameters(dy, x, w, b):
    dx, dw, db = dense_relu_backward(dy, x, w, b)
    return dx, dw / len(x), db / len(x)


TASK.mistake(
    "the gradient of the bias is not added up over the batch",
    "There is one bias for each unit, shared by all images, so db has the shape of b.",
)(lambda dy, x, w, b: (*dense_relu_backward(dy, x, w, b)[:2], dy * (x @ w + b > 0)))
