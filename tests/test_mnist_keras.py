"""MNIST in Keras: the networks are those that the page names, and what trains them does what it says."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from cnncourse import baselines
from cnncourse.baselines import mnist_keras
from cnncourse.data import Part, mnist, normalisation

SIX_HUNDRED = {"images": 600, "batch_size": 50}


def digits(count):
    data = mnist()
    return Part(data.x_train[:count], data.y_train[:count])


# The networks


@pytest.mark.parametrize(
    ("network", "parameters", "macs"),
    [
        ("logistic_regression", 784 * 10 + 10, 784 * 10),
        ("dense_network", 784 * 128 + 128 + 128 * 10 + 10, 784 * 128 + 128 * 10),
        (
            "lenet5",
            (25 + 1) * 6 + (25 * 6 + 1) * 16 + (5 * 5 * 16 + 1) * 120 + 121 * 84 + 85 * 10,
            28 * 28 * 25 * 6 + 10 * 10 * 25 * 6 * 16 + 400 * 120 + 120 * 84 + 84 * 10,
        ),
        (
            "little_cnn",
            (9 + 1) * 32 + (9 * 32 + 1) * 64 + (5 * 5 * 64 + 1) * 128 + 129 * 10,
            26 * 26 * 9 * 32 + 11 * 11 * 9 * 32 * 64 + 1600 * 128 + 1280,
        ),
        (
            "small_cnn",
            9 * (16 + 16 * 32 + 32 * 32 + 32 * 56 + 2 * 56 * 56) + 4 * (16 + 2 * 32 + 3 * 56) + 57 * 10,
            9 * (28**2 * 16 + 14**2 * (16 * 32 + 32 * 32) + 7**2 * (32 * 56 + 2 * 56 * 56)) + 560,
        ),
    ],
)
def test_parameters_and_multiplications_are_those_counted_by_hand(network, parameters, macs):
    model = mnist_keras.NETWORKS[network]()
    assert (model.count_params(), mnist_keras.macs(model)) == (parameters, macs)


def test_the_sources_network_has_225034_parameters_and_the_small_one_fewer_than_100000():
    assert mnist_keras.little_cnn().count_params() == 225_034
    assert mnist_keras.lenet5().count_params() == 61_706
    assert mnist_keras.small_cnn().count_params() < 100_000


@pytest.mark.parametrize("network", ["logistic_regression", "dense_network", "little_cnn"])
def test_a_network_that_chapter_1_has_too_is_the_same_here(network):
    there = getattr(baselines, network)()
    assert [w.shape for w in there.params.values()] == [w.shape for w in mnist_keras.NETWORKS[network]().weights]


def test_the_small_network_pools_between_the_sizes_and_nowhere_else():
    shapes = [layer.output.shape[1:] for layer in mnist_keras.small_cnn(((3, 4), (5,), (6,))).layers]
    assert shapes[0] == (28, 28, 3) and shapes[3] == (28, 28, 4) and shapes[6] == (14, 14, 4)
    assert shapes[7] == (14, 14, 5) and shapes[10] == (7, 7, 5) and shapes[-2:] == [(6,), (10,)]
    assert len(shapes) == 4 * 3 + 2 + 2


# What they learn from


def test_an_epoch_shows_every_image_once_beside_its_own_label():
    part = Part(np.arange(12, dtype=np.float32).reshape(12, 1, 1, 1), np.arange(12) % 10)
    endless = mnist_keras.batches(part, 4, [0.0], np.zeros(1), np.ones(1), np.random.default_rng(0))
    orders = []
    for _ in range(2):
        x, y = (np.concatenate(arrays) for arrays in zip(*(next(endless) for _ in range(3))))
        assert sorted(x.ravel()) == list(range(12))
        assert np.array_equal(y.argmax(axis=1), x.ravel() % 10)
        orders.append(x.ravel().tolist())
    assert orders[0] != orders[1]


def test_images_that_do_not_fill_a_batch_are_left_out_until_the_next_epoch():
    part = digits(10)
    endless = mnist_keras.batches(part, 4, [0.0], np.zeros(1), np.ones(1), np.random.default_rng(0))
    assert [len(next(endless)[1]) for _ in range(5)] == [4] * 5


def test_images_are_augmented_before_they_are_normalised_so_what_comes_in_is_background():
    part = Part(np.ones((8, 28, 28, 1), np.float32), np.zeros(8, int))
    mean, std = np.full(1, 0.25, np.float32), np.full(1, 0.5, np.float32)
    x, _ = next(mnist_keras.batches(part, 8, [1.0], mean, std, np.random.default_rng(0)))
    assert x.min() == (0 - 0.25) / 0.5 and x.max() == (1 - 0.25) / 0.5


def test_each_epoch_has_its_own_strength_of_augmentation():
    part = digits(4)
    endless = mnist_keras.batches(part, 4, [0.0, 1.0], np.zeros(1), np.ones(1), np.random.default_rng(0))
    plain, moved, later = (next(endless)[0] for _ in range(3))
    in_order = sorted(image.tobytes() for image in part.x)
    assert sorted(image.tobytes() for image in plain) == in_order
    assert all(image.tobytes() not in in_order for image in [*moved, *later])


def test_augmentation_grows_with_its_strength_and_zero_leaves_every_image_alone():
    x = digits(50).x
    far = [np.abs(mnist_keras.augmented(x, np.random.default_rng(0), s) - x).mean() for s in (0.0, 1 / 3, 1.0)]
    assert far[0] == 0 < far[1] < far[2]


# How they learn


def test_one_cycle_rises_in_a_line_for_a_fifth_of_the_steps_and_falls_along_half_a_cosine():
    rates = mnist_keras.learning_rates("one_cycle", 0.01, steps=50)
    by_hand = [0.0004 + 0.0096 * step / 10 for step in range(10)]
    by_hand += [0.01 * (1 + np.cos(np.pi * (step - 10) / 40)) / 2 for step in range(10, 51)]
    assert np.allclose([float(rates(step)) for step in range(51)], by_hand, atol=1e-8)


def test_the_model_learns_what_the_labels_say_and_returns_plain_data():
    run = mnist_keras.train("dense_network", epochs=6, validation=0.25, **SIX_HUNDRED)
    assert run.result == json.loads(json.dumps(run.result))
    assert list(run.result) == ["parameters", "macs", "core_seconds", "accuracy", "val_accuracy"]
    assert run.result["accuracy"] > 0.75 and run.result["val_accuracy"] > 0.75


@pytest.mark.slow
def test_the_accuracy_is_that_of_the_model_on_the_test_images_scaled_as_the_training_images_were():
    run = mnist_keras.train("logistic_regression", epochs=2)
    data = mnist()
    mean, std = normalisation(data.x_train)
    scores = keras.ops.convert_to_numpy(run.model((data.x_test - mean) / std))
    right = (scores.argmax(axis=1) == data.y_test).mean()
    assert run.result["accuracy"] == pytest.approx(right, abs=2e-4) and right > 0.9
    assert run.result["val_accuracy"] is None


@pytest.mark.slow
def test_with_everything_at_once_the_small_network_learns_and_the_rate_ends_at_zero():
    ingredients = {"learning_rate": 0.008, "schedule": "one_cycle", "augmentation": 1.0, "label_smoothing": 0.05}
    run = mnist_keras.train("small_cnn", epochs=3, images=1500, batch_size=50, **ingredients)
    assert run.result["accuracy"] > 0.7
    assert run.model.loss.label_smoothing == 0.05
    assert float(run.model.optimizer.learning_rate) < 1e-6


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    first, second, other = (
        mnist_keras.train("logistic_regression", seed, epochs=1, augmentation=1.0, **SIX_HUNDRED).model.get_weights()[0]
        for seed in (3, 3, 4)
    )
    assert np.allclose(first, second, atol=1e-6)
    assert not np.allclose(first, other, atol=1e-3)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"network": "lenet"}, "network is 'lenet', but one of logistic_regression, dense_network, lenet5"),
        ({"schedule": "cosine"}, "schedule is 'cosine', but 'constant' or 'one_cycle' is needed"),
        ({"images": 60_001}, "images is 60001, but there are 60000 training images"),
        ({"images": 100}, "100 images do not fill a batch of 128"),
        ({"epochs": 0}, "epochs is 0, but a whole number >= 1"),
        ({"validation": 1.0}, "validation is 1.0, but a number in"),
    ],
)
def test_a_bad_argument_is_told_with_what_would_do(wrong, message):
    with pytest.raises(ValueError, match=message):
        mnist_keras.train(**{"network": "logistic_regression", **wrong})


def test_nothing_but_keras_is_asked_for_so_that_the_backend_can_be_another():
    words = Path(mnist_keras.__file__).read_text()
    assert "tf." not in words and "import tensorflow" not in words and "jax" not in words.replace("JAX", "")


# What the page says of the recorded runs

KINDS = "softmax", "dense", "lenet", "simple", "best", "plain", "network", "cycle", "augmented", "smooth"


@pytest.fixture(scope="module")
def recorded():
    """The accuracies of three seeds, in percent, by the kinds of runs."""
    record = json.loads((Path(__file__).parents[1] / "book/experiments/ch07_mnist.json").read_text(encoding="utf-8"))
    by_three = np.reshape([100 * run["accuracy"] for run in record["results"][1:]], (-1, 3))  # after a short one
    return dict(zip(KINDS, by_three, strict=True))


def test_which_promises_are_kept(recorded):
    assert recorded["softmax"].min() > 91.5 and recorded["softmax"].max() < 93
    assert recorded["dense"].min() > 97
    assert sorted(recorded["simple"] > 99) == [False, True, True]
    assert recorded["best"].min() > 99.6


def test_which_ingredients_are_beyond_doubt(recorded):
    assert recorded["network"].min() > recorded["plain"].max()
    assert recorded["cycle"].min() > recorded["network"].max()
    assert (
        recorded["augmented"].min() < recorded["cycle"].max() and recorded["smooth"].min() < recorded["augmented"].max()
    )
    assert recorded["smooth"].min() > recorded["cycle"].max()
