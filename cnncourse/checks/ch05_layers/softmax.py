"""ch05.softmax: softmax over the last axis, for logits of any size."""

import numpy as np

from cnncourse.checks.drawing import digits, normals, whole
from cnncourse.checks.task import Task


def softmax(x, axis=-1):
    exps = np.exp(x - x.max(axis=axis, keepdims=True))
    return exps / exps.sum(axis=axis, keepdims=True)


def cases(rng):
    yield (np.array([0.0, whole(rng, 1, 3)]),)
    yield (digits(rng, 3),)
    yield (digits(rng, 2, 3) / 2,)
    yield (digits(rng, 3, 3) / 2,)
    yield (np.array([1000.0, 1000.0 + whole(rng, 1, 3)]),)
    yield (np.array([[-1000.0, -1000.0 - whole(rng, 1, 3)]]),)
    yield (np.array([[whole(rng, 1, 4), 0.0, 2.0], [1000.0, 999.0, 1001.0], [-2000.0, -2000.0, -2001.0]]),)
    yield (np.array([[[[0.0, 1.0], [1000.0, whole(rng, 990, 1010)]], [[-800.0, -801.0], [3.0, 2.0]]]]),)
    yield (np.asfortranarray(normals(rng, 2, 3, 4, 5)),)
    yield ((100 * normals(rng, 4, 6)).astype(np.float32),)


TASK = Task(
    "ch05.softmax", "softmax over the last axis, for logits of any size", "ch05_layers#softmax-safely", softmax, cases
)


def shifted_by(offset, axis=-1, keepdims=True):
    """Softmax with another number subtracted first, or other sums to divide by."""

    def answer(x):
        exps = np.exp(x - offset(x))
        return exps / exps.sum(axis=axis, keepdims=keepdims)

    return answer


def largest(x):
    return x.max(axis=-1, keepdims=True)


def log_softmax(x):
    shifted = x - largest(x)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


TASK.mistake(
    "the exponentials are taken of the logits as they are",
    "They overflow for large logits, and are all 0 for very negative ones. The same number may be subtracted from all "
    "logits of a row first: the probabilities stay what they are.",
)(shifted_by(lambda x: 0))
TASK.mistake(
    "one largest number is subtracted everywhere",
    "In a row that lies far below the largest number of the array, all exponentials are 0, and 0/0 is no number. Each "
    "row has a largest logit of its own.",
)(shifted_by(np.max))
TASK.mistake(
    "the smallest logit is subtracted",
    "Then the largest exponent is as large as the logits are apart, and may overflow. None is above 0 if it is the "
    "largest that is subtracted.",
)(shifted_by(lambda x: x.min(axis=-1, keepdims=True)))
TASK.mistake(
    "axis 0 is used",
    "The classes are on the last axis: with logits of shape (N, K), each row sums to 1, not each column.",
)(lambda x: softmax(x, axis=0))
TASK.mistake("axis 1 is used", "Axis 1 is the last one only if there are two. Counted from the end, it is always -1.")(
    lambda x: softmax(x, axis=1)
)
TASK.mistake(
    "one sum is taken over the whole array", "Each row is a distribution of its own, so each has a sum of its own."
)(shifted_by(np.max, axis=None))
TASK.mistake(
    "the sums have lost their axis",
    "Sums of shape (N,) are laid along the last axis of an (N, K) array: an error, or, if N = K, a division by the "
    "sums of other rows.",
)(shifted_by(largest, keepdims=False))
TASK.mistake(
    "the logarithms of the probabilities are returned",
    "That is the log-softmax, which the loss needs; here the probabilities themselves are asked for.",
)(log_softmax)
TASK.mistake(
    "each logit goes through a sigmoid",
    "Sigmoids answer a question for each class by itself, and do not sum to 1.",
    "#several-answers-at-once",
)(lambda x: np.exp(-np.logaddexp(0, -x)))
TASK.mistake("the largest logit gets everything", "Softmax leaves the others their share, by how far they are behind.")(
    lambda x: (x == largest(x)).astype(float)
)
