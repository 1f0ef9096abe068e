"""Stochastic pooling against hand-made numbers, its definitions, its own slopes and its frequencies.

Keras has no such layer; the other oracles, and limits in which it becomes max or average pooling, stand in.
"""

import numpy as np
import pytest

from cnncourse import pooling
from cnncourse.gradients import check_gradients

SHAPES = [(1, 6, 6, 1), (2, 7, 5, 3), (3, 4, 9, 2)]
WINDOWS = [
    {"pool_size": 2},
    {"pool_size": 3, "stride": 1},
    {"pool_size": (2, 3), "stride": (3, 2)},
    {"pool_size": 3, "stride": 2, "padding": "same"},
    {"pool_size": 2, "stride": 1, "padding": "full"},
    {"pool_size": 1, "stride": 2},
]

each_window = pytest.mark.parametrize("window", WINDOWS, ids=str)
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def generator():
    return np.random.default_rng(3)


def activations(shape, dtype=np.float64):
    """Behind a ReLU: about half of it exact zeros, so that some windows hold nothing else."""
    return np.maximum(np.random.default_rng(7).standard_normal(shape), 0).astype(dtype)


def above_zero(shape):
    """Away from 0, below which nothing is allowed."""
    return np.random.default_rng(7).uniform(0.1, 3, shape)


def random_dy(y):
    return np.random.default_rng(9).standard_normal(y.shape).astype(y.dtype)


def image(rows):
    return np.array(rows, float)[None, :, :, None]


def train(x, pool_size=2, **window):
    return pooling.stochastic_pool2d(x, pool_size, generator(), **window)


FORMS = {
    "training": (train, pooling.stochastic_pool2d_backward),
    "inference": (
        pooling.stochastic_pool2d_inference,
        pooling.stochastic_pool2d_inference_backward,
    ),
}
each_form = pytest.mark.parametrize("form", FORMS)


def test_inference_by_hand():
    """1, 2 and 5 out of 8: y = (1 + 4 + 25) / 8, and the slopes are 2 p - (1 + 4 + 25) / 64."""
    x = image([[1, 2], [5, 0]])
    y, cache = pooling.stochastic_pool2d_inference(x)
    assert y.item() == 30 / 8
    dx = pooling.stochastic_pool2d_inference_backward(np.full_like(y, 64), cache)
    np.testing.assert_allclose(dx[0, :, :, 0], [[-14, 2], [50, -30]])


class Fixed(np.random.Generator):
    """Stands in for a generator whose draws are known."""

    def __init__(self, draw):
        super().__init__(np.random.PCG64(0))
        self.draw = draw

    def random(self, shape, dtype):
        return np.full(shape, self.draw, dtype)


@pytest.mark.parametrize(("draw", "drawn"), [(0, 2), (0.24, 2), (0.25, 6), (0.99, 6)])
def test_the_draw_by_hand(draw, drawn):
    """Of 0, 2, 6, 0 the 2 owns the first quarter of the draws and the 6 the rest; a zero is never drawn."""
    y, cache = pooling.stochastic_pool2d(image([[0, 2], [6, 0]]), 2, Fixed(draw))
    assert y.item() == drawn
    dx = pooling.stochastic_pool2d_backward(np.full_like(y, 3), cache)
    np.testing.assert_array_equal(dx[0, :, :, 0], [[0, 3 * (drawn == 2)], [3 * (drawn == 6), 0]])


def test_rounding_never_lets_a_zero_be_drawn():
    """Ten times 0.1 adds up to 1 - 2**-53, which is also the largest draw there is."""
    x = np.array([0.0] + [1.0] * 10 + [0.0]).reshape(1, 1, 12, 1)
    for draw in (0, 1 - 2**-53):
        assert pooling.stochastic_pool2d(x, (1, 12), Fixed(draw))[0].item() == 1


@each_dtype
@each_shape
@each_window
def test_the_fast_forms_equal_the_definitions(window, shape, dtype):
    x = activations(shape, dtype)
    y, _ = train(x, **window)
    loops = pooling.stochastic_pool2d_loops(x, rng=generator(), **window)
    assert y.dtype == loops.dtype == dtype
    np.testing.assert_array_equal(y, loops)
    y, _ = pooling.stochastic_pool2d_inference(x, **window)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, pooling.stochastic_pool2d_inference_loops(x, **window), rtol=1e-5)


@each_shape
@each_window
@each_form
def test_the_gradients_are_the_slopes_for_one_draw(form, window, shape):
    # at the default tolerance of 1e-6, rounding decides about the smallest slopes
    report = check_gradients(FORMS[form], above_zero(shape), tolerance=1e-5, **window)
    assert report.ok, report


