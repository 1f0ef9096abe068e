"""There and back: the same layers, the same weights, the same numbers; and no TensorFlow where none was asked for."""

import keras
import numpy as np
import pytest
from keras import layers as k
from numpy.testing import assert_allclose, assert_array_equal

from cnncourse import layers as c
from cnncourse.keras_bridge import ACTIVATIONS, KNOBS, from_keras, gelu, to_keras
from cnncourse.network import Network

CASES = [
    ([c.Conv1D(4, 3, stride=2, padding="same")], (9, 3)),
    ([c.Conv1D(4, 2, dilation=3, padding=((2, 1),), use_bias=False)], (9, 3)),
    ([c.Conv2D(4, 3)], (6, 7, 2)),
    ([c.Conv2D(4, (2, 3), stride=(2, 2), padding="same")], (7, 6, 3)),
    ([c.Conv2D(4, 3, padding=1, stride=2)], (6, 7, 3)),
    ([c.Conv2D(4, 3, padding=((0, 2), (1, 3)), use_bias=False)], (6, 7, 3)),
    ([c.Conv2D(4, (3, 2), dilation=2, padding="full")], (4, 5, 3)),
    ([c.Conv2D(6, 3, groups=3, padding=0)], (5, 6, 3)),
    ([c.Conv3D(2, (2, 3, 1), padding=((1, 0), (0, 0), (2, 1)))], (4, 5, 3, 2)),
    ([c.Conv3D(2, 2, stride=2, padding="same")], (3, 4, 5, 2)),
    ([c.DepthwiseConv2D((3, 2), stride=2, padding="same", depth_multiplier=2)], (7, 6, 3)),
    ([c.DepthwiseConv2D(3, dilation=2, use_bias=False)], (7, 6, 3)),
    ([c.SeparableConv2D(5, (2, 3), depth_multiplier=2, padding="same")], (6, 5, 3)),
    ([c.Conv2DTranspose(4, 3, stride=2, padding="same")], (4, 5, 3)),
    ([c.Conv2DTranspose(4, (2, 3), stride=(3, 2), use_bias=False)], (4, 5, 3)),
    ([c.MaxPooling2D()], (5, 6, 2)),
    ([c.MaxPooling2D(3, stride=2, padding="same")], (5, 6, 2)),
    ([c.AveragePooling2D((2, 3), stride=1, padding="same")], (5, 6, 2)),
    ([c.AdaptiveMaxPooling2D((2, 3))], (5, 7, 2)),
    ([c.AdaptiveAveragePooling2D((2, 3))], (5, 7, 2)),
    ([c.GlobalMaxPooling2D()], (4, 5, 3)),
    ([c.GlobalAveragePooling2D()], (4, 5, 3)),
    ([c.Flatten(), c.Dense(4)], (3, 4, 2)),
    ([c.Dense(3, use_bias=False)], (5,)),
    ([c.Dropout(0.3), c.SpatialDropout2D(0.2)], (3, 4, 2)),
    ([c.BatchNormalization(epsilon=1e-2, momentum=0.8)], (3, 4, 5)),
    ([c.BatchNormalization()], (6,)),
    ([c.LayerNormalization(epsilon=1e-2)], (3, 4, 5)),
    ([c.GroupNormalization(groups=2, epsilon=1e-2)], (3, 4, 6)),
    ([c.LeakyReLU(0.25), c.ELU(0.75)], (3, 4, 5)),  # TensorFlow keeps the slope in float32 whatever the images are
    ([c.ReLU()], (7,)),
    ([c.Sigmoid(), c.Tanh()], (3, 4, 5)),
    ([c.Softmax()], (3, 4, 5)),
    ([c.GELU(), c.SiLU()], (3, 4, 5)),
    (
        [
            c.Conv2D(4, 3, padding=1), c.BatchNormalization(), c.ReLU(), c.MaxPooling2D(), c.DepthwiseConv2D(3),
            c.GELU(), c.Flatten(), c.Dropout(0.5), c.Dense(5), c.Softmax(),
        ],
        (8, 7, 2),
    ),
]  # fmt: skip

every_network = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}{case[1]}")


def make(case, rng, dtype):
    """A network of new layers with random weights and statistics."""
    layers, shape = case
    network = Network([type(layer)(**layer.config()) for layer in layers], shape, dtype=dtype)
    network.set_weights({name: rng.uniform(0.2, 1.5, a.shape) for name, a in network.get_weights().items()})
    return network


def sequential(shape, *layers):
    """A Keras model with random weights."""
    model, rng = keras.Sequential([keras.Input(shape), *layers]), np.random.default_rng(5)
    for variable in model.weights:
        variable.assign(rng.uniform(0.2, 1.5, variable.shape))
    return model


