"""The normalisations against hand-made numbers, their definitions, their own slopes, and Keras."""

import os

import numpy as np
import pytest

from cnncourse import normalisation
from cnncourse.gradients import check_gradients

SHAPES = [(5, 6), (1, 3, 2, 6), (4, 2, 5, 6), (3, 7, 6), (2, 2, 3, 2, 6)]
SCALED = [("batch_norm", {}), ("layer_norm", {}), *(("group_norm", {"groups": g}) for g in (1, 2, 6))]
RESPONSES = [
    {},
    {"size": 3, "bias": 0.5, "alpha": 0.7, "beta": 1.3},
    {"size": 1, "bias": 1.0, "alpha": 0.2, "beta": 0.5},
    {"size": 15, "bias": 1.5, "alpha": 0.1, "beta": 1.0},  # reaches over all 6 channels
]

each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])
each_scaled = pytest.mark.parametrize(("name", "options"), SCALED, ids=str)
each_response = pytest.mark.parametrize("options", RESPONSES, ids=str)


def pair(name):
    return getattr(normalisation, name), getattr(normalisation, f"{name}_backward")


def numbers(shape, dtype=np.float64):
    """x, gamma, beta: channels of different means and spreads, no gamma of 1, some below 0.

    The seed is not that of any dy: a dy proportional to x is what normalisation cannot answer, its dx is nearly 0.
    """
    rng = np.random.default_rng(7)
    C = shape[-1]
    x = rng.standard_normal(shape) * np.linspace(0.5, 2, C) + np.linspace(-1, 3, C)
    gamma = rng.choice([-1, 1], C) * rng.uniform(0.5, 2, C)
    return tuple(a.astype(dtype) for a in (x, gamma, rng.standard_normal(C)))


def statistics(shape, dtype=np.float64):
    rng = np.random.default_rng(8)
    return rng.standard_normal(shape[-1]).astype(dtype), rng.uniform(0.1, 4, shape[-1]).astype(dtype)


def random_dy(y):
    return np.random.default_rng(9).standard_normal(y.shape).astype(y.dtype)


@pytest.fixture(scope="module")
def tensorflow():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    return tf


@pytest.fixture(scope="module")
def keras_gradients(tensorflow):
    """A function: what a Keras layer with these weights makes of x, and its gradients for dy."""
    import keras

    def values_and_gradients(layer, x, weights, dy, **call):
        name, options = layer
        layer, x = getattr(keras.layers, name)(dtype=x.dtype.name, **options), tensorflow.Variable(x)
        layer.build(x.shape)
        layer.set_weights(weights)
        with tensorflow.GradientTape() as tape:
            y = layer(x, **call)
        gradients = tape.gradient(y, [x, layer.gamma.value, layer.beta.value], tensorflow.constant(dy))
        return y.numpy(), [g.numpy() for g in gradients]

    return values_and_gradients


def test_batch_norm_by_hand():
    """Mean 3 and variance 6 - 0.75 + 0.75 = 6: with epsilon 3 the deviation is 3."""
    x = np.array([[0.0, 4.0], [3.0, 4.0], [6.0, 4.0]])
    y, cache = normalisation.batch_norm(x, np.array([2.0, 5.0]), np.array([1.0, -1.0]), epsilon=3)
    np.testing.assert_allclose(y, [[-1, -1], [1, -1], [3, -1]])
    np.testing.assert_allclose(cache.mean, [3, 4])
    np.testing.assert_allclose(cache.variance, [6, 0])
    dx, dgamma, dbeta = normalisation.batch_norm_backward(np.array([[0.0, 1.0], [0.0, 0.0], [3.0, 0.0]]), cache)
    np.testing.assert_allclose(dgamma, [3, 0])
    np.testing.assert_allclose(dbeta, [3, 1])
    # d = 2 * (0, 0, 3), its mean 2, the mean of d * (-1, 0, 1) is 2: (d - 2 - 2 * (-1, 0, 1)) / 3
    np.testing.assert_allclose(dx[:, 0], [0, -2 / 3, 2 / 3])


def test_layer_norm_and_group_norm_by_hand():
    x, gamma, beta = (
        np.array([[[[1.0, 3.0, 10.0, 30.0]]]]),
        np.array([1.0, 2.0, 3.0, 4.0]),
        np.array([0.0, 0.0, 0.0, 5.0]),
    )
    y, _ = normalisation.group_norm(x, gamma, beta, groups=2, epsilon=1e-12)
    np.testing.assert_allclose(y.ravel(), [-1, 2, -3, 9])
    y, _ = normalisation.layer_norm(x, gamma, beta, epsilon=1e-12)
    deviation = np.sqrt((10**2 + 8**2 + 1**2 + 19**2) / 4)  # the mean is 11
    np.testing.assert_allclose(y.ravel(), np.array([-10, -16, -3, 76]) / deviation + beta)


