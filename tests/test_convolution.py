"""Convolution against numbers done by hand, its loops, slopes, and Keras."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cnncourse.convolution import (
    conv1d,
    conv1d_loops,
    conv2d,
    conv2d_backward_loops,
    conv2d_loops,
    conv3d,
    conv3d_loops,
    conv_backward,
    convolve,
    correlate,
)
from cnncourse.gradients import check_gradients

FAST = {1: conv1d, 2: conv2d, 3: conv3d}
LOOPS = {1: conv1d_loops, 2: conv2d_loops, 3: conv3d_loops}

# x, w, and the knobs: nothing square, C != F, kernels as large as the input, uneven strides, pads and dilations
CASES = [
    ((2, 7, 3), (4, 3, 5), {}),
    ((1, 9, 2), (3, 2, 4), {"stride": 2, "padding": "same"}),
    ((3, 6, 4), (3, 2, 6), {"padding": ((2, 0),), "dilation": 2, "groups": 2}),
    ((2, 5, 7, 3), (3, 2, 3, 4), {}),
    ((1, 5, 7, 2), (5, 7, 2, 3), {}),
    ((2, 6, 5, 1), (2, 3, 1, 4), {"stride": (2, 3), "padding": 1}),
    ((1, 7, 8, 3), (3, 4, 3, 2), {"padding": "same"}),
    ((2, 8, 7, 2), (3, 4, 2, 3), {"padding": "same", "stride": 3}),
    ((1, 4, 5, 2), (3, 2, 2, 3), {"padding": "full"}),
    ((2, 9, 8, 2), (3, 2, 2, 3), {"dilation": 2}),
    ((1, 9, 9, 4), (3, 3, 2, 6), {"dilation": (2, 1), "stride": (1, 2), "padding": ((1, 2), (0, 3)), "groups": 2}),
    ((2, 5, 6, 4), (3, 3, 1, 8), {"groups": 4, "padding": 1}),
    ((2, 4, 5, 3), (1, 1, 3, 7), {}),
    ((0, 5, 6, 2), (3, 3, 2, 4), {}),
    ((1, 4, 5, 6, 2), (2, 3, 2, 2, 3), {}),
    ((2, 5, 4, 6, 2), (3, 2, 3, 1, 4), {"stride": (2, 1, 3), "padding": (((1, 1)), (0, 1), (2, 0)), "groups": 2}),
]


WITH_IMAGES = [case for case in CASES if case[0][0]]


def name(case):
    x, w, knobs = case
    return f"{x}*{w}{knobs or ''}"


@pytest.fixture(params=CASES, ids=name)
def case(request, rng):
    shape, kernel, knobs = request.param
    x, w, b = (rng.standard_normal(s) for s in (shape, kernel, kernel[-1:]))
    return len(shape) - 2, x, w, b, knobs


# --- by hand ---------------------------------------------------------------------------------------------------------


def test_the_vertical_edge_of_a_step_is_found_where_it_is():
    step = np.array([[0, 0, 9, 9]] * 3)
    assert_array_equal(correlate(step, [[-1, 0, 1]] * 3), [[27, 27]])


def test_true_convolution_turns_the_kernel_and_correlation_does_not():
    impulse, kernel = np.zeros((3, 3)), np.arange(1.0, 10).reshape(3, 3)
    impulse[1, 1] = 1
    assert_array_equal(convolve(impulse, kernel, padding=1), kernel)
    assert_array_equal(correlate(impulse, kernel, padding=1), kernel[::-1, ::-1])


def test_full_convolution_agrees_with_numpy_and_is_commutative(rng):
    a, b = rng.standard_normal(7), rng.standard_normal(4)
    assert_allclose(convolve(a, b, padding="full"), np.convolve(a, b))
    assert_allclose(convolve(a, b, padding="full"), convolve(b, a, padding="full"))


def test_correlation_of_whole_numbers_neither_overflows_nor_truncates():
    image = np.full((2, 2), 200, np.uint8)
    assert_array_equal(correlate(image, np.full((2, 2), 2, np.uint8)), [[1600.0]])
    assert_array_equal(correlate([1, 2], [0.5]), [0.5, 1.0])


def test_a_volume_is_correlated_in_three_dimensions(rng):
    volume, kernel = rng.standard_normal((3, 4, 5)), rng.standard_normal((2, 3, 2))
    expected = conv3d_loops(volume[None, ..., None], kernel[..., None, None])[0, ..., 0]
    assert_allclose(correlate(volume, kernel), expected)


def test_channels_are_summed_and_the_bias_is_added_once_for_each_output():
    x = np.stack([np.full((2, 2), 1.0), np.full((2, 2), 10.0)], axis=-1)[None]
    w = np.array([[[[1.0, 0.0], [2.0, 3.0]]]])  # (1, 1, 2, 2)
    y, _ = conv2d(x, w, np.array([100.0, 1000.0]))
    assert_array_equal(y[0, 0, 0], [1 + 20 + 100, 30 + 1000])


# --- the definition, the slopes, Keras -------------------------------------------------------------------------------


def test_the_fast_path_gives_the_numbers_of_the_loops(case):
    rank, x, w, b, knobs = case
    for bias in (b, None):
        assert_allclose(FAST[rank](x, w, bias, **knobs)[0], LOOPS[rank](x, w, bias, **knobs), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("case", [case for case in CASES if len(case[0]) == 4], indirect=True, ids=name)
def test_backward_in_two_dimensions_gives_the_numbers_of_the_backward_loops(case, rng):
    _, x, w, b, knobs = case
    y, cache = conv2d(x, w, b, **knobs)
    dy = rng.standard_normal(y.shape)
    for fast, slow in zip(conv_backward(dy, cache), conv2d_backward_loops(dy, x, w, **knobs)):
        assert_allclose(fast, slow, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("case", WITH_IMAGES, indirect=True, ids=name)
def test_gradients_are_the_slopes(case):
    rank, x, w, b, knobs = case
    report = check_gradients((FAST[rank], conv_backward), x, w, b, samples=40, **knobs)
    assert report.ok, report


@pytest.mark.parametrize("case", WITH_IMAGES, indirect=True, ids=name)
def test_values_and_gradients_agree_with_keras(case, rng):
    import keras
    import tensorflow as tf

    rank, x, w, b, knobs = case
    y, cache = FAST[rank](x, w, b, **knobs)
    dy = rng.standard_normal(y.shape)
    geo, padding = cache[-1], knobs.get("padding", "valid")
    by_keras = padding in ("valid", "same")  # other paddings are zeros that we put there ourselves
    spreads = padding == "same"  # Keras refuses a stride with a dilation; a kernel with zeros in it does the same
    tx, tw, tb = (tf.Variable(a) for a in (x, w, b))
    with tf.GradientTape() as tape:
        padded = tx if by_keras else tf.pad(tx, [(0, 0), *geo.pads, (0, 0)])
        kernel, dilation = (tw, geo.dilation) if spreads else (_with_holes(tw, geo.dilation), 1)
        parts = zip(
            tf.split(padded, geo.groups, axis=-1), tf.split(kernel, geo.groups, axis=-1)
        )  # no groups on its CPU
        there = padding if by_keras else "valid"
        ty = tf.concat([keras.ops.conv(a, k, geo.stride, there, "channels_last", dilation) for a, k in parts], -1) + tb
    assert_allclose(y, ty, rtol=1e-9, atol=1e-9)
    for ours, theirs in zip(conv_backward(dy, cache), tape.gradient(ty, [tx, tw, tb], dy)):
        assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def _with_holes(kernel, dilation):
    import tensorflow as tf

    for axis, d in enumerate(dilation):
        rows = tf.unstack(kernel, axis=axis)
        spread = [part for row in rows for part in [row] + [tf.zeros_like(row)] * (d - 1)]
        kernel = tf.stack(spread[: len(spread) - (d - 1)], axis=axis)
    return kernel


# --- manners ---------------------------------------------------------------------------------------------------------


def test_inputs_come_back_unmodified_and_results_share_no_memory_with_them(case, rng):
    rank, x, w, b, knobs = case
    before = [a.copy() for a in (x, w, b)]
    y, cache = FAST[rank](x, w, b, **knobs)
    dy = rng.standard_normal(y.shape)
    dy_before = dy.copy()
    dx, dw, db = conv_backward(dy, cache)
    for now, then in zip((x, w, b, dy), (*before, dy_before)):
        assert_array_equal(now, then)
    for made in (y, dx, dw, db):
        assert not any(np.shares_memory(made, given) for given in (x, w, b, dy))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_precision_is_kept(case, dtype):
    rank, x, w, b, knobs = case
    y, cache = FAST[rank](x.astype(dtype), w.astype(dtype), b.astype(dtype), **knobs)
    assert [a.dtype for a in (y, *conv_backward(y, cache))] == [dtype] * 4


X, W, B = np.zeros((2, 6, 5, 3)), np.zeros((3, 3, 3, 4)), np.zeros(4)


@pytest.mark.parametrize("conv", [conv2d, lambda *args, **kw: (conv2d_loops(*args, **kw), None)], ids=["fast", "loops"])
@pytest.mark.parametrize(
    ("args", "knobs", "words"),
    [
        ((X[0], W, B), {}, r"x has shape \(6, 5, 3\), which is 3-D, but \(N, H, W, C\) is needed: reshape it"),
        ((X.astype(np.uint8), W, B), {}, r"x has dtype uint8.*astype\(np.float32\) / 255"),
        ((X, W[0], B), {}, r"w has shape \(3, 3, 4\), which is 3-D"),
        ((X, np.zeros((3, 3, 2, 4)), B), {}, r"x has 3 channels but the kernel.*takes 2.*\(3, 3, 3, 4\) would do"),
        ((X, W, np.zeros(3)), {}, r"b has shape \(3,\), but \(4,\) is needed"),
        ((X, np.zeros((7, 3, 3, 4)), B), {}, "kernel is 7x3 but the padded input is 6x5: add padding >= 1"),
        ((X, W, B), {"dilation": 3}, "spans 7x7 with dilation 3x3.*padded input is 6x5"),
        ((X, W, B), {"stride": 1.5}, "stride is 1.5, but a whole number >= 1 is needed"),
        ((X, W, B), {"stride": 0}, "stride is 0"),
        ((X, W, B), {"stride": (1, 2, 3)}, "stride is .* 2 of them"),
        ((X, W, B), {"padding": -1}, "padding is -1, but a whole number >= 0"),
        ((X, W, B), {"padding": "SAME"}, "padding is 'SAME', but one of"),
        ((X, W, B), {"padding": (1, 2)}, "2 pairs"),
        ((X, W, B), {"groups": 2}, "groups is 2, which must divide both C = 3 channels and F = 4"),
        ((X, W, B), {"dilation": True}, "dilation is True"),
    ],
)
def test_a_bad_argument_is_named_and_so_is_what_would_do(conv, args, knobs, words):
    with pytest.raises(ValueError, match=words):
        conv(*args, **knobs)


def test_a_gradient_of_the_wrong_shape_is_refused():
    _, cache = conv2d(X, W, B)
    with pytest.raises(ValueError, match=r"dy has shape \(2, 6, 5, 4\), but \(2, 4, 3, 4\) is needed"):
        conv_backward(np.zeros((2, 6, 5, 4)), cache)


def test_image_and_kernel_must_have_the_same_number_of_axes():
    with pytest.raises(ValueError, match="image is 2-D and kernel 1-D"):
        correlate(np.zeros((3, 3)), np.zeros(3))
