"""Recomputing against forward and backward of the network: the same gradients from less memory."""

import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cnncourse.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D, ReLU
from cnncourse.losses import CrossEntropy, MeanSquaredError
from cnncourse.network import Network
from cnncourse.training import recomputed_gradients


def network(dtype=np.float64):
    block = [Conv2D(4, 3, padding="same"), BatchNormalization(), ReLU(), Dropout(0.3)]
    more = [Conv2D(6, 3), BatchNormalization(), ReLU(), MaxPooling2D(), Dropout(0.5), Flatten(), Dense(3)]
    return Network([*block, *more], (9, 8, 2), dtype=dtype)


def batch(rng):
    return rng.standard_normal((5, 9, 8, 2)), rng.integers(0, 3, 5)


def plainly(net, x, y):
    loss = CrossEntropy()
    value, cache = loss.forward(net.forward(x, training=True), y)
    net.backward(loss.backward(cache))
    return value, {name: grad.copy() for name, grad in net.grads.items()}


@pytest.mark.parametrize("keep_every", [None, 1, 2, 3, 4, 5, 10, 11, 50])
def test_loss_gradients_statistics_and_random_numbers_are_those_of_a_plain_step(keep_every, rng):
    plain, again, (x, y) = network(), network(), batch(rng)
    for _ in range(2):  # the second time with moved statistics and drawn numbers
        expected, grads = plainly(plain, x, y)
        value, found = recomputed_gradients(again, x, y, keep_every=keep_every)
        assert value == expected
        assert found.keys() == grads.keys()
        for name, grad in grads.items():
            assert_array_equal(found[name], grad)
        for name, array in plain.state.items():
            assert_array_equal(again.state[name], array)
    for one, two in zip(plain.layers, again.layers):
        assert one.rng.bit_generator.state == two.rng.bit_generator.state


def test_other_losses_are_taken_and_nothing_is_left_in_the_layers(rng):
    net = Network([Dense(4), ReLU(), Dense(2)], (3,), dtype=np.float64)
    x, y = rng.standard_normal((6, 3)), rng.standard_normal((6, 2))
    value, grads = recomputed_gradients(net, x, y, loss=MeanSquaredError())
    assert value == pytest.approx(((net.forward(x) - y) ** 2).mean())
    assert_allclose(grads["dense_2/bias"], 2 * (net.forward(x) - y).sum(axis=0) / 12)
    recomputed_gradients(net, x, y, loss=MeanSquaredError())
    assert all(layer.cache is None for layer in net.layers)


def peak(step):
    tracemalloc.start()
    step()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_a_deep_network_needs_a_fraction_of_the_memory(rng):
    layers = [layer for _ in range(18) for layer in (Conv2D(8, 3, padding="same"), ReLU())]
    x, y = rng.standard_normal((8, 24, 24, 8)).astype(np.float32), rng.integers(0, 3, 8)

    def step(keep_every):
        net = Network([*layers_again(layers), Flatten(), Dense(3)], (24, 24, 8))
        return lambda: recomputed_gradients(net, x, y, keep_every=keep_every)

    whole, by_root, by_one = (peak(step(keep_every)) for keep_every in (38, None, 1))
    assert by_root < 0.45 * whole
    assert by_root < by_one < whole


def layers_again(layers):
    return [type(layer)(**layer.config()) for layer in layers]


@pytest.mark.parametrize("keep_every", [0, 1.5, "all"])
def test_a_number_of_layers_that_is_none_is_refused(keep_every, rng):
    with pytest.raises(ValueError, match="keep_every is"):
        recomputed_gradients(network(), *batch(rng), keep_every=keep_every)
