"""The losses for masks against sets of pixels, their definitions, their own slopes, and Keras."""

import os

import numpy as np
import pytest

from cnncourse.gradients import check_gradients
from cnncourse.losses import dice, dice_backward, iou, iou_backward

PAIRS = {"dice": (dice, dice_backward), "iou": (iou, iou_backward)}
SHAPES = [(1, 6), (3, 4, 5), (2, 3, 5, 2), (4, 7, 1, 1)]

each_loss = pytest.mark.parametrize("name", PAIRS)
each_shape = pytest.mark.parametrize("shape", SHAPES)


def answers(shape, dtype=np.float64):
    """Probabilities well inside 0 ... 1, and a mask that is empty for the last of several images."""
    rng = np.random.default_rng(sum(shape))
    mask = rng.integers(0, 2, shape)
    if shape[0] > 1:
        mask[-1] = 0
    return rng.uniform(0.01, 0.99, shape).astype(dtype), mask


def by_the_definition(name, probabilities, targets, smoothing):
    """The mean over the images of one minus the overlap, summed pixel by pixel."""
    total = 0.0
    for p, t in zip(probabilities, targets):
        overlap = sum(a * b for a, b in zip(p.flat, t.flat))
        both = sum(p.flat) + sum(t.flat)
        if name == "dice":
            total += 1 - (2 * overlap + smoothing) / (both + smoothing)
        else:
            total += 1 - (overlap + smoothing) / (both - overlap + smoothing)
    return total / len(probabilities)


@pytest.mark.parametrize(
    ("name", "smoothing", "loss", "gradient"),
    [
        # image 1: overlap 1, areas 2 and 2, union 3. Image 2: nothing there and nothing found.
        ("dice", 1.0, (1 - 3 / 5) / 2, [[[3 / 50, -7 / 50], [-7 / 50, 3 / 50]], [[1 / 2, 1 / 2], [1 / 2, 1 / 2]]]),
        ("dice", 2.0, (1 - 4 / 6) / 2, [[[2 / 36, -4 / 36], [-4 / 36, 2 / 36]], [[1 / 4, 1 / 4], [1 / 4, 1 / 4]]]),
        ("iou", 1.0, (1 - 2 / 4) / 2, [[[1 / 16, -1 / 8], [-1 / 8, 1 / 16]], [[1 / 2, 1 / 2], [1 / 2, 1 / 2]]]),
    ],
)
def test_numbers_done_by_hand(name, smoothing, loss, gradient):
    found = np.array([[[1.0, 1], [0, 0]], [[0, 0], [0, 0]]])
    mask = np.array([[[0, 1], [1, 0]], [[0, 0], [0, 0]]])
    forward, backward = PAIRS[name]
    value, cache = forward(found, mask, smoothing)
    assert value == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(backward(1.0, cache), gradient, rtol=1e-12)
    np.testing.assert_allclose(backward(-3, cache), -3 * np.array(gradient), rtol=1e-12)


def test_hard_masks_are_sets_of_pixels():
    rng = np.random.default_rng(0)
    found, mask = rng.integers(0, 2, (1, 7, 9, 1)), rng.integers(0, 2, (1, 7, 9, 1))
    a, b = set(np.flatnonzero(found)), set(np.flatnonzero(mask))
    assert dice(found.astype(float), mask, 1e-12)[0] == pytest.approx(1 - 2 * len(a & b) / (len(a) + len(b)))
    assert iou(found.astype(float), mask, 1e-12)[0] == pytest.approx(1 - len(a & b) / len(a | b))


def test_dice_is_twice_iou_over_one_plus_iou():
    p, t = answers((1, 6, 5, 1))
    overlap = 1 - iou(p, t, 1e-12)[0]
    assert 1 - dice(p, t, 1e-12)[0] == pytest.approx(2 * overlap / (1 + overlap))


@pytest.mark.parametrize("smoothing", [1e-6, 1.0, 20])
@each_shape
@each_loss
def test_the_loss_equals_the_definition(name, shape, smoothing):
    p, t = answers(shape)
    assert PAIRS[name][0](p, t, smoothing)[0] == pytest.approx(by_the_definition(name, p, t, smoothing), rel=1e-12)


