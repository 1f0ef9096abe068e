"""Calibration: is a network that is 90 % sure right in 90 of 100 cases? (chapter ch07_training)"""

from typing import NamedTuple

import numpy as np

from cnncourse.arguments import whole_number
from cnncourse.training.metrics import _outputs_and_labels


class Reliability(NamedTuple):
    """What a reliability diagram shows of each bin: confidence, share of right answers, number of images."""

    confidence: np.ndarray
    accuracy: np.ndarray
    images: np.ndarray


def reliability(probabilities, labels, bins=10):
    """Sort the answers by confidence into bins of equal width, and compare confidence with the share of right answers.

    The confidence of an answer is its probability, the largest of its row. Bin b holds those above b / bins and up to
    (b + 1) / bins.

    probabilities : ndarray, shape (N, K), rows that add up to 1
    labels : whole numbers in 0 ... K - 1, shape (N,)

    Returns arrays of shape (bins,); an empty bin has NaN for its confidence and its accuracy.

    >>> found = reliability(np.array([[0.9, 0.1], [0.7, 0.3], [0.8, 0.2]]), [0, 1, 0], bins=4)
    >>> found.images, found.accuracy
    (array([0, 0, 1, 2]), array([nan, nan,  0.,  1.]))
    """
    probabilities, labels = _outputs_and_labels(probabilities, labels, "probabilities")
    bins = whole_number(bins, "bins")
    sums = probabilities.sum(axis=1)
    if probabilities.min() < 0 or not np.allclose(sums, 1, atol=1e-3):
        raise ValueError(f"a row of probabilities adds up to {sums[np.abs(sums - 1).argmax()]:g}: pass softmax(logits)")
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)[1:-1].astype(probabilities.dtype)
    bin_of = np.digitize(confidence, edges, right=True)
    images = np.bincount(bin_of, minlength=bins)
    means = []
    for values in (confidence, right):
        total = np.bincount(bin_of, weights=values, minlength=bins)
        means.append(np.divide(total, images, out=np.full(bins, np.nan), where=images > 0))
    return Reliability(*means, images)


def calibration_error(probabilities, labels, bins=10):
    """The expected calibration error: how far confidence and accuracy lie apart, on average over the images.

    The mean of the gaps of `reliability`, each weighted by the images in its bin (Guo et al., 2017). 0 is perfect.

    >>> round(calibration_error(np.array([[0.9, 0.1], [0.7, 0.3], [0.8, 0.2]]), [0, 1, 0], bins=4), 6)
    0.333333
    """
    confidence, accuracy, images = reliability(probabilities, labels, bins)
    some = images > 0
    return float(np.abs(confidence - accuracy)[some] @ images[some] / images.sum())
