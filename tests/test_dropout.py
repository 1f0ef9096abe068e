"""Dropout: what is dropped, what is kept on average, and that the way back is the way there."""

import os

import numpy as np
import pytest

from cnncourse.dropout import dropout, dropout_backward, spatial_dropout, spatial_dropout_backward
from cnncourse.gradients import check_gradients

PAIRS = {"dropout": (dropout, dropout_backward), "spatial": (spatial_dropout, spatial_dropout_backward)}
RATES = [0.1, 0.5, 0.75]

each_kind = pytest.mark.parametrize("name", PAIRS)


def generator(seed=0):
    return np.random.default_rng(seed)


def images(dtype=np.float64):
    return 1 + generator().random((3, 4, 5, 6)).astype(dtype)  # no zeros: a zero in y was dropped


@each_kind
@pytest.mark.parametrize("rate", RATES)
def test_each_number_is_dropped_or_scaled(name, rate):
    x = images()
    y, _ = PAIRS[name][0](x, rate, generator())
    kept = y != 0
    assert 0 < kept.sum() < x.size
    np.testing.assert_allclose(y[kept], x[kept] / (1 - rate), rtol=1e-15)


@pytest.mark.parametrize("rate", RATES)
@each_kind
def test_the_expectation_is_kept(name, rate):
    """Each draw gives 1 / (1 - rate) or 0: mean 1, variance rate / (1 - rate). The mean of n draws is within 5 standard
    errors but once in two million times, and the seed is fixed."""
    n = 40_000
    y, _ = PAIRS[name][0](np.ones((200, 1, 1, 200)), rate, generator(1))
    assert abs(y.mean() - 1) < 5 * np.sqrt(rate / (1 - rate) / n)


@pytest.mark.parametrize("rate", RATES)
@each_kind
def test_the_part_that_is_dropped_is_the_rate_and_not_the_rest(name, rate):
    n = 40_000
    y, _ = PAIRS[name][0](np.ones((200, 1, 1, 200)), rate, generator(2))
    assert abs((y == 0).mean() - rate) < 5 * np.sqrt(rate * (1 - rate) / n)


def test_dropout_draws_anew_for_each_number():
    y, _ = dropout(np.ones((2, 6, 7, 3)), 0.5, generator())
    for axis in range(4):
        assert (np.diff(y, axis=axis) != 0).any()


def test_spatial_dropout_draws_once_for_each_image_and_channel():
    y, _ = spatial_dropout(np.ones((20, 3, 5, 8)), 0.5, generator())
    np.testing.assert_array_equal(y, np.broadcast_to(y[:, :1, :1], y.shape))
    for axis in (0, 3):
        assert (np.diff(y, axis=axis) != 0).any()


@each_kind
def test_the_way_back_uses_the_mask_of_the_way_there(name):
    forward, backward = PAIRS[name]
    x, dy = images(), generator(1).standard_normal((3, 4, 5, 6))
    y, cache = forward(x, 0.6, generator())
    for _ in range(2):  # and does not draw another the second time
        np.testing.assert_allclose(backward(dy, cache), dy * (y / x), rtol=1e-12)


@each_kind
def test_the_gradient_is_the_slope(name):
    forward, backward = PAIRS[name]

    def from_the_same_start(x):
        return forward(x, 0.4, generator())

    report = check_gradients((from_the_same_start, backward), images())
    assert report.ok, str(report)


