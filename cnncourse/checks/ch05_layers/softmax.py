"""ch05.softmax: softmax over the last axis, for logits of any size."""

import numpy as np

from cnncourse.checks.writing import Task, digits, normals, whole


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


TASK = Task(__name__, __doc__, "#softmax-safely", softmax, cases)


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


why = (
    "They overflow for large logits, and are all 0 for very negative ones. The same number may be subtracted from all "
    "logits of a row first: the probabilities stay what they are."
)
TASK.mistake("the exponentials are taken of the logits as they are", why)(shifted_by(lambda x: 0))
why = (
    "In a row that lies far below the largest number of the array, all exponentials are 0, and 0/0 is no number. Each "
    "row has a largest logit of its own."
)
TASK.mistake("one largest number is subtracted everywhere", why)(shifted_by(np.max))
why = (
    "Then the largest exponent is as large as the logits are apart, and may overflow. None is above 0 if it is the "
    "largest that is subtracted."
)
TASK.mistake("the smallest logit is subtracted", why)(shifted_by(lambda x: x.min(axis=-1, keepdims=True)))
why = "The classes are on the last axis: with logits of shape (N, K), each row sums to 1, not each column."
TASK.mistake("axis 0 is used", why)(lambda x: softmax(x, axis=0))
why = "Axis 1 is the last one only if there are two. Counted from the end, it is always -1."
TASK.mistake("axis 1 is used", why)(lambda x: softmax(x, axis=1))
why = "Each row is a distribution of its own, so each has a sum of its own."
TASK.mistake("one sum is taken over the whole array", why)(shifted_by(np.max, axis=None))
why = (
    "Sums of shape (N,) are laid along the last axis of an (N, K) array: an error, or, if N = K, a division by the "
    "sums of other rows."
)
TASK.mistake("the sums have lost their axis", why)(shifted_by(largest, keepdims=False))
why = "That is the log-softmax, which the loss needs; here the probabilities themselves are asked for."
TASK.mistake("the logarithms of the probabilities are returned", why)(log_softmax)
why = "Sigmoids answer a question for each class by itself, and do not sum to 1."
TASK.mistake("each logit goes through a sigmoid", why, "#several-answers-at-once")(
    lambda x: np.exp(-np.logaddexp(0, -x))
)
why = "Softmax leaves the others their share, by how far they are behind."
TASK.mistake("the largest logit gets everything", why)(lambda x: (x == largest(x)).astype(float))
