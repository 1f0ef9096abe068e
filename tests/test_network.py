"""Networks: what they compute, say about themselves, keep on disk, and refuse."""

import copy
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cnncourse.layers import (
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Conv2DTranspose,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Layer,
    LeakyReLU,
    MaxPooling2D,
    ReLU,
)
from cnncourse.network import Network


def small(seed=0, dtype=np.float32):
    layers = [Conv2D(8, 3), ReLU(), MaxPooling2D(), Conv2D(6, 3, padding="same"), ReLU(), Flatten(), Dense(5)]
    return Network(layers, (11, 9, 2), seed=seed, dtype=dtype)


def test_forward_is_one_layer_after_the_other(rng):
    network, x = small(), rng.random((3, 11, 9, 2), np.float32)
    expected = x
    for layer in network.layers:
        expected = layer.forward(expected)
    assert_array_equal(network.forward(x), expected)


def test_the_same_seed_makes_the_same_network_and_another_seed_another():
    a, b, c = small(seed=1), small(seed=1), small(seed=2)
    for name in a.params:
        assert_array_equal(a.params[name], b.params[name])
    assert not np.array_equal(a.params["conv2d_0/kernel"], c.params["conv2d_0/kernel"])


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 2, 63, 64, 65, 300])
def test_predict_gives_what_forward_gives_for_any_number_of_images_and_workers(workers, count, rng):
    network, x = small(dtype=np.float64), rng.random((count, 11, 9, 2))
    assert_allclose(network.predict(x, batch_size=64, workers=workers), network.forward(x), atol=1e-12)


def test_predict_on_no_images_gives_no_outputs():
    assert small().predict(np.zeros((0, 11, 9, 2), np.float32)).shape == (0, 5)


def test_what_predict_and_forward_return_is_not_overwritten_by_the_next_call(rng):
    network = small()
    first, second = rng.random((2, 4, 11, 9, 2), np.float32)
    for run in (network.predict, network.forward):
        y = run(first)
        before = y.copy()
        run(second)
        assert_array_equal(y, before)


def test_evaluate_counts_right_answers_and_averages_the_loss(rng):
    network, x = small(), rng.random((50, 11, 9, 2), np.float32)
    outputs = network.predict(x)
    labels = outputs.argmax(axis=1)
    labels[:10] = (labels[:10] + 1) % 5
    loss, accuracy = network.evaluate(x, labels)
    assert accuracy == 0.8
    p = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)
    assert loss == pytest.approx(-np.log(p[np.arange(50), labels]).mean(), rel=1e-5)


def test_the_summary_counts_what_is_there():
    rows = small().summary()
    assert [row.shape for row in rows] == [(9, 7, 8), (9, 7, 8), (4, 3, 8), (4, 3, 6), (4, 3, 6), (72,), (5,)]
    assert sum(row.parameters for row in rows) == sum(array.size for array in small().params.values())
    assert rows[0].parameters == 3 * 3 * 2 * 8 + 8
    assert rows[0].macs == 9 * 7 * 8 * (3 * 3 * 2)
    assert rows[-1].macs == 72 * 5
    assert [row.sees for row in rows[:5]] == [(3, 3), (3, 3), (4, 4), (8, 8), (8, 8)]
    assert rows[5].sees is None
    text = str(rows)
    assert text == repr(rows)
    assert f"{sum(row.parameters for row in rows):,}" in text.splitlines()[-1]


@pytest.mark.parametrize(
    ("layers", "macs"),
    [
        ([DepthwiseConv2D(3, depth_multiplier=2)], 6 * 6 * 9 * 4 * 2),
        ([Conv2D(6, 3, groups=2)], 6 * 6 * 9 * 2 * 6),
        ([Conv2DTranspose(3, 2, stride=2)], 8 * 8 * 4 * 4 * 3),
        ([AveragePooling2D()], 0),
    ],
)
def test_multiply_accumulates_are_counted_by_what_is_multiplied(layers, macs):
    assert Network(layers, (8, 8, 4)).summary()[0].macs == macs


def test_a_saved_network_comes_back_with_its_weights_and_statistics(tmp_path, rng):
    layers = [Conv2D(4, (3, 2), padding=((1, 0), (0, 2)), use_bias=False), BatchNormalization(), ReLU()]
    network = Network([*layers, Dropout(0.3), GlobalAveragePooling2D(), Dense(3)], (7, 6, 2), seed=3, dtype=np.float64)
    x = rng.random((20, 7, 6, 2))
    network.fit(x, rng.integers(0, 3, 20), epochs=2, progress=False)
    network.save(tmp_path / "net.npz")
    back = Network.load(tmp_path / "net.npz")
    assert repr(back) == repr(network)
    assert back.dtype == np.float64
    assert_array_equal(back.predict(x), network.predict(x))


def test_a_network_with_layers_of_ones_own_says_why_it_cannot_be_loaded(tmp_path):
    class Mine(Layer):
        def function(self, x):
            return x, None

    Network([Mine()], (3,)).save(tmp_path / "net.npz")
    with pytest.raises(ValueError, match=r"holds a layer '.*Mine'.*set_weights"):
        Network.load(tmp_path / "net.npz")


