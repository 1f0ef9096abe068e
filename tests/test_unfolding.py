"""Windows, im2col and col2im."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cnncourse.unfolding import col2im, crop, im2col, pad, tap_slices, windows

CASES = [
    ((2, 5, 7, 3), (2, 3), 1, "valid", 1),
    ((1, 6, 5, 2), (3, 2), (2, 3), ((1, 0), (0, 2)), 1),
    ((2, 7, 7, 1), (3, 2), 1, "same", (2, 3)),
    ((3, 8, 2), (3,), 2, "full", 1),
    ((1, 3, 4, 5, 2), (2, 2, 3), 1, 1, 1),
    ((0, 5, 5, 2), (3, 3), 1, 0, 1),
    ((2, 4, 6, 2), (4, 6), 1, 0, 1),
]


@pytest.mark.parametrize(("shape", "kernel", "stride", "padding", "dilation"), CASES)
def test_col2im_is_the_transpose_of_im2col(shape, kernel, stride, padding, dilation, rng):
    x = rng.standard_normal(shape)
    columns = im2col(x, kernel, stride, padding, dilation)
    other = rng.standard_normal(columns.shape)
    back = col2im(other, shape, kernel, stride, padding, dilation)
    assert back.shape == shape
    assert_allclose(np.sum(columns * other), np.sum(x * back))  # <A x, y> = <x, A' y> for every x and y


@pytest.mark.parametrize("seed", range(5))
def test_a_row_of_im2col_holds_the_window_that_one_would_cut_out(seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((2, 9, 8, 3))
    columns = im2col(x, (3, 2), (2, 3), 0, (2, 1)).reshape(2, 3, 3, 3, 2, 3)  # (N, OH, OW, KH, KW, C)
    for n, i, j in np.ndindex(2, 3, 3):
        assert_array_equal(columns[n, i, j], x[n, 2 * i : 2 * i + 5 : 2, 3 * j : 3 * j + 2])


def test_windows_copy_nothing_and_cannot_be_written_to(rng):
    x = rng.standard_normal((1, 4, 4, 1))
    view = windows(x, 2)
    assert np.shares_memory(view, x)
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 0


def test_crop_undoes_pad_also_where_nothing_was_padded(rng):
    x = rng.standard_normal((2, 3, 4, 2))
    for pads in [((0, 0), (0, 0)), ((1, 2), (0, 3))]:
        assert_array_equal(crop(pad(x, pads, 7.0), pads), x)


def test_a_tap_lies_where_windows_says(rng):
    x = rng.standard_normal((2, 9, 8, 3))
    view = windows(x, (3, 2), (2, 3), (2, 1))
    for u, v in np.ndindex(3, 2):
        rows, columns = tap_slices((u, v), view.shape[1:3], (2, 3), (2, 1))
        assert_array_equal(view[..., u, v], x[:, rows, columns])


def test_a_window_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="kernel is 3x3 but the padded input is 2x5"):
        windows(np.zeros((1, 2, 5, 1)), 3)


def test_columns_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"columns has shape \(4, 4\), but \(9, 4\) is needed"):
        col2im(np.zeros((4, 4)), (1, 4, 4, 1), 2)
