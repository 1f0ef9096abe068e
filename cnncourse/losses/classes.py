"""Losses for classes: how wrong are the scores, and which way is less wrong? (chapter ch05_layers)

The losses for classes start from logits, not from probabilities. In float32 a probability below 1e-45 is 0 and its
logarithm is minus infinity; taken together, logarithm and softmax never leave the range of ordinary numbers, and their
gradient comes out as ``probability - target``: bounded, and zero only where the network is right. The textbook
definitions stand beside the stable forms as ``..._loops``.
"""

import math

import numpy as np

from cnncourse.activations import sigmoid
from cnncourse.arguments import class_labels, fraction, number
from cnncourse.losses.loss import Loss, any_shape, class_logits, log_softmax, targets_like, upstream

# --- one class of many -----------------------------------------------------------------------------------------------


def cross_entropy_loops(logits, labels, label_smoothing=0.0, class_weights=None):
    """The definition of `cross_entropy`: the mean of ``-log(probability of the label)``. It overflows above 709.

    >>> round(cross_entropy_loops(np.zeros((2, 10)), [3, 7]), 4)  # log 10
    2.3026
    """
    N, K = logits.shape
    total = 0.0
    for n in range(N):
        exps = [math.exp(z) for z in logits[n]]
        weight = 1.0 if class_weights is None else class_weights[labels[n]]
        for k in range(K):
            target = (1 - label_smoothing) * (k == labels[n]) + label_smoothing / K
            total -= weight * target * math.log(exps[k] / sum(exps))
    return total / N


def cross_entropy(logits, labels, label_smoothing=0.0, class_weights=None):
    """How surprised the network is by the labels: the mean of ``-log(softmax(logits)[label])``.

    A network that knows nothing has loss log K; look for that number before the first step of training.

    Parameters
    ----------
    logits : ndarray, shape (N, K)
    labels : whole numbers in 0 ... K - 1, shape (N,)
    label_smoothing : the part of each target that is dealt out evenly over all K classes, in [0, 1). It keeps the
        logits from growing for ever (Szegedy et al., 2015, arXiv:1512.00567, section 7).
    class_weights : what a mistake on each class costs, shape (K,), or None for 1. As in Keras the weighted sum is
        divided by N; PyTorch divides by the sum of the weights.

    Returns
    -------
    loss, cache : a number, and what `cross_entropy_backward` needs

    >>> loss, cache = cross_entropy(np.zeros((2, 10)), [3, 7])
    >>> loss.round(4)  # log 10
    np.float64(2.3026)
    """
    logits = class_logits(logits, "logits")
    N, K = logits.shape
    labels = class_labels(labels, N, K)
    label_smoothing = fraction(label_smoothing, "label_smoothing")
    targets = np.full_like(logits, label_smoothing / K)  # (N, K), each row sums to 1
    targets[np.arange(N), labels] += 1 - label_smoothing
    weights = np.ones_like(logits, shape=N) if class_weights is None else _class_weights(class_weights, logits)[labels]
    scale, log_p = weights / max(N, 1), log_softmax(logits)
    expected = np.multiply(targets, log_p, where=targets > 0, out=np.zeros_like(log_p))  # 0 * -inf is 0 here
    return -(scale * expected.sum(axis=1)).sum(), (np.exp(log_p), targets, scale)


def _class_weights(class_weights, logits):
    weights = np.asarray(class_weights)
    if weights.shape != logits.shape[1:] or weights.dtype.kind not in "iuf":
        raise ValueError(
            f"class_weights is {class_weights!r}, but {logits.shape[1]} numbers are needed, one for each class in order"
        )
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise ValueError(f"class_weights is {class_weights!r}, but numbers >= 0 are needed")
    return weights.astype(logits.dtype)


def cross_entropy_backward(dloss, cache):
    """The gradient with respect to the logits: ``(probability - target) * weight / N``, shape (N, K).

    It sums to 0 over the classes: what one logit gains, the others lose.

    >>> loss, cache = cross_entropy(np.zeros((1, 4)), [2])
    >>> cross_entropy_backward(1.0, cache)
    array([[ 0.25,  0.25, -0.75,  0.25]])
    """
    p, targets, scale = cache
    return upstream(dloss) * scale[:, None] * (p - targets)


