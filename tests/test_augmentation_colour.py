"""Colours: numbers by hand, the standard library's colorsys, TensorFlow, and what noise does on average."""

import colorsys

import numpy as np
import pytest
import tensorflow as tf

from cnncourse.data import photograph
from cnncourse.training.augmentation import (
    adjust_brightness,
    adjust_contrast,
    adjust_hue,
    adjust_saturation,
    colour_components,
    drop_pixels,
    gaussian_noise,
    hsv_to_rgb,
    random_colours,
    rgb_to_hsv,
    shift_colours,
)

RNG = np.random.default_rng
COLOURS = RNG(0).random((2, 10, 15, 3))
COLOURS[0, 0, :8] = [[0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.5], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1]]
PHOTO = photograph()[None]


def by_pixel(function, images):
    return np.array([function(*pixel) for pixel in images.reshape(-1, 3)]).reshape(images.shape)


def test_hue_saturation_and_value_are_those_of_colorsys():
    np.testing.assert_allclose(rgb_to_hsv(COLOURS), by_pixel(colorsys.rgb_to_hsv, COLOURS), atol=1e-12)
    np.testing.assert_allclose(hsv_to_rgb(COLOURS), by_pixel(colorsys.hsv_to_rgb, COLOURS), atol=1e-12)
    np.testing.assert_allclose(hsv_to_rgb(rgb_to_hsv(PHOTO)), PHOTO, atol=1e-6)


def test_saturation_and_hue_are_adjusted_as_by_tensorflow():
    x = COLOURS.astype(np.float32)
    for factor in (0.0, 0.4, 1.0, 1.7):
        theirs = tf.image.adjust_saturation(x, factor)
        np.testing.assert_allclose(adjust_saturation(x, factor), theirs, atol=1e-5)
    for delta in (-0.4, 0.0, 0.1, 1.0):
        np.testing.assert_allclose(adjust_hue(x, delta), tf.image.adjust_hue(x, delta), atol=1e-5)


def test_brightness_and_contrast_are_adjusted_as_by_tensorflow_and_then_clipped():
    for delta in (-0.3, 0.2):
        theirs = np.clip(tf.image.adjust_brightness(PHOTO, delta), 0, 1)
        np.testing.assert_allclose(adjust_brightness(PHOTO, delta), theirs, atol=1e-6)
    for factor in (0.0, 0.6, 1.5):
        theirs = np.clip(tf.image.adjust_contrast(PHOTO, factor), 0, 1)
        np.testing.assert_allclose(adjust_contrast(PHOTO, factor), theirs, atol=1e-5)


def test_contrast_0_leaves_the_mean_of_each_channel_and_saturation_0_the_largest():
    mean = PHOTO.mean(axis=(1, 2), dtype=np.float64)
    np.testing.assert_allclose(adjust_contrast(PHOTO, 0.0)[0, 7, 9], mean[0], atol=1e-6)
    np.testing.assert_allclose(adjust_saturation(PHOTO, 0.0)[..., 1], PHOTO.max(axis=-1), atol=1e-6)


def test_hues_that_add_up_to_a_whole_turn_bring_the_colours_back():
    np.testing.assert_allclose(adjust_hue(adjust_hue(COLOURS, 0.3), 0.7), COLOURS, atol=1e-12)
    np.testing.assert_allclose(adjust_hue(COLOURS, 1 / 3), COLOURS[..., [2, 0, 1]], atol=1e-12)  # red becomes green


def test_numbers_by_image_change_each_image_by_its_own():
    for function in (adjust_brightness, adjust_contrast, adjust_saturation, adjust_hue):
        both = function(COLOURS, np.array([0.1, 0.3]))
        np.testing.assert_array_equal(both[0], function(COLOURS[:1], 0.1)[0])
        np.testing.assert_array_equal(both[1], function(COLOURS[1:], 0.3)[0])


