"""The engine room against the functions that define it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cnncourse import fast
from cnncourse.activations import relu, relu_backward
from cnncourse.convolution import conv2d, conv_backward
from cnncourse.pooling import max_pool2d, max_pool2d_backward

WAYS = {
    "unfold": (fast._unfold, fast._unfold_backward),
    "shift": (fast._shift, fast._shift_backward),
    "winograd": (fast._winograd, fast._winograd_backward),
}
# N, H, W, C, KH, KW, F, pads: odd and even widths, kernels as large as the input, uneven borders
CASES = [
    (2, 7, 6, 4, 3, 3, 5, ((0, 0), (0, 0))),
    (3, 6, 7, 2, 3, 3, 4, ((1, 1), (1, 1))),
    (1, 5, 8, 3, 2, 5, 4, ((1, 0), (2, 1))),
    (3, 6, 7, 8, 1, 3, 4, ((0, 0), (1, 1))),
    (3, 6, 7, 8, 1, 1, 4, ((0, 0), (0, 0))),
    (2, 5, 5, 4, 5, 3, 2, ((2, 2), (1, 1))),
    (2, 3, 3, 8, 3, 3, 7, ((0, 0), (0, 0))),
    (2, 3, 4, 9, 3, 2, 7, ((0, 1), (0, 0))),
    (1, 9, 3, 1, 7, 3, 2, ((0, 0), (0, 0))),
    (1, 1, 9, 40, 1, 3, 2, ((0, 0), (0, 0))),  # axes of length 1, whose strides NumPy leaves to chance
    (1, 1, 9, 40, 1, 2, 2, ((0, 0), (0, 0))),
    (1, 6, 1, 1, 3, 1, 4, ((0, 0), (0, 0))),
    (0, 6, 7, 2, 3, 3, 4, ((0, 0), (0, 0))),
]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_convolving_gives_the_numbers_of_the_definition(way, case, rng, monkeypatch):
    N, H, W, C, KH, KW, F, pads = case
    if way == "winograd" and KW != 3:
        way = "shift"  # where the engine room would not use Winograd either
    monkeypatch.setattr(fast, "_method", lambda shape: WAYS[way])
    space = fast.Workspace()
    for _ in range(2):  # in the same memory twice: nothing may be left over from the first time
        x, w, b = rng.standard_normal((N, H, W, C)), rng.standard_normal((KH, KW, C, F)), rng.standard_normal(F)
        before = x.copy()
        y, cache = fast.conv2d(x, w, b, pads, space)
        expected, there = conv2d(x, w, b, padding=pads)
        assert_allclose(y, expected, atol=1e-11)
        dy = rng.standard_normal(y.shape)
        for ours, theirs in zip(fast.conv2d_backward(dy, cache, space), conv_backward(dy, there)):
            assert_allclose(ours, theirs, atol=1e-11)
        assert_array_equal(x, before)
        dx, dw, _ = fast.conv2d_backward(dy, cache, space, need_dx=False)
        assert dx is None
        assert_allclose(dw, conv_backward(dy, there)[1], atol=1e-11)


@pytest.mark.parametrize(
    ("shape", "way"),
    [((3, 3, 1, 32), "unfold"), ((3, 3, 32, 64), "winograd"), ((5, 5, 8, 4), "shift"), ((1, 1, 64, 8), "shift")],
)
def test_the_way_is_chosen_by_the_kernel(shape, way):
    assert fast._method(shape) == WAYS[way]


def test_winograd_in_float32_loses_no_more_than_a_few_units_in_the_last_place(rng):
    x, w = rng.standard_normal((4, 13, 13, 32)).astype("f"), rng.standard_normal((3, 3, 32, 64)).astype("f")
    exact, _ = conv2d(x.astype(float), w.astype(float))
    y, _ = fast.conv2d(x, w, np.zeros(64, "f"), ((0, 0), (0, 0)), fast.Workspace())
    by_definition, _ = conv2d(x, w)
    assert y.dtype == np.float32
    assert np.abs(y - exact).max() < 8 * np.abs(by_definition - exact).max()


@pytest.mark.parametrize("pool_size", [(2, 2), (3, 2), (1, 3), (4, 4)])
@pytest.mark.parametrize("shape", [(2, 8, 8, 3), (1, 7, 9, 2), (3, 5, 4, 1)])
@pytest.mark.parametrize("values", ["distinct", "ties", "all equal"])
def test_pooling_agrees_with_the_definition_bit_by_bit_ties_included(pool_size, shape, values, rng):
    space = fast.Workspace()
    for _ in range(2):
        x = {
            "distinct": rng.standard_normal(shape),
            "ties": rng.integers(0, 3, shape) * 1.0,
            "all equal": np.ones(shape),
        }[values]
        y, cache = fast.max_pool2d(x, pool_size, space)
        expected, there = max_pool2d(x, pool_size)
        assert_array_equal(y, expected)
        dy = rng.standard_normal(y.shape)
        assert_array_equal(fast.max_pool2d_backward(dy, cache, space), max_pool2d_backward(dy, there))


@pytest.mark.parametrize("shape", [(4, 7), (2, 3, 5, 4)])
def test_relu_agrees_with_the_definition_bit_by_bit(shape, rng):
    x = rng.integers(-2, 3, shape) * 1.0
    y, cache = fast.relu(x, fast.Workspace())
    expected, there = relu(x)
    assert_array_equal(y, expected)
    dy = rng.standard_normal(shape)
    assert_array_equal(fast.relu_backward(dy, cache, fast.Workspace()), relu_backward(dy, there))


def test_a_workspace_forgets_nothing_it_was_not_told_to():
    space = fast.Workspace()
    borders = space.zeros("a", (3,), np.float32)
    borders[1] = 5
    assert space.zeros("a", (3,), np.float32) is borders
    assert_array_equal(space.zeros("a", (4,), np.float32), np.zeros(4))
    assert space.take("a", (4,), np.float64).dtype == np.float64


def test_images_in_the_engines_layout_are_not_copied(rng):
    columns = np.ascontiguousarray(rng.standard_normal((5, 2, 4, 3)))
    assert np.shares_memory(fast.as_columns(fast.as_images(columns), "x", fast.Workspace()), columns)