def test_weights_that_do_not_fit_change_nothing():
    network = small()
    before = network.get_weights()
    wrong = {name: np.ones_like(array) for name, array in before.items()}
    wrong["dense_6/bias"] = np.ones(4)
    with pytest.raises(ValueError, match=r"dense_6/bias has shape \(5,\).*\(4,\)|dense_6/bias has shape"):
        network.set_weights(wrong)
    with pytest.raises(ValueError, match=r"dense_6/bias.*missing, \[\] unknown"):
        network.set_weights({name: array for name, array in before.items() if name != "dense_6/bias"})
    for name, array in network.get_weights().items():
        assert_array_equal(array, before[name])


def test_get_weights_gives_copies():
    network = small()
    network.get_weights()["dense_6/bias"][...] = 7
    assert not network.params["dense_6/bias"].any()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Network([], (8, 8, 1)), "at least one layer"),
        (
            lambda: Network([Conv2D(4, 9)], (8, 8, 1)),
            r"layer 0, Conv2D.*\(8, 8, 1\): kernel is 9x9 but the padded input is 8x8",
        ),
        (lambda: Network([Conv2D(4, 3), Dense(2)], (8, 8, 1)), r"layer 1, Dense.*put Flatten\(\) before it"),
        (lambda: Network([Dense(2)], (8.0,)), "input_shape is 8.0"),
        (lambda: Network([ReLU()] * 2, (8,)), "more than once"),
        (lambda: Network([Dense(2)], (8,), dtype=np.int32), r"np.float32 or np.float64 is needed"),
        (lambda: Network(Dense(2), (8,)), r"a list of layers is needed"),
        (lambda: Network([Dense], (8,)), r"a list of layers is needed"),
    ],
)
def test_layers_that_do_not_fit_together_are_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (np.zeros((4, 11, 9, 2), np.uint8), "x has dtype uint8.*/ 255"),
        (np.zeros((11, 9, 2)), "3-D"),
        (np.zeros((4, 9, 11, 2)), r"images of shape \(9, 11, 2\), but this network takes \(11, 9, 2\)"),
    ],
)
def test_images_that_do_not_fit_are_refused(x, words):
    with pytest.raises(ValueError, match=words):
        small().predict(x)


def test_a_knob_that_is_turned_after_a_prediction_counts_in_the_next(rng):
    network, x = Network([LeakyReLU(0.1)], (3,)), -np.ones((1, 3), np.float32)
    assert network.predict(x)[0, 0] == np.float32(-0.1)
    network.layers[0].negative_slope = 0.9
    assert network.predict(x)[0, 0] == network.forward(x)[0, 0] == np.float32(-0.9)


def test_layers_of_another_network_are_refused_and_keep_their_weights():
    first = small()
    before = first.get_weights()
    with pytest.raises(ValueError, match=r"Conv2D.* has weights already"):
        Network(first.layers, (11, 9, 2))
    for name, array in first.get_weights().items():
        assert_array_equal(array, before[name])


def test_layers_that_did_not_fit_can_be_used_again():
    layers = [Conv2D(4, 3), Flatten(), Dense(2), Conv2D(3, 3)]
    with pytest.raises(ValueError, match="layer 3"):
        Network(layers, (8, 8, 1))
    assert Network(layers[:3], (6, 6, 1)).shapes[-1] == (2,)


def test_a_copy_of_a_network_is_on_its_own(rng):
    network, x = small(), rng.random((4, 11, 9, 2), np.float32)
    expected = network.predict(x)
    twin = copy.deepcopy(network)
    twin.params["dense_6/bias"][...] = 5
    assert_array_equal(network.predict(x), expected)
    assert_allclose(twin.predict(x), expected + 5, rtol=1e-5)


def test_two_threads_may_predict_with_one_network(rng):
    network, x = small(), rng.random((8, 40, 11, 9, 2), np.float32)
    expected = [network.predict(part) for part in x]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            for ours, theirs in zip(pool.map(network.predict, x), expected):
                assert_array_equal(ours, theirs)


def test_weights_that_are_no_numbers_change_nothing():
    network = small()
    weights = {**network.get_weights(), "dense_6/bias": np.array(["a"] * 5)}
    weights["conv2d_0/kernel"] *= 0
    with pytest.raises(ValueError, match=r"dense_6/bias has shape .* and dtype <U1, but real numbers"):
        network.set_weights(weights)
    assert network.params["conv2d_0/kernel"].any()


def test_a_layer_of_ones_own_does_not_come_back_as_ours_of_the_same_name(tmp_path):
    class ReLU(Layer):
        def function(self, x):
            return x + 7, None

    Network([ReLU()], (3,)).save(tmp_path / "net.npz")
    with pytest.raises(ValueError, match=r"holds a layer '.*ReLU'"):
        Network.load(tmp_path / "net.npz")


def test_two_dropout_layers_draw_different_masks_which_depend_on_the_seed():
    def kept(seed):
        network = Network([Dropout(0.5), Dropout(0.5)], (10_000,), seed=seed)
        return network.forward(np.ones((1, 10_000), np.float32), training=True) > 0

    assert kept(0).mean() == pytest.approx(0.25, abs=0.03)
    assert_array_equal(kept(0), kept(0))
    assert not np.array_equal(kept(0), kept(1))


def test_on_no_images_there_is_no_accuracy():
    assert small().evaluate(np.zeros((0, 11, 9, 2), np.float32), np.zeros(0, int)) == (0.0, None)
