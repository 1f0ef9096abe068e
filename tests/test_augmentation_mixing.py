"""What is hidden, what is mixed, and that the labels say how much of what is there."""

import numpy as np
import pytest

from cnncourse.data import one_hot
from cnncourse.training.augmentation import cutmix, cutout, mixup, random_erasing

RNG = np.random.default_rng
N = 200
ONES = np.ones((N, 9, 12, 2))
# Image n is n everywhere, and its class is n: so one sees in every pixel from which image it came
NUMBERED = np.broadcast_to(np.arange(N, dtype=float)[:, None, None, None], (N, 9, 12, 1))
TARGETS = one_hot(np.arange(N), N)


def box(hidden):
    """Height and width of the rectangle where `hidden` (H, W) is true, which must be filled."""
    rows, columns = np.flatnonzero(hidden.any(axis=1)), np.flatnonzero(hidden.any(axis=0))
    tall, wide = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert hidden.sum() == tall * wide
    return tall, wide


def test_cutout_hides_one_square_in_all_channels_and_less_at_the_border():
    hidden = cutout(ONES, RNG(0), 4) == 0
    np.testing.assert_array_equal(hidden[..., 0], hidden[..., 1])
    sizes = {box(image) for image in hidden[..., 0]}
    assert (4, 4) in sizes
    assert min(min(size) for size in sizes) == 2 and max(max(size) for size in sizes) == 4
    assert hidden.any(axis=0).all()  # every pixel is hidden at some time


def test_cutout_fills_with_what_it_is_told():
    assert set(np.unique(cutout(ONES, RNG(0), 4, fill=0.25))) == {0.25, 1}


def test_random_erasing_puts_noise_over_a_rectangle_of_the_area_and_the_proportions_it_is_told():
    images = np.full((N, 40, 60, 3), 2.0)  # noise is below 1, so it can be told apart
    changed = random_erasing(images, RNG(0), rate=0.5, area=(0.1, 0.2), ratio=(0.5, 2.0))
    erased = changed[..., 0] < 1
    some = erased.any(axis=(1, 2))
    assert 0.4 < some.mean() < 0.6
    sizes = np.array([box(image) for image in erased[some]])
    part, ratio = sizes.prod(axis=1) / 2400, sizes[:, 0] / sizes[:, 1]
    assert 0.095 < part.min() < 0.11 and 0.19 < part.max() < 0.205
    assert 0.47 < ratio.min() < 0.6 and 1.7 < ratio.max() < 2.1
    np.testing.assert_array_equal(changed[~erased], 2.0)
    assert len(np.unique(changed[erased])) > 1000


def test_mixup_gives_the_weights_of_the_images_to_the_labels():
    x, y = mixup(NUMBERED, TARGETS, RNG(0), alpha=1.0)
    np.testing.assert_allclose(y.sum(axis=1), 1)
    np.testing.assert_allclose(x[:, 3, 5, 0], y @ np.arange(N))  # the mean of the classes is the mean of the images
    assert ((y > 0).sum(axis=1) <= 2).all()
    own = y[np.arange(N), np.arange(N)]
    assert 0.4 < own.mean() < 0.6 and own.min() < 0.1 and own.max() > 0.9


def test_a_small_alpha_leaves_most_images_nearly_unmixed():
    def between(alpha):
        own = mixup(NUMBERED, TARGETS, RNG(0), alpha)[1][np.arange(N), np.arange(N)]
        return ((own > 0.1) & (own < 0.9)).mean()

    assert between(0.1) < 0.25
    assert between(1.0) > 0.7


def test_cutmix_pastes_one_rectangle_and_counts_its_pixels():
    x, y = cutmix(NUMBERED, TARGETS, RNG(0))
    for n, (image, target) in enumerate(zip(x[..., 0], y, strict=True)):
        pasted = image != n
        if pasted.any():
            box(pasted)
            assert len(np.unique(image[pasted])) == 1
        assert target[n] == pytest.approx(1 - pasted.mean())
        assert target.sum() == pytest.approx(1)
    assert (x != NUMBERED).any(axis=(1, 2, 3)).mean() > 0.8


@pytest.mark.parametrize("mix", [mixup, cutmix])
def test_mixing_follows_its_rng_keeps_the_dtype_and_leaves_its_arguments(mix):
    x, y = NUMBERED.astype(np.float32), TARGETS.copy()
    x.flags.writeable = y.flags.writeable = False
    first, again, other = mix(x, y, RNG(1)), mix(x, y, RNG(1)), mix(x, y, RNG(2))
    assert first[0].dtype == first[1].dtype == np.float32
    for part in (0, 1):
        np.testing.assert_array_equal(first[part], again[part])
        assert not np.array_equal(first[part], other[part])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: mixup(NUMBERED, np.arange(N), RNG(0)), "one_hot"),
        (lambda: cutmix(NUMBERED, TARGETS[:5], RNG(0)), r"targets have shape \(5, 200\)"),
        (lambda: mixup(NUMBERED, TARGETS, RNG(0), alpha=0), "alpha is 0"),
        (lambda: mixup(NUMBERED, TARGETS, 1), "rng is 1"),
        (lambda: cutout(ONES, RNG(0), 0), "size is 0"),
        (lambda: random_erasing(ONES, RNG(0), area=(0.5, 0.1)), "area is"),
        (lambda: random_erasing(ONES, RNG(0), rate=3), "rate is 3"),
    ],
)
def test_a_bad_argument_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