class CrossEntropy(Loss):
    """`cross_entropy` for logits (N, K) and labels (N,).

    >>> loss = CrossEntropy()
    >>> value, cache = loss.forward(np.zeros((1, 4)), [2])
    >>> value.round(4), loss.backward(cache)
    (np.float64(1.3863), array([[ 0.25,  0.25, -0.75,  0.25]]))
    """

    function, gradient = staticmethod(cross_entropy), staticmethod(cross_entropy_backward)

    def __init__(self, label_smoothing=0.0, class_weights=None):
        super().__init__(label_smoothing=label_smoothing, class_weights=class_weights)


def soft_cross_entropy(logits, targets):
    """`cross_entropy` for targets that are shared out over the classes, as by mixup: the mean of ``-sum(t * log(p))``.

    Parameters
    ----------
    logits : ndarray, shape (N, K)
    targets : the share of each class, shape (N, K), each row with the sum 1

    >>> loss, cache = soft_cross_entropy(np.zeros((1, 4)), np.array([[0.7, 0.3, 0.0, 0.0]]))
    >>> loss.round(4)  # log 4
    np.float64(1.3863)
    """
    logits = class_logits(logits, "logits")
    targets = targets_like(logits, targets, 0, 1)
    sums = targets.sum(axis=1)
    if not np.allclose(sums, 1, atol=1e-3):
        raise ValueError(f"a row of targets has the sum {sums[np.abs(sums - 1).argmax()]}, but shares of 1 are needed")
    log_p, scale = log_softmax(logits), np.full_like(logits, 1 / max(len(logits), 1), shape=len(logits))
    expected = np.multiply(targets, log_p, where=targets > 0, out=np.zeros_like(log_p))
    return -(scale * expected.sum(axis=1)).sum(), (np.exp(log_p), targets, scale)


class SoftCrossEntropy(Loss):
    """`soft_cross_entropy` for logits (N, K) and targets (N, K); labels (N,) are taken too, each for all of its image.

    >>> loss = SoftCrossEntropy()
    >>> value, cache = loss.forward(np.zeros((1, 4)), np.array([[0.5, 0.5, 0.0, 0.0]]))
    >>> value.round(4), loss.backward(cache)
    (np.float64(1.3863), array([[-0.25, -0.25,  0.25,  0.25]]))
    """

    function, gradient = staticmethod(soft_cross_entropy), staticmethod(cross_entropy_backward)

    def forward(self, outputs, targets):
        if np.ndim(targets) == 1:
            return cross_entropy(outputs, targets)
        return super().forward(outputs, targets)


# --- yes or no, for each number --------------------------------------------------------------------------------------


def binary_cross_entropy_loops(logits, targets):
    """The definition of `binary_cross_entropy`; a probability of exactly 0 or 1 breaks it.

    >>> binary_cross_entropy_loops(np.zeros((2, 3)), np.ones((2, 3))).round(4)  # log 2
    np.float64(0.6931)
    """
    total = 0.0
    for z, t in zip(logits.flat, targets.flat):
        p = 1 / (1 + math.exp(-z))
        total -= t * math.log(p) + (1 - t) * math.log(1 - p)
    return total / logits.size


def binary_cross_entropy(logits, targets):
    """The mean of ``-(t * log(p) + (1 - t) * log(1 - p))`` with ``p = sigmoid(logit)``, over all numbers.

    Unlike with `cross_entropy` the answers do not compete: an image may hold both a cat and a dog, or neither.

    Parameters
    ----------
    logits : ndarray, any shape
    targets : numbers in 0 ... 1, shape of logits

    >>> loss, cache = binary_cross_entropy(np.array([[-1000.0, 1000.0]]), np.array([[0, 0]]))
    >>> loss.item()
    500.0
    """
    z = any_shape(logits, "logits")
    t = targets_like(z, targets, 0, 1)
    # -log(sigmoid(z)) is log(exp(0) + exp(-z)), and 1 - sigmoid(z) is sigmoid(-z)
    loss = t * np.logaddexp(0, -z) + (1 - t) * np.logaddexp(0, z)
    return loss.sum() / max(z.size, 1), (sigmoid(z)[0], t)


