"""Pooling over regions against hand-made numbers, its definitions, its own slopes, Keras and TensorFlow."""

import math
import os

import numpy as np
import pytest

from cnncourse import pooling
from cnncourse.gradients import check_gradients
from cnncourse.pooling.adaptive import _max_over

ADAPTIVE = ["adaptive_max_pool2d", "adaptive_avg_pool2d"]
SIZES = [  # the shape of x, the output size
    ((1, 7, 5, 2), (3, 2)),
    ((2, 6, 9, 3), 3),
    ((3, 5, 8, 1), (5, 7)),
    ((2, 4, 6, 2), 1),
    ((1, 10, 7, 1), (7, 3)),
]
FRACTIONS = [  # the shape of x, the output size, the overlap
    ((1, 10, 7, 2), (6, 5), 1),
    ((3, 9, 12, 1), (4, 8), 0),
    ((2, 8, 8, 3), (3, 5), (2, 0)),
    ((2, 6, 5, 2), (5, 4), 1),
]

each_adaptive = pytest.mark.parametrize("name", ADAPTIVE)
each_size = pytest.mark.parametrize(("shape", "output_size"), SIZES, ids=str)
each_fraction = pytest.mark.parametrize(("shape", "output_size", "overlap"), FRACTIONS, ids=str)
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def pair(name):
    return getattr(pooling, name), getattr(pooling, f"{name}_backward")


def generator():
    return np.random.default_rng(3)


def ties(shape, dtype=np.float64):
    """Four different values only, none above zero: nearly every region holds its maximum more than once."""
    return -np.random.default_rng(7).integers(0, 4, shape).astype(dtype)


def distinct(shape, dtype=np.float64):
    """No two values closer than 1, so that a nudge never changes who wins; half of them below zero."""
    values = np.random.default_rng(7).permutation(int(np.prod(shape))).reshape(shape)
    return (values - values.size / 2).astype(dtype)


def random_dy(y):
    return np.random.default_rng(9).standard_normal(y.shape).astype(y.dtype)


def row(*values):
    return np.array(values, float).reshape(1, 1, -1, 1)


@pytest.fixture(scope="module")
def tensorflow():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    return tf


def test_adaptive_pooling_by_hand():
    x = row(1, 5, 2, 8, 3)  # three regions of five: 1 5, 5 2 8, 8 3
    y, cache = pooling.adaptive_max_pool2d(x, (1, 3))
    np.testing.assert_array_equal(y.ravel(), [5, 8, 8])
    dy = row(1, 2, 4)
    np.testing.assert_array_equal(pooling.adaptive_max_pool2d_backward(dy, cache).ravel(), [0, 1, 0, 6, 0])
    y, cache = pooling.adaptive_avg_pool2d(x, (1, 3))
    np.testing.assert_array_equal(y.ravel(), [3, 5, 5.5])
    dx = pooling.adaptive_avg_pool2d_backward(dy, cache)
    np.testing.assert_allclose(dx.ravel(), [1 / 2, 1 / 2 + 2 / 3, 2 / 3, 2 / 3 + 2, 2])


def test_fractional_max_pooling_by_hand():
    """With a = 4/3 and a * u = 1/3, ceil(a * i + a * u) is 1, 2, 3, 5: the regions are 1 5, 5 2 and 2 8 9."""

    class FirstChoice(np.random.Generator):
        def integers(self, low, high, endpoint):
            return low

    x = row(1, 5, 2, 8, 9)
    y, cache = pooling.fractional_max_pool2d(x, (1, 3), FirstChoice(np.random.PCG64(0)), overlap=(0, 1))
    np.testing.assert_array_equal(y.ravel(), [5, 5, 9])
    dx = pooling.fractional_max_pool2d_backward(row(1, 2, 4), cache)
    np.testing.assert_array_equal(dx.ravel(), [0, 3, 0, 0, 4])


@each_dtype
@each_size
@each_adaptive
def test_the_fast_form_equals_the_definition(name, shape, output_size, dtype):
    x = ties(shape, dtype)
    y, _ = pair(name)[0](x, output_size)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, getattr(pooling, f"{name}_loops")(x, output_size), rtol=1e-6)


@each_dtype
@each_fraction
@pytest.mark.parametrize("seed", range(5))
def test_fractional_max_pooling_equals_its_definition(shape, output_size, overlap, seed, dtype):
    x = distinct(shape, dtype)
    y, _ = pooling.fractional_max_pool2d(x, output_size, np.random.default_rng(seed), overlap)
    loops = pooling.fractional_max_pool2d_loops(x, output_size, np.random.default_rng(seed), overlap)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, loops)


@each_size
@each_adaptive
def test_the_gradients_are_the_slopes(name, shape, output_size):
    report = check_gradients(pair(name), distinct(shape), output_size=output_size)
    assert report.ok, report


