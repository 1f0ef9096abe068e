"""Loss scaling: what float16 loses, that a scale saves it, and that the scale is found as Keras finds it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cnncourse.data import mnist, stratified_subset
from cnncourse.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Layer, MaxPooling2D, ReLU
from cnncourse.losses import CrossEntropy
from cnncourse.network import Network
from cnncourse.training import SGD, Adam, LossScaleOptimizer, half_gradients, to_half


def test_half_rounds_to_11_bits_and_knows_nothing_below_2_to_the_minus_25_or_above_65519():
    x = np.array([1 + 2**-10, 1 + 2**-12, 2.0**-24, 2.0**-25, 65504.0, 65520.0, -1e9])
    assert_array_equal(to_half(x), [1 + 2**-10, 1, 2.0**-24, 0, 65504, np.inf, -np.inf])
    assert to_half(np.float32([0.1])).dtype == np.float32


def network(seed=0):
    layers = [Conv2D(8, 3), BatchNormalization(), ReLU(), MaxPooling2D(3), Dropout(0.2), Flatten(), Dense(10)]
    return Network(layers, (14, 14, 1), seed=seed)


@pytest.fixture(scope="module")
def digits():
    data = mnist()
    few = stratified_subset(data.x_train, data.y_train, per_class=8)
    return few.x[:, ::2, ::2], few.y


def plainly(net, x, y):
    loss = CrossEntropy()
    value, cache = loss.forward(net.forward(x, training=True), y)
    net.backward(loss.backward(cache))
    return value, net.grads


def test_the_gradients_are_those_of_float32_to_the_precision_of_float16(digits):
    whole, half = network(), network()
    expected, grads = plainly(whole, *digits)
    value, found = half_gradients(half, *digits, scale=1024.0)
    assert value == pytest.approx(expected, rel=2e-3)
    for name, grad in grads.items():
        assert found[name].dtype == np.float32
        assert_array_equal(found[name], to_half(found[name]))
        scale = np.abs(grad).max()
        # A convolution's bias before batch normalisation has gradient 0 but for rounding
        if name != "conv2d_0/bias":
            assert_allclose(found[name] / 1024, grad, atol=0.05 * scale)


def test_what_goes_from_layer_to_layer_is_rounded_on_the_way_up_and_on_the_way_down(rng):
    seen = []

    class Watch(Layer):
        def function(self, x):
            seen.append(x)
            return x, True

        def gradient(self, dy, cache):
            seen.append(dy)
            return dy

    net = Network([Watch(), Dense(5), Watch(), Dense(4), Watch()], (3,))
    half_gradients(net, rng.standard_normal((6, 3)).astype(np.float32), rng.integers(0, 4, 6))
    assert len(seen) == 6
    for numbers in seen:
        assert_array_equal(numbers, to_half(numbers))


def test_the_weights_themselves_stay_as_they_are_and_the_statistics_move(digits):
    net = network()
    before = net.get_weights()
    half_gradients(net, *digits)
    for name, array in net.params.items():
        assert_array_equal(array, before[name])
    assert not np.array_equal(net.state["batchnormalization_1/mean"], before["batchnormalization_1/mean"])


def test_a_scale_moves_small_gradients_into_the_range_of_float16():
    grads = np.logspace(-10, -3, 7001)
    assert np.mean(to_half(grads) == 0) == pytest.approx((10 + np.log10(2.0**-25)) / 7, abs=0.001)
    scaled = to_half(2.0**15 * grads) / 2.0**15
    assert (scaled > 0).all()
    assert_allclose(scaled[grads > 1e-8], grads[grads > 1e-8], rtol=1e-3)


def test_a_training_in_float16_needs_the_scale():
    x, y = np.zeros((2000, 4), np.float32), np.zeros(2000, int)
    x[0] = 1e-4
    ends = {}
    for scale in (1.0, 2.0**12):
        net = Network([Dense(2, use_bias=False)], (4,))
        before = net.get_weights()["dense_0/kernel"]
        optimiser = LossScaleOptimizer(SGD(1e5), initial_scale=scale)
        for _ in range(5):
            optimiser.step(net.params, half_gradients(net, x, y, scale=optimiser.scale)[1])
        ends[scale] = np.abs(net.params["dense_0/kernel"] - before).max()
    assert ends[1.0] == 0
    assert ends[2.0**12] == pytest.approx(5 * 1e5 * 1e-4 * 0.5 / 2000, rel=0.02)


def test_steps_too_small_for_a_float16_add_up_in_the_master_copy():
    master, half = {"w": np.float32([1.0])}, {"w": np.float16([1.0])}
    for _ in range(100):
        SGD(1e-4).step(master, {"w": np.float32([1.0])})
        SGD(1e-4).step(half, {"w": np.float16([1.0])})
    assert master["w"] == pytest.approx(0.99, rel=1e-5)
    assert half["w"] == 1  # the nearest float16 below 1 is 5e-4 away


def test_training_in_float16_with_a_scale_learns_as_well_as_in_float32(digits):
    losses = {"at the start": plainly(network(), *digits)[0]}
    for name, gradients in (("float32", plainly), ("float16", half_gradients)):
        net, optimiser = network(), LossScaleOptimizer(Adam(0.01), dynamic_growth_steps=5)
        for _ in range(25):
            if name == "float16":
                value, grads = gradients(net, *digits, scale=optimiser.scale)
            else:
                value, grads = gradients(net, *digits)
                grads = {key: grad * optimiser.scale for key, grad in grads.items()}
            optimiser.step(net.params, grads)
        losses[name] = value
    assert losses["float16"] == pytest.approx(losses["float32"], rel=0.2)
    assert losses["float16"] < 0.8 < losses["at the start"]


def test_too_large_a_scale_overflows_and_the_step_is_left_out(digits):
    net, optimiser = network(), LossScaleOptimizer(SGD(0.1), initial_scale=2.0**30)
    before = net.get_weights()
    moved = []
    while not moved or not moved[-1]:
        assert all(np.array_equal(array, before[name]) for name, array in net.params.items())
        moved.append(optimiser.step(net.params, half_gradients(net, *digits, scale=optimiser.scale)[1]))
    assert len(moved) > 3
    assert optimiser.scale == 2.0 ** (30 - (len(moved) - 1))
    assert optimiser.inner_optimizer.steps == 1


def test_keras_finds_the_same_scales_and_the_same_weights(rng):
    import keras

    ours = LossScaleOptimizer(SGD(0.1), initial_scale=64.0, dynamic_growth_steps=3)
    theirs = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1), initial_scale=64.0, dynamic_growth_steps=3)
    params, variable = {"w": np.ones(3, np.float32)}, keras.Variable(np.ones(3, np.float32))
    theirs.build([variable])
    for step in range(14):
        grad = (ours.scale * rng.standard_normal(3)).astype(np.float32)
        if step in (2, 9, 10):
            grad[1] = (np.inf, np.nan)[step % 2]
        assert ours.step(params, {"w": grad}) is (step not in (2, 9, 10))
        theirs.apply([keras.ops.convert_to_tensor(grad)], [variable])
        assert ours.scale == float(theirs.dynamic_scale)
        assert_allclose(params["w"], np.asarray(variable), rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: LossScaleOptimizer(0.1), "inner_optimizer is 0.1, but an optimiser is needed"),
        (lambda: LossScaleOptimizer(SGD(), initial_scale=0), "initial_scale is 0"),
        (lambda: LossScaleOptimizer(SGD(), dynamic_growth_steps=0), "dynamic_growth_steps is 0"),
        (lambda: half_gradients(network(), np.zeros((1, 14, 14, 1), np.float32), [0], scale=-1), "scale is -1"),
    ],
)
def test_a_bad_argument_is_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()
