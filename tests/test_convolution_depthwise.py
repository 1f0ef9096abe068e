"""Depthwise, pointwise and separable convolution against their loops, slopes, a grouped convolution, and Keras."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cnncourse.convolution import (
    conv2d,
    conv_backward,
    depthwise_conv2d,
    depthwise_conv2d_backward,
    depthwise_conv2d_loops,
    pointwise_conv2d,
    pointwise_conv2d_backward,
    separable_conv2d,
    separable_conv2d_backward,
)
from cnncourse.gradients import check_gradients

CASES = [
    ((2, 5, 7, 3), (3, 2, 3, 1), {}),
    ((1, 6, 5, 2), (2, 3, 2, 3), {"stride": 2, "padding": "same"}),
    ((2, 7, 9, 4), (3, 3, 4, 2), {"stride": (3, 2), "padding": ((1, 0), (0, 2))}),
    ((1, 8, 7, 1), (3, 2, 1, 4), {"dilation": (2, 3)}),
    ((2, 4, 3, 2), (4, 3, 2, 1), {}),
    ((0, 4, 3, 2), (2, 2, 2, 1), {}),
]


@pytest.fixture(params=CASES, ids=str)
def case(request, rng):
    shape, kernel, knobs = request.param
    return rng.standard_normal(shape), rng.standard_normal(kernel), rng.standard_normal(kernel[2] * kernel[3]), knobs


def test_each_channel_meets_only_its_own_kernel():
    x = np.stack([np.ones((2, 2)), np.full((2, 2), 5.0)], axis=-1)[None]
    w = np.stack([np.ones((2, 2)), np.full((2, 2), 2.0)], axis=-1)[..., None]
    assert_array_equal(depthwise_conv2d(x, w, np.array([100.0, 0.0]))[0].ravel(), [104, 40])


def test_the_fast_path_gives_the_numbers_of_the_loops(case):
    x, w, b, knobs = case
    assert_allclose(depthwise_conv2d(x, w, b, **knobs)[0], depthwise_conv2d_loops(x, w, b, **knobs), atol=1e-12)


def test_it_is_a_convolution_with_as_many_groups_as_channels(case, rng):
    x, w, b, knobs = case
    KH, KW, C, M = w.shape
    y, cache = depthwise_conv2d(x, w, b, **knobs)
    grouped, there = conv2d(x, w.reshape(KH, KW, 1, C * M), b, groups=C, **knobs)
    assert_allclose(y, grouped, atol=1e-12)
    dy = rng.standard_normal(y.shape)
    for ours, theirs in zip(depthwise_conv2d_backward(dy, cache), conv_backward(dy, there)):
        assert_allclose(ours, theirs.reshape(ours.shape), atol=1e-12)


@pytest.mark.parametrize("case", [case for case in CASES if case[0][0]], indirect=True, ids=str)
def test_gradients_are_the_slopes(case, rng):
    x, w, b, knobs = case
    report = check_gradients((depthwise_conv2d, depthwise_conv2d_backward), x, w, b, samples=40, **knobs)
    assert report.ok, report
    pointwise, bias = rng.standard_normal((b.size, 3)), rng.standard_normal(3)
    report = check_gradients((separable_conv2d, separable_conv2d_backward), x, w, pointwise, bias, samples=40, **knobs)
    assert report.ok, report


@pytest.mark.parametrize(("stride", "padding", "dilation"), [(1, "valid", 1), (2, "same", 1), (1, "same", 2)])
def test_values_agree_with_keras(stride, padding, dilation, rng):
    import keras

    x, w, b = (rng.standard_normal(shape) for shape in [(2, 7, 8, 3), (3, 3, 3, 2), (6,)])
    there = keras.ops.depthwise_conv(x, w, stride, padding, "channels_last", dilation) + b
    assert_allclose(depthwise_conv2d(x, w, b, stride, padding, dilation)[0], there, atol=1e-9)
    pointwise, bias = rng.standard_normal((6, 4)), rng.standard_normal(4)
    there = keras.ops.separable_conv(x, w, pointwise[None, None], stride, padding, "channels_last", dilation) + bias
    assert_allclose(separable_conv2d(x, w, pointwise, bias, stride, padding, dilation)[0], there, atol=1e-9)


def test_gradients_agree_with_tensorflow(rng):
    import tensorflow as tf

    x, w = rng.standard_normal((2, 7, 8, 3)), rng.standard_normal((3, 2, 3, 2))
    y, cache = depthwise_conv2d(x, w, None, 2, "same")
    dy = rng.standard_normal(y.shape)
    tx, tw = tf.Variable(x), tf.Variable(w)
    with tf.GradientTape() as tape:
        ty = tf.nn.depthwise_conv2d(tx, tw, [1, 2, 2, 1], "SAME")
    assert_allclose(y, ty, atol=1e-9)
    for ours, theirs in zip(depthwise_conv2d_backward(dy, cache), tape.gradient(ty, [tx, tw], dy)):
        assert_allclose(ours, theirs, atol=1e-9)


def test_a_pointwise_convolution_is_a_dense_layer_at_every_pixel(rng):
    x, w, b = rng.standard_normal((2, 3, 4, 5)), rng.standard_normal((5, 2)), rng.standard_normal(2)
    y, cache = pointwise_conv2d(x, w, b)
    assert_allclose(y, x @ w + b)
    dx, dw, db = pointwise_conv2d_backward(np.ones_like(y), cache)
    assert_allclose(dx, np.ones_like(y) @ w.T)
    assert_allclose(dw, np.einsum("nijc,nijf->cf", x, np.ones_like(y)))
    assert_allclose(db, [24, 24])


def test_inputs_come_back_unmodified_and_a_precision_is_kept(case):
    x, w, b, knobs = case
    before = [a.copy() for a in (x, w, b)]
    depthwise_conv2d_backward(*depthwise_conv2d(x, w, b, **knobs))
    for now, then in zip((x, w, b), before):
        assert_array_equal(now, then)
    y, cache = depthwise_conv2d(*(a.astype(np.float32) for a in (x, w, b)), **knobs)
    assert {a.dtype for a in (y, *depthwise_conv2d_backward(y, cache))} == {np.dtype(np.float32)}


def test_a_kernel_for_other_channels_is_refused():
    with pytest.raises(ValueError, match=r"x has 4 channels.*one for each of 3.*\(2, 2, 4, 1\) would do"):
        depthwise_conv2d(np.zeros((1, 5, 5, 4)), np.zeros((2, 2, 3, 1)))
    with pytest.raises(ValueError, match=r"b has shape \(3,\), but \(6,\)"):
        depthwise_conv2d(np.zeros((1, 5, 5, 3)), np.zeros((2, 2, 3, 2)), np.zeros(3))