def test_local_response_norm_by_hand():
    y, _ = normalisation.local_response_norm(np.array([[1.0, 2.0, 0.0, -3.0]]), size=3, bias=2.0, alpha=0.5, beta=1.0)
    # alpha times the sums 5, 5, 13, 9: it is not divided by the size
    np.testing.assert_allclose(y, [[1 / 4.5, 2 / 4.5, 0, -3 / 6.5]])


@each_dtype
@each_shape
@each_scaled
def test_the_fast_form_equals_the_definition(name, options, shape, dtype):
    x, gamma, beta = numbers(shape, dtype)
    y, _ = pair(name)[0](x, gamma, beta, **options)
    loops = getattr(normalisation, f"{name}_loops")(x, gamma, beta, **options)
    assert y.dtype == loops.dtype == dtype
    np.testing.assert_allclose(y, loops, rtol=1e-4 if dtype == np.float32 else 1e-12, atol=1e-5)


@each_dtype
@each_shape
@each_response
def test_local_response_norm_equals_its_definition(options, shape, dtype):
    x, *_ = numbers(shape, dtype)
    y, _ = normalisation.local_response_norm(x, **options)
    loops = normalisation.local_response_norm_loops(x, **options)
    assert y.dtype == loops.dtype == dtype
    np.testing.assert_allclose(y, loops, rtol=1e-5 if dtype == np.float32 else 1e-12)


@each_dtype
@each_shape
def test_the_gradients_of_batch_norm_equal_their_definition(shape, dtype):
    x, gamma, beta = numbers(shape, dtype)
    y, cache = normalisation.batch_norm(x, gamma, beta)
    dy = random_dy(y)
    for fast, slow in zip(
        normalisation.batch_norm_backward(dy, cache), normalisation.batch_norm_backward_loops(dy, x, gamma)
    ):
        assert fast.dtype == slow.dtype == dtype
        np.testing.assert_allclose(fast, slow, rtol=1e-3 if dtype == np.float32 else 1e-9, atol=1e-4)


@each_shape
@each_scaled
@pytest.mark.parametrize("epsilon", [1e-3, 1.0])
def test_the_gradients_are_the_slopes(name, options, shape, epsilon):
    # the default tolerance of 1e-6 is below what rounding in a sum of 240 outputs leaves of the smallest slopes
    report = check_gradients(pair(name), *numbers(shape), epsilon=epsilon, **options)
    assert report.ok, report


@each_shape
def test_the_gradients_of_batch_norm_in_use_are_the_slopes(shape):
    mean, variance = statistics(shape)

    def forward(x, gamma, beta):
        return normalisation.batch_norm_inference(x, gamma, beta, mean, variance)

    report = check_gradients((forward, normalisation.batch_norm_inference_backward), *numbers(shape))
    assert report.ok, report


@each_shape
@each_response
def test_the_gradient_of_local_response_norm_is_the_slope(options, shape):
    report = check_gradients(pair("local_response_norm"), numbers(shape)[0], **options)
    assert report.ok, report


@each_dtype
@each_shape
@pytest.mark.parametrize(
    ("name", "options", "layer"),
    [
        ("batch_norm", {}, ("BatchNormalization", {})),
        ("batch_norm", {"epsilon": 0.5}, ("BatchNormalization", {"epsilon": 0.5})),
        ("batch_norm_inference", {}, ("BatchNormalization", {})),
        ("layer_norm", {}, ("LayerNormalization", {})),
        ("group_norm", {"groups": 2}, ("GroupNormalization", {"groups": 2})),
        ("group_norm", {"groups": 6}, ("GroupNormalization", {"groups": -1})),
    ],
)
def test_keras_agrees_on_values_and_gradients(name, options, layer, shape, dtype, keras_gradients):
    forward, backward = pair(name)
    x, gamma, beta = numbers(shape, dtype)
    weights, call = [gamma, beta], {}
    if name.startswith("batch_norm"):
        weights += statistics(shape, dtype)
        call["training"] = name == "batch_norm"
    y, cache = forward(x, gamma, beta, *(weights[2:] if name == "batch_norm_inference" else ()), **options)
    dy = random_dy(y)
    keras_y, keras_grads = keras_gradients(layer, x, weights, dy, **call)
    # Keras works out the variance of float32 less exactly
    tolerance = {"rtol": 2e-3, "atol": 1e-3} if dtype == np.float32 else {"rtol": 1e-8, "atol": 1e-10}
    np.testing.assert_allclose(y, keras_y, **tolerance)
    for ours, theirs in zip(backward(dy, cache), keras_grads, strict=True):
        assert ours.dtype == dtype
        np.testing.assert_allclose(ours, theirs, **tolerance)


