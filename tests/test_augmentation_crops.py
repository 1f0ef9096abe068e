"""Mirror images and crops, and the pipelines that put steps together."""

from functools import partial

import numpy as np
import pytest

from cnncourse.training.augmentation import (
    crop,
    flip,
    flip_left_right,
    flip_up_down,
    gaussian_noise,
    pipeline,
    random_crop,
    random_flip,
    random_warp,
    translation,
    warp,
)

IMAGES = np.random.default_rng(0).random((6, 5, 7, 2))


def test_a_flip_is_the_warp_with_its_matrix():
    np.testing.assert_array_equal(flip_left_right(IMAGES), warp(IMAGES, flip()))
    np.testing.assert_array_equal(flip_up_down(IMAGES), warp(IMAGES, flip(rows=True, columns=False)))
    np.testing.assert_array_equal(flip_left_right(flip_left_right(IMAGES)), IMAGES)
    assert not np.shares_memory(flip_left_right(IMAGES), IMAGES)


def test_a_random_flip_mirrors_about_half_of_the_images_and_leaves_the_others():
    many = np.tile(IMAGES, (500, 1, 1, 1))
    flipped = random_flip(many, np.random.default_rng(0))
    mirrored = (flipped == flip_left_right(many)).all(axis=(1, 2, 3))
    same = (flipped == many).all(axis=(1, 2, 3))
    assert (mirrored ^ same).all()
    assert 0.47 < mirrored.mean() < 0.53
    np.testing.assert_array_equal(random_flip(IMAGES, np.random.default_rng(0), rate=1.0), flip_left_right(IMAGES))
    np.testing.assert_array_equal(random_flip(IMAGES, np.random.default_rng(0), rate=0.0), IMAGES)


def test_a_crop_is_a_slice_of_each_image_at_its_own_place():
    top, left = np.array([0, 1, 2, 0, 1, 2]), np.array([3, 2, 1, 0, 3, 2])
    expected = [image[t : t + 3, k : k + 4] for image, t, k in zip(IMAGES, top, left, strict=True)]
    np.testing.assert_array_equal(crop(IMAGES, top, left, (3, 4)), expected)
    np.testing.assert_array_equal(crop(IMAGES, 1, 2, 3), IMAGES[:, 1:4, 2:5])


def test_a_random_crop_is_a_shift_by_whole_pixels_and_all_shifts_are_drawn():
    many = np.tile(IMAGES[:1], (400, 1, 1, 1))
    found = set()
    shifts = [(r, c) for r in (-1, 0, 1) for c in (-1, 0, 1)]
    moved = {shift: warp(IMAGES[:1], translation(*shift))[0] for shift in shifts}
    for image in random_crop(many, np.random.default_rng(0), padding=1):
        (shift,) = [shift for shift in shifts if np.array_equal(image, moved[shift])]
        found.add(shift)
    assert found == set(shifts)
    np.testing.assert_array_equal(random_crop(IMAGES, np.random.default_rng(0), padding=0), IMAGES)


def test_a_pipeline_takes_its_steps_in_order_with_one_generator():
    steps = [partial(random_crop, padding=2), random_flip, partial(gaussian_noise, stddev=0.1)]
    rng, expected = np.random.default_rng(3), IMAGES
    for step in steps:
        expected = step(expected, rng)
    augment = pipeline(*steps)
    np.testing.assert_array_equal(augment(IMAGES, np.random.default_rng(3)), expected)
    np.testing.assert_array_equal(pipeline(augment)(IMAGES, np.random.default_rng(3)), expected)
    assert not np.array_equal(augment(IMAGES, np.random.default_rng(4)), expected)
    assert pipeline()(IMAGES, rng) is IMAGES


def test_a_pipeline_leaves_the_images_it_was_given_as_they_are():
    before = IMAGES.copy()
    pipeline(partial(random_warp, rotate=9), partial(random_crop, padding=1))(IMAGES, np.random.default_rng(0))
    np.testing.assert_array_equal(IMAGES, before)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda rng: crop(IMAGES, 3, 0, 3), "use top from 0 to 2"),
        (lambda rng: crop(IMAGES, -1, 0, 3), "top goes from -1"),
        (lambda rng: crop(IMAGES, 0, [1, 2], 3), "6 of them"),
        (lambda rng: crop(IMAGES, 0.5, 0, 3), "a whole number"),
        (lambda rng: random_crop(IMAGES, rng, padding=-1), "padding is -1"),
        (lambda rng: random_flip(IMAGES, rng, rate=2), "rate is 2"),
        (lambda rng: random_flip(IMAGES, 5), "rng is 5"),
        (lambda rng: flip_left_right(IMAGES[0]), "4|NHWC|needed"),
        (lambda rng: pipeline(3), "3 is no step"),
    ],
)
def test_a_bad_argument_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call(np.random.default_rng(0))