def binary_cross_entropy_backward(dloss, cache):
    """The gradient with respect to the logits: ``(probability - target) / (how many there are)``.

    >>> loss, cache = binary_cross_entropy(np.zeros((1, 2)), np.array([[0, 1]]))
    >>> binary_cross_entropy_backward(1.0, cache)
    array([[ 0.25, -0.25]])
    """
    p, t = cache
    return upstream(dloss) / max(p.size, 1) * (p - t)


class BinaryCrossEntropy(Loss):
    """`binary_cross_entropy` for logits and targets of one shape.

    >>> loss = BinaryCrossEntropy()
    >>> value, cache = loss.forward(np.zeros((1, 2)), np.array([[0, 1]]))
    >>> value.round(4), loss.backward(cache)
    (np.float64(0.6931), array([[ 0.25, -0.25]]))
    """

    function, gradient = staticmethod(binary_cross_entropy), staticmethod(binary_cross_entropy_backward)


def focal_loops(logits, targets, alpha=0.25, gamma=2.0):
    """The definition of `focal`, with ``p`` the probability given to the right answer.

    >>> round(focal_loops(np.zeros(1), np.ones(1), alpha=1.0), 4)  # log(2) / 4
    0.1733
    """
    total = 0.0
    for z, t in zip(logits.flat, targets.flat):
        p = 1 / (1 + math.exp(-z))
        p, weight = (p, alpha) if t == 1 else (1 - p, 1 - alpha)
        total -= weight * (1 - p) ** gamma * math.log(p)
    return total / logits.size


def focal(logits, targets, alpha=0.25, gamma=2.0):
    """Binary cross-entropy that cares little about what is right already (Lin et al., 2017, arXiv:1708.02002).

    A detector looks at a hundred thousand places, nearly all of them background. Each is easy, but together they drown
    the few that matter. The factor ``(1 - p)**gamma``, with ``p`` the probability given to the right answer, is 1/100
    at p = 0.9 for gamma 2. This is the mean over all; the paper divides by the number of places that hold an object.

    Parameters
    ----------
    logits : ndarray, any shape
    targets : 0 or 1, shape of logits
    alpha : the weight of the ones, in [0, 1]; the zeros weigh ``1 - alpha``. The 0.25 looks the wrong way round for
        rare ones: once gamma has silenced the easy zeros, the ones need less help (section 4.1 of the paper).
    gamma : how fast easy answers fade, >= 0; 0 leaves the weighted binary cross-entropy.

    >>> loss, cache = focal(np.array([0.0, 4.0]), np.array([1, 1]), alpha=1.0)
    >>> (0.5**2 * np.log(2) / 2).round(6), loss.round(6)  # the one that is right already adds next to nothing
    (np.float64(0.086643), np.float64(0.086646))
    """
    z = any_shape(logits, "logits")
    t = targets_like(z, targets, 0, 1)
    if not np.isin(t, (0, 1)).all():
        raise ValueError(f"targets hold {t[~np.isin(t, (0, 1))][0]}, but the focal loss takes 0 and 1 only")
    alpha, gamma = fraction(alpha, "alpha", below_one=False), number(gamma, "gamma")
    sign, weights = np.where(t == 1, z.dtype.type(1), -1), np.where(t == 1, z.dtype.type(alpha), 1 - alpha)
    wrong = sigmoid(-sign * z)[0]  # the probability given to the wrong answer: 1 - p, without the subtraction
    surprise = np.logaddexp(0, -sign * z)  # -log(p)
    fade = weights * wrong**gamma
    return (fade * surprise).sum() / max(z.size, 1), (sign, wrong, surprise, fade, gamma)


def focal_backward(dloss, cache):
    """The gradient with respect to the logits; with gamma 0 it is the weighted ``probability - target``.

    >>> loss, cache = focal(np.zeros(2), np.array([0, 1]), alpha=0.5, gamma=0.0)
    >>> focal_backward(1.0, cache)
    array([ 0.125, -0.125])
    """
    sign, wrong, surprise, fade, gamma = cache
    slope = -sign * fade * (gamma * (1 - wrong) * surprise + wrong)
    return upstream(dloss) / max(slope.size, 1) * slope
