"""Matrices and warped images: where a corner goes, what comes back, and what Keras and a loop make of it."""

import keras
import numpy as np
import pytest

from cnncourse.data import mnist, photograph
from cnncourse.training.augmentation import (
    about,
    flip,
    random_affine,
    random_warp,
    rotation,
    scaling,
    shear,
    translation,
    warp,
)


def smooth(height, width, channels=1, n=1):
    """Images without hard edges, so that interpolating twice loses little."""
    r, c = np.mgrid[:height, :width] / max(height, width)
    waves = [np.sin(3 * r + k) * np.cos(2 * c - k) for k in range(n * channels)]
    return np.stack(waves, axis=-1).reshape(height, width, n, channels).transpose(2, 0, 1, 3)


def warp_loops(image, matrix, fill):
    """The definition: for each pixel of the output, the four neighbours of the point where it comes from."""
    height, width, channels = image.shape
    middle = np.array([(height - 1) / 2, (width - 1) / 2])
    moved = np.empty_like(image)
    for r, c, k in np.ndindex(*image.shape):
        source = np.linalg.solve(matrix, [r - middle[0], c - middle[1], 1])[:2] + middle
        top, left = np.floor(source).astype(int)
        value = 0.0
        for row in (top, top + 1):
            for column in (left, left + 1):
                inside = 0 <= row < height and 0 <= column < width
                weight = (1 - abs(source[0] - row)) * (1 - abs(source[1] - column))
                value += weight * (image[row, column, k] if inside else fill)
        moved[r, c, k] = value
    return moved


def keras_transform(matrix, height, width):
    """Our matrix as Keras wants it: from output to input, (x, y), from the corner; its eight numbers."""
    inverse = np.linalg.inv(about(matrix, ((height - 1) / 2, (width - 1) / 2)))
    (a, b, s), (c, d, t) = inverse[:2]
    return np.array([d, c, t, b, a, s, 0, 0], np.float32)


MATRICES = [
    rotation(23),
    scaling(0.7, 1.4),
    shear(0.2, -0.3),
    translation(1.25, -2.5),
    flip(),
    flip(rows=True) @ rotation(-70) @ scaling(1.1),
    translation(-1, 1) @ rotation(10) @ scaling(0.9) @ shear(columns=0.25),
]


def test_a_corner_goes_where_it_goes_by_hand():
    corner = [-2, 3, 1]  # two above the centre, three to the right
    np.testing.assert_allclose(rotation(90) @ corner, [-3, -2, 1], atol=1e-12)  # three above, two to the left
    np.testing.assert_allclose(rotation(30) @ [2, 0, 1], [2 * np.sqrt(3) / 2, 1, 1])
    np.testing.assert_allclose(scaling(2, 0.5) @ corner, [-4, 1.5, 1])
    np.testing.assert_allclose(shear(columns=0.5) @ corner, [-2, 2, 1])
    np.testing.assert_allclose(shear(rows=0.5) @ corner, [-0.5, 3, 1])
    np.testing.assert_allclose(translation(1, -4) @ corner, [-1, -1, 1])
    np.testing.assert_allclose(flip() @ corner, [-2, -3, 1])
    np.testing.assert_allclose(flip(rows=True, columns=False) @ corner, [2, 3, 1])


def test_the_matrix_on_the_right_acts_first():
    np.testing.assert_allclose(translation(0, 3) @ scaling(2) @ [0, 1, 1], [0, 5, 1])
    np.testing.assert_allclose(scaling(2) @ translation(0, 3) @ [0, 1, 1], [0, 8, 1])


def test_a_motion_about_a_point_leaves_that_point_where_it_is():
    moved = about(rotation(40) @ scaling(1.3), (3.5, 2)) @ [3.5, 2, 1]
    np.testing.assert_allclose(moved, [3.5, 2, 1])


def test_numbers_by_image_give_a_matrix_by_image():
    many = rotation([10, 20, 30]) @ scaling([1, 2, 3])
    assert many.shape == (3, 3, 3)
    for matrix, angle, factor in zip(many, (10, 20, 30), (1, 2, 3), strict=True):
        np.testing.assert_allclose(matrix, rotation(angle) @ scaling(factor))


@pytest.mark.parametrize("matrix", MATRICES)
@pytest.mark.parametrize("shape", [(5, 8, 2), (7, 7, 1), (1, 4, 3)])
def test_warp_is_its_definition_by_loops(matrix, shape):
    image = np.random.default_rng(0).random(shape)
    np.testing.assert_allclose(warp(image[None], matrix, fill=0.3)[0], warp_loops(image, matrix, 0.3), atol=1e-12)


def test_warp_is_what_keras_makes_of_the_same_matrices():
    images = np.random.default_rng(0).random((len(MATRICES), 9, 12, 3), dtype=np.float32)
    theirs = keras.ops.image.affine_transform(
        images,
        np.stack([keras_transform(matrix, 9, 12) for matrix in MATRICES]),
        interpolation="bilinear",
        fill_mode="constant",
        fill_value=0.5,
        data_format="channels_last",
    )
    np.testing.assert_allclose(warp(images, np.stack(MATRICES), fill=0.5), theirs, atol=2e-5)


def test_quarter_turns_flips_and_whole_shifts_are_exact_moves_of_pixels():
    image = np.random.default_rng(0).random((1, 6, 6, 2))
    np.testing.assert_allclose(warp(image, rotation(90)), np.rot90(image, axes=(1, 2)), atol=1e-12)
    np.testing.assert_array_equal(warp(image, flip()), image[:, :, ::-1])
    np.testing.assert_array_equal(warp(image, flip(rows=True, columns=False)), image[:, ::-1])
    np.testing.assert_array_equal(warp(image, translation(2, -1))[:, 2:, :-1], image[:, :-2, 1:])
    assert not warp(image, translation(2, -1))[:, :2].any()
    np.testing.assert_array_equal(warp(image, np.eye(3)), image)