@each_shape
@each_loss
def test_the_gradient_is_the_slope(name, shape):
    p, t = answers(shape)
    for targets in (t, np.random.default_rng(1).random(shape)):  # hard ones, and soft ones
        report = check_gradients(PAIRS[name], p, targets=targets)
        assert report.ok, str(report)


@each_shape
@each_loss
def test_keras_agrees(name, shape):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras
    import tensorflow as tf

    p, t = answers(shape)
    t[:, 0] = 1  # Keras smooths the denominator only, so an empty mask is not comparable
    variable, axes = tf.Variable(p), tuple(range(1, len(shape)))
    with tf.GradientTape() as tape:
        if name == "dice":
            loss = tf.reduce_mean(keras.losses.dice(t, variable, axis=axes))
        else:  # false positives and false negatives at full weight: the union
            loss = tf.reduce_mean(keras.losses.tversky(t, variable, alpha=1.0, beta=1.0, axis=axes))
    forward, backward = PAIRS[name]
    value, cache = forward(p, t, 1e-9)
    assert value == pytest.approx(float(loss), rel=1e-6)
    np.testing.assert_allclose(backward(1.0, cache), tape.gradient(loss, variable), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each_loss
def test_the_type_of_the_probabilities_is_the_type_of_loss_and_gradient(name, dtype):
    p, t = answers((2, 3, 5, 2), dtype)
    loss, cache = PAIRS[name][0](p, t.astype(np.float64), np.float64(1))
    assert loss.dtype == dtype and np.ndim(loss) == 0
    assert PAIRS[name][1](np.float64(1), cache).dtype == dtype


@each_loss
def test_inputs_come_back_unmodified_and_the_gradient_is_new(name):
    p, t = answers((2, 3, 5, 2))
    p_before, t_before = p.copy(), t.copy()
    _, cache = PAIRS[name][0](p, t)
    dp = PAIRS[name][1](1.0, cache)
    np.testing.assert_array_equal(p, p_before)
    np.testing.assert_array_equal(t, t_before)
    assert not np.shares_memory(dp, p)


@each_loss
def test_an_empty_batch_has_loss_0(name):
    loss, cache = PAIRS[name][0](np.zeros((0, 3, 5, 1)), np.zeros((0, 3, 5, 1)))
    assert loss == 0
    assert PAIRS[name][1](1.0, cache).shape == (0, 3, 5, 1)


@each_loss
def test_an_empty_mask_left_empty_is_perfect(name):
    assert PAIRS[name][0](np.zeros((1, 3, 5, 1)), np.zeros((1, 3, 5, 1)))[0] == 0


@pytest.mark.parametrize(
    ("probabilities", "targets", "smoothing", "message"),
    [
        (np.full((1, 3), 4.0), np.zeros((1, 3)), 1, r"probabilities go from 4.0 to 4.0.*pass sigmoid\(logits\)"),
        (np.full((1, 3), np.nan), np.zeros((1, 3)), 1, "probabilities go from nan"),
        (np.zeros((1, 3), int), np.zeros((1, 3)), 1, "probabilities has dtype int64"),
        (np.zeros(3), np.zeros(3), 1, r"probabilities has shape \(3,\), which is 1-D"),
        (np.zeros((1, 3)), np.zeros((1, 4)), 1, r"targets have shape \(1, 4\)"),
        (np.zeros((1, 3)), np.full((1, 3), 255), 1, "targets go from 255 to 255"),
        (np.zeros((1, 3)), np.zeros((1, 3)), 0, "smoothing is 0, but a number > 0 is needed"),
        (np.zeros((1, 3)), np.zeros((1, 3)), np.nan, "smoothing is nan"),
    ],
)
@each_loss
def test_what_makes_no_sense_is_refused(name, probabilities, targets, smoothing, message):
    with pytest.raises(ValueError, match=message):
        PAIRS[name][0](probabilities, targets, smoothing)


@each_loss
def test_a_gradient_that_is_not_one_number_is_refused(name):
    _, cache = PAIRS[name][0](*answers((2, 3)))
    with pytest.raises(ValueError, match="a loss is one number"):
        PAIRS[name][1](np.ones(2), cache)
