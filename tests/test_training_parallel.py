"""Sharing a batch among workers must not change what comes out."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from threadpoolctl import threadpool_info

from cnncourse.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D, ReLU
from cnncourse.losses import CrossEntropy
from cnncourse.network import Network
from cnncourse.training import correct, crew
from cnncourse.training.parallel import pool_first


def network(*extra):
    layers = [Conv2D(8, 3), ReLU(), MaxPooling2D(), Conv2D(12, 3), *extra, MaxPooling2D(), ReLU(), Flatten(), Dense(4)]
    return Network(layers, (13, 12, 2), dtype=np.float64)


def reference(net, x, y, loss):
    """One step by the plain layers, all images at once."""
    value, cache = loss.forward(net.forward(x, training=True), y)
    net.backward(loss.backward(cache))
    return value, net.grads


@pytest.mark.parametrize("workers", [1, 2, 3, 8])
@pytest.mark.parametrize("count", [1, 31, 33, 100, 128])
@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1, "class_weights": [1.0, 2.0, 0.5, 4.0]}])
def test_the_gradient_of_a_batch_does_not_depend_on_the_number_of_workers(workers, count, options, rng):
    net, x, y = network(), rng.random((128, 13, 12, 2)), rng.integers(0, 4, 128)
    chosen = rng.permutation(128)[:count]
    with crew(net, workers) as team:
        for _ in range(2):  # the second time in used memory
            value, right, grads = team.train(x, y, chosen, CrossEntropy(**options))
    expected, expected_grads = reference(net, x[chosen], y[chosen], CrossEntropy(**options))
    assert value == pytest.approx(expected)
    assert right == correct(net.forward(x[chosen]), y[chosen])
    assert grads.keys() == expected_grads.keys()
    for name in grads:
        assert_allclose(grads[name], expected_grads[name], atol=1e-12)


def test_blank_images_whose_pixels_all_tie_get_the_exact_gradient(rng):
    net = network()
    x, y = np.zeros((64, 13, 12, 2)), rng.integers(0, 4, 64)
    x[::3, 4:6, 4:6] = 1.0
    with crew(net, 2) as team:
        _, _, grads = team.train(x, y, np.arange(64), CrossEntropy())
    for name, expected in reference(net, x, y, CrossEntropy())[1].items():
        assert_allclose(grads[name], expected, atol=1e-12)


def test_layers_that_mix_images_are_given_the_whole_batch(rng):
    net, x, y = network(BatchNormalization()), rng.random((128, 13, 12, 2)), rng.integers(0, 4, 128)
    before = net.get_weights()
    with crew(net, workers=4) as team:
        assert len(team.workers) == 1
        _, _, grads = team.train(x, y, np.arange(128), CrossEntropy())
    after = net.get_weights()
    assert not np.array_equal(before["batchnormalization_4/mean"], after["batchnormalization_4/mean"])
    net.set_weights(before)
    for name, expected in reference(net, x, y, CrossEntropy())[1].items():
        assert_allclose(grads[name], expected, atol=1e-12)


@pytest.mark.parametrize("values", ["random", "ties"])
def test_relu_and_max_pooling_commute_bit_by_bit_gradients_included(values, rng):
    x = rng.standard_normal((4, 7, 6, 3)) if values == "random" else rng.integers(-1, 2, (4, 7, 6, 3)) * 1.0
    dy = rng.standard_normal((4, 3, 3, 3))
    results = []
    for layers in ([ReLU(), MaxPooling2D()], pool_first([ReLU(), MaxPooling2D()])):
        y = x
        for layer in layers:
            y = layer.forward(y)
        d = dy
        for layer in reversed(layers):
            d = layer.backward(d)
        results.append((y, d))
    assert_array_equal(results[0][0], results[1][0])
    assert_array_equal(results[0][1], results[1][1])


def test_workers_draw_different_random_numbers_and_the_same_ones_after_the_same_seed(rng):
    net = Network([Dropout(0.5), Flatten(), Dense(4)], (6, 6, 1))
    x, y = np.ones((128, 6, 6, 1), np.float32), np.zeros(128, int)

    def run():
        with crew(net, 2) as team:
            team.reseed(np.random.default_rng(7))
            grads = team.train(x, y, np.arange(128), CrossEntropy())[2]
            masks = [worker.layers[0].cache for worker in team.workers]
        return grads, masks

    (first, masks), (second, _) = run(), run()
    for name in first:
        assert_array_equal(first[name], second[name])
    assert not np.array_equal(masks[0], masks[1])


def test_an_exception_in_a_worker_reaches_the_caller(rng):
    net = network()
    with pytest.raises(ValueError, match="labels go from"), crew(net, 2) as team:
        team.train(rng.random((64, 13, 12, 2)), np.full(64, 9), np.arange(64), CrossEntropy())


def test_right_answers_are_counted_only_where_the_targets_are_labels():
    assert correct(np.eye(3), np.array([0, 1, 1])) == 2
    assert correct(np.zeros((3, 1)), np.zeros((3, 1))) is None


def test_crews_that_overlap_leave_the_matrix_products_their_threads():
    def threads():
        return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]

    before, net = threads(), network()
    first, second = crew(net, 2), crew(net, 2)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert set(threads()) == {1}
    second.__exit__(None, None, None)
    assert threads() == before


def test_memory_that_a_thread_may_still_write_to_is_not_handed_out_again(rng):
    net = network()
    with pytest.raises(KeyboardInterrupt), crew(net, 2):
        raise KeyboardInterrupt
    assert net.idle == []


def test_only_our_own_relu_changes_places_with_pooling():
    class Abs(ReLU):
        def function(self, x):
            return np.abs(x), np.sign(x)

    layers = [Abs(), MaxPooling2D()]
    assert pool_first(layers) == layers
