"""Pooling against hand-made numbers, its definitions, its own slopes, and Keras."""

import os

import numpy as np
import pytest

from cnncourse import pooling
from cnncourse.gradients import check_gradients

SHAPES = [(1, 6, 6, 1), (2, 7, 5, 3), (3, 4, 9, 2)]
WINDOWS = [
    {},
    {"pool_size": 3, "stride": 1},
    {"pool_size": (2, 3), "stride": (3, 2)},
    {"pool_size": 3, "stride": 2, "padding": "same"},
    {"pool_size": (4, 2), "stride": 3, "padding": "same"},
    {"pool_size": 2, "stride": 1, "padding": "full"},
    {"pool_size": (3, 2), "stride": 2, "padding": ((2, 0), (0, 1))},
    {"pool_size": 1, "stride": 2},
]

each_window = pytest.mark.parametrize("window", WINDOWS, ids=str)
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])
each_kind = pytest.mark.parametrize("kind", ["max", "avg"])
each_global = pytest.mark.parametrize("name", ["global_max_pool2d", "global_avg_pool2d"])


def pair(name):
    return getattr(pooling, name), getattr(pooling, f"{name}_backward")


def image(rows):
    return np.array(rows, float)[None, :, :, None]


def ties(shape, dtype=np.float64):
    """Four different values only, none above zero: nearly every window holds its maximum more than once."""
    return -np.random.default_rng(7).integers(0, 4, shape).astype(dtype)


def distinct(shape):
    """No two values closer than 1, so that a nudge never changes who wins; half of them below zero."""
    values = np.random.default_rng(7).permutation(int(np.prod(shape))).reshape(shape)
    return values - values.size / 2.0


def random_dy(y):
    return np.random.default_rng(9).standard_normal(y.shape).astype(y.dtype)