@each_response
def test_tensorflow_agrees_on_local_response_norm(options, tensorflow):
    options = {"size": 5, "bias": 2.0, "alpha": 1e-4, "beta": 0.75, **options}
    x, *_ = numbers((2, 3, 4, 6), np.float32)
    y, cache = normalisation.local_response_norm(x, **options)
    dy, image = random_dy(y), tensorflow.Variable(x)
    with tensorflow.GradientTape() as tape:
        theirs = tensorflow.nn.local_response_normalization(
            image, options["size"] // 2, bias=options["bias"], alpha=options["alpha"], beta=options["beta"]
        )
    np.testing.assert_allclose(y, theirs, rtol=1e-5)
    dx = normalisation.local_response_norm_backward(dy, cache)
    np.testing.assert_allclose(dx, tape.gradient(theirs, image, tensorflow.constant(dy)), rtol=1e-4, atol=1e-5)


def test_the_variance_survives_a_large_mean_in_float32():
    """The mean of squares less the squared mean is noise here: squares near 1e6 are stored in steps of 1/16."""
    offset = np.random.default_rng(0).standard_normal((64, 8, 8, 4))
    x = (1000 + offset).astype(np.float32)
    y, cache = normalisation.batch_norm(x, np.ones(4, np.float32), np.zeros(4, np.float32))
    np.testing.assert_allclose(cache.variance, offset.var(axis=(0, 1, 2)), rtol=1e-4)
    np.testing.assert_allclose(y.std(axis=(0, 1, 2)), 1, atol=1e-3)


def test_float32_sums_over_many_pixels_do_not_drift():
    x = np.full((100, 50, 50, 2), 0.1, np.float32)
    y, cache = normalisation.batch_norm(x, np.ones(2, np.float32), np.zeros(2, np.float32))
    assert (cache.mean == np.float32(0.1)).all() and not cache.variance.any() and not y.any()
    _, _, dbeta = normalisation.batch_norm_backward(x, cache)
    np.testing.assert_allclose(dbeta, 25_000, rtol=1e-6)


@each_dtype
@each_scaled
@pytest.mark.parametrize("shape", [(1, 6), (1, 1, 1, 6), (4, 3, 3, 6)], ids=str)
def test_a_set_without_spread_comes_out_as_beta_and_takes_no_gradient(name, options, shape, dtype):
    """One number for each channel, or a channel that never changes: the variance is 0, and nothing blows up."""
    forward, backward = pair(name)
    x, gamma, beta = np.full(shape, 3, dtype), np.full(6, 2, dtype), np.arange(6, dtype=dtype)
    y, cache = forward(x, gamma, beta, **options)
    np.testing.assert_array_equal(y, np.broadcast_to(beta, shape))
    dx, dgamma, dbeta = backward(np.ones_like(y), cache)
    np.testing.assert_allclose(dx, 0, atol=1e-5)
    np.testing.assert_array_equal(dgamma, 0)
    np.testing.assert_array_equal(dbeta, y.size / 6)


def test_a_numpy_float64_option_does_not_turn_float32_into_float64():
    x, gamma, beta = numbers((4, 6), np.float32)
    assert normalisation.batch_norm(x, gamma, beta, np.float64(1e-3))[0].dtype == np.float32
    assert normalisation.local_response_norm(x, 5, *np.array([2.0, 1e-4, 0.75]))[0].dtype == np.float32


@pytest.mark.parametrize(
    ("name", "arrays", "options"),
    [
        ("batch_norm_inference", 5, {}),
        ("layer_norm", 3, {}),
        ("group_norm", 3, {"groups": 3}),
        ("local_response_norm", 1, {}),
    ],
)
def test_an_empty_batch_stays_empty(name, arrays, options):
    forward, backward = pair(name)
    shape = (0, 4, 5, 6)
    y, cache = forward(*(*numbers(shape), *statistics(shape))[:arrays], **options)
    assert y.shape == shape
    gradients = backward(np.zeros(shape), cache)
    if arrays > 1:
        dx, dgamma, dbeta = gradients
        assert dx.shape == shape and not dgamma.any() and not dbeta.any()
    else:
        assert gradients.shape == shape


