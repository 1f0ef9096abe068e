"""Transposed convolution against its loops, slopes, the gradient of a convolution, and Keras."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cnncourse.convolution import (
    conv2d,
    conv_backward,
    transposed_conv2d,
    transposed_conv2d_backward,
    transposed_conv2d_loops,
)
from cnncourse.gradients import check_gradients

CASES = [
    ((2, 3, 4, 5), (3, 2, 4, 5), {}),
    ((1, 4, 3, 2), (3, 3, 1, 2), {"stride": 2, "padding": "same"}),
    ((2, 3, 5, 3), (2, 3, 2, 3), {"stride": (3, 2)}),
    ((1, 4, 5, 2), (3, 4, 3, 2), {"padding": ((1, 0), (2, 1)), "stride": 2}),
    ((2, 3, 3, 2), (1, 1, 3, 2), {"stride": 3}),
    ((1, 3, 4, 2), (2, 3, 3, 2), {"dilation": 2}),
    ((0, 3, 4, 2), (2, 3, 3, 2), {}),
]


@pytest.fixture(params=CASES, ids=str)
def case(request, rng):
    shape, kernel, knobs = request.param
    return rng.standard_normal(shape), rng.standard_normal(kernel), rng.standard_normal(kernel[2]), knobs


def test_each_pixel_stamps_the_kernel_and_overlaps_add_up():
    x = np.array([[1.0, 2.0], [3.0, 4.0]])[None, ..., None]
    y, _ = transposed_conv2d(x, np.ones((2, 2, 1, 1)))
    assert_array_equal(y[0, :, :, 0], [[1, 3, 2], [4, 10, 6], [3, 7, 4]])


def test_the_fast_path_gives_the_numbers_of_the_loops(case):
    x, w, b, knobs = case
    assert_allclose(transposed_conv2d(x, w, b, **knobs)[0], transposed_conv2d_loops(x, w, b, **knobs), atol=1e-12)


def test_it_is_the_gradient_of_the_convolution_with_the_same_kernel(case, rng):
    x, w, _, knobs = case
    y, _ = transposed_conv2d(x, w, **knobs)
    small, cache = conv2d(rng.standard_normal(y.shape), w, **knobs)
    assert small.shape == x.shape
    assert_allclose(conv_backward(x, cache)[0], y, atol=1e-12)


@pytest.mark.parametrize("case", [case for case in CASES if case[0][0]], indirect=True, ids=str)
def test_gradients_are_the_slopes(case):
    x, w, b, knobs = case
    report = check_gradients((transposed_conv2d, transposed_conv2d_backward), x, w, b, samples=40, **knobs)
    assert report.ok, report


@pytest.mark.parametrize("kernel", [(1, 1), (2, 2), (3, 2), (4, 5)])
@pytest.mark.parametrize(
    ("stride", "padding"), [(1, "valid"), (2, "valid"), (3, "valid"), (1, "same"), (2, "same"), (3, "same")]
)
def test_values_and_gradients_agree_with_keras(kernel, stride, padding, rng):
    import keras
    import tensorflow as tf

    x, w, b = rng.standard_normal((2, 3, 5, 3)), rng.standard_normal((*kernel, 4, 3)), rng.standard_normal(4)
    y, cache = transposed_conv2d(x, w, b, stride, padding)
    dy = rng.standard_normal(y.shape)
    tx, tw, tb = (tf.Variable(a) for a in (x, w, b))
    with tf.GradientTape() as tape:
        ty = keras.ops.conv_transpose(tx, tw, stride, padding, None, "channels_last") + tb
    assert_allclose(y, ty, atol=1e-9)
    for ours, theirs in zip(transposed_conv2d_backward(dy, cache), tape.gradient(ty, [tx, tw, tb], dy)):
        assert_allclose(ours, theirs, atol=1e-9)


def test_inputs_come_back_unmodified_and_a_precision_is_kept(case):
    x, w, b, knobs = case
    before = [a.copy() for a in (x, w, b)]
    y, cache = transposed_conv2d(x, w, b, **knobs)
    transposed_conv2d_backward(y, cache)
    for now, then in zip((x, w, b), before):
        assert_array_equal(now, then)
    y, cache = transposed_conv2d(*(a.astype(np.float32) for a in (x, w, b)), **knobs)
    assert {a.dtype for a in (y, *transposed_conv2d_backward(y, cache))} == {np.dtype(np.float32)}


def test_a_kernel_for_other_channels_is_refused():
    with pytest.raises(ValueError, match=r"x has 4 channels.*takes 3 \(its last axis"):
        transposed_conv2d(np.zeros((1, 5, 5, 4)), np.zeros((2, 2, 4, 3)))