@each_kind
def test_keras_zeroes_and_scales_alike(name):
    """Its random numbers are others, so the values that occur and their pattern are compared."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras
    import tensorflow as tf

    layer = keras.layers.Dropout(0.3, seed=0) if name == "dropout" else keras.layers.SpatialDropout2D(0.3, seed=0)
    x = tf.Variable(np.ones((8, 4, 5, 6), np.float32))
    with tf.GradientTape() as tape:
        theirs = layer(x, training=True)
    y, cache = PAIRS[name][0](x.numpy(), 0.3, generator())
    np.testing.assert_allclose(np.unique(y), np.unique(theirs), rtol=1e-6)
    if name == "spatial":
        np.testing.assert_array_equal(theirs, np.broadcast_to(theirs[:, :1, :1], x.shape))
    np.testing.assert_allclose(tape.gradient(theirs, x), theirs)  # as ours: the slope of 1 * mask is the mask
    np.testing.assert_array_equal(PAIRS[name][1](np.ones_like(y), cache), y)


@each_kind
def test_rate_0_changes_nothing_but_gives_a_new_array(name):
    x = images()
    y, cache = PAIRS[name][0](x, 0, generator())
    np.testing.assert_array_equal(y, x)
    assert not np.shares_memory(y, x)
    np.testing.assert_array_equal(PAIRS[name][1](x, cache), x)


@each_kind
def test_the_same_seed_drops_the_same_and_the_next_call_something_else(name):
    rng = generator(5)
    first, second = (PAIRS[name][0](images(), 0.5, rng)[0] for _ in range(2))
    np.testing.assert_array_equal(first, PAIRS[name][0](images(), 0.5, generator(5))[0])
    assert (first != second).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each_kind
def test_the_type_stays_and_inputs_come_back_unmodified(name, dtype):
    x, dy = images(dtype), images(dtype)
    y, cache = PAIRS[name][0](x, np.float64(0.5), generator())
    dx = PAIRS[name][1](dy, cache)
    assert y.dtype == dx.dtype == dtype
    np.testing.assert_array_equal(x, images(dtype))
    np.testing.assert_array_equal(dy, images(dtype))


@each_kind
def test_an_empty_batch_comes_back_empty(name):
    y, cache = PAIRS[name][0](np.zeros((0, 4, 5, 6)), 0.5, generator())
    assert y.shape == PAIRS[name][1](y, cache).shape == (0, 4, 5, 6)


@pytest.mark.parametrize("shape", [(), (7,), (2, 3), (2, 3, 4, 5, 6)])
def test_dropout_takes_any_rank(shape):
    assert np.shape(dropout(np.ones(shape), 0.5, generator())[0]) == shape


def test_what_is_dropped_is_0_even_if_it_was_infinite():
    y, cache = dropout(np.full(100, np.inf), 0.5, generator())
    assert set(y) == {0, np.inf}
    assert set(dropout_backward(np.full(100, np.inf), cache)) == {0, np.inf}


@pytest.mark.parametrize(
    ("x", "rate", "rng", "message"),
    [
        (np.ones((1, 2, 2, 1)), 1.0, generator(), r"rate is 1.0, but a number in \[0, 1\) is needed"),
        (np.ones((1, 2, 2, 1)), -0.1, generator(), "rate is -0.1"),
        (np.ones((1, 2, 2, 1)), np.nan, generator(), "rate is nan"),
        (np.ones((1, 2, 2, 1)), 0.5, 0, "rng is 0, but a generator is needed"),
        (np.ones((1, 2, 2, 1)), 0.5, None, "rng is None"),
        (np.ones((1, 2, 2, 1), np.uint8), 0.5, generator(), "x has dtype uint8"),
    ],
)
@each_kind
def test_what_makes_no_sense_is_refused(name, x, rate, rng, message):
    with pytest.raises(ValueError, match=message):
        PAIRS[name][0](x, rate, rng)


def test_spatial_dropout_needs_images():
    with pytest.raises(ValueError, match=r"x has shape \(3, 4\), which is 2-D"):
        spatial_dropout(np.ones((3, 4)), 0.5, generator())


@each_kind
def test_a_gradient_of_another_shape_is_refused(name):
    _, cache = PAIRS[name][0](images(), 0.5, generator())
    with pytest.raises(ValueError, match="dy has shape"):
        PAIRS[name][1](np.ones((3, 1, 1, 6)), cache)
