"""Metrics: how good a trained network is, in numbers that a person can use (chapter ch07_training).

Everything that is said of single classes follows from the confusion matrix.
"""

from typing import NamedTuple

import numpy as np

from cnncourse.arguments import class_labels, whole_number


def correct(outputs, y):
    """How many images have their largest output at their label; None where the targets are no class labels.

    >>> import numpy as np
    >>> correct(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    1
    """
    if outputs.ndim != 2 or y.ndim != 1 or outputs.shape[1] < 2:
        return None
    return int((outputs.argmax(axis=1) == y).sum())


def top_k_accuracy(outputs, labels, k=5):
    """The share of images whose label is among the classes with the `k` largest outputs.

    Of equal outputs that of the smaller class counts as larger, as in `argmax`: equal outputs everywhere earn nothing.

    outputs : ndarray, shape (N, K), logits or probabilities
    labels : whole numbers in 0 ... K - 1, shape (N,)

    >>> outputs = np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]])
    >>> top_k_accuracy(outputs, [1, 2], k=1), top_k_accuracy(outputs, [1, 2], k=2)
    (0.0, 0.5)
    """
    outputs, labels = _outputs_and_labels(outputs, labels, "outputs")
    k = whole_number(k, "k")
    if k > outputs.shape[1]:
        raise ValueError(f"k is {k}, but there are only {outputs.shape[1]} classes: use k <= {outputs.shape[1]}")
    best = np.argsort(-outputs, axis=1, kind="stable")[:, :k]
    return float((best == labels[:, None]).any(axis=1).mean())


def confusion_matrix(labels, predictions, classes):
    """Count the images of each class (rows) for which each class was predicted (columns).

    labels, predictions : whole numbers in 0 ... classes - 1, shape (N,)
    returns : ndarray of int, shape (classes, classes)

    >>> confusion_matrix([0, 0, 0, 1], [0, 0, 1, 1], classes=2)
    array([[2, 1],
           [0, 1]])
    """
    classes = whole_number(classes, "classes")
    labels = class_labels(labels, len(np.atleast_1d(labels)), classes)
    predictions = class_labels(predictions, len(labels), classes)
    return np.bincount(labels * classes + predictions, minlength=classes**2).reshape(classes, classes)


class Scores(NamedTuple):
    """Precision, recall and F1, and of how many images: a number for each class, or one for all of them."""

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    images: np.ndarray


def class_scores(confusion):
    """Precision, recall and F1 of each class, from a confusion matrix.

    Precision is the share of the images predicted as a class that belong to it, recall the share of its images that are
    found, and F1 is 2 * right / (predicted + there), their harmonic mean. A share of no images is NaN: the precision of
    a class that is never predicted, the recall of one that has no images, the F1 of one with neither.

    confusion : ndarray, shape (K, K), from `confusion_matrix`

    >>> scores = class_scores(np.array([[6, 2], [4, 8]]))
    >>> scores.precision, scores.recall.round(3), scores.f1.round(3)
    (array([0.6, 0.8]), array([0.75 , 0.667]), array([0.667, 0.727]))
    """
    confusion = _counts(confusion)
    right, predicted, there = np.diag(confusion), confusion.sum(axis=0), confusion.sum(axis=1)
    return Scores(_share(right, predicted), _share(right, there), _share(2 * right, predicted + there), there)


def macro_scores(confusion):
    """The means of the class scores over all classes that have images: each class counts the same.

    A class that has images and is never predicted adds a precision of 0.

    >>> macro_scores(np.array([[90, 0], [10, 0]])).recall
    0.5
    """
    scores = class_scores(confusion)
    some = scores.images > 0
    means = (float(np.nan_to_num(part[some]).mean()) if some.any() else float("nan") for part in scores[:3])
    return Scores(*means, int(scores.images.sum()))


def micro_scores(confusion):
    """The scores of all classes counted together: each image counts the same.

    Every image has one label and one prediction here, so each of the three is the share of right answers.

    >>> micro_scores(np.array([[90, 0], [10, 0]])).f1
    0.9
    """
    confusion = _counts(confusion)
    share = float(_share(np.trace(confusion), confusion.sum()))
    return Scores(share, share, share, int(confusion.sum()))


def _share(part, whole):
    """part / whole, and NaN where the whole is 0."""
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=np.asarray(whole) > 0)


def _counts(confusion):
    confusion = np.asarray(confusion)
    if confusion.ndim != 2 or confusion.shape[0] != confusion.shape[1]:
        raise ValueError(f"confusion has shape {confusion.shape}, but (K, K) is needed, as confusion_matrix returns it")
    if not np.issubdtype(confusion.dtype, np.integer) or (confusion < 0).any():
        raise ValueError(f"confusion has dtype {confusion.dtype}, but counts are needed, whole numbers >= 0")
    return confusion


def _outputs_and_labels(outputs, labels, name):
    outputs = np.asarray(outputs)
    if outputs.ndim != 2 or not len(outputs):
        raise ValueError(f"{name} have shape {outputs.shape}, but (N, K) with at least one image is needed")
    if np.isnan(outputs).any():
        raise ValueError(f"{name} hold {np.isnan(outputs).sum()} NaN, which are neither large nor small: find out why")
    return outputs, class_labels(labels, len(outputs), outputs.shape[1])
