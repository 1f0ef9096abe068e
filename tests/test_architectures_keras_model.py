"""The Keras models: as large as the specs say, alive, and the same function as Keras' own networks."""

import re

import keras
import numpy as np
import pytest
from networks import UNSEEN, with_word
from numpy.testing import assert_allclose

from cnncourse.architectures import build, count, named, read
from cnncourse.architectures.keras_model import to_keras
from cnncourse.architectures.vocabulary import WORDS
from cnncourse.normalisation import local_response_norm

FAMILIES = {  # name -> (size of the images, settings): small, so that all of them take a step in a minute
    "LeNet-5 1998": (32, {}),
    "AlexNet 2012": (67, {}),
    "VGG-11": (32, {}),
    "NiN": (67, {}),
    "GoogLeNet": (128, {}),
    "Inception-v3": (75, {}),
    "ResNet-18": (32, {}),
    "ResNet-50": (32, {"n2": 1, "n3": 1, "n4": 1, "n5": 1}),
    "ResNet-50 v2": (32, {"n2": 2, "n3": 2, "n4": 2, "n5": 2}),
    "SE-ResNet-50": (32, {"n2": 1, "n3": 1, "n4": 1, "n5": 1}),
    "ResNeXt-50": (32, {"n2": 1, "n3": 1, "n4": 1, "n5": 1}),
    "DenseNet-121": (32, {"n1": 2, "n2": 2, "n3": 2, "n4": 2}),
    "MobileNet v1": (32, {"width": 0.5}),
    "MobileNet v2": (32, {"width": 0.5}),
    "MobileNet v3 small": (32, {}),
    "ShuffleNet v1": (64, {}),
    "EfficientNet-B0": (32, {"depth": 0.5}),
    "ConvNeXt-T": (32, {"n1": 1, "n2": 1, "n3": 1, "n4": 1}),
    "ViT-Ti": (32, {"layers": 2}),
    "SqueezeNet 1.1": (64, {}),
}


def held_to_its_graph(model, graph):
    """The model has the numbers and the shapes of its graph."""
    total = count(graph)
    assert sum(weight.shape.num_elements() for weight in model.trainable_weights) == total.trainable
    assert model.count_params() == total.parameters
    layers = {layer.name: layer for layer in model.layers}
    shown = [node for node in graph if node.name in layers]
    assert len(shown) > 0.9 * len(graph.nodes)
    for node in shown:
        assert layers[node.name].output.shape[1:] == node.shape, node


def takes_a_step(model, graph, rng):
    """Forward, and a step of training that is long enough to change every weight; the paths of those that stayed."""
    for weight in model.trainable_weights:
        if weight.path.endswith("factor"):
            weight.assign(np.ones(weight.shape))  # ConvNeXt's start at a millionth: the steps behind them would be lost
    x = rng.random((4, *graph.input.shape), np.float32)
    outputs = model(x, training=False)
    several = isinstance(outputs, list)
    for output, name in zip(outputs if several else [outputs], graph.outputs.values()):
        assert output.shape == (4, *graph.nodes[name].shape)
        assert np.isfinite(np.asarray(output)).all()
    before = [weight.numpy().copy() for weight in model.trainable_weights]
    model.compile(keras.optimizers.SGD(1000.0), "mse", run_eagerly=True)
    targets = [rng.random(output.shape, np.float32) for output in (outputs if several else [outputs])]
    model.train_on_batch(x, targets if several else targets[0])
    return [w.path for was, w in zip(before, model.trainable_weights) if np.array_equal(was, w.numpy())]


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_one_network_of_each_family_runs_and_takes_a_step_of_training(name, rng):
    size, settings = FAMILIES[name]
    graph = build(named(name), size, **settings)
    model = to_keras(graph)
    held_to_its_graph(model, graph)
    assert takes_a_step(model, graph, rng) == []
    keras.backend.clear_session()


def test_a_network_that_nobody_has_seen_runs_and_takes_a_step_of_training(rng):
    graph = build(read(UNSEEN))
    model = to_keras(graph)
    held_to_its_graph(model, graph)
    assert takes_a_step(model, graph, rng) == []


def test_every_word_of_the_vocabulary_has_a_layer(rng):
    for name in WORDS:
        graph = with_word(name)
        model = to_keras(graph)
        assert model.output_shape[1:] == graph.output.shape
        assert model.count_params() == count(graph).parameters
        assert np.isfinite(np.asarray(model(rng.random((2, 6, 5, 4), np.float32)))).all()


def model_of(rows, shape="5 6 4"):
    return to_keras(build(read(f"network N\ninput {shape}\n{rows}")))


def test_a_shuffle_deals_the_channels_out_as_cards():
    x = np.broadcast_to(np.arange(6.0, dtype=np.float32), (1, 2, 2, 6))
    shuffled = np.asarray(model_of("shuffle 2", "2 2 6")(x))
    assert shuffled[0, 1, 0].tolist() == [0, 3, 1, 4, 2, 5]


def test_a_padded_maximum_never_takes_a_zero_from_outside():
    y = np.asarray(model_of("max_pool 3x3 stride=2 padding=1")(-np.ones((1, 5, 6, 4), np.float32)))
    assert (y == -1).all()


