"""The tasks on the end of a network: softmax, and the cross-entropy of logits."""

import numpy as np

from cnncourse.checks.drawing import digits, normals, whole
from cnncourse.checks.task import Misconception, Task

PAGE = "ch05_layers"
ENTROPY = f"{PAGE}#cross-entropy-and-the-number-to-expect-before-training"


def softmax(x, axis=-1):
    exps = np.exp(x - x.max(axis=axis, keepdims=True))
    return exps / exps.sum(axis=axis, keepdims=True)


def softmax_cases(rng):
    yield (np.array([0.0, whole(rng, 1, 3)]),)
    yield (digits(rng, 3),)
    yield (digits(rng, 2, 3) / 2,)
    yield (digits(rng, 3, 3) / 2,)
    yield (np.array([1000.0, 1000.0 + whole(rng, 1, 3)]),)
    yield (np.array([[-1000.0, -1000.0 - whole(rng, 1, 3)]]),)
    yield (np.array([[whole(rng, 1, 4), 0.0, 2.0], [1000.0, 999.0, 1001.0], [-2000.0, -2000.0, -2001.0]]),)
    yield (np.array([[[[0.0, 1.0], [1000.0, whole(rng, 990, 1010)]], [[-800.0, -801.0], [3.0, 2.0]]]]),)
    yield (normals(rng, 2, 3, 4, 5),)
    yield ((100 * normals(rng, 4, 6)).astype(np.float32),)


def as_defined(x):
    exps = np.exp(x)
    return exps / exps.sum(axis=-1, keepdims=True)


def one_largest(x):
    exps = np.exp(x - x.max())
    return exps / exps.sum(axis=-1, keepdims=True)


def without_keepdims(x):
    exps = np.exp(x - x.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1)


def one_sum(x):
    exps = np.exp(x - x.max())
    return exps / exps.sum()


def log_softmax(x):
    shifted = x - x.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def smallest_off(x):
    return as_defined(x - x.min(axis=-1, keepdims=True))


SOFTMAX = Task(
    id="ch05.softmax",
    asks="softmax over the last axis, for logits of any size",
    section=f"{PAGE}#softmax-safely",
    reference=softmax,
    cases=softmax_cases,
    misconceptions=(
        Misconception(
            "the exponentials are taken of the logits as they are",
            as_defined,
            "They overflow for large logits, and are all 0 for very negative ones. The same number may be subtracted "
            "from all logits of a row first: the probabilities stay what they are.",
        ),
        Misconception(
            "one largest number is subtracted everywhere",
            one_largest,
            "In a row that lies far below the largest number of the array, all exponentials are 0, and 0/0 is no "
            "number. Each row has a largest logit of its own.",
        ),
        Misconception(
            "the smallest logit is subtracted",
            smallest_off,
            "Then the largest exponent is as large as the logits are apart, and may overflow. None is above 0 if it is "
            "the largest that is subtracted.",
        ),
        Misconception(
            "axis 0 is used",
            lambda x: softmax(x, axis=0),
            "The classes are on the last axis: with logits of shape (N, K), each row sums to 1, not each column.",
        ),
        Misconception(
            "axis 1 is used",
            lambda x: softmax(x, axis=1),
            "Axis 1 is the last one only if there are two. Counted from the end, it is always -1.",
        ),
        Misconception(
            "one sum is taken over the whole array",
            one_sum,
            "Each row is a distribution of its own, so each has a sum of its own.",
        ),
        Misconception(
            "the sums have lost their axis",
            without_keepdims,
            "Sums of shape (N,) are laid along the last axis of an (N, K) array: an error, or, if N = K, a division by "
            "the sums of other rows.",
        ),
        Misconception(
            "the logarithms of the probabilities are returned",
            log_softmax,
            "That is the log-softmax, which the loss needs; here the probabilities themselves are asked for.",
        ),
        Misconception(
            "each logit goes through a sigmoid",
            lambda x: np.exp(-np.logaddexp(0, -x)),
            "Sigmoids answer a question for each class by itself, and do not sum to 1.",
            f"{PAGE}#several-answers-at-once",
        ),
        Misconception(
            "the largest logit gets everything",
            lambda x: (x == x.max(axis=-1, keepdims=True)).astype(float),
            "Softmax leaves the others their share, by how far they are behind.",
        ),
    ),
)


def cross_entropy(logits, labels):
    log_p = log_softmax(logits)
    rows = np.arange(len(logits))
    gradient = np.exp(log_p)
    gradient[rows, labels] -= 1
    return -log_p[rows, labels].mean(), gradient / len(logits)


def entropy_cases(rng):
    yield digits(rng, 1, 2) / 2, rng.integers(0, 2, 1)
    yield digits(rng, 2, 3) / 2, rng.integers(0, 3, 2)
    yield digits(rng, 3, 3) / 2, rng.permutation(3)
    yield digits(rng, 4, 2) / 2, rng.permutation([0, 1, 1, 1])
    yield np.array([[1000.0, whole(rng, -3, 3)]]), np.array([1])
    yield np.array([[-1000.0, -1001.0 - whole(rng, 0, 2)], [1000.0, 1001.0], [0.0, 2.0]]), np.array([1, 0, 0])
    yield np.array([[0.0, 120.0, whole(rng, 1, 9)]], np.float32), np.array([0])
    yield normals(rng, 5, 10), rng.integers(0, 10, 5)
    yield (10 * normals(rng, 7, 4)).astype(np.float32), rng.integers(0, 4, 7)


