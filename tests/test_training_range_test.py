"""The learning-rate range test: what it finds, and that it leaves no trace."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cnncourse.data import mnist, stratified_subset
from cnncourse.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D, ReLU
from cnncourse.losses import MeanSquaredError
from cnncourse.network import Network
from cnncourse.training import SGD, Adam, range_test


@pytest.fixture(scope="module")
def digits():
    data = mnist()
    few = stratified_subset(data.x_train, data.y_train, per_class=30)
    return few.x[:, ::2, ::2], few.y


def network():
    layers = [Conv2D(8, 3), BatchNormalization(), ReLU(), Dropout(0.2), MaxPooling2D(3), Flatten(), Dense(10)]
    return Network(layers, (14, 14, 1))


def test_the_network_and_the_optimiser_are_as_they_were(digits):
    net, optimiser = network(), Adam(0.1)
    before = net.get_weights()
    draws = [layer.rng.bit_generator.state for layer in net.layers]
    found = range_test(net, *digits, optimiser=optimiser, steps=12, batch_size=50, highest=0.1)
    assert len(found.rates) == len(found.losses) == len(found.smoothed) == 12
    assert [layer.rng.bit_generator.state for layer in net.layers] == draws
    assert (optimiser.learning_rate, optimiser.steps, optimiser.memory) == (0.1, 0, {})
    for name, array in net.get_weights().items():
        assert_array_equal(array, before[name])


def test_the_network_is_put_back_after_an_error_too(digits):
    class Broken(SGD):
        def update(self, param, grad, rate, memory):
            param += 1
            raise RuntimeError("no more")

    net = network()
    before = net.get_weights()
    with pytest.raises(RuntimeError, match="no more"):
        range_test(net, *digits, optimiser=Broken())
    for name, array in net.get_weights().items():
        assert_array_equal(array, before[name])


def test_the_rate_grows_by_one_factor_and_the_smoothed_loss_is_a_corrected_running_mean(digits):
    found = range_test(network(), *digits, lowest=1e-5, highest=1e-1, steps=9, smoothing=0.75, batch_size=50)
    assert_allclose(found.rates, np.logspace(-5, -1, 9))
    for step in range(9):
        weights = 0.75 ** np.arange(step, -1, -1)
        assert found.smoothed[step] == pytest.approx(weights @ found.losses[: step + 1] / weights.sum())


def test_it_stops_where_the_loss_explodes_and_suggests_a_rate_that_learns(digits):
    net = network()
    found = range_test(net, *digits, optimiser=SGD(momentum=0.9), lowest=1e-4, highest=1e4, batch_size=50)
    assert len(found.rates) < 100
    assert found.suggestion == found.rates[int(np.argmin(found.smoothed))] / 10
    assert 1e-3 < found.suggestion < 1
    options = {"epochs": 4, "batch_size": 50, "progress": False}
    losses = {}
    for rate in (found.suggestion / 30, found.suggestion):
        losses[rate] = network().fit(*digits, optimiser=SGD(rate, momentum=0.9), **options).loss[-1]
    assert losses[found.suggestion] < losses[found.suggestion / 30] / 2


def test_the_same_seed_finds_the_same(digits):
    one, two, other = (range_test(network(), *digits, steps=5, seed=seed, workers=1) for seed in (0, 0, 1))
    assert one == two != other


def test_few_images_come_again_and_targets_may_be_numbers(rng):
    x = rng.standard_normal((40, 3)).astype(np.float32)
    found = range_test(Network([Dense(1)], (3,)), x, x[:, :1], loss=MeanSquaredError(), steps=30, batch_size=16)
    assert len(found.rates) == 30


X, Y = np.zeros((8, 14, 14, 1), np.float32), np.zeros(8, int)


@pytest.mark.parametrize(
    ("x", "options", "words"),
    [
        (X, {"lowest": 1.0, "highest": 0.1}, "from 1.0 to 0.1, but the second must be larger"),
        (X, {"lowest": 0}, "lowest is 0"),
        (X, {"steps": 1}, "steps is 1"),
        (X, {"smoothing": 1}, "smoothing is 1"),
        (X, {"explodes": 0}, "explodes is 0"),
        (X[:0], {}, "there are no images"),
        (X[:, 1:], {}, r"takes \(14, 14, 1\)"),
        (X * np.nan, {}, "the loss of the first batch is nan"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_what_cannot_be_tested_is_named(x, options, words):
    with pytest.raises(ValueError, match=words):
        range_test(network(), x, Y[: len(x)], **options)
