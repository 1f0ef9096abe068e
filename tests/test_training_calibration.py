"""Confidence against the share of right answers: by hand, by loops, and for answers whose calibration is known."""

import numpy as np
import pytest

from cnncourse.training import calibration_error, reliability


def with_confidence(confidence, classes=3):
    """Probabilities of which class 0 has the confidence, and the others share the rest."""
    confidence = np.asarray(confidence, dtype=float)
    rest = np.tile((1 - confidence)[:, None] / (classes - 1), (1, classes - 1))
    return np.column_stack([confidence, rest])


def error_by_loops(probabilities, labels, bins):
    total = 0.0
    for b in range(bins):
        inside = [p for p in range(len(labels)) if b / bins < probabilities[p].max() <= (b + 1) / bins]
        if inside:
            confidence = sum(probabilities[p].max() for p in inside) / len(inside)
            accuracy = sum(probabilities[p].argmax() == labels[p] for p in inside) / len(inside)
            total += len(inside) / len(labels) * abs(accuracy - confidence)
    return total


def test_the_bins_by_hand():
    probabilities = with_confidence([0.45, 0.55, 0.58, 0.92, 0.96, 1.0])
    found = reliability(probabilities, [0, 0, 1, 0, 2, 0], bins=10)
    np.testing.assert_array_equal(found.images, [0, 0, 0, 0, 1, 2, 0, 0, 0, 3])
    np.testing.assert_allclose(found.confidence[[4, 5, 9]], [0.45, 0.565, 0.96])
    np.testing.assert_allclose(found.accuracy[[4, 5, 9]], [1, 0.5, 2 / 3])
    assert np.isnan(found.accuracy[found.images == 0]).all()
    expected = (1 * 0.55 + 2 * 0.065 + 3 * (0.96 - 2 / 3)) / 6
    assert calibration_error(probabilities, [0, 0, 1, 0, 2, 0]) == pytest.approx(expected)


@pytest.mark.parametrize("bins", [1, 4, 10, 15])
def test_the_error_is_its_definition_by_loops(bins):
    rng = np.random.default_rng(0)
    probabilities, labels = rng.dirichlet([0.4] * 5, 300), rng.integers(0, 5, 300)
    assert calibration_error(probabilities, labels, bins) == pytest.approx(error_by_loops(probabilities, labels, bins))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_confidence_on_an_edge_belongs_to_the_bin_below_it(dtype):
    confidence = np.arange(4, 11) / 10
    found = reliability(with_confidence(confidence).astype(dtype), [0] * 7, bins=10)
    np.testing.assert_array_equal(found.images, [0, 0, 0, *[1] * 7])


def test_labels_drawn_from_the_probabilities_are_well_calibrated_and_sharpened_ones_are_not():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet([0.5] * 4, 20000)
    labels = (rng.random((20000, 1)) > probabilities.cumsum(axis=1)[:, :-1]).sum(axis=1)
    sharper = probabilities**3 / (probabilities**3).sum(axis=1, keepdims=True)
    assert calibration_error(probabilities, labels) < 0.015
    assert calibration_error(sharper, labels) > 0.1


def test_one_bin_compares_the_mean_confidence_with_the_accuracy():
    assert calibration_error(with_confidence([0.5, 0.9]), [0, 0], bins=1) == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: reliability(np.array([[2.0, 1.0]]), [0]), r"adds up to 3: pass softmax"),
        (lambda: reliability(np.array([[1.5, -0.5]]), [0]), "softmax"),
        (lambda: reliability(np.zeros((0, 3)), []), "at least one image"),
        (lambda: calibration_error(with_confidence([0.5]), [3]), "3 classes"),
        (lambda: calibration_error(with_confidence([0.5]), [0], bins=0), "bins is 0"),
    ],
)
def test_a_bad_argument_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
