"""ch05.cross_entropy: the cross-entropy of logits, and its gradient."""

import numpy as np

from cnncourse.checks.ch05_layers.softmax import log_softmax, softmax
from cnncourse.checks.writing import Task, digits, normals, partly, whole


def cross_entropy(logits, labels):
    log_p = log_softmax(logits)
    rows = np.arange(len(logits))
    gradient = np.exp(log_p)
    gradient[rows, labels] -= 1
    return -log_p[rows, labels].mean(), gradient / len(logits)


def cases(rng):
    yield digits(rng, 1, 2) / 2, rng.integers(0, 2, 1)
    yield digits(rng, 2, 3) / 2, rng.integers(0, 3, 2)
    yield digits(rng, 3, 3) / 2, rng.permutation(3)
    yield digits(rng, 4, 2) / 2, rng.permutation([0, 1, 1, 1])
    yield np.array([[1000.0, whole(rng, -3, 3)]]), np.array([1])
    yield np.array([[-1000.0, -1001.0 - whole(rng, 0, 2)], [1000.0, 1001.0], [0.0, 2.0]]), np.array([1, 0, 0])
    yield np.array([[0.0, 120.0, whole(rng, 1, 9)]], np.float32), np.array([0])
    yield np.asfortranarray(normals(rng, 5, 10)), rng.integers(0, 10, 5)
    yield (10 * normals(rng, 7, 4)).astype(np.float32), rng.integers(0, 4, 7)


TASK = Task(
    __name__,
    __doc__,
    "#cross-entropy-and-the-number-to-expect-before-training",
    cross_entropy,
    cases,
    results=("loss", "dlogits"),
)
COLUMNS = (
    "`a[:, labels]` takes whole columns, an (N, N) array. One number from each row needs two lists of indices, the "
    "rows and the columns."
)


def from_probabilities(least):
    """The loss from probabilities, each at least so large; the gradient is right."""

    def answer(logits, labels):
        p = np.maximum(softmax(logits), least)
        return -np.log(p[np.arange(len(p)), labels]).mean(), cross_entropy(logits, labels)[1]

    return answer


def times(factor, gradient_factor):
    """Both results of the right answer, each times a number that may depend on N and K."""

    def answer(logits, labels):
        loss, gradient = cross_entropy(logits, labels)
        return loss * factor(*logits.shape), gradient * gradient_factor(*logits.shape)

    return answer


def minus(target):
    """The right loss, and a gradient with another target."""

    def answer(logits, labels):
        return cross_entropy(logits, labels)[0], (softmax(logits) - target(labels)) / len(logits)

    return answer


def columns_of_all_labels(logits, labels):
    log_p = log_softmax(logits)
    gradient = np.exp(log_p)
    gradient[:, labels] -= 1
    return -log_p[:, labels].mean(), gradient / len(logits)


why = (
    "A probability that is too small for the number format is 0, and its logarithm minus infinity. Write the "
    "logarithm of the softmax out: then nothing small is ever formed."
)
TASK.mistake("the probabilities are formed first, and then the logarithm is taken", why, "#log-0")(
    from_probabilities(0.0)
)
why = (
    "The clip hides the infinity and puts the same loss, 16.1, in the place of every large one. Taken from the "
    "logits, the loss needs no clip."
)
TASK.mistake("the probabilities are clipped at 1e-7", why, "#log-0")(from_probabilities(1e-7))
why = "The loss is the mean over the images, so that it does not grow with the batch; the gradient likewise."
TASK.mistake("the loss is summed over the images", why)(times(lambda N, K: N, lambda N, K: N))
why = "The loss is the mean over the images, as its gradient already is."
TASK.mistake("the loss is summed over the images, although its gradient is that of the mean", why)(
    times(lambda N, K: N, lambda N, K: 1)
)
why = "The loss is a mean, so each image has only 1/N of the say in it."
TASK.mistake("the gradient is not divided by the number of images", why)(times(lambda N, K: 1, lambda N, K: N))
why = "Only the right class of each image is in the sum; there are N of these numbers, not N · K."
TASK.mistake("the mean runs over the classes as well", why)(times(lambda N, K: 1 / K, lambda N, K: 1 / K))
why = "A larger logit of the right class makes the loss smaller, so the gradient there is negative."
TASK.mistake("the gradient has the wrong sign", why)(times(lambda N, K: 1, lambda N, K: -1))
TASK.mistake("every row is read at the labels of all images", COLUMNS)(columns_of_all_labels)
TASK.mistake("in the loss, every row is read at the labels of all images", COLUMNS)(
    partly(TASK, columns_of_all_labels, 0)
)
why = "A label is the place of the 1 in the target, not a value of it."
TASK.mistake("the number of the class is subtracted, instead of the one-hot target", why)(
    minus(lambda labels: labels[:, None])
)
why = "For the right class the probability should go up, so its gradient is negative: 1 less than its probability."
TASK.mistake("the target is missing from the gradient", why)(minus(lambda labels: 0))
why = "What the network believes is in the logits; what is true is in the labels."
TASK.mistake("the class with the largest logit is taken for the right one", why)(
    lambda logits, labels: cross_entropy(logits, logits.argmax(axis=1))
)


@TASK.mistake("the exponentials are taken of the logits as they are", section="#softmax-safely")
def not_shifted(logits, labels):
    """They overflow, or are all 0. Subtract the largest logit of each row first; the loss stays what it is."""
    exps = np.exp(logits)
    sums, rows = exps.sum(axis=1, keepdims=True), np.arange(len(logits))
    gradient = exps / sums
    gradient[rows, labels] -= 1
    return -(logits - np.log(sums))[rows, labels].mean(), gradient / len(logits)


@TASK.mistake("the logits are overwritten")
def overwritten(logits, labels):
    """`-=` works in the caller's array. Whoever goes on to use these logits, for a second loss, say, finds other
    numbers in them."""
    results = cross_entropy(logits, labels)
    logits -= logits.max(axis=1, keepdims=True)
    return results