def from_probabilities(logits, labels, least=0.0):
    p = np.maximum(softmax(logits), least)
    return -np.log(p[np.arange(len(p)), labels]).mean(), cross_entropy(logits, labels)[1]


def not_shifted(logits, labels):
    exps = np.exp(logits)
    log_p = logits - np.log(exps.sum(axis=1, keepdims=True))
    rows = np.arange(len(logits))
    gradient = exps / exps.sum(axis=1, keepdims=True)
    gradient[rows, labels] -= 1
    return -log_p[rows, labels].mean(), gradient / len(logits)


def times(factor, gradient_factor):
    """Both results of the right answer, each times a number that may depend on N and K."""

    def answer(logits, labels):
        loss, gradient = cross_entropy(logits, labels)
        return loss * factor(*logits.shape), gradient * gradient_factor(*logits.shape)

    return answer


def columns_of_all_labels(logits, labels):
    log_p = log_softmax(logits)
    gradient = np.exp(log_p)
    gradient[:, labels] -= 1
    return -log_p[:, labels].mean(), gradient / len(logits)


def loss_of_all_labels(logits, labels):
    return columns_of_all_labels(logits, labels)[0], cross_entropy(logits, labels)[1]


def number_for_target(logits, labels):
    return cross_entropy(logits, labels)[0], (softmax(logits) - labels[:, None]) / len(logits)


def no_target(logits, labels):
    return cross_entropy(logits, labels)[0], softmax(logits) / len(logits)


def surest_class(logits, labels):
    return cross_entropy(logits, logits.argmax(axis=1))


def overwritten(logits, labels):
    results = cross_entropy(logits, labels)
    logits -= logits.max(axis=1, keepdims=True)
    return results


CROSS_ENTROPY = Task(
    id="ch05.cross_entropy",
    asks="the cross-entropy of logits, and its gradient",
    section=ENTROPY,
    reference=cross_entropy,
    results=("loss", "dlogits"),
    cases=entropy_cases,
    misconceptions=(
        Misconception(
            "the probabilities are formed first, and then the logarithm is taken",
            from_probabilities,
            "A probability that is too small for the number format is 0, and its logarithm minus infinity. Write the "
            "logarithm of the softmax out: then nothing small is ever formed.",
            f"{PAGE}#log-0",
        ),
        Misconception(
            "the probabilities are clipped at 1e-7",
            lambda logits, labels: from_probabilities(logits, labels, 1e-7),
            "The clip hides the infinity and puts the same loss, 16.1, in the place of every large one. Taken from the "
            "logits, the loss needs no clip.",
            f"{PAGE}#log-0",
        ),
        Misconception(
            "the exponentials are taken of the logits as they are",
            not_shifted,
            "They overflow, or are all 0. Subtract the largest logit of each row first; the loss stays what it is.",
            f"{PAGE}#softmax-safely",
        ),
        Misconception(
            "the loss is summed over the images",
            times(lambda N, K: N, lambda N, K: N),
            "The loss is the mean over the images, so that it does not grow with the batch; the gradient likewise.",
        ),
        Misconception(
            "the loss is summed over the images, although its gradient is that of the mean",
            times(lambda N, K: N, lambda N, K: 1),
            "The loss is the mean over the images, as its gradient already is.",
        ),
        Misconception(
            "the gradient is not divided by the number of images",
            times(lambda N, K: 1, lambda N, K: N),
            "The loss is a mean, so each image has only 1/N of the say in it.",
        ),
        Misconception(
            "the mean runs over the classes as well",
            times(lambda N, K: 1 / K, lambda N, K: 1 / K),
            "Only the right class of each image is in the sum; there are N of these numbers, not N · K.",
        ),
        Misconception(
            "every row is read at the labels of all images",
            columns_of_all_labels,
            "`a[:, labels]` takes whole columns, an (N, N) array. One number from each row needs two lists of indices, "
            "the rows and the columns.",
        ),
        Misconception(
            "in the loss, every row is read at the labels of all images",
            loss_of_all_labels,
            "`a[:, labels]` takes whole columns, an (N, N) array. One number from each row needs two lists of indices, "
            "the rows and the columns.",
        ),
        Misconception(
            "the number of the class is subtracted, instead of the one-hot target",
            number_for_target,
            "A label is the place of the 1 in the target, not a value of it.",
        ),
        Misconception(
            "the target is missing from the gradient",
            no_target,
            "For the right class the probability should go up, so its gradient is negative: 1 less than its "
            "probability.",
        ),
        Misconception(
            "the gradient has the wrong sign",
            times(lambda N, K: 1, lambda N, K: -1),
            "A larger logit of the right class makes the loss smaller, so the gradient there is negative.",
        ),
        Misconception(
            "the class with the largest logit is taken for the right one",
            surest_class,
            "What the network believes is in the logits; what is true is in the labels.",
        ),
        Misconception(
            "the logits are overwritten",
            overwritten,
            "`-=` works in the caller's array. Whoever goes on to use these logits, for a second loss, say, finds "
            "other numbers in them.",
        ),
    ),
)