def test_no_batch_statistics_come_from_an_empty_batch():
    with pytest.raises(ValueError, match=r"x has shape \(0, 6\): there is no mean over nothing"):
        normalisation.batch_norm(*numbers((0, 6)))


@pytest.mark.parametrize(
    ("name", "arrays", "options"),
    [
        *((name, 3, options) for name, options in SCALED),
        ("batch_norm_inference", 5, {}),
        ("local_response_norm", 1, {}),
    ],
)
def test_inputs_come_back_unmodified_and_unshared_and_x_may_be_overwritten_before_backward(name, arrays, options):
    forward, backward = pair(name)
    inputs = (*numbers((2, 3, 2, 6)), *statistics((6,)))[:arrays]
    before = [a.copy() for a in inputs]
    y, cache = forward(*inputs, **options)
    dy = random_dy(y)
    dy_before = dy.copy()
    gradients = backward(dy, cache)
    for array, copy in zip((*inputs, dy), (*before, dy_before)):
        np.testing.assert_array_equal(array, copy)
        for result in (y, *(gradients if arrays > 1 else (gradients,))):
            assert not np.shares_memory(result, array)
    inputs[0][:] = np.nan
    np.testing.assert_array_equal(backward(dy, cache)[0], gradients[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": np.zeros(6)}, r"x has shape \(6,\), which is 1-D"),
        ({"x": np.zeros((2, 6), int)}, "x has dtype int64"),
        ({"x": np.zeros((2, 0, 3, 6))}, "without pixels or channels"),
        ({"gamma": np.ones(5)}, r"gamma has shape \(5,\), but \(6,\)"),
        ({"beta": np.ones((1, 6))}, r"beta has shape \(1, 6\), but \(6,\)"),
        ({"epsilon": 0}, "epsilon is 0, but a number > 0"),
        ({"epsilon": np.nan}, "epsilon is nan"),
    ],
)
@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("batch_norm", {}),
        ("batch_norm_inference", {"mean": np.zeros(6), "variance": np.ones(6)}),
        ("layer_norm", {}),
        ("group_norm", {"groups": 2}),
    ],
)
def test_bad_arguments_are_named(name, more, change, message):
    good = {"x": np.zeros((2, 6)), "gamma": np.ones(6), "beta": np.zeros(6), **more}
    with pytest.raises(ValueError, match=message):
        pair(name)[0](**{**good, **change})


def test_statistics_that_cannot_be_are_refused():
    x, gamma, beta = numbers((2, 6))
    with pytest.raises(ValueError, match="variance holds -1"):
        normalisation.batch_norm_inference(x, gamma, beta, np.zeros(6), -np.ones(6))
    with pytest.raises(ValueError, match=r"mean has shape \(5,\)"):
        normalisation.batch_norm_inference(x, gamma, beta, np.zeros(5), np.ones(6))


@pytest.mark.parametrize("groups", [4, 0, -1, 2.0, 12])
def test_groups_must_divide_the_channels(groups):
    with pytest.raises(ValueError, match=f"groups is {groups}"):
        normalisation.group_norm(*numbers((2, 6)), groups=groups)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 4}, "size is 4, but an odd number is needed, such as 5"),
        ({"size": 0}, "size is 0"),
        ({"bias": 0}, "bias is 0, but a number > 0"),
        ({"alpha": -1.0}, "alpha is -1.0, but a number >= 0"),
        ({"beta": "0.75"}, "beta is '0.75'"),
    ],
)
def test_bad_options_of_local_response_norm_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        normalisation.local_response_norm(np.zeros((2, 6)), **options)


@pytest.mark.parametrize(
    ("name", "arrays", "options"),
    [
        *((name, 3, options) for name, options in SCALED),
        ("batch_norm_inference", 5, {}),
        ("local_response_norm", 1, {}),
    ],
)
def test_a_dy_of_another_shape_is_refused(name, arrays, options):
    forward, backward = pair(name)
    _, cache = forward(*(*numbers((2, 3, 2, 6)), *statistics((6,)))[:arrays], **options)
    with pytest.raises(ValueError, match=r"dy has shape \(2, 3, 2, 1\)"):
        backward(np.zeros((2, 3, 2, 1)), cache)
