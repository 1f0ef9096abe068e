"""Blur pooling against hand-made numbers, its definition, its own slopes, Keras, and what it is there for."""

import numpy as np
import pytest

from cnncourse.convolution import conv2d
from cnncourse.gradients import check_gradients
from cnncourse.pooling import avg_pool2d, binomial_weights, blur_pool2d, blur_pool2d_backward, blur_pool2d_loops

SHAPES = [(1, 6, 6, 1), (2, 7, 5, 3), (3, 4, 9, 2)]
WINDOWS = [
    {},
    {"pool_size": 2},
    {"pool_size": 3, "stride": 1},
    {"pool_size": (2, 3), "stride": (3, 2)},
    {"pool_size": (1, 4), "stride": (2, 1), "padding": "valid"},
    {"pool_size": 3, "padding": 1},
    {"pool_size": 2, "stride": 1, "padding": "full"},
    {"pool_size": 3, "padding": ((0, 2), (1, 0))},
]

each_window = pytest.mark.parametrize("window", WINDOWS, ids=str)
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def random_image(shape, dtype=np.float64):
    return np.random.default_rng(7).standard_normal(shape).astype(dtype)


def test_by_hand():
    """Weights 1 2 1 in a row: (4 + 2 * 8 + 0) / 4 and (0 + 2 * 4 + 12) / 4; over the edge (2 * 12 + 4) / 3."""
    x = np.array([[4.0, 8.0, 0.0, 4.0, 12.0]])[None, :, :, None]
    np.testing.assert_allclose(blur_pool2d(x, (1, 3), (1, 2), "valid")[0].ravel(), [5, 5])
    np.testing.assert_allclose(blur_pool2d(x, (1, 3), (1, 2), ((0, 0), (1, 1)))[0].ravel(), [16 / 3, 3, 28 / 3])


@pytest.mark.parametrize("pool_size", [1, 2, 3, 5, (2, 7)])
def test_the_weights_sum_to_one_and_are_the_same_from_either_side(pool_size):
    weights = binomial_weights(pool_size)
    assert weights.sum() == 1
    np.testing.assert_array_equal(weights, weights[::-1, ::-1])


@each_dtype
@each_shape
@each_window
def test_it_is_its_definition(window, shape, dtype):
    x = random_image(shape, dtype)
    before = x.copy()
    y, _ = blur_pool2d(x, **window)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, blur_pool2d_loops(x, **window), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(x, before)


@each_shape
@each_window
def test_gradients(window, shape):
    report = check_gradients((blur_pool2d, blur_pool2d_backward), random_image(shape), **window)
    assert report.ok, report


@each_window
def test_a_constant_stays_what_it_is_up_to_the_edge(window):
    np.testing.assert_allclose(blur_pool2d(np.full((1, 7, 8, 2), 3.0), **window)[0], 3)


@each_shape
def test_two_taps_are_average_pooling_and_one_tap_leaves_pixels_out(shape):
    x = random_image(shape)
    np.testing.assert_allclose(blur_pool2d(x, 2, padding="valid")[0], avg_pool2d(x, 2)[0])
    np.testing.assert_array_equal(blur_pool2d(x, 1)[0], x[:, ::2, ::2])


@each_shape
def test_it_is_a_convolution_of_each_channel_with_fixed_weights(shape):
    x, C = random_image(shape), shape[-1]
    kernel = np.repeat(binomial_weights(3)[:, :, None, None], C, axis=3)  # (KH, KW, 1, C)
    np.testing.assert_allclose(blur_pool2d(x, padding="valid")[0], conv2d(x, kernel, stride=2, groups=C)[0])


@pytest.mark.slow
def test_keras_agrees_where_nothing_is_padded():
    keras = pytest.importorskip("keras")
    x = random_image((2, 9, 6, 3), np.float32)
    kernel = np.repeat(binomial_weights((3, 2))[:, :, None, None], 3, axis=2).astype(np.float32)  # (KH, KW, C, 1)
    theirs = keras.ops.convert_to_numpy(keras.ops.depthwise_conv(x, kernel, strides=2, padding="valid"))
    np.testing.assert_allclose(blur_pool2d(x, (3, 2), padding="valid")[0], theirs, rtol=1e-5, atol=1e-6)


def test_stripes_finer_than_the_grid_turn_grey_wherever_they_lie():
    stripes = np.tile([1.0, 0.0], 8)[None, None, :, None]
    for shift in (0, 1):
        moved = np.roll(stripes, shift, axis=2)
        np.testing.assert_allclose(blur_pool2d(moved, (1, 3), (1, 2), "valid")[0], 0.5)
        assert set(moved[0, 0, ::2, 0]) == {1.0 - shift}  # while leaving out every second pixel says all or nothing


def test_bad_arguments_are_refused_with_a_way_out():
    with pytest.raises(ValueError, match="use less than the pool size"):
        blur_pool2d(np.zeros((1, 5, 5, 1)), 3, padding=3)
    with pytest.raises(ValueError, match="pool_size"):
        binomial_weights(0)
    y, cache = blur_pool2d(np.zeros((1, 5, 5, 1)))
    with pytest.raises(ValueError, match="dy"):
        blur_pool2d_backward(y[:, 1:], cache)