def test_every_layer_but_one_has_a_counterpart_and_is_tested():
    assert {layer.__name__ for layer in {**KNOBS, **ACTIVATIONS}} == set(c.__all__) - {
        "Layer",
        "LocalResponseNormalization",
    }
    assert {type(layer) for layers, _ in CASES for layer in layers} == KNOBS.keys() | ACTIVATIONS.keys()


@every_network
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 1e-5), (np.float64, 1e-9)])
def test_there_and_back_the_numbers_are_the_same(case, dtype, close, rng):
    network = make(case, rng, dtype)
    model = to_keras(network)
    again = from_keras(model)
    x = rng.standard_normal((3, *case[1])).astype(dtype)
    y = network.predict(x)
    there = np.asarray(model(x, training=False))
    assert there.dtype == y.dtype == dtype
    assert_allclose(there, y, rtol=close, atol=close)
    assert_allclose(again.predict(x), y, rtol=close, atol=close)
    assert [type(layer) for layer in again.layers] == [type(layer) for layer in network.layers]
    assert again.get_weights().keys() == network.get_weights().keys()
    for name, array in network.get_weights().items():
        assert_array_equal(again.get_weights()[name], array)
        assert again.get_weights()[name].dtype == dtype


@every_network
def test_the_knobs_come_back(case, rng):
    network = make(case, rng, np.float32)
    for before, after in zip(network.layers, from_keras(to_keras(network)).layers):
        for name, value in before.config().items():
            if name not in ("padding", "initialiser"):  # paddings come back as pairs; weights are there already
                assert getattr(after, name) == pytest.approx(value), name


def test_weights_are_copies_on_both_ways(rng):
    network = make(([c.Dense(3)], (4,)), rng, np.float32)
    model = to_keras(network)
    again = from_keras(model)
    before = model.get_weights()[0].copy()
    network.layers[0].params["kernel"][...] = 0
    again.layers[0].params["kernel"][...] = 0
    assert_array_equal(model.get_weights()[0], before)


