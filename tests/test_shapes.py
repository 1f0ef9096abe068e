"""Sizes, by hand and by counting what really happens."""

import numpy as np
import pytest

from cnncourse.convolution import conv2d
from cnncourse.shapes import (
    ReceptiveField,
    conv_output_size,
    pad_amounts,
    receptive_field,
    transposed_output_size,
)


@pytest.mark.parametrize(
    ("size", "knobs", "expected"),
    [
        (28, {"kernel_size": 3}, 26),
        (28, {"kernel_size": 3, "padding": 1}, 28),
        (7, {"kernel_size": 3, "stride": 2}, 3),
        (8, {"kernel_size": 3, "stride": 2}, 3),  # the last column is not reached
        (224, {"kernel_size": 7, "stride": 2, "padding": 3}, 112),
        (227, {"kernel_size": 11, "stride": 4}, 55),  # AlexNet's first layer
        (5, {"kernel_size": 3, "dilation": 2}, 1),
        (5, {"kernel_size": 5}, 1),
        (5, {"kernel_size": 3, "padding": "full"}, 7),
        (5, {"kernel_size": 3, "padding": "full", "dilation": 2}, 9),
        (5, {"kernel_size": 2, "stride": 3, "padding": "same"}, 2),
        (1, {"kernel_size": 1}, 1),
    ],
)
def test_the_output_size_is_what_one_counts_by_hand(size, knobs, expected):
    assert conv_output_size(size, **knobs) == expected


def test_the_output_size_is_the_number_of_places_where_the_kernel_fits(rng):
    for _ in range(300):
        size, k, s, d, before, after = (
            int(rng.integers(low, high)) for low, high in [(1, 12), (1, 5), (1, 4), (1, 4), (0, 4), (0, 4)]
        )
        span = (k - 1) * d + 1
        places = sum(1 for i in range(0, size + before + after, s) if i + span <= size + before + after)
        if places:
            assert conv_output_size((size,), (k,), s, ((before, after),), d) == (places,)
        else:
            with pytest.raises(ValueError, match="padded input"):
                conv_output_size((size,), (k,), s, ((before, after),), d)


def test_same_padding_gives_the_ceiling_of_size_over_stride_with_the_odd_zero_at_the_end(rng):
    for _ in range(300):
        size, k, s, d = (int(rng.integers(low, high)) for low, high in [(1, 15), (1, 6), (1, 5), (1, 3)])
        assert conv_output_size(size, k, s, "same", d) == -(-size // s)
        ((before, after),) = pad_amounts("same", (size,), k, s, d)
        assert after - before in (0, 1)


def test_a_transposed_convolution_gives_a_size_that_a_convolution_takes_back(rng):
    for _ in range(300):
        size, k, s, d = (int(rng.integers(low, high)) for low, high in [(1, 9), (1, 6), (1, 4), (1, 3)])
        for padding in ("valid", "same", 0):
            assert conv_output_size(transposed_output_size(size, k, s, padding, d), k, s, padding, d) == size


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: conv_output_size((4, 7), 5), "kernel is 5x5 but the padded input is 4x7: add padding >= 1 or"),
        (lambda: conv_output_size(4, 9), "add padding >= 3"),
        (lambda: conv_output_size(28.0, 3), "size is 28.0, but a whole number >= 1 is needed, such as 28"),
        (lambda: conv_output_size(28, 3, stride=-1), "stride is -1"),
        (lambda: conv_output_size(28, 3, stride=float("nan")), "stride is nan"),
        (lambda: conv_output_size(28, "3"), "kernel_size is '3'"),
        (lambda: pad_amounts([(1, 2, 3)], (5,), 3), "1 pairs"),
        (lambda: transposed_output_size(2, 3, padding=3), "crops all"),
    ],
)
def test_a_bad_size_is_named_and_so_is_what_would_do(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_two_convolutions_of_three_see_what_one_of_five_sees():
    assert receptive_field([(3,), (3,)])[-1] == receptive_field([(5,)])[-1] == ReceptiveField(5, 1, 2.0)


def test_the_receptive_field_is_where_the_gradient_of_one_output_is_not_zero(rng):
    steps = [(3, 2, 1, 1), (2, 2, 0, 1), (3, 1, 1, 2)]
    x = rng.random((1, 64, 1, 1)) + 1
    centre = 4

    def run(x):
        for k, s, p, d in steps:
            x, _ = conv2d(x, np.ones((k, 1, 1, 1)), None, (s, 1), ((p, p), (0, 0)), (d, 1))
        return x

    base = run(x)[0, centre, 0, 0]
    touched = []
    for i in range(64):
        nudged = x.copy()
        nudged[0, i] += 1
        if run(nudged)[0, centre, 0, 0] != base:
            touched.append(i)
    field = receptive_field(steps)[-1]
    assert len(range(touched[0], touched[-1] + 1)) == field.size
    assert (touched[0] + touched[-1]) / 2 == field.start + centre * field.jump
