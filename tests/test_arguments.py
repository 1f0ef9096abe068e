"""Each check lets the good through as it is, and says of the bad what came and what would do."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from cnncourse.arguments import class_labels, float_array, fraction, per_axis, same_shape, whole_number

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("letters", "shape"), [("NHWC", (2, 3, 4, 1)), ("ND", (0, 5)), ("C", (3,)), ("", ()), (("KH", "KW"), (3, 3))]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_of_the_right_rank_pass_uncopied(letters, shape, dtype):
    x = np.ones(shape, dtype)
    assert float_array(x, "x", letters) is x


def test_a_list_of_floats_becomes_an_array():
    assert_array_equal(float_array([[1.0, 2.0]], "x", "ND"), np.array([[1.0, 2.0]]))


@pytest.mark.parametrize(
    ("x", "letters", "words"),
    [
        (np.zeros((28, 28)), "NHWC", r"x has shape \(28, 28\), which is 2-D, .* e\.g\. x\[None, :, :, None\]$"),
        (np.zeros((5, 28, 28)), "NHWC", r"3-D.*x\[\.\.\., None\] for grey images, \[None\] for one image$"),
        (np.zeros((1, 2, 3, 4, 5)), "NHWC", r"which is 5-D, but \(N, H, W, C\) is needed$"),
        (np.zeros((2, 3)), "C", r"which is 2-D, but \(C,\) is needed$"),
        (np.zeros(3), ("KH", "KW"), r"which is 1-D, but \(KH, KW\) is needed$"),
        (np.zeros((2, 2), np.uint8), "ND", r"x has dtype uint8, but .* e\.g\. x\.astype\(np\.float32\) / 255$"),
        (np.zeros((2, 2), np.int64), "ND", r"x has dtype int64, but .* e\.g\. x\.astype\(np\.float32\)$"),
        (np.zeros((2, 2), np.float16), "ND", "dtype float16"),
        (np.zeros((2, 2), complex), "ND", "dtype complex128"),
        (np.zeros((2, 2), bool), "ND", "dtype bool"),
        ([["a"]], "ND", "dtype <U1"),
        (None, "ND", "dtype object"),
    ],
)  # fmt: skip
def test_other_arrays_are_refused(x, letters, words):
    with pytest.raises(ValueError, match=words):
        float_array(x, "x", letters)


def test_an_array_of_exactly_the_wanted_shape_passes_uncopied():
    b = np.ones((2, 3), np.float32)
    assert same_shape(b, "b", [2, 3]) is b


@pytest.mark.parametrize(
    ("array", "shape", "words"),
    [
        (np.zeros(3), (2,), r"b has shape \(3,\), but \(2,\) is needed"),
        (np.zeros((3, 1)), (3,), r"b has shape \(3, 1\), but \(3,\) is needed"),  # NumPy would spread it to (3, 3)
        (0.0, (3,), r"b has shape \(\), but \(3,\) is needed"),
        (np.zeros(3, int), (3,), "b has dtype int64, but float32 or float64 is needed"),
    ],
)
def test_another_shape_or_dtype_is_refused(array, shape, words):
    with pytest.raises(ValueError, match=words):
        same_shape(array, "b", shape)


@pytest.mark.parametrize("value", [1, 7, np.int64(7), np.uint8(7), 10**30])
def test_whole_numbers_pass_and_become_ints(value):
    result = whole_number(value, "stride")
    assert result == value
    assert type(result) is int


def test_the_minimum_itself_passes():
    assert whole_number(0, "padding", minimum=0) == 0
    assert whole_number(-3, "shift", minimum=-3) == -3


@pytest.mark.parametrize(
    ("value", "like"),
    [
        (0, 1), (-2, 1), (-(10**400), 1), (2.0, 2), (2.9, 2), (np.float32(3), 3), (Fraction(7, 2), 3), (NAN, 1),
        (INF, 1), (-INF, 1), (True, 1), (np.True_, 1), ("3", 1), (None, 1), (2j, 1), ([2], 1), (np.array(2), 1),
    ],
)  # fmt: skip
def test_what_is_no_whole_number_is_refused_with_one_that_would_do(value, like):
    with pytest.raises(ValueError, match=rf"^stride is .*, but a whole number >= 1 is needed, such as {like}$"):
        whole_number(value, "stride")


def test_below_the_minimum_the_minimum_would_do():
    with pytest.raises(ValueError, match="padding is -1, but a whole number >= 0 is needed, such as 0"):
        whole_number(-1, "padding", minimum=0)


@pytest.mark.parametrize(
    ("value", "rank", "result"),
    [(3, 2, (3, 3)), ((3, 5), 2, (3, 5)), ([3], 1, (3,)), (np.array([1, 2, 3]), 3, (1, 2, 3)), (np.int32(2), 1, (2,))],
)
def test_one_number_stands_for_all_axes(value, rank, result):
    axes = per_axis(value, rank, "stride")
    assert axes == result
    assert {type(n) for n in axes} == {int}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ((1, 2, 3), r"stride is \(1, 2, 3\), but one whole number or 2 of them are needed"),
        ((), r"stride is \(\)"),
        ((1, 0), "stride is 0, but a whole number >= 1"),
        ((1, 1.5), "stride is 1.5"),
        (1.5, "stride is 1.5"),
        ("22", "stride is '22'"),
        (None, "stride is None"),
        ({1, 2}, r"stride is \{1, 2\}"),
        ([[1, 2], [3, 4]], r"stride is \[1, 2\]"),
    ],
)
def test_axes_that_do_not_fit_are_refused(value, words):
    with pytest.raises(ValueError, match=words):
        per_axis(value, 2, "stride")


@pytest.mark.parametrize("value", [0, 0.0, 0.5, np.float32(0.25), Fraction(1, 3), 1 - 1e-12])
def test_fractions_pass_and_become_floats(value):
    result = fraction(value, "rate")
    assert result == float(value)
    assert type(result) is float


def test_one_passes_where_it_may():
    assert fraction(1, "momentum", below_one=False) == 1.0


@pytest.mark.parametrize("value", [1, 1.0, True, -0.1, 1.5, NAN, INF, "0.5", None, 0.5j, [0.5], np.array(0.5)])
def test_what_is_no_fraction_is_refused(value):
    with pytest.raises(ValueError, match=r"^rate is .*, but a number in \[0, 1\) is needed$"):
        fraction(value, "rate")


def test_the_closed_interval_is_named_as_closed():
    with pytest.raises(ValueError, match=r"momentum is 1.01, but a number in \[0, 1\] is needed"):
        fraction(1.01, "momentum", below_one=False)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([0, 2, 1], 3), ([0, 2, 1], None), (np.array([0, 1, 1], np.uint8), 2), (np.array([0.0, 2.0, 1.0]), 3),
        ((5, 5, 5), None), (np.array([0, 0, 0]), 1),
    ],
)  # fmt: skip
def test_labels_pass_as_integers_of_their_own(labels, classes):
    result = class_labels(labels, 3, classes)
    assert_array_equal(result, labels)
    assert result.dtype == np.int64
    assert not np.shares_memory(result, np.asarray(labels))


def test_no_labels_for_no_images_pass():
    assert class_labels([], 0, 10).shape == (0,)


@pytest.mark.parametrize(
    ("labels", "classes", "words"),
    [
        (np.eye(3), 3, r"labels have shape \(3, 3\), which looks one-hot: pass labels.argmax\(axis=1\)"),
        ([[0], [1], [2]], 3, r"labels have shape \(3, 1\), but there are 3 images: \(3,\) is needed"),
        ([[0], [0], [0]], 1, r"labels have shape \(3, 1\), but there are 3 images"),  # one class: not one-hot
        ([0, 1], 3, r"labels have shape \(2,\), but there are 3 images"),
        (1, 3, r"labels have shape \(\), but there are 3 images"),
        ([0, NAN, INF], 3, "labels hold 2 NaN or infinite: drop or repair those images"),
        ([0, 0.5, 1], 3, "labels hold 0.5, but whole class numbers are needed"),
        (["0", "1", "2"], 3, "labels have dtype <U1, but integers are needed"),
        ([True, False, True], 2, "labels have dtype bool, but integers are needed"),
        ([0, -1, 2], 3, "labels go down to -1, but classes are counted from 0"),
        ([-1.0, 0, 0], None, "labels go down to -1"),
        ([1, 2, 3], 3, r"labels go from 1 to 3, but with 3 classes they must lie in 0 \.\.\. 2"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels, classes, words):
    with pytest.raises(ValueError, match=words):
        class_labels(labels, 3, classes)