@each_fraction
def test_the_gradient_of_fractional_max_pooling_is_the_slope_for_one_draw(shape, output_size, overlap):
    def forward(x):
        return pooling.fractional_max_pool2d(x, output_size, generator(), overlap)

    report = check_gradients((forward, pooling.fractional_max_pool2d_backward), distinct(shape))
    assert report.ok, report


# Keras pools with windows of two sizes and picks. For one single region the larger one does not fit into the image, and
# the gradient of that empty pooling is memory that TensorFlow 2.21 has not filled.
@each_dtype
@pytest.mark.parametrize(("shape", "output_size"), [size for size in SIZES if size[1] != 1], ids=str)
@pytest.mark.parametrize(
    ("name", "layer"),
    [("adaptive_max_pool2d", "AdaptiveMaxPooling2D"), ("adaptive_avg_pool2d", "AdaptiveAveragePooling2D")],
)
def test_keras_agrees_on_values_and_gradients(name, layer, shape, output_size, dtype, tensorflow):
    import keras

    forward, backward = pair(name)
    x = distinct(shape, dtype)
    y, cache = forward(x, output_size)
    dy, image = random_dy(y), tensorflow.Variable(x)
    with tensorflow.GradientTape() as tape:
        theirs = getattr(keras.layers, layer)(output_size, dtype=x.dtype.name)(image)
    np.testing.assert_allclose(y, theirs, rtol=1e-5, atol=1e-5)
    dx = backward(dy, cache)
    assert dx.dtype == dtype
    np.testing.assert_allclose(dx, tape.gradient(theirs, image, tensorflow.constant(dy)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("overlap", [0, 1])
@pytest.mark.parametrize("size", [(10, 7), (12, 12)])
def test_tensorflow_pools_its_own_fractional_regions_to_the_same_values_and_gradients(size, overlap, tensorflow):
    """TensorFlow draws regions of its own and tells them; the same regions are then forced on our function."""
    x = distinct((2, *size, 3))
    theirs, *sequences = tensorflow.raw_ops.FractionalMaxPool(
        value=x, pooling_ratio=[1.0, 1.4, 1.6, 1.0], overlapping=overlap == 1, deterministic=True, seed=5, seed2=6
    )
    regions = [[(a, min(b + overlap, n)) for a, b in zip(s.numpy(), s.numpy()[1:])] for s, n in zip(sequences, size)]
    y, cache = _max_over(x, *regions)
    np.testing.assert_array_equal(y, theirs)
    dy = random_dy(y)
    their_dx = tensorflow.raw_ops.FractionalMaxPoolGrad(
        orig_input=x,
        orig_output=theirs,
        out_backprop=dy,
        row_pooling_sequence=sequences[0],
        col_pooling_sequence=sequences[1],
        overlapping=overlap == 1,
    )
    np.testing.assert_allclose(pooling.fractional_max_pool2d_backward(dy, cache), their_dx)


@pytest.mark.parametrize("size", range(1, 13))
def test_adaptive_regions_follow_the_rule_and_leave_nothing_out(size):
    for output_size in range(1, 2 * size):
        regions = pooling.adaptive_regions(size, output_size)
        exact = [
            (math.floor(i * size / output_size), math.ceil((i + 1) * size / output_size)) for i in range(output_size)
        ]
        assert regions == exact
        assert {pixel for region in regions for pixel in range(*region)} == set(range(size))
        lengths = [stop - start for start, stop in regions]
        assert min(lengths) >= 1 and max(lengths) - min(lengths) <= 1


@pytest.mark.parametrize("overlap", [0, 1, 2])
@pytest.mark.parametrize("size", [3, 8, 13])
def test_fractional_regions_run_from_end_to_end_in_steps_of_two_sizes_and_overlap_as_told(size, overlap):
    rng = generator()
    for output_size in range(1, size - overlap + 1):
        ratio = (size - overlap) / output_size
        for _ in range(20):
            regions = pooling.fractional_regions(size, output_size, rng, overlap)
            assert len(regions) == output_size
            assert regions[0][0] == 0 and regions[-1][1] == size
            assert {b - a - overlap for a, b in regions} <= {math.floor(ratio), math.ceil(ratio)}
            assert all(stop - start == overlap for (_, stop), (start, _) in zip(regions, regions[1:]))


def test_the_long_step_falls_where_u_puts_it():
    """Three steps that come to four: for u in the four quarters of (0, 1] they are 1 1 2, 1 2 1, 2 1 1 and 1 1 2."""
    rng = generator()
    draws = [tuple(a for a, _ in pooling.fractional_regions(5, 3, rng)) for _ in range(4000)]
    shares = {starts: draws.count(starts) / 4000 for starts in set(draws)}
    assert shares == pytest.approx({(0, 1, 2): 0.5, (0, 1, 3): 0.25, (0, 2, 3): 0.25}, abs=0.03)


def test_regions_that_come_out_even_are_the_windows_of_ordinary_pooling():
    x = ties((2, 6, 9, 3))
    dy = random_dy(np.zeros((2, 3, 3, 3)))
    for ours, theirs in [("adaptive_max_pool2d", "max_pool2d"), ("adaptive_avg_pool2d", "avg_pool2d")]:
        y, cache = pair(ours)[0](x, 3)
        expected, expected_cache = getattr(pooling, theirs)(x, (2, 3))
        np.testing.assert_allclose(y, expected)
        expected_dx = getattr(pooling, f"{theirs}_backward")(dy, expected_cache)
        np.testing.assert_allclose(pair(ours)[1](dy, cache), expected_dx)  # ties go to the first, here as there
    y, _ = pooling.fractional_max_pool2d(x, 3, generator(), overlap=0)
    np.testing.assert_array_equal(y, pooling.max_pool2d(x, (2, 3))[0])


def test_one_region_is_global_pooling_and_a_region_for_each_pixel_changes_nothing():
    x = distinct((2, 5, 4, 3))
    for name, overall in zip(ADAPTIVE, [pooling.global_max_pool2d, pooling.global_avg_pool2d]):
        np.testing.assert_allclose(pair(name)[0](x, 1)[0][:, 0, 0], overall(x)[0])
        np.testing.assert_array_equal(pair(name)[0](x, (5, 4))[0], x)


def test_more_regions_than_pixels_repeat_pixels():
    y, cache = pooling.adaptive_avg_pool2d(row(1, 5), (2, 4))
    np.testing.assert_array_equal(y[0, :, :, 0], [[1, 1, 5, 5], [1, 1, 5, 5]])
    dx = pooling.adaptive_avg_pool2d_backward(np.ones_like(y), cache)
    np.testing.assert_array_equal(dx.ravel(), [4, 4])


def test_nan_comes_through():
    y, _ = pooling.adaptive_max_pool2d(row(1, np.nan, 9, 3), (1, 2))
    np.testing.assert_array_equal(y.ravel(), [np.nan, 9])


CALLS = [
    *((name, {"output_size": (4, 2)}) for name in ADAPTIVE),
    ("fractional_max_pool2d", {"output_size": (4, 2), "rng": None}),
]


def call(name, x, options):
    return pair(name)[0](x, **{**options, **({"rng": generator()} if "rng" in options else {})})


@pytest.mark.parametrize(("name", "options"), CALLS, ids=str)
def test_an_empty_batch_stays_empty(name, options):
    y, cache = call(name, np.zeros((0, 5, 4, 3)), options)
    assert y.shape == (0, 4, 2, 3)
    assert pair(name)[1](np.zeros_like(y), cache).shape == (0, 5, 4, 3)


@pytest.mark.parametrize("size", [(5, 4), (4, 2)])
@pytest.mark.parametrize(("name", "options"), CALLS, ids=str)
def test_inputs_come_back_unmodified_and_unshared(name, options, size):
    x = distinct((2, *size, 3))
    if "rng" in options:
        options = {**options, "overlap": 0}
    x_before = x.copy()
    y, cache = call(name, x, options)
    dy = random_dy(y)
    dy_before = dy.copy()
    dx = pair(name)[1](dy, cache)
    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(dy, dy_before)
    assert not np.shares_memory(y, x) and not np.shares_memory(dx, dy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": np.zeros((5, 4))}, r"x has shape \(5, 4\).*reshape it"),
        ({"x": np.zeros((1, 5, 4, 3), int)}, "dtype int64"),
        ({"x": np.zeros((1, 0, 4, 3))}, "no pixel"),
        ({"output_size": 0}, "output_size is 0"),
        ({"output_size": 2.5}, r"output_size is 2\.5"),
        ({"output_size": (1, 2, 3)}, "output_size is"),
    ],
)
@pytest.mark.parametrize(("name", "options"), CALLS, ids=str)
def test_bad_arguments_are_named(name, options, change, message):
    x, options = change.get("x", np.zeros((1, 5, 4, 3))), {**options, **{k: v for k, v in change.items() if k != "x"}}
    with pytest.raises(ValueError, match=message):
        call(name, x, options)


@pytest.mark.parametrize(
    ("output_size", "overlap", "message"),
    [
        (5, 1, "output_size is 5, but 5 pixels with overlap 1 make at most 4"),
        (1, 5, "make at most 0"),
        (2, -1, "overlap is -1"),
    ],
)
def test_fractional_regions_that_do_not_fit_are_refused(output_size, overlap, message):
    with pytest.raises(ValueError, match=message):
        pooling.fractional_max_pool2d(np.zeros((1, 5, 5, 1)), output_size, generator(), overlap)


@pytest.mark.parametrize(("name", "options"), CALLS, ids=str)
def test_a_dy_of_another_shape_is_refused(name, options):
    _, cache = call(name, np.zeros((1, 5, 4, 3)), options)
    with pytest.raises(ValueError, match=r"dy has shape \(1, 2, 4, 3\)"):
        pair(name)[1](np.zeros((1, 2, 4, 3)), cache)