@pytest.fixture(scope="module")
def keras_gradient():
    """A function: what a Keras layer makes of x, and its gradient for dy."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras
    import tensorflow as tf

    def value_and_gradient(layer, x, dy, **options):
        layer, x = getattr(keras.layers, layer)(dtype=x.dtype.name, **options), tf.Variable(x)
        with tf.GradientTape() as tape:
            y = layer(x)
        return y.numpy(), tape.gradient(y, x, tf.constant(dy)).numpy()

    return value_and_gradient


@pytest.mark.parametrize(
    ("kind", "window", "y", "dx"),
    [
        # every window of ones as upstream gradient; the image is 1 5 2 / 7 0 7 / 4 7 3
        ("max", {"pool_size": 2, "stride": 1}, [[7, 7], [7, 7]], [[0, 0, 0], [2, 0, 2], [0, 0, 0]]),
        ("max", {"pool_size": 3}, [[7]], [[0, 0, 0], [1, 0, 0], [0, 0, 0]]),
        ("max", {"padding": "same"}, [[7, 7], [7, 3]], [[0, 0, 0], [1, 0, 1], [0, 1, 1]]),
        (
            "avg",
            {"pool_size": 2, "stride": 1},
            [[3.25, 3.5], [4.5, 4.25]],
            np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 4,
        ),
        ("avg", {"padding": "same"}, [[3.25, 4.5], [5.5, 3]], [[0.25, 0.25, 0.5], [0.25, 0.25, 0.5], [0.5, 0.5, 1]]),
    ],
)
def test_numbers_done_by_hand(kind, window, y, dx):
    forward, backward = pair(f"{kind}_pool2d")
    found, cache = forward(image([[1, 5, 2], [7, 0, 7], [4, 7, 3]]), **window)
    np.testing.assert_array_equal(found[0, :, :, 0], y)
    np.testing.assert_array_equal(backward(np.ones_like(found), cache)[0, :, :, 0], dx)


def test_global_numbers_done_by_hand():
    x = np.stack([image([[1, 5, 2], [7, 0, 7]])[0, :, :, 0], image([[-1, -5, -2], [-7, -9, -6]])[0, :, :, 0]], axis=-1)[
        None
    ]
    for name, y, dx in [
        ("global_max_pool2d", [[7, -1]], [[[0, 6], [0, 0], [0, 0]], [[6, 0], [0, 0], [0, 0]]]),
        ("global_avg_pool2d", [[22 / 6, -5]], np.ones((2, 3, 2))),
    ]:
        forward, backward = pair(name)
        found, cache = forward(x)
        np.testing.assert_allclose(found, y)
        np.testing.assert_allclose(backward(np.full((1, 2), 6.0), cache)[0], dx)


@each_dtype
@each_shape
@each_window
@each_kind
def test_the_fast_form_equals_the_definition(kind, window, shape, dtype):
    x = ties(shape, dtype)
    y, _ = pair(f"{kind}_pool2d")[0](x, **window)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, getattr(pooling, f"{kind}_pool2d_loops")(x, **window), rtol=1e-6)


@each_dtype
@each_shape
@each_window
def test_the_gradient_of_max_pooling_equals_its_definition_where_maxima_tie_and_windows_overlap(window, shape, dtype):
    x = ties(shape, dtype)
    y, cache = pooling.max_pool2d(x, **window)
    dy = random_dy(y)
    dx = pooling.max_pool2d_backward(dy, cache)
    assert dx.dtype == dtype
    np.testing.assert_allclose(dx, pooling.max_pool2d_backward_loops(dy, x, **window), rtol=1e-5, atol=1e-6)


@each_shape
@each_window
@each_kind
def test_the_gradients_are_the_slopes(kind, window, shape):
    report = check_gradients(pair(f"{kind}_pool2d"), distinct(shape), **window)
    assert report.ok, report


@each_shape
@each_global
def test_the_global_gradients_are_the_slopes(name, shape):
    report = check_gradients(pair(name), distinct(shape))
    assert report.ok, report


@each_dtype
@each_shape
@pytest.mark.parametrize("window", [w for w in WINDOWS if w.get("padding", "valid") in ("valid", "same")], ids=str)
@pytest.mark.parametrize(("kind", "layer"), [("max", "MaxPooling2D"), ("avg", "AveragePooling2D")])
def test_keras_agrees_on_values_and_gradients_ties_included(kind, layer, window, shape, dtype, keras_gradient):
    forward, backward = pair(f"{kind}_pool2d")
    x = ties(shape, dtype)
    y, cache = forward(x, **window)
    dy = random_dy(y)
    options = {"strides" if key == "stride" else key: value for key, value in {"pool_size": 2, **window}.items()}
    keras_y, keras_dx = keras_gradient(layer, x, dy, **options)
    np.testing.assert_allclose(y, keras_y, rtol=1e-6)
    dx = backward(dy, cache)
    assert dx.dtype == dtype
    np.testing.assert_allclose(dx, keras_dx, rtol=1e-5, atol=1e-6)


@each_dtype
@each_shape
@pytest.mark.parametrize(
    ("name", "layer"),
    [("global_max_pool2d", "GlobalMaxPooling2D"), ("global_avg_pool2d", "GlobalAveragePooling2D")],
)
def test_keras_agrees_on_global_pooling(name, layer, shape, dtype, keras_gradient):
    forward, backward = pair(name)
    x = distinct(shape).astype(dtype)
    y, cache = forward(x)
    dy = random_dy(y)
    keras_y, keras_dx = keras_gradient(layer, x, dy)
    np.testing.assert_allclose(y, keras_y, rtol=1e-5)
    dx = backward(dy, cache)
    assert y.dtype == dx.dtype == dtype
    np.testing.assert_allclose(dx, keras_dx, rtol=1e-6)


def test_at_a_tie_global_max_pooling_gives_all_to_the_first_and_keras_shares(keras_gradient):
    x = image([[1, 5], [5, 5]])
    y, cache = pooling.global_max_pool2d(x)
    dy = np.full((1, 1), 3.0)
    np.testing.assert_array_equal(pooling.global_max_pool2d_backward(dy, cache)[0, :, :, 0], [[0, 3], [0, 0]])
    np.testing.assert_array_equal(keras_gradient("GlobalMaxPooling2D", x, dy)[1][0, :, :, 0], [[0, 1], [1, 1]])


def test_padding_never_wins_not_even_against_minus_infinity():
    x = np.full((1, 3, 3, 1), -np.inf)
    y, cache = pooling.max_pool2d(x, 2, stride=1, padding="full")
    assert (y == -np.inf).all()
    assert pooling.max_pool2d_backward(np.ones_like(y), cache).sum() == 16  # nothing has gone into the padding


def test_nan_comes_through_and_the_gradient_goes_to_it():
    x = image([[1, np.nan, 9, 0], [8, np.nan, 2, 3]])
    y, cache = pooling.max_pool2d(x)
    np.testing.assert_array_equal(y.ravel(), [np.nan, 9])
    dx = pooling.max_pool2d_backward(np.ones_like(y), cache)
    np.testing.assert_array_equal(dx[0, :, :, 0], [[0, 1, 1, 0], [0, 0, 0, 0]])
    np.testing.assert_array_equal(pooling.avg_pool2d(x)[0].ravel(), [np.nan, 3.5])
    assert np.isnan(pooling.global_max_pool2d(x)[0]).all()


def test_a_window_of_more_than_256_taps_knows_its_winner():
    x = distinct((1, 20, 20, 1))
    y, cache = pooling.max_pool2d(x, 20)
    dx = pooling.max_pool2d_backward(np.ones_like(y), cache)
    assert dx.ravel().argmax() == x.ravel().argmax()


def test_the_global_mean_of_a_large_float32_map_does_not_drift():
    x = np.full((1, 300, 300, 2), 0.1, np.float32)
    y, _ = pooling.global_avg_pool2d(x)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y, x[:, 0, 0])


@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d", "global_max_pool2d", "global_avg_pool2d"])
def test_an_empty_batch_stays_empty(name):
    forward, backward = pair(name)
    y, cache = forward(np.zeros((0, 4, 6, 2)))
    assert y.shape == ((0, 2) if name.startswith("global") else (0, 2, 3, 2))
    assert backward(np.zeros_like(y), cache).shape == (0, 4, 6, 2)


@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d", "global_max_pool2d", "global_avg_pool2d"])
@pytest.mark.parametrize("pool_size", [1, 2])
def test_inputs_come_back_unmodified_and_unshared(name, pool_size):
    forward, backward = pair(name)
    options = {} if name.startswith("global") else {"pool_size": pool_size}
    x = distinct((2, 1, 1, 3) if pool_size == 1 else (2, 4, 4, 3))
    x_before = x.copy()
    y, cache = forward(x, **options)
    dy = random_dy(y)
    dy_before = dy.copy()
    dx = backward(dy, cache)
    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(dy, dy_before)
    assert not np.shares_memory(y, x) and not np.shares_memory(dx, dy)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": np.zeros((4, 4))}, r"x has shape \(4, 4\).*reshape it"),
        ({"x": np.zeros((1, 4, 4, 1), np.uint8)}, "dtype uint8"),
        ({"pool_size": 5}, "kernel is 5x5 but the padded input is 4x4"),
        ({"pool_size": 0}, "pool_size is 0"),
        ({"pool_size": (2, 2, 2)}, "pool_size is"),
        ({"stride": 0}, "stride is 0"),
        ({"padding": "reflect"}, "padding is 'reflect'"),
        ({"padding": 2}, "nothing but padding"),
        ({"padding": ((0, 0), (0, 3)), "pool_size": 3}, "nothing but padding"),
    ],
)
@each_kind
def test_bad_arguments_are_named(kind, arguments, message):
    with pytest.raises(ValueError, match=message):
        pair(f"{kind}_pool2d")[0](**{"x": np.zeros((1, 4, 4, 1)), **arguments})


@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d", "global_max_pool2d", "global_avg_pool2d"])
def test_a_dy_of_another_shape_is_refused(name):
    forward, backward = pair(name)
    y, cache = forward(np.zeros((1, 4, 4, 1)))
    with pytest.raises(ValueError, match="dy has shape"):
        backward(np.zeros((1, *y.shape[1:-1], 2)), cache)


@each_global
def test_a_map_without_pixels_is_refused(name):
    with pytest.raises(ValueError, match="no pixel"):
        pair(name)[0](np.zeros((1, 0, 4, 1)))