@pytest.mark.parametrize("matrix", [rotation(25), shear(0.2, 0.1), translation(1.4, -0.7), scaling(1.2, 0.9)])
def test_the_inverse_brings_back_the_interior(matrix):
    image = smooth(41, 51)
    back = warp(warp(image, matrix), np.linalg.inv(matrix))
    np.testing.assert_allclose(back[0, 14:-14, 14:-14], image[0, 14:-14, 14:-14], atol=2e-3)
    assert np.abs(back - image).max() > 0.1  # what left the image does not come back


def test_two_warps_one_after_the_other_are_one_with_the_product_of_the_matrices():
    image = smooth(41, 51)
    first, then = scaling(0.9) @ rotation(20), translation(2, 1) @ shear(columns=0.2)
    twice, once = warp(warp(image, first), then), warp(image, then @ first)
    np.testing.assert_allclose(twice[0, 12:-12, 12:-12], once[0, 12:-12, 12:-12], atol=2e-3)
    other = warp(image, first @ then)
    assert np.abs(other - once)[0, 12:-12, 12:-12].max() > 0.02  # the order counts


def test_a_2x3_matrix_will_do_and_one_matrix_serves_all_images():
    images = np.random.default_rng(0).random((3, 5, 6, 1))
    matrix = rotation(12) @ translation(1, 0)
    expected = np.stack([warp(image[None], matrix)[0] for image in images])
    np.testing.assert_array_equal(warp(images, matrix[:2]), expected)
    np.testing.assert_array_equal(warp(images, np.stack([matrix[:2]] * 3)), expected)


def test_many_images_get_their_own_matrices_across_the_parts_of_the_work():
    rng = np.random.default_rng(0)
    images, matrices = rng.random((150, 6, 5, 2)), random_affine(150, rng, rotate=40, zoom=0.3, shear=0.2, shift=2)
    expected = [warp(image[None], matrix)[0] for image, matrix in zip(images, matrices, strict=True)]
    np.testing.assert_array_equal(warp(images, matrices), np.stack(expected))


def test_the_dtype_stays_and_the_images_are_not_written_to():
    for dtype in (np.float32, np.float64):
        images = np.random.default_rng(0).random((2, 5, 5, 3)).astype(dtype)
        images.flags.writeable = False
        assert warp(images, rotation(5)).dtype == dtype
    assert warp(photograph()[None], rotation(5)).shape == (1, 300, 451, 3)
    assert warp(np.zeros((0, 5, 5, 1)), np.zeros((0, 3, 3))).shape == (0, 5, 5, 1)


def test_random_matrices_stay_within_their_limits_and_reach_towards_them():
    matrices = random_affine(4000, np.random.default_rng(0), rotate=30, shift=2)
    angles = np.rad2deg(np.arctan2(matrices[:, 1, 0], matrices[:, 0, 0]))
    assert -30 <= angles.min() < -29 and 29 < angles.max() <= 30
    assert np.abs(matrices[:, :2, 2]).max() <= 2 and abs(np.corrcoef(matrices[:, :2, 2].T)[0, 1]) < 0.06
    factors = random_affine(4000, np.random.default_rng(0), zoom=0.1)[:, 0, 0]
    assert 0.9 <= factors.min() < 0.901 and 1.099 < factors.max() <= 1.1
    np.testing.assert_array_equal(random_affine(3, np.random.default_rng(0)), np.stack([np.eye(3)] * 3))


def test_random_matrices_are_a_shift_of_a_rotation_of_a_zoom_of_a_shear():
    (matrix,) = random_affine(1, np.random.default_rng(7), rotate=20, zoom=0.2, shear=0.3, shift=3)
    turn, larger, slant, down, right = np.random.default_rng(7).uniform(-1, 1, (5, 1))[:, 0] * [20, 0.2, 0.3, 3, 3]
    expected = translation(down, right) @ rotation(turn) @ scaling(1 + larger) @ shear(columns=slant)
    np.testing.assert_allclose(matrix, expected)


def test_the_same_rng_gives_the_same_images_and_another_one_others():
    images = mnist().x_test[:20]
    first, again, other = (random_warp(images, np.random.default_rng(seed), rotate=10, shift=1) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: warp(x[0], np.eye(3)), r"images has shape \(5, 6, 1\)"),
        (lambda x: warp(x, np.eye(4)), r"matrices have shape \(4, 4\)"),
        (lambda x: warp(x, np.stack([np.eye(3)] * 3)), "3 matrices for 2 images"),
        (lambda x: warp(x, translation(1, 2).T), "transposed"),
        (lambda x: warp(x, np.diag([1.0, 0, 1])), "determinant 0"),
        (lambda x: warp(x, np.full((3, 3), np.nan)), "NaN"),
        (lambda x: scaling(0), "factor > 0"),
        (lambda x: rotation(np.inf), "degrees is inf"),
        (lambda x: random_affine(2, np.random.default_rng(0), zoom=1), "zoom is 1"),
        (lambda x: random_affine(2, np.random.default_rng(0), rotate=-1), "rotate is -1"),
        (lambda x: random_warp(x, 0), "a generator is needed"),
    ],
)
def test_a_bad_argument_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call(np.zeros((2, 5, 6, 1)))
