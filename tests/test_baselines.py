"""The networks of the course, and what chapter 1 does to images to compare them."""

import numpy as np
import pytest

from cnncourse import baselines
from cnncourse.baselines import count_weights, permute_pixels, shift_images, train_over_seeds
from cnncourse.data import mnist, stratified_subset
from cnncourse.layers import Conv2D, Dense, Flatten
from cnncourse.network import Network

BUILDERS = ["logistic_regression", "dense_network", "little_cnn", "tiny_cnn"]
UNFRIENDLY = [(3, 5, 7, 2), (1, 1, 4, 1), (2, 6, 3, 3), (0, 4, 5, 1)]


def images(shape, dtype=np.float32):
    return np.random.default_rng(sum(shape)).random(shape).astype(dtype) + 1  # no zero, so that padding is seen


@pytest.mark.parametrize("name", BUILDERS)
def test_the_same_seed_makes_the_same_network_and_another_seed_another(name):
    build = getattr(baselines, name)
    first, second, other = (next(iter(build(seed).params.values())) for seed in (3, 3, 4))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("name", BUILDERS)
def test_every_network_gives_ten_scores_to_images_of_another_size(name):
    network = getattr(baselines, name)(input_shape=(21, 34, 3))
    assert network.predict(np.zeros((2, 21, 34, 3), np.float32)).shape == (2, 10)


def test_the_tiny_network_has_fewer_weights_than_logistic_regression_and_the_little_one_more_than_the_dense_one():
    counts = [getattr(baselines, name)().count_params() for name in BUILDERS]
    assert counts == [784 * 10 + 10, 784 * 128 + 128 + 128 * 10 + 10, 225034, 80 + 1168 + 25 * 16 * 10 + 10]


# --- shuffled --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", UNFRIENDLY)
def test_a_shuffle_moves_whole_pixels_and_keeps_every_one(shape):
    x = images(shape)
    shuffled = permute_pixels(x, seed=1)
    assert shuffled.shape == x.shape and shuffled.dtype == x.dtype
    for before, after in zip(x, shuffled):
        pixels = [sorted(map(tuple, image.reshape(-1, shape[-1]).tolist())) for image in (before, after)]
        assert pixels[0] == pixels[1]


def test_all_images_are_shuffled_alike_whether_together_or_apart():
    x = images((4, 5, 7, 2))
    assert np.array_equal(permute_pixels(x, 3)[2:], permute_pixels(x[2:], 3))
    assert not np.array_equal(permute_pixels(x, 3), permute_pixels(x, 4))
    assert not np.array_equal(permute_pixels(x, 3), x)


def test_a_dense_network_with_its_weights_shuffled_reads_shuffled_images_as_before():
    places = permute_pixels(np.arange(784.0).reshape(1, 28, 28, 1)).ravel().astype(int)
    network, shuffled = baselines.dense_network(), baselines.dense_network()
    weights = network.get_weights()
    weights["dense_1/kernel"] = weights["dense_1/kernel"][places]
    shuffled.set_weights(weights)
    x = mnist().x_test[:5]
    assert np.allclose(shuffled.predict(permute_pixels(x)), network.predict(x), atol=1e-5)


# --- shifted ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", UNFRIENDLY)
def test_a_shift_is_what_its_definition_says(shape):
    x = images(shape)
    _, H, W, _ = shape
    for down in range(-H, H + 1):
        for right in range(-W, W + 1):
            expected = np.zeros_like(x)
            for i in range(H):
                for j in range(W):
                    if 0 <= i - down < H and 0 <= j - right < W:
                        expected[:, i, j] = x[:, i - down, j - right]
            assert np.array_equal(shift_images(x, down, right), expected)


def test_a_shift_leaves_the_images_it_was_given_alone():
    x = images((2, 5, 4, 1))
    before = x.copy()
    shift_images(x, 0, 0)[:] = 9
    shift_images(x, 1, 2)[:] = 9
    permute_pixels(x)[:] = 9
    assert np.array_equal(x, before)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"down": 6}, "down is 6, but the images are 5 pixels"),
        ({"right": 5}, "right is 5, but the images are 4 pixels"),
        ({"down": -6}, "down is -6"),
        ({"right": 1.5}, "right is 1.5"),
    ],
)
def test_a_shift_that_cannot_be_says_so(options, words):
    with pytest.raises(ValueError, match=words):
        shift_images(images((2, 5, 4, 1)), **options)


# --- over several seeds ----------------------------------------------------------------------------------------------


def digits(per_class):
    data = mnist()
    return [stratified_subset(x, y, per_class) for x, y in ((data.x_train, data.y_train), (data.x_test, data.y_test))]


def test_each_seed_is_trained_as_if_it_were_the_only_one():
    train, test = digits(per_class=5)
    together = train_over_seeds(baselines.logistic_regression, train, test, seeds=(4, 1), epochs=2)
    alone = train_over_seeds(baselines.logistic_regression, train, test, seeds=(1,), epochs=2)
    for key, value in alone.networks[0].get_weights().items():
        assert np.array_equal(value, together.networks[1].get_weights()[key])
    assert together.train[1] == alone.train[0] and together.test[1] == alone.test[0]


def test_a_seed_is_also_that_of_the_order_of_the_images():
    train, test = digits(per_class=5)
    runs = train_over_seeds(lambda seed: baselines.logistic_regression(), train, test, seeds=(0, 1), epochs=1)
    first, second = (network.params["dense_1/kernel"] for network in runs.networks)  # from the same start
    assert not np.array_equal(first, second)


def test_the_accuracies_are_those_of_the_networks():
    train, test = digits(per_class=5)
    runs = train_over_seeds(baselines.logistic_regression, train, test, epochs=3)
    for network, on_train, on_test in zip(*runs):
        assert (network.predict(train.x).argmax(axis=1) == train.y).mean() == on_train
        assert (network.predict(test.x).argmax(axis=1) == test.y).mean() == on_test


def test_a_range_is_written_as_one_number_where_there_is_no_difference():
    assert str(baselines.Runs((), (1.0, 1.0), (0.9034, 0.8951))) == "train 100.0 %, test 89.5 to 90.3 %"


def test_no_seed_at_all_says_so():
    with pytest.raises(ValueError, match="seeds is empty"):
        train_over_seeds(baselines.logistic_regression, *digits(per_class=1), seeds=())


# --- counted ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("shape", "kernel_size", "filters"), [((6, 9, 2), 3, 4), ((5, 7, 1), (2, 3), 3)])
def test_the_weights_are_those_of_the_layers(shape, kernel_size, filters, padding):
    convolution = Network([Conv2D(filters, kernel_size, padding=padding, use_bias=False)], shape)
    units = int(np.prod(convolution.shapes[-1]))
    dense = Network([Flatten(), Dense(units, use_bias=False)], shape)
    counted = count_weights(shape, kernel_size, filters, padding)
    assert counted.dense == dense.count_params()
    assert counted.convolution == convolution.count_params()
    assert counted.local == units * np.prod(convolution.params["conv2d_0/kernel"].shape[:3])


def test_a_kernel_as_large_as_the_image_is_a_dense_layer():
    assert len(set(count_weights((5, 7, 2), (5, 7), 3))) == 1