def test_random_colours_are_the_four_changes_with_numbers_within_their_limits():
    drawn = RNG(5).uniform(-1, 1, (4, 2)) * np.array([[0.2], [0.3], [0.4], [0.1]])
    expected = adjust_contrast(adjust_brightness(COLOURS, drawn[0]), 1 + drawn[1])
    expected = adjust_hue(adjust_saturation(expected, 1 + drawn[2]), drawn[3])
    found = random_colours(COLOURS, RNG(5), brightness=0.2, contrast=0.3, saturation=0.4, hue=0.1)
    np.testing.assert_allclose(found, expected)
    grey = COLOURS[..., :1]
    assert random_colours(grey, RNG(0), brightness=0.2, contrast=0.2).shape == grey.shape


def test_noise_has_mean_0_and_its_standard_deviation():
    added = gaussian_noise(np.full((4, 50, 50, 3), 0.5), RNG(0), 0.1) - 0.5
    assert abs(added.mean()) < 0.002
    assert abs(added.std() - 0.1) < 0.002


def test_a_dropped_pixel_is_dropped_in_all_its_channels():
    left = drop_pixels(np.ones((4, 50, 50, 3)), RNG(0), 0.2)
    assert set(left.sum(axis=-1).ravel()) == {0, 3}
    assert abs(left.mean() - 0.8) < 0.015


def test_the_components_are_eigenvectors_of_the_covariance_of_the_pixels_largest_first():
    values, vectors = colour_components(PHOTO)
    covariance = np.cov(PHOTO.reshape(-1, 3).T.astype(float), bias=True)
    np.testing.assert_allclose(covariance @ vectors, vectors * values)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(3), atol=1e-12)
    assert values[0] > values[1] > values[2] > 0
    assert values.sum() == pytest.approx(np.trace(covariance))


def test_the_colour_shift_is_one_colour_an_image_with_the_covariance_that_alexnet_wants():
    grey = np.full((20000, 1, 2, 3), 0.5)
    values, vectors = colour_components(PHOTO)
    shift = shift_colours(grey, RNG(0), (values, vectors), stddev=0.5) - grey
    np.testing.assert_array_equal(shift[:, 0, 0], shift[:, 0, 1])
    along = shift[:, 0, 0] @ vectors  # the shift in each direction: a * eigenvalue
    np.testing.assert_allclose(along.std(axis=0), 0.5 * values, rtol=0.03)
    assert np.abs(np.corrcoef(along.T) - np.eye(3)).max() < 0.03


@pytest.mark.parametrize(
    "step",
    [
        lambda x, rng: random_colours(x, rng, 0.5, 0.5, 0.5, 0.5),
        lambda x, rng: gaussian_noise(x, rng, 0.5),
        lambda x, rng: drop_pixels(x, rng, 0.5),
        lambda x, rng: shift_colours(x, rng, colour_components(x), 10.0),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_random_step_stays_within_0_and_1_keeps_the_dtype_and_follows_its_rng(step, dtype):
    x = COLOURS.astype(dtype)
    x.flags.writeable = False
    first, again, other = step(x, RNG(1)), step(x, RNG(1)), step(x, RNG(2))
    assert first.dtype == dtype and first.shape == x.shape
    assert first.min() >= 0 and first.max() <= 1
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: adjust_brightness((255 * x).astype(np.uint8), 0.1), "dtype uint8"),
        (lambda x: adjust_brightness(x, [0.1, 0.2, 0.3]), "one for each image"),
        (lambda x: adjust_contrast(x, -1), "factor holds -1"),
        (lambda x: adjust_hue(x[..., :1], 0.1), "1 channels"),
        (lambda x: adjust_saturation(x, -0.5), "factor holds -0.5"),
        (lambda x: random_colours(x, RNG(0), contrast=1.5), "contrast is 1.5"),
        (lambda x: random_colours(x, 0), "rng is 0"),
        (lambda x: drop_pixels(x, RNG(0), 20), "rate is 20"),
        (lambda x: gaussian_noise(x, RNG(0), -1), "stddev is -1"),
        (lambda x: shift_colours(x[..., :1], RNG(0), colour_components(x)), r"but \(1,\) and \(1, 1\)"),
        (lambda x: colour_components(x[:0]), "at least one pixel"),
    ],
)
def test_a_bad_argument_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call(COLOURS)
