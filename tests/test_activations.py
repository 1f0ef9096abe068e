"""The activations against hand-made numbers, their definitions, their own slopes, and Keras."""

import inspect
import os

import numpy as np
import pytest

from cnncourse import activations
from cnncourse.gradients import check_gradients

OPTIONS = {
    "relu": {},
    "leaky_relu": {"negative_slope": 0.25},
    "elu": {"alpha": 1.7},
    "sigmoid": {},
    "tanh": {},
    "softmax": {},
    "gelu": {},
    "silu": {},
}
SHAPES = [(7,), (1, 5), (6, 3), (2, 3, 5, 4)]

each_activation = pytest.mark.parametrize("name", OPTIONS)


def pair(name):
    return getattr(activations, name), getattr(activations, f"{name}_backward")


def numbers(shape, dtype=np.float64, seed=0):
    """Normal numbers, a few exact zeros (the kinks) and a few large ones among them."""
    x = 3 * np.random.default_rng(seed).standard_normal(shape)
    x.flat[::4] = 0
    x.flat[3::7] *= 10
    return x.astype(dtype)


@pytest.fixture(scope="module")
def keras_gradient():
    """A function: what Keras gives for an activation and for its gradient."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras
    import tensorflow as tf

    def value_and_gradient(name, x, dy, options):
        function = getattr(keras.activations, name)
        x = tf.Variable(x)
        with tf.GradientTape() as tape:
            y = function(x, approximate=True) if name == "gelu" else function(x, **options)
        return y.numpy(), tape.gradient(y, x, tf.constant(dy)).numpy()

    return value_and_gradient


@pytest.mark.parametrize(
    ("name", "x", "y", "slopes"),
    [
        ("relu", [-3, 0, 2], [0, 0, 2], [0, 0, 1]),
        ("leaky_relu", [-2, 0, 2], [-0.5, 0, 2], [0.25, 0.25, 1]),
        ("elu", [-np.log(4), 0, 2], [-0.75 * 1.7, 0, 2], [0.25 * 1.7, 1.7, 1]),
        ("sigmoid", [-np.log(3), 0, np.log(3)], [0.25, 0.5, 0.75], [3 / 16, 1 / 4, 3 / 16]),
        ("tanh", [-np.log(3), 0, np.log(3)], [-0.8, 0, 0.8], [0.36, 1, 0.36]),
        ("softmax", np.log([1, 2, 5]), [1 / 8, 2 / 8, 5 / 8], [0, 0, 0]),
        ("gelu", [-100, 0, 100], [0, 0, 100], [0, 0.5, 1]),
        ("silu", [-np.log(3), 0, 100], [-np.log(3) / 4, 0, 100], [(1 - np.log(3) * 0.75) / 4, 0.5, 1]),
    ],
)
def test_numbers_done_by_hand(name, x, y, slopes):
    forward, backward = pair(name)
    found, cache = forward(np.array(x, float), **OPTIONS[name])
    np.testing.assert_allclose(found, y, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(backward(np.ones(3), cache), slopes, rtol=1e-12, atol=1e-15)


def test_the_gradient_of_softmax_by_hand():
    """With y = (1/4, 3/4) the Jacobian is y_i * ([i = j] - y_j): 3/16 on the diagonal, -3/16 off it."""
    _, cache = activations.softmax(np.log([[1.0, 3.0]]))
    np.testing.assert_allclose(activations.softmax_backward(np.array([[2.0, 1.0]]), cache), [[3 / 16, -3 / 16]])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["sigmoid", "softmax"])
def test_the_stable_form_equals_the_definition(name, shape):
    x = numbers(shape)
    np.testing.assert_allclose(
        pair(name)[0](x)[0], getattr(activations, f"{name}_loops")(x), rtol=1e-12, atol=np.finfo(float).tiny
    )


def test_gelu_is_within_0_0005_of_the_exact_one_but_not_closer_than_0_0004():
    x = np.linspace(-8, 8, 16001)
    furthest = np.abs(activations.gelu(x)[0] - activations.gelu_exact(x)).max()
    assert 0.0004 < furthest < 0.0005


def test_the_exact_gelu_is_what_keras_computes_by_default():
    import keras

    x = numbers((5, 9))
    np.testing.assert_allclose(keras.activations.gelu(x).numpy(), activations.gelu_exact(x), rtol=0, atol=1e-8)


@pytest.mark.parametrize("shape", SHAPES)
@each_activation
def test_the_gradient_is_the_slope(name, shape):
    x = 2 * np.random.default_rng(1).standard_normal(shape)  # nothing sits on a kink
    report = check_gradients(pair(name), x, **OPTIONS[name])
    assert report.ok, str(report)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES)
@each_activation
def test_keras_agrees_at_zeros_too(name, shape, dtype, keras_gradient):
    x, dy = numbers(shape, dtype), np.random.default_rng(1).standard_normal(shape).astype(dtype)
    forward, backward = pair(name)
    y, cache = forward(x, **OPTIONS[name])
    their_y, their_dx = keras_gradient(name, x, dy, OPTIONS[name])
    tolerance = {"rtol": 1e-5, "atol": 5e-6}
    if dtype == np.float64:  # Keras keeps the constants of gelu in float32 even so
        tolerance = {"rtol": 1e-12, "atol": 1e-8 if name == "gelu" else 1e-13}
    np.testing.assert_allclose(y, their_y, **tolerance)
    np.testing.assert_allclose(backward(dy, cache), their_dx, **tolerance)


def test_the_default_slopes_of_keras_are_those_the_docstring_names():
    import keras

    assert inspect.signature(keras.layers.LeakyReLU).parameters["negative_slope"].default == 0.3
    assert inspect.signature(keras.activations.leaky_relu).parameters["negative_slope"].default == 0.2
    assert inspect.signature(activations.leaky_relu).parameters["negative_slope"].default == 0.01


def test_relu_has_gradient_0_at_0():
    _, cache = activations.relu(np.array([0.0, -0.0, 5e-324]))
    np.testing.assert_array_equal(activations.relu_backward(np.full(3, 7.0), cache), [0, 0, 7])


def test_silu_turns_where_the_docstring_says():
    _, cache = activations.silu(np.array([-1.29, -1.27]))
    below, above = activations.silu_backward(np.ones(2), cache)
    assert below < 0 < above


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each_activation
def test_numbers_up_to_1000_neither_overflow_nor_change_type(name, dtype):
    x = np.array([[-1000, -100, 0], [1000, 100, 1], [1000, -1000, 1000]], dtype)
    forward, backward = pair(name)
    y, cache = forward(x, **OPTIONS[name])
    dx = backward(np.ones_like(x), cache)
    assert np.isfinite(y).all() and np.isfinite(dx).all()
    assert y.dtype == dx.dtype == dtype


@pytest.mark.parametrize("shape", [(0, 5), (3, 0, 2)])
@each_activation
def test_an_empty_batch_comes_back_empty(name, shape):
    forward, backward = pair(name)
    y, cache = forward(np.zeros(shape), **OPTIONS[name])
    assert y.shape == backward(np.zeros(shape), cache).shape == shape


@each_activation
def test_inputs_come_back_unmodified_and_outputs_are_new(name):
    forward, backward = pair(name)
    x, dy = numbers((4, 5)), numbers((4, 5), seed=1)
    x_before, dy_before = x.copy(), dy.copy()
    y, cache = forward(x, **OPTIONS[name])
    dx = backward(dy, cache)
    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(dy, dy_before)
    assert not np.shares_memory(y, x) and not np.shares_memory(dx, dy)


@pytest.mark.parametrize("name", sorted(set(OPTIONS) - {"softmax"}))
def test_a_single_number_is_an_array_too(name):
    y, cache = pair(name)[0](np.float64(1.5), **OPTIONS[name])
    in_a_row, _ = pair(name)[0](np.array([1.5]), **OPTIONS[name])
    assert np.shape(y) == () and y == in_a_row[0]
    assert np.shape(pair(name)[1](np.float64(1), cache)) == ()


@each_activation
def test_integers_are_refused(name):
    with pytest.raises(ValueError, match=r"dtype uint8.*astype"):
        pair(name)[0](np.zeros((2, 2), np.uint8))


@each_activation
def test_a_gradient_of_another_shape_is_refused(name):
    forward, backward = pair(name)
    _, cache = forward(np.zeros((4, 5)), **OPTIONS[name])
    with pytest.raises(ValueError, match=r"dy has shape \(5,\), but \(4, 5\) is needed"):
        backward(np.zeros(5), cache)


@pytest.mark.parametrize("value", [-0.1, np.nan, np.inf, "0.1", None])
@pytest.mark.parametrize(("name", "knob"), [("leaky_relu", "negative_slope"), ("elu", "alpha")])
def test_a_bad_slope_is_refused(name, knob, value):
    with pytest.raises(ValueError, match=f"{knob} is .* but a number >= 0 is needed"):
        pair(name)[0](np.zeros(2), **{knob: value})


@pytest.mark.parametrize(("name", "knob"), [("leaky_relu", "negative_slope"), ("elu", "alpha")])
def test_a_slope_in_float64_does_not_widen_float32(name, knob):
    assert pair(name)[0](np.zeros(2, np.float32), **{knob: np.float64(0.5)})[0].dtype == np.float32


@pytest.mark.parametrize("shape", [(), (3, 0)])
def test_softmax_without_classes_is_refused(shape):
    with pytest.raises(ValueError, match="at least one class"):
        activations.softmax(np.zeros(shape))