@each_dtype
@each_window
@each_form
def test_gradients_keep_the_dtype(form, window, dtype):
    forward, backward = FORMS[form]
    y, cache = forward(activations((2, 7, 5, 3), dtype), **window)
    assert backward(random_dy(y), cache).dtype == dtype


@pytest.mark.parametrize(
    ("rows", "odds"),
    [
        ([[1, 2], [5, 0]], [[1 / 8, 2 / 8], [5 / 8, 0]]),
        ([[0, 0], [0, 0]], [[1 / 4, 1 / 4], [1 / 4, 1 / 4]]),
        ([[0, 3e-42], [1e-42, 0]], [[0, 3 / 4], [1 / 4, 0]]),  # too small for float32 to hold a reciprocal
    ],
)
def test_pixels_are_drawn_as_often_as_their_share_says(rows, odds):
    x = np.repeat(image(rows).astype(np.float32), 20_000, axis=0)
    y, cache = train(x)
    times = pooling.stochastic_pool2d_backward(np.ones_like(y), cache).sum(axis=0)[:, :, 0]
    np.testing.assert_allclose(times / 20_000, odds, atol=0.015)  # four standard deviations
    expected = pooling.stochastic_pool2d_inference(x[:1])[0]
    np.testing.assert_allclose(y.mean(), expected.item(), rtol=0.02)


def test_padding_is_never_drawn_not_even_where_all_is_zero():
    y, cache = train(np.zeros((50, 3, 3, 1)), 2, stride=1, padding="full")
    assert not y.any()
    dx = pooling.stochastic_pool2d_backward(np.ones_like(y), cache)
    assert dx.sum() == 50 * 16  # nothing has gone into the padding
    assert (dx.sum(axis=0) > 0).all()


def test_one_activation_makes_it_max_pooling_and_equal_ones_make_it_average_pooling():
    alone = np.zeros((1, 6, 6, 1))
    alone[:, ::2, ::2] = above_zero((1, 3, 3, 1))
    assert (train(alone)[0] == pooling.max_pool2d(alone)[0]).all()
    for value in (0.0, 2.0):
        alike = np.full((1, 7, 5, 2), value)
        window = {"pool_size": 3, "stride": 2, "padding": "same"}
        y, cache = pooling.stochastic_pool2d_inference(alike, **window)
        average, average_cache = pooling.avg_pool2d(alike, **window)
        np.testing.assert_allclose(y, average)
        dy = random_dy(y)
        np.testing.assert_allclose(
            pooling.stochastic_pool2d_inference_backward(dy, cache),
            pooling.avg_pool2d_backward(dy, average_cache),
        )


@each_form
def test_an_empty_batch_stays_empty(form):
    forward, backward = FORMS[form]
    y, cache = forward(np.zeros((0, 4, 6, 2)))
    assert y.shape == (0, 2, 3, 2)
    assert backward(np.zeros_like(y), cache).shape == (0, 4, 6, 2)


@each_form
@pytest.mark.parametrize("pool_size", [1, 2])
def test_inputs_come_back_unmodified_and_unshared(form, pool_size):
    forward, backward = FORMS[form]
    x = activations((2, pool_size, pool_size, 3))
    x_before = x.copy()
    y, cache = forward(x, pool_size=pool_size)
    dy = random_dy(y)
    dy_before = dy.copy()
    dx = backward(dy, cache)
    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(dy, dy_before)
    assert not np.shares_memory(y, x) and not np.shares_memory(dx, dy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": np.full((1, 4, 4, 1), -0.5)}, r"x holds values down to -0\.5, but activations >= 0"),
        ({"x": np.full((1, 4, 4, 1), np.nan)}, "x holds NaN"),
        ({"x": np.full((1, 4, 4, 1), np.inf)}, "x holds infinity"),
        ({"x": np.zeros((4, 4))}, r"x has shape \(4, 4\)"),
        ({"x": np.zeros((1, 4, 4, 1), np.uint8)}, "dtype uint8"),
        ({"pool_size": 5}, "kernel is 5x5"),
        ({"padding": 2}, "nothing but padding"),
    ],
)
@each_form
def test_bad_arguments_are_named(form, change, message):
    with pytest.raises(ValueError, match=message):
        FORMS[form][0](**{"x": np.zeros((1, 4, 4, 1)), **change})


@each_form
def test_a_dy_of_another_shape_is_refused(form):
    forward, backward = FORMS[form]
    _, cache = forward(np.zeros((1, 4, 4, 1)))
    with pytest.raises(ValueError, match="dy has shape"):
        backward(np.zeros((1, 2, 2, 2)), cache)
