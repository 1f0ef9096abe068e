"""Top-k, confusion, precision, recall and F1: numbers by hand, loops, and what Keras says."""

import keras
import numpy as np
import pytest

from cnncourse.training import class_scores, confusion_matrix, macro_scores, micro_scores, top_k_accuracy

# A class that is never predicted (2), and one that never occurs but is predicted (3); class 4 is neither
LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2])
PREDICTIONS = np.array([0, 0, 0, 1, 1, 1, 3, 0, 1, 3])


def drawn(n=500, classes=7, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, classes)), rng.integers(0, classes, n)


@pytest.mark.parametrize("k", [1, 2, 5, 7])
def test_top_k_accuracy_is_that_of_keras(k):
    outputs, labels = drawn()
    theirs = keras.ops.mean(keras.metrics.sparse_top_k_categorical_accuracy(labels, outputs.astype(np.float32), k=k))
    assert top_k_accuracy(outputs, labels, k) == pytest.approx(float(theirs))


def test_top_1_is_the_accuracy_and_all_classes_are_always_enough():
    outputs, labels = drawn()
    assert top_k_accuracy(outputs, labels, 1) == np.mean(outputs.argmax(axis=1) == labels)
    assert top_k_accuracy(outputs, labels, 7) == 1


def test_equal_outputs_earn_nothing():
    assert top_k_accuracy(np.zeros((10, 10)), np.arange(10), 3) == 0.3
    assert top_k_accuracy(np.full((10, 10), -np.inf), np.arange(10), 1) == 0.1


def test_the_confusion_matrix_has_the_true_classes_in_its_rows():
    expected = [[3, 1, 0, 0, 0], [0, 2, 0, 1, 0], [1, 1, 0, 1, 0], [0] * 5, [0] * 5]
    np.testing.assert_array_equal(confusion_matrix(LABELS, PREDICTIONS, 5), expected)


def test_the_confusion_matrix_is_its_definition_by_loops():
    rng = np.random.default_rng(1)
    labels, predictions = rng.integers(0, 6, (2, 300))
    counts = np.zeros((6, 6), dtype=int)
    for label, prediction in zip(labels, predictions, strict=True):
        counts[label, prediction] += 1
    np.testing.assert_array_equal(confusion_matrix(labels, predictions, 6), counts)
    np.testing.assert_array_equal(confusion_matrix(predictions, labels, 6), counts.T)


def test_the_scores_by_hand_and_a_share_of_nothing_is_no_number():
    scores = class_scores(confusion_matrix(LABELS, PREDICTIONS, 5))
    np.testing.assert_allclose(scores.precision, [3 / 4, 2 / 4, np.nan, 0, np.nan])
    np.testing.assert_allclose(scores.recall, [3 / 4, 2 / 3, 0, np.nan, np.nan])
    np.testing.assert_allclose(scores.f1, [3 / 4, 4 / 7, 0, 0, np.nan])
    np.testing.assert_array_equal(scores.images, [4, 3, 3, 0, 0])


def test_f1_is_the_harmonic_mean_of_precision_and_recall():
    _, labels = drawn(seed=1)
    scores = class_scores(confusion_matrix(labels, np.roll(labels, 3) // 2, 7))
    both = scores.precision * scores.recall > 0
    mean = 2 * scores.precision * scores.recall / (scores.precision + scores.recall)
    np.testing.assert_allclose(scores.f1[both], mean[both])


@pytest.mark.parametrize("average", [None, "macro", "micro"])
def test_f1_is_that_of_keras_where_every_class_occurs(average):
    outputs, labels = drawn()
    metric = keras.metrics.F1Score(average=average)
    metric.update_state(np.eye(7)[labels], np.eye(7)[outputs.argmax(axis=1)])
    confusion = confusion_matrix(labels, outputs.argmax(axis=1), 7)
    ours = {None: class_scores, "macro": macro_scores, "micro": micro_scores}[average](confusion).f1
    np.testing.assert_allclose(ours, metric.result(), rtol=1e-5)


def test_precision_and_recall_are_those_of_keras():
    outputs, labels = drawn()
    predictions = outputs.argmax(axis=1)
    scores = class_scores(confusion_matrix(labels, predictions, 7))
    for c in range(7):
        for kind, ours in ((keras.metrics.Precision, scores.precision), (keras.metrics.Recall, scores.recall)):
            metric = kind(class_id=c)
            metric.update_state(np.eye(7)[labels], np.eye(7)[predictions])
            assert ours[c] == pytest.approx(float(metric.result()))


def test_macro_counts_classes_alike_and_a_class_that_is_missed_adds_0():
    macro = macro_scores(confusion_matrix(LABELS, PREDICTIONS, 5))
    assert macro.precision == pytest.approx((3 / 4 + 2 / 4 + 0) / 3)
    assert macro.recall == pytest.approx((3 / 4 + 2 / 3 + 0) / 3)
    assert macro.f1 == pytest.approx((3 / 4 + 4 / 7 + 0) / 3)
    assert macro.images == 10


def test_micro_counts_images_alike_and_is_the_accuracy():
    micro = micro_scores(confusion_matrix(LABELS, PREDICTIONS, 5))
    assert micro == (0.5, 0.5, 0.5, 10)


def test_the_scores_of_no_images_are_no_numbers():
    nothing = np.zeros((3, 3), dtype=int)
    assert np.isnan(class_scores(nothing).f1).all()
    assert np.isnan(macro_scores(nothing).recall)
    assert np.isnan(micro_scores(nothing).recall)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: top_k_accuracy(np.zeros((2, 3)), [0, 1], k=4), "k <= 3"),
        (lambda: top_k_accuracy(np.zeros((2, 3)), [0, 3]), "labels go from 0 to 3"),
        (lambda: top_k_accuracy(np.full((2, 3), np.nan), [0, 1], 1), "6 NaN"),
        (lambda: top_k_accuracy(np.zeros(3), [0, 1, 2], 1), r"shape \(3,\)"),
        (lambda: confusion_matrix([0, 1], [0], 2), "there are 2 images"),
        (lambda: confusion_matrix([0, 1], [0, 2], 2), "2 classes"),
        (lambda: class_scores(np.zeros((2, 3), dtype=int)), r"\(K, K\)"),
        (lambda: micro_scores(np.full((2, 2), 0.5)), "whole numbers"),
    ],
)
def test_a_bad_argument_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