def test_a_model_trained_in_keras_predicts_the_same_here(rng):
    model = sequential((8, 7, 1), k.Conv2D(4, 3, activation="relu"), k.BatchNormalization(), k.Flatten(), k.Dense(3))
    x, y = rng.random((64, 8, 7, 1), np.float32), rng.integers(0, 3, 64)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x, y, epochs=2, verbose=0)
    assert_allclose(from_keras(model).predict(x), model.predict(x, verbose=0), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh", "softmax", "silu", "swish"])
@pytest.mark.parametrize(
    "layer", [lambda name: k.Conv2D(4, 3, activation=name), k.Activation], ids=["argument", "layer"]
)
def test_activations_become_layers_of_their_own(name, layer, rng):
    model = sequential((5, 6, 2), layer(name))
    x = rng.standard_normal((2, 5, 6, 2)).astype(np.float32)
    network = from_keras(model)
    assert_allclose(network.predict(x), model(x), rtol=1e-5, atol=1e-5)
    assert type(network.layers[-1]).__name__.lower() == name.replace("swish", "silu")


@pytest.mark.parametrize(
    "layers",
    [
        [k.ReLU()],
        [k.Dense(3, activation="linear")],
        [k.ZeroPadding2D(((1, 0), (2, 3))), k.Conv2D(3, 3, activation="relu")],
        [k.Conv2DTranspose(2, 2, strides=3)],
        [k.BatchNormalization(axis=3)],
        [k.LayerNormalization(axis=[3])],
    ],
    ids=str,
)
def test_other_ways_to_say_it_in_keras_are_understood(layers, rng):
    shape = (4,) if isinstance(layers[0], k.Dense) else (5, 6, 2)
    model, x = sequential(shape, *layers), rng.standard_normal((2, *shape)).astype(np.float32)
    assert_allclose(from_keras(model).predict(x), model(x), rtol=1e-5, atol=1e-5)


def test_our_gelu_survives_a_keras_file(tmp_path, rng):
    network = make(([c.Dense(4), c.GELU()], (3,)), rng, np.float32)
    to_keras(network).save(tmp_path / "model.keras")
    model, x = keras.models.load_model(tmp_path / "model.keras"), rng.standard_normal((50, 3)).astype(np.float32)
    assert model.layers[-1].activation is gelu
    assert_allclose(model(x), network.predict(x), rtol=1e-5, atol=1e-6)
    assert_allclose(from_keras(model).predict(x), network.predict(x), rtol=1e-6)
    assert np.abs(keras.activations.gelu(x) - gelu(x)).max() > 1e-4  # the exact one is another function


# --- refusals --------------------------------------------------------------------------------------------------------


def functional():
    x = keras.Input((4,))
    return keras.Model(x, k.Dense(2)(x))


def padded(*layers):
    return sequential((5, 6, 2), k.ZeroPadding2D(1), *layers)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (functional, "a Sequential model with a known input shape is needed, but <Functional"),
        (lambda: keras.Sequential([k.Dense(2)]), "known input shape is needed, but <Sequential .*built=False"),
        (lambda: "model.keras", "is needed, but 'model.keras' came"),
        (lambda: sequential((None, None, 3), k.Conv2D(2, 3)), "input_shape is None"),
        (lambda: sequential((4,), k.Embedding(5, 2)), "'embedding.*', a Embedding, has no counterpart"),
        (lambda: sequential((4,), keras.Sequential([k.Dense(2)])), "a Sequential, has no counterpart"),
        (lambda: sequential((4,), k.ReLU(max_value=6)), "a ReLU, has no counterpart"),
        (lambda: sequential((4,), k.Dense(2, activation="gelu")), "exact GELU; .*keras_bridge.gelu is ours"),
        (lambda: sequential((4,), k.Activation("gelu")), "'gelu' .the exact GELU"),
        (lambda: sequential((4,), k.Dense(2, activation="elu")), "'dense.*' has the activation 'elu', which has no"),
        (lambda: sequential((5, 6, 4), k.Dense(2)), r"takes \(N, D\)"),
        (lambda: sequential((9, 2), k.Conv1D(2, 3, padding="causal")), "padding is 'causal', but one of"),
        (lambda: sequential((5, 6, 4), k.MaxPooling2D(data_format="channels_first")), "data_format='channels_first'"),
        (
            lambda: sequential((5, 6, 4), k.ZeroPadding2D(1, data_format="channels_first"), k.Conv2D(2, 3)),
            "'zero_padding2d.*' has data_format='channels_first', but only 'channels_last' has a counterpart",
        ),
        (lambda: sequential((4, 6, 4), k.BatchNormalization(axis=1)), r"axis=\[1\], but only the last axis, 3, has"),
        (lambda: sequential((4, 6, 4), k.LayerNormalization(axis=1)), r"axis=\[1\]"),
        (lambda: sequential((4, 6, 4), k.LayerNormalization(axis=(2, 3))), r"axis=\[2, 3\]"),
        (lambda: sequential((4, 6, 4), k.GroupNormalization(2, axis=1)), r"axis=\[1\]"),
        (lambda: sequential((4,), k.BatchNormalization(scale=False)), "4 arrays of weights here, but 3 in Keras"),
        (lambda: sequential((5, 6, 4), k.GlobalMaxPooling2D(keepdims=True)), "keepdims=True, but only False has"),
        (
            lambda: sequential((5, 6, 4), k.Conv2DTranspose(2, 3, strides=2, output_padding=1)),
            r"output_padding=\(1, 1\), but only None",
        ),
        (lambda: padded(k.ReLU()), "stands after zero padding: a convolution with padding 'valid' is needed"),
        (lambda: padded(k.MaxPooling2D()), "stands after zero padding"),
        (lambda: padded(k.Conv2D(2, 3, padding="same")), "'conv2d.*' stands after zero padding"),
        (lambda: padded(k.ZeroPadding2D(2), k.Conv2D(2, 3)), "a ZeroPadding2D, has no counterpart"),
        (lambda: padded(k.Conv2D(2, 3), k.ZeroPadding2D(2)), "the model ends with zero padding"),
    ],
)  # fmt: skip
def test_what_has_no_counterpart_here_is_refused(model, words):
    with pytest.raises(ValueError, match=words):
        from_keras(model())


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (c.LocalResponseNormalization(), r"LocalResponseNormalization\(.*\) has no counterpart in Keras"),
        (c.AveragePooling2D(3, padding=1), r"AveragePooling2D\(.*\): Keras knows 'valid' and 'same' alone"),
        (c.MaxPooling2D(2, padding=((0, 1), (0, 1))), "Keras knows 'valid' and 'same' alone"),
        (c.Conv2DTranspose(2, 3, padding=1), "Keras knows 'valid' and 'same' alone"),
        (c.DepthwiseConv2D(3, padding="full"), "Keras knows 'valid' and 'same' alone"),
        (c.Conv2D(2, 3, stride=2, dilation=2), "`strides > 1` not supported in conjunction with `dilation_rate > 1`"),
    ],
    ids=str,
)
def test_what_has_no_counterpart_in_keras_is_refused(layer, words):
    with pytest.raises(ValueError, match=words):
        to_keras(Network([layer], (8, 9, 2)))


def test_a_layer_of_ones_own_has_no_counterpart():
    class Twice(c.Layer):
        def function(self, x):
            return 2 * x, None

    with pytest.raises(ValueError, match=r"Twice.* has no counterpart in Keras"):
        to_keras(Network([Twice()], (3,)))