def test_local_response_normalisation_is_that_of_the_course(rng):
    x = rng.normal(0, 3, (2, 5, 6, 4)).astype(np.float32)
    y, _ = local_response_norm(x, 3, bias=1.5, alpha=0.2, beta=0.6)
    model = model_of("local_response_norm 3 bias=1.5 alpha=0.2 beta=0.6")
    assert_allclose(np.asarray(model(x)), y, rtol=1e-5)


def test_a_sparse_convolution_is_a_convolution_with_zeros_where_no_map_is_read(rng):
    x = rng.random((2, 5, 6, 4), np.float32)
    model = model_of("sparse_conv 3x3 maps=013,2 padding=valid")
    whole = keras.Sequential([keras.Input((5, 6, 4)), keras.layers.Conv2D(2, 3)])
    kernel, bias = np.zeros((3, 3, 4, 2), np.float32), rng.random(2, np.float32)
    arrays = [rng.random(weight.shape, np.float32) for weight in model.weights]
    kernel[:, :, [0, 1, 3], 0:1], kernel[:, :, [2], 1:2] = arrays[0], arrays[2]
    model.set_weights([arrays[0], bias[:1], arrays[2], bias[1:]])
    whole.set_weights([kernel, bias])
    assert_allclose(np.asarray(model(x)), np.asarray(whole(x)), atol=1e-5)


def test_a_model_with_layers_of_our_own_is_saved_and_comes_back(tmp_path, rng):
    graph = build(named("ViT-Ti"), 32, layers=1)
    model = to_keras(graph)
    model.save(tmp_path / "vit.keras")
    x = rng.random((2, 32, 32, 3), np.float32)
    assert_allclose(np.asarray(keras.models.load_model(tmp_path / "vit.keras")(x)), np.asarray(model(x)), atol=1e-6)


# --- the same function ------------------------------------------------------------------------------------------------

A = keras.applications
SAME = {  # name -> (settings, what makes Keras' own model)
    "VGG-16": ({}, lambda shape: A.VGG16(weights=None, input_shape=shape)),
    "ResNet-50": ({"bias": True}, lambda shape: A.ResNet50(weights=None, input_shape=shape)),
    "ResNet-50 v2": ({}, lambda shape: A.ResNet50V2(weights=None, input_shape=shape)),
    "DenseNet-121": ({}, lambda shape: A.DenseNet121(weights=None, input_shape=shape)),
    "Inception-v3": ({}, lambda shape: A.InceptionV3(weights=None, input_shape=shape)),
    "MobileNet v1": ({"width": 0.5}, lambda shape: A.MobileNet(weights=None, alpha=0.5, input_shape=shape)),
    "MobileNet v2": ({"width": 0.5}, lambda shape: A.MobileNetV2(weights=None, alpha=0.5, input_shape=shape)),
    "MobileNet v3 small": (
        {},
        lambda shape: A.MobileNetV3Small(weights=None, include_preprocessing=False, input_shape=shape),
    ),
    "EfficientNet-B0": ({}, lambda shape: A.EfficientNetB0(weights=None, input_shape=shape)),
}


def weighted(model):
    """The layers with weights, in the order of our rows: Keras makes the shortcut of a block, its part 0, first."""
    layers = [one for one in model.layers if one.weights and not isinstance(one, keras.layers.Normalization)]
    names = [layer.name for layer in layers]
    for layer in layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.epsilon = 1e-3  # which each implementation chooses for itself

    def place(layer):
        block = re.match(r"conv\d_block\d+(?=_)", layer.name)
        if not block or f"{block[0]}_0_conv" not in names:
            return names.index(layer.name), 0
        first = next(i for i, name in enumerate(names) if name.startswith(f"{block[0]}_"))
        part = re.search(r"_(\d)_(?:conv|bn)$", layer.name)
        return first, int(part[1]) or 9 if part else 0

    return sorted(layers, key=place)


@pytest.mark.slow
@pytest.mark.parametrize("name", SAME)
def test_a_model_with_the_weights_of_the_one_of_keras_gives_the_same_numbers(name, rng):
    settings, make = SAME[name]
    keras.utils.set_random_seed(0)
    size = 75 if name == "Inception-v3" else 32
    there, here = make((size, size, 3)), to_keras(build(named(name), size, **settings))
    left = weighted(there)
    for layer in left:  # random statistics too, so that every number matters
        arrays = [np.abs(w) + 0.5 if w.ndim == 1 else w for w in layer.get_weights()]
        layer.set_weights([w * rng.uniform(0.5, 1.5, w.shape) for w in arrays])
    for layer in weighted(here):
        shapes = [w.size for w in layer.get_weights()]
        match = next(one for one in left if [w.size for w in one.get_weights()] == shapes)
        left.remove(match)
        layer.set_weights([w.reshape(own.shape) for w, own in zip(match.get_weights(), layer.get_weights())])
    assert left == []
    x = rng.random((2, size, size, 3), np.float32)
    expected = np.asarray(there(255 * x if "Efficient" in name else x, training=False))
    assert expected.std() > 1e-6
    # next to the largest number, the smallest ones are rounding
    assert_allclose(np.asarray(here(x, training=False)), expected, rtol=1e-3, atol=1e-4 * expected.max())
    keras.backend.clear_session()
