"""The warm-up: backward through a dense layer and its ReLU."""

import numpy as np

from cnncourse.checks.drawing import digits, normals
from cnncourse.checks.task import Misconception, Task

PAGE = "ch04_backpropagation"
EASY = f"{PAGE}#the-three-easy-ones"


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


def all_but_the_gate(dy, x, w, b):
    return gradients(dy, x, w)


def gate_from_dy(dy, x, w, b):
    return gradients(dy * (dy > 0), x, w)


def gate_open_at_zero(dy, x, w, b):
    return gradients(dy * (x @ w + b >= 0), x, w)


def gate_without_bias(dy, x, w, b):
    return gradients(dy * (x @ w > 0), x, w)


def gate_on_dx(dy, x, w, b):
    dx, dw, db = gradients(dy, x, w)
    return dx * (x > 0), dw, db


def value_as_gate(dy, x, w, b):
    return gradients(dy * np.maximum(x @ w + b, 0), x, w)


def bias_before_the_gate(dy, x, w, b):
    return *dense_relu_backward(dy, x, w, b)[:2], dy.sum(axis=0)


def mean_bias(dy, x, w, b):
    dx, dw, db = dense_relu_backward(dy, x, w, b)
    return dx, dw, db / len(x)


def mean_parameters(dy, x, w, b):
    dx, dw, db = dense_relu_backward(dy, x, w, b)
    return dx, dw / len(x), db / len(x)


def bias_for_each_image(dy, x, w, b):
    return *dense_relu_backward(dy, x, w, b)[:2], dy * (x @ w + b > 0)


DENSE_RELU = Task(
    id="ch04.dense_relu_backward",
    asks="the gradients of a dense layer with a ReLU",
    section=EASY,
    reference=dense_relu_backward,
    results=("dx", "dw", "db"),
    cases=dense_cases,
    misconceptions=(
        Misconception(
            "the ReLU is left out",
            all_but_the_gate,
            "Where the ReLU was shut, nothing that comes before it acted on the loss: no gradient passes there.",
        ),
        Misconception(
            "the gate is set by the gradient that arrives",
            gate_from_dy,
            "Whether the gate is open was decided on the way forward, by the number that went into the ReLU. "
            "A negative gradient passes an open gate as well as a positive one.",
        ),
        Misconception(
            "the gate is open at 0",
            gate_open_at_zero,
            "At exactly 0 there is no slope, and a rule is needed. The rule of this course, and of Keras, is 0 there.",
            f"{PAGE}#used-twice-means-added",
        ),
        Misconception(
            "the gate is set by x @ w without the bias",
            gate_without_bias,
            "What went into the ReLU was x @ w + b.",
        ),
        Misconception(
            "the gate is put on the input of the layer",
            gate_on_dx,
            "The ReLU stands behind the dense layer, so on the way back its gate comes first, and dx, dw and db are "
            "all behind it.",
        ),
        Misconception(
            "the gradient is multiplied by the value of the ReLU",
            value_as_gate,
            "Backward multiplies by the slope of the ReLU. Where the gate is open, that is 1, whatever the value.",
        ),
        Misconception(
            "the gradient of the bias does not pass the gate",
            bias_before_the_gate,
            "The bias was added before the ReLU, so its gradient comes through the ReLU too.",
        ),
        Misconception(
            "the gradient of the bias is averaged over the batch",
            mean_bias,
            "The bias acts on every image of the batch, and where roads meet, gradients add up. If the loss is a mean, "
            "dy holds the 1/N already.",
            f"{PAGE}#used-twice-means-added",
        ),
        Misconception(
            "the gradients of the weights and the bias are averaged over the batch",
            mean_parameters,
            "The parameters act on every image of the batch, and where roads meet, gradients add up. If the loss is a "
            "mean, dy holds the 1/N already.",
            f"{PAGE}#used-twice-means-added",
        ),
        Misconception(
            "the gradient of the bias is not added up over the batch",
            bias_for_each_image,
            "There is one bias for each unit, shared by all images, so db has the shape of b.",
        ),
    ),
)
