"""The initialisers: their fans, their variances as the papers have them, and where Keras differs."""

import os

import numpy as np
import pytest

from cnncourse import initialisers
from cnncourse.initialisers import fans, glorot_normal, glorot_uniform, he_normal, he_uniform

SHAPES = [(300, 150), (3, 5, 40, 80), (7, 60, 90), (2, 3, 3, 30, 50)]
UNIFORM, NORMAL = ["glorot_uniform", "he_uniform"], ["glorot_normal", "he_normal"]

each_initialiser = pytest.mark.parametrize("name", UNIFORM + NORMAL)
each_shape = pytest.mark.parametrize("shape", SHAPES)


def draw(name, shape, seed=0, **options):
    return getattr(initialisers, name)(shape, np.random.default_rng(seed), **options)


def variance_in_the_paper(name, fan_in, fan_out):
    return 2 / (fan_in + fan_out) if name.startswith("glorot") else 2 / fan_in


@pytest.fixture(scope="module")
def keras():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    return keras


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((784, 10), (784, 10)),
        ((5, 3, 8), (15, 40)),
        ((3, 5, 8, 16), (120, 240)),
        ((3, 3, 1, 32), (9, 288)),
        ((2, 3, 4, 5, 6), (120, 144)),
        ((1, 1, 64, 16), (64, 16)),
    ],
)
def test_fans_done_by_hand(shape, expected):
    assert fans(shape) == fans(list(shape)) == expected


@each_shape
@each_initialiser
def test_mean_and_variance_are_those_of_the_paper(name, shape):
    """Five standard errors: of a mean sqrt(v / n); of a variance v * sqrt((kurtosis - 1) / n), kurtosis 3 or 9/5."""
    w = draw(name, shape, dtype=np.float64)
    variance, kurtosis = variance_in_the_paper(name, *fans(shape)), 3 if name in NORMAL else 9 / 5
    assert w.shape == shape
    assert abs(w.mean()) < 5 * np.sqrt(variance / w.size)
    assert abs(w.var() - variance) < 5 * variance * np.sqrt((kurtosis - 1) / w.size)


@each_shape
@pytest.mark.parametrize("name", UNIFORM)
def test_uniform_weights_fill_their_range_and_do_not_leave_it(name, shape):
    w = draw(name, shape)
    limit = np.sqrt(3 * variance_in_the_paper(name, *fans(shape)))
    assert 0.999 * limit < w.max() <= limit * (1 + 1e-6)
    assert 0.999 * limit < -w.min() <= limit * (1 + 1e-6)


@each_shape
@each_initialiser
def test_keras_draws_with_the_same_variance(name, shape, keras):
    ours, theirs = draw(name, shape), np.asarray(getattr(keras.initializers, name)(seed=0)(shape))
    standard_error = np.sqrt(2 * 2 / ours.size)  # relative, of the difference of two variances, no kurtosis above 3
    assert ours.var() / theirs.var() == pytest.approx(1, abs=5 * standard_error)


@pytest.mark.parametrize("name", NORMAL)
def test_keras_cuts_its_normals_at_two_standard_deviations_and_ours_are_whole(name, keras):
    shape = (300, 300)
    ours, theirs = draw(name, shape), np.asarray(getattr(keras.initializers, name)(seed=0)(shape))
    widened = 1 / 0.87962566  # the cut takes 12 % of the standard deviation, and Keras gives it back
    deviation = np.sqrt(variance_in_the_paper(name, *shape))
    assert np.abs(theirs).max() <= 2 * widened * deviation * (1 + 1e-6)
    assert np.abs(ours).max() > 4 * deviation


@pytest.mark.parametrize(("initialiser", "survives"), [(he_normal, True), (glorot_normal, False)])
def test_he_keeps_a_signal_alive_through_twenty_relu_layers_and_glorot_does_not(initialiser, survives):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((50, 256))
    start = np.square(x).mean()
    for _ in range(20):
        x = np.maximum(x @ initialiser((256, 256), rng), 0)
    share = np.square(x).mean() / start  # He keeps it, Glorot halves it at each layer: 2**-20
    assert 0.2 < share < 5 if survives else share < 1e-5


@each_initialiser
def test_the_type_is_float32_unless_asked_otherwise(name):
    assert draw(name, (3, 4)).dtype == np.float32
    np.testing.assert_array_equal(draw(name, (3, 4)), draw(name, (3, 4), dtype=np.float64).astype(np.float32))
    assert draw(name, (3, 4), dtype="float64").dtype == np.float64


@each_initialiser
def test_the_generator_decides_and_moves_on(name):
    rng = np.random.default_rng(3)
    first, second = (getattr(initialisers, name)((3, 4), rng) for _ in range(2))
    np.testing.assert_array_equal(first, draw(name, (3, 4), seed=3))
    assert (first != second).any()


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((10,), r"shape is \(10,\), but \(in, out\)"),
        ((), r"shape is \(\), but"),
        (10, "shape is 10, but"),
        ((3, 0), "size in shape is 0, but a whole number >= 1"),
        ((3, 2.5), "size in shape is 2.5"),
        ((3, 3, -1, 4), "size in shape is -1"),
    ],
)
@pytest.mark.parametrize("function", [glorot_uniform, he_uniform, lambda shape, rng: fans(shape)])
def test_shapes_without_fans_are_refused(function, shape, message):
    with pytest.raises(ValueError, match=message):
        function(shape, np.random.default_rng(0))


@each_initialiser
def test_a_seed_in_place_of_a_generator_and_whole_number_types_are_refused(name):
    with pytest.raises(ValueError, match="rng is 0, but a generator is needed"):
        getattr(initialisers, name)((3, 4), 0)
    with pytest.raises(ValueError, match="but float32 or float64 is needed"):
        draw(name, (3, 4), dtype=np.int64)
