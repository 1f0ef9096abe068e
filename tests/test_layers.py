"""Layers against the pure functions, slopes, Keras, and the promises that networks and replicas rely on."""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cnncourse import activations, convolution, layers, normalisation, pooling
from cnncourse.fast import Workspace
from cnncourse.gradients import check_gradients
from cnncourse.layers import (
    BatchNormalization,
    Conv2D,
    Conv2DTranspose,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GroupNormalization,
    MaxPooling2D,
    ReLU,
    SeparableConv2D,
    SpatialDropout2D,
)
from cnncourse.network import Network
from cnncourse.shapes import receptive_field

# the layer, its arguments, the shape of one image: nothing square, C != F, all three ways through the engine room
CASES = [
    ("Conv1D", {"filters": 4, "kernel_size": 3, "stride": 2, "padding": "same"}, (8, 3)),
    ("Conv1D", {"filters": 4, "kernel_size": 2, "dilation": 3, "groups": 2, "use_bias": False}, (9, 2)),
    ("Conv2D", {"filters": 4, "kernel_size": 3}, (6, 7, 2)),
    ("Conv2D", {"filters": 3, "kernel_size": 3, "padding": "same"}, (5, 6, 5)),
    ("Conv2D", {"filters": 3, "kernel_size": (2, 3), "use_bias": False}, (5, 6, 7)),
    ("Conv2D", {"filters": 3, "kernel_size": (5, 4), "padding": ((2, 0), (1, 3))}, (6, 5, 3)),
    ("Conv2D", {"filters": 2, "kernel_size": 1}, (3, 4, 33)),
    ("Conv2D", {"filters": 4, "kernel_size": (3, 2), "stride": (2, 3), "padding": 1}, (6, 8, 3)),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "dilation": (2, 1), "padding": "full"}, (4, 5, 3)),
    ("Conv2D", {"filters": 6, "kernel_size": 2, "groups": 2, "use_bias": False}, (4, 5, 4)),
    ("Conv3D", {"filters": 3, "kernel_size": (2, 1, 3), "stride": (1, 2, 1), "padding": "same"}, (3, 4, 5, 2)),
    ("DepthwiseConv2D", {"kernel_size": (3, 2), "stride": 2, "padding": "same", "depth_multiplier": 2}, (5, 6, 3)),
    ("SeparableConv2D", {"filters": 5, "kernel_size": 3, "depth_multiplier": 2, "dilation": 2}, (7, 6, 3)),
    ("SeparableConv2D", {"filters": 2, "kernel_size": 2, "use_bias": False, "padding": 1}, (3, 4, 3)),
    ("Conv2DTranspose", {"filters": 4, "kernel_size": 3, "stride": 2, "padding": "same"}, (3, 4, 2)),
    ("Conv2DTranspose", {"filters": 2, "kernel_size": (3, 2), "stride": (1, 3), "dilation": (2, 1)}, (6, 3, 3)),
    ("Conv2DTranspose", {"filters": 2, "kernel_size": 3, "padding": 1, "use_bias": False}, (4, 3, 3)),
    ("MaxPooling2D", {}, (5, 6, 3)),
    ("MaxPooling2D", {"pool_size": (2, 3)}, (4, 7, 2)),
    ("MaxPooling2D", {"pool_size": 3, "stride": 2}, (6, 7, 2)),
    ("MaxPooling2D", {"pool_size": 3, "stride": 2, "padding": "same"}, (6, 5, 2)),
    ("AveragePooling2D", {"pool_size": (3, 2), "stride": (1, 2), "padding": ((1, 0), (0, 1))}, (5, 4, 2)),
    ("GlobalMaxPooling2D", {}, (3, 5, 4)),
    ("GlobalAveragePooling2D", {}, (3, 5, 4)),
    ("AdaptiveMaxPooling2D", {"output_size": (2, 3)}, (5, 7, 2)),
    ("AdaptiveAveragePooling2D", {"output_size": (2, 3)}, (5, 7, 2)),
    ("Flatten", {}, (2, 3, 4)),
    ("Dense", {"units": 4}, (6,)),
    ("Dense", {"units": 3, "use_bias": False, "initialiser": "he_normal"}, (5,)),
    ("Dropout", {"rate": 0.4}, (3, 4, 2)),
    ("Dropout", {"rate": 0.0}, (7,)),
    ("SpatialDropout2D", {"rate": 0.4}, (3, 4, 6)),
    ("BatchNormalization", {"momentum": 0.9}, (3, 4, 5)),
    ("BatchNormalization", {"epsilon": 1e-5}, (6,)),
    ("LayerNormalization", {}, (3, 4, 5)),
    ("GroupNormalization", {"groups": 2}, (3, 4, 6)),
    ("LocalResponseNormalization", {"size": 3, "alpha": 0.1}, (3, 2, 5)),
    ("ReLU", {}, (3, 4, 5)),
    ("ReLU", {}, (7,)),
    ("LeakyReLU", {"negative_slope": 0.2}, (3, 4, 5)),
    ("ELU", {"alpha": 0.7}, (3, 4, 5)),
    ("Sigmoid", {}, (3, 4, 5)),
    ("Tanh", {}, (3, 4, 5)),
    ("Softmax", {}, (3, 4, 5)),
    ("GELU", {}, (7,)),
    ("SiLU", {}, (3, 4, 5)),
]


def _convolution(function, *names):
    def values(layer, x):
        weights = [layer.params.get(name) for name in (*names, "bias")]
        groups = [layer.groups] if hasattr(layer, "groups") else []
        return function(x, *weights, layer.stride, layer.padding, layer.dilation, *groups)

    return values


def _pooling(function):
    return lambda layer, x: function(x, layer.pool_size, layer.stride, layer.padding)


def _scaled(function, *names):
    return lambda layer, x: function(
        x, layer.params["gamma"], layer.params["beta"], *(getattr(layer, name) for name in names), layer.epsilon
    )


PURE = {  # what each layer computes in use, by the pure functions
    "Conv1D": _convolution(convolution.conv1d, "kernel"),
    "Conv2D": _convolution(convolution.conv2d, "kernel"),
    "Conv3D": _convolution(convolution.conv3d, "kernel"),
    "DepthwiseConv2D": _convolution(convolution.depthwise_conv2d, "kernel"),
    "SeparableConv2D": _convolution(convolution.separable_conv2d, "depthwise", "pointwise"),
    "Conv2DTranspose": _convolution(convolution.transposed_conv2d, "kernel"),
    "MaxPooling2D": _pooling(pooling.max_pool2d),
    "AveragePooling2D": _pooling(pooling.avg_pool2d),
    "GlobalMaxPooling2D": lambda layer, x: pooling.global_max_pool2d(x),
    "GlobalAveragePooling2D": lambda layer, x: pooling.global_avg_pool2d(x),
    "AdaptiveMaxPooling2D": lambda layer, x: pooling.adaptive_max_pool2d(x, layer.output_size),
    "AdaptiveAveragePooling2D": lambda layer, x: pooling.adaptive_avg_pool2d(x, layer.output_size),
    "Flatten": lambda layer, x: (np.array([image.ravel() for image in x]), None),
    "Dense": lambda layer, x: (np.einsum("nd,du->nu", x, layer.params["kernel"]) + layer.params.get("bias", 0), None),
    "Dropout": lambda layer, x: (x, None),
    "SpatialDropout2D": lambda layer, x: (x, None),
    "BatchNormalization": lambda layer, x: normalisation.batch_norm_inference(
        x, *layer.params.values(), *layer.state.values(), layer.epsilon
    ),
    "LayerNormalization": _scaled(normalisation.layer_norm),
    "GroupNormalization": _scaled(normalisation.group_norm, "groups"),
    "LocalResponseNormalization": lambda layer, x: normalisation.local_response_norm(
        x, layer.size, layer.bias, layer.alpha, layer.beta
    ),
    "ReLU": lambda layer, x: activations.relu(x),
    "LeakyReLU": lambda layer, x: activations.leaky_relu(x, layer.negative_slope),
    "ELU": lambda layer, x: activations.elu(x, layer.alpha),
    "Sigmoid": lambda layer, x: activations.sigmoid(x),
    "Tanh": lambda layer, x: activations.tanh(x),
    "Softmax": lambda layer, x: activations.softmax(x),
    "GELU": lambda layer, x: activations.gelu(x),
    "SiLU": lambda layer, x: activations.silu(x),
}


def label(case):
    name, knobs, shape = case
    return f"{name}{knobs or ''}{shape}"


def make(case, dtype=np.float64):
    """The layer with random weights and statistics, the same ones at each call."""
    name, knobs, shape = case
    rng, layer = np.random.default_rng(7), getattr(layers, name)(**knobs)
    layer.build(shape, rng, dtype)
    for array in layer.params.values():
        array[...] = rng.standard_normal(array.shape)
    for array in layer.state.values():
        array[...] = rng.uniform(0.5, 2, array.shape)
    return layer


every_layer = pytest.mark.parametrize("case", CASES, ids=label)
both_modes = pytest.mark.parametrize("training", [False, True], ids=["in use", "in training"])


def test_every_layer_there_is_is_tested():
    assert {name for name, *_ in CASES} | {"Layer"} == set(layers.__all__)
    assert PURE.keys() | {"Layer"} == set(layers.__all__)


# --- values ----------------------------------------------------------------------------------------------------------


@every_layer
@both_modes
def test_gradients_are_the_slopes(case, training, rng):
    report = check_gradients(make(case), rng.standard_normal((3, *case[2])), training=training, samples=25)
    assert report.ok, report
    assert report.comparisons[0].judged > 0


@every_layer
def test_the_values_are_those_of_the_pure_functions(case, rng):
    layer, x = make(case), rng.standard_normal((2, *case[2]))
    assert_allclose(layer.forward(x), PURE[case[0]](layer, x)[0], rtol=1e-11, atol=1e-11)


@every_layer
def test_the_output_has_the_announced_shape_for_images_of_other_sizes_too(case, rng):
    layer, (*size, channels) = make(case), case[2]
    sizes = [size, [n + 1 for n in size], [2 * n + k for k, n in enumerate(size)]]
    for other in [size] if isinstance(layer, Dense) else sizes:
        shape = (*other, channels)
        assert layer.forward(rng.standard_normal((2, *shape))).shape == (2, *layer.output_shape(shape))


@every_layer
@both_modes
def test_a_precision_is_kept(case, training, rng):
    for dtype in (np.float32, np.float64):
        layer = make(case, dtype)
        y = layer.forward(rng.standard_normal((2, *case[2])).astype(dtype), training)
        made = [y, layer.backward(y.copy()), *layer.grads.values(), *layer.params.values(), *layer.state.values()]
        assert {array.dtype for array in made} == {np.dtype(dtype)}


@every_layer
@both_modes
def test_images_in_any_memory_order_give_the_same_numbers(case, training, rng):
    x, results = rng.standard_normal((3, *case[2])), []
    y = make(case).forward(x)
    dy = rng.standard_normal(y.shape)

    def every_second(a):
        roomy = np.full([2 * n for n in a.shape], np.nan)
        roomy[tuple(slice(None, None, 2) for _ in a.shape)] = a
        return roomy[tuple(slice(None, None, 2) for _ in a.shape)]

    def columns_first(a):
        return np.ascontiguousarray(a.transpose(2, 0, 1, 3)).transpose(1, 2, 0, 3) if a.ndim == 4 else a

    def backwards(a):
        return a[::-1, ..., ::-1].copy()[::-1, ..., ::-1]

    for view in (np.ascontiguousarray, np.asfortranarray, every_second, columns_first, backwards):
        layer = make(case)
        results.append([layer.forward(view(x), training), layer.backward(view(dy)), *layer.grads.values()])
    for other in results[1:]:
        for one, same in zip(results[0], other):
            assert_allclose(same, one, rtol=1e-12, atol=1e-12)


@every_layer
def test_an_empty_batch_gives_an_empty_batch_and_gradients_of_nothing(case):
    layer = make(case)
    y = layer.forward(np.zeros((0, *case[2])))
    assert y.shape == (0, *layer.output_shape(case[2]))
    assert layer.backward(y.copy()).shape == (0, *case[2])
    assert not any(grad.any() for grad in layer.grads.values())


# --- manners ---------------------------------------------------------------------------------------------------------


@every_layer
@both_modes
def test_inputs_and_weights_come_back_unmodified_and_params_and_grads_have_the_same_keys(case, training, rng):
    layer, x = make(case), rng.standard_normal((2, *case[2]))
    y = layer.forward(x, training)
    dy = rng.standard_normal(y.shape)
    layer = make(case)
    given = [x, dy, *layer.params.values()]
    before = [array.copy() for array in given]
    layer.forward(x, training)
    layer.backward(dy)
    for now, then in zip(given, before):
        assert_array_equal(now, then)
    assert layer.params.keys() == layer.grads.keys()
    assert [a.shape for a in layer.params.values()] == [layer.grads[name].shape for name in layer.params]


@every_layer
@both_modes
def test_what_a_layer_has_returned_is_never_overwritten(case, training, rng):
    layer, kept = make(case), []
    for _ in range(2):
        x = rng.standard_normal((2, *case[2]))
        kept.append(layer.forward(x, training))
        for _ in range(2):  # a second look back from the same forward, as for the saliency of another class
            kept.append(layer.backward(rng.standard_normal(kept[0].shape)))
            kept.extend(layer.grads.values())
        copies = [array.copy() for array in kept]
    layer.backward(layer.forward(rng.standard_normal(x.shape), training))
    for array, copy in zip(kept, copies):
        assert_array_equal(array, copy)
    ours = [array for array in kept if not isinstance(layer, (Flatten, Dropout))]
    assert not any(np.shares_memory(a, b) for k, a in enumerate(ours) for b in ours[:k])


@every_layer
@both_modes
def test_a_replica_computes_the_same_with_nothing_left_over_and_grads_of_its_own(case, training, rng):
    layer = make(case)
    twin = layer.replica(Workspace())
    assert type(twin) is type(layer)
    for n in (2, 2, 3, 1, 2):
        layer.rng, twin.rng = np.random.default_rng(n), np.random.default_rng(n)
        x = rng.standard_normal((n, *case[2]))
        y = layer.forward(x, training)
        assert_allclose(twin.forward(x, training), y, rtol=1e-13, atol=1e-13)
        dy = rng.standard_normal(y.shape)
        expected = [layer.backward(dy), *layer.grads.values()]
        before = [array.copy() for array in expected]
        for ours, theirs in zip([twin.backward(dy), *(twin.grads[name] for name in layer.params)], expected):
            assert_allclose(ours, theirs, rtol=1e-13, atol=1e-13)
        for array, then in zip([expected[0], *layer.grads.values()], before):
            assert_array_equal(array, then)
        assert not any(twin.grads[name] is grad for name, grad in layer.grads.items())
    assert all(twin.params[name] is array for name, array in layer.params.items())
    assert all(twin.state[name] is array for name, array in layer.state.items())


@pytest.mark.parametrize("case", [case for case in CASES if len(case[2]) == 3], ids=label)
def test_a_replica_is_not_confused_by_images_of_another_width(case, rng):
    layer, (H, W, C) = make(case), case[2]
    twin = layer.replica(Workspace())
    for wider in (2, 1, 2, 0):
        x = rng.standard_normal((2, H, W + wider, C))
        y = layer.forward(x)
        assert_allclose(twin.forward(x), y, rtol=1e-13, atol=1e-13)
        dy = rng.standard_normal(y.shape)
        assert_allclose(twin.backward(dy), layer.backward(dy), rtol=1e-13, atol=1e-13)
        for name, grad in layer.grads.items():
            assert_allclose(twin.grads[name], grad, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("layer", [Conv2D(3, 3), MaxPooling2D(), ReLU()], ids=str)
def test_a_replica_works_in_the_same_memory_again(layer, rng):
    layer.build((6, 6, 2), rng)
    twin, x = layer.replica(Workspace()), rng.random((2, 6, 6, 2), np.float32)
    assert np.shares_memory(twin.forward(x), twin.forward(x))


@pytest.mark.parametrize("C", [1, 3, 40])
@pytest.mark.parametrize("kernel_size", [1, (1, 2), (1, 3)])
def test_one_image_of_one_row_is_convolved_like_any_other(C, kernel_size, rng):
    layer = make(("Conv2D", {"filters": 2, "kernel_size": kernel_size}, (1, 9, C)))
    x = rng.standard_normal((1, 1, 9, C))
    y, cache = PURE["Conv2D"](layer, x)
    assert_allclose(layer.forward(x), y, atol=1e-12)
    dy = rng.standard_normal(y.shape)
    dx, dw, db = convolution.conv_backward(dy, cache)
    assert_allclose(layer.backward(dy), dx, atol=1e-12)
    assert_allclose(layer.grads["kernel"], dw, atol=1e-12)
    assert_allclose(layer.grads["bias"], db, atol=1e-12)


def test_a_first_layer_in_training_leaves_the_gradient_of_the_data_out(rng):
    for case in [("Conv2D", {"filters": 2, "kernel_size": 3}, (5, 4, 2)), ("Dense", {"units": 2}, (3,))]:
        layer, first, x = make(case), make(case), rng.standard_normal((2, *case[2]))
        first.needs_dx = False
        dy = layer.forward(x) + first.forward(x)
        layer.backward(dy)
        assert first.backward(dy) is None
        for name, grad in layer.grads.items():
            assert_allclose(first.grads[name], grad, rtol=1e-13)


@every_layer
def test_its_config_makes_a_layer_again_also_through_json(case, rng):
    layer, x = make(case), rng.standard_normal((2, *case[2]))
    words = json.dumps(layer.config())
    again = type(layer)(**json.loads(words))
    assert json.dumps(again.config()) == words
    again.build(case[2], rng, np.float64)
    again.params, again.state = layer.params, layer.state
    assert_array_equal(again.forward(x), layer.forward(x))


# --- on paper --------------------------------------------------------------------------------------------------------


def _products(case):
    """How many products a layer without padding makes: with ones for all numbers, their sum counts them."""
    layer = make(case)
    layer.params.update({name: np.full_like(array, name != "bias") for name, array in layer.params.items()})
    return layer.forward(np.ones((1, *case[2]))).sum()


@pytest.mark.parametrize(
    "case",
    [
        ("Conv1D", {"filters": 4, "kernel_size": 3, "stride": 2}, (8, 3)),
        ("Conv2D", {"filters": 4, "kernel_size": (3, 2)}, (6, 7, 2)),
        ("Conv2D", {"filters": 6, "kernel_size": 3, "stride": (1, 2), "dilation": (2, 1), "groups": 3}, (8, 6, 3)),
        ("Conv3D", {"filters": 2, "kernel_size": (1, 2, 3)}, (3, 4, 5, 2)),
        ("DepthwiseConv2D", {"kernel_size": (3, 2), "stride": 2, "depth_multiplier": 2}, (5, 6, 3)),
        ("Conv2DTranspose", {"filters": 4, "kernel_size": (3, 2), "stride": (2, 1)}, (3, 4, 2)),
        ("Dense", {"units": 4}, (6,)),
    ],
    ids=label,
)
def test_macs_count_the_products(case):
    assert make(case).macs(case[2]) == _products(case)


def test_macs_of_a_separable_convolution_are_those_of_its_two_parts():
    looking = ("DepthwiseConv2D", {"kernel_size": (3, 2), "stride": 2, "depth_multiplier": 2}, (7, 6, 3))
    mixing = ("Conv2D", {"filters": 5, "kernel_size": 1}, (3, 3, 6))
    assert SeparableConv2D(5, (3, 2), stride=2, depth_multiplier=2).macs((7, 6, 3)) == _products(looking) + _products(
        mixing
    )


def test_products_with_padding_are_counted_and_layers_without_weights_cost_nothing():
    assert Conv2D(4, 3, padding="same").macs((5, 6, 2)) == Conv2D(4, 3).macs((7, 8, 2)) == 5 * 6 * 9 * 2 * 4
    free = [make(case) for case in CASES if "Conv" not in case[0] and case[0] != "Dense"]
    assert {layer.macs((4, 5, 6)) for layer in free} == {0}


def _influence(layer, shape, rng):
    """For each input pixel, the output pixels that change with it: {input pixel: array of bool}."""
    x = rng.standard_normal((1, *shape))
    y = layer.forward(x)
    changes = {}
    for pixel in np.ndindex(*shape[:-1]):
        nudged = x.copy()
        nudged[(0, *pixel)] += 100 + 10 * rng.random(shape[-1])  # enough to become the maximum
        changes[pixel] = (layer.forward(nudged) != y)[0].any(axis=-1)
    return changes


LOOKING = [case for case in CASES if len(case[2]) > 1 and make(case).window(case[2]) is not None]


@pytest.mark.parametrize("case", [case for case in LOOKING if case[0] != "Conv2DTranspose"], ids=label)
def test_an_output_pixel_changes_with_the_pixels_of_its_window_and_with_no_others(case, rng):
    layer, shape = make(case), case[2]
    window = layer.window(shape)
    assert len(window) == len(shape) - 1
    for pixel, changed in _influence(layer, shape, rng).items():
        for place in np.ndindex(*changed.shape):
            taps = [range(o * s - p, o * s - p + k * d, d) for o, (k, s, p, d) in zip(place, window)]
            assert changed[place] == all(i in tap for i, tap in zip(pixel, taps)), (pixel, place)


@pytest.mark.parametrize(
    "case",
    [case for case in LOOKING if case[0] == "Conv2DTranspose"]
    + [("Conv2DTranspose", {"filters": 2, "kernel_size": 5}, (4, 6, 2))],
    ids=label,
)
def test_the_window_of_a_transposed_convolution_lies_around_the_pixels_that_count(case, rng):
    layer, shape = make(case), case[2]
    seen = {}
    for pixel, changed in _influence(layer, shape, rng).items():
        for place in zip(*np.nonzero(changed)):
            seen.setdefault(place, []).append(pixel)
    for axis, window in enumerate(layer.window(shape)):
        field = receptive_field([window])[-1]
        widths = set()
        for place, pixels in seen.items():
            along = [pixel[axis] for pixel in pixels]
            centre = field.start + place[axis] * field.jump
            assert max(abs(i - centre) for i in along) <= field.size / 2, (axis, place, along, centre)
            widths.add(max(along) - min(along) + 1)
        assert max(widths) == min(field.size, shape[axis])


def test_what_sees_the_whole_image_says_so(rng):
    for case in CASES:
        if len(case[2]) > 1 and case not in LOOKING and make(case).output_shape(case[2])[:-1] == case[2][:-1]:
            assert all(changed.all() for changed in _influence(make(case), case[2], rng).values()), case
    summary = Network([Conv2D(4, 3), GroupNormalization(groups=2)], (8, 9, 1)).summary()
    assert [row.sees for row in summary] == [(3, 3), None]


# --- batch normalisation, dropout ------------------------------------------------------------------------------------


def test_running_statistics_move_a_tenth_of_the_way_with_momentum_nine_tenths():
    layer = BatchNormalization(momentum=0.9)
    layer.build((2,), np.random.default_rng(0), np.float64)
    mean, variance = layer.state["mean"], layer.state["variance"]
    layer.forward(np.array([[1.0, 10.0], [3.0, 10.0]]), training=True)
    assert_allclose(mean, [0.2, 1.0])  # 0 + 0.1 * (2, 10)
    assert_allclose(variance, [1.0, 0.9])  # 0.9 * 1 + 0.1 * (1, 0): divided by N, as in Keras
    layer.forward(np.array([[5.0, 0.0]]), training=True)
    assert_allclose(mean, [0.68, 0.9])
    before = mean.copy()
    layer.forward(np.array([[7.0, 7.0]]), training=False)
    assert_array_equal(layer.state["mean"], before)
    assert layer.state["mean"] is mean


def test_batch_normalisation_trains_and_is_used_as_in_keras(rng):
    import keras

    ours = make(("BatchNormalization", {"momentum": 0.8, "epsilon": 1e-2}, (4, 3, 5)), np.float32)
    theirs = keras.layers.BatchNormalization(momentum=0.8, epsilon=1e-2)
    theirs.build((None, 4, 3, 5))
    theirs.set_weights([*ours.params.values(), *ours.state.values()])
    for _ in range(5):
        x = (3 * rng.standard_normal((6, 4, 3, 5)) + 2).astype(np.float32)
        assert_allclose(ours.forward(x, training=True), theirs(x, training=True), rtol=1e-4, atol=1e-5)
        assert_allclose(ours.forward(x), theirs(x), rtol=1e-4, atol=1e-5)
    for array, there in zip([*ours.params.values(), *ours.state.values()], theirs.get_weights()):
        assert_allclose(array, there, rtol=1e-5)


@pytest.mark.parametrize("kind", [Dropout, SpatialDropout2D])
def test_dropout_drops_in_training_alone_and_goes_back_the_way_it_came(kind, rng):
    layer, x = kind(0.5), rng.standard_normal((4, 5, 6, 7)) + 10
    dy = rng.standard_normal(x.shape)
    y = layer.forward(x, training=True)
    kept = y != 0
    assert 0.2 < kept.mean() < 0.8
    assert_allclose(y, np.where(kept, 2 * x, 0))
    assert_allclose(layer.backward(dy), np.where(kept, 2 * dy, 0))
    assert (kept.all(axis=(1, 2)) | ~kept.any(axis=(1, 2))).all() == (kind is SpatialDropout2D)
    assert not np.array_equal(layer.forward(x, training=True), y)
    assert_array_equal(layer.forward(x), x)
    assert_array_equal(layer.backward(dy), dy)


def test_the_mask_comes_from_the_layers_own_generator(rng):
    one, two, x = Dropout(0.5), Dropout(0.5), rng.standard_normal((4, 50))
    one.rng, two.rng = np.random.default_rng(3), np.random.default_rng(3)
    assert_array_equal(one.forward(x, training=True), two.forward(x, training=True))
    two.rng = np.random.default_rng(4)
    assert not np.array_equal(one.forward(x, training=True), two.forward(x, training=True))


# --- complaints ------------------------------------------------------------------------------------------------------


@every_layer
def test_backward_before_forward_says_so(case):
    with pytest.raises(RuntimeError, match=f"{case[0]}.* has nothing to go back from: call forward before backward"):
        make(case).backward(np.zeros((2, *case[2])))


@every_layer
@both_modes
def test_a_gradient_of_another_shape_is_refused(case, training, rng):
    layer = make(case)
    y = layer.forward(rng.standard_normal((2, *case[2])), training)
    for wrong in (y[:1], y[..., :-1], y[..., None], np.concatenate([y, y])):
        with pytest.raises(ValueError, match=r"dy has shape .* is needed"):
            layer.backward(wrong.copy())


@pytest.mark.parametrize("case", [case for case in CASES if make(case).params], ids=label)
def test_forward_before_build_says_how_to_build(case):
    layer = getattr(layers, case[0])(**case[1])
    with pytest.raises(ValueError, match=r"has no weights yet: stack it in a Network, or call build"):
        layer.forward(np.zeros((2, *case[2])))


@pytest.mark.parametrize("case", [case for case in CASES if case[0] != "Flatten"], ids=label)
def test_images_of_whole_numbers_are_refused(case):
    with pytest.raises(ValueError, match=r"x has dtype uint8.*astype\(np.float32\) / 255"):
        make(case).forward(np.zeros((2, *case[2]), np.uint8), training=True)


@pytest.mark.parametrize("case", [case for case in CASES if "2D" in case[0]], ids=label)
def test_forgotten_channels_are_refused_where_a_network_is_stacked(case):
    with pytest.raises(ValueError, match=r"takes images of 3 axes, but the shape \(28, 28\) came"):
        Network([getattr(layers, case[0])(**case[1])], (28, 28))


@pytest.mark.parametrize(
    ("make_it", "shape", "words"),
    [
        (lambda: Conv2D(0, 3), (8, 8, 1), "filters is 0, but a whole number >= 1 is needed"),
        (lambda: Conv2D(2.5, 3), (8, 8, 1), "filters is 2.5, but a whole number >= 1 is needed, such as 2"),
        (lambda: Conv2DTranspose(0, 3), (8, 8, 1), "filters is 0"),
        (lambda: SeparableConv2D(True, 3), (8, 8, 1), "filters is True"),
        (lambda: DepthwiseConv2D(3, depth_multiplier=1.5), (8, 8, 1), "depth_multiplier is 1.5"),
        (lambda: layers.Conv1D(4, (3, 3)), (8, 1), r"kernel_size is \(3, 3\), but one whole number or 1 of them"),
        (lambda: Conv2D(4, 3, stride=0), (8, 8, 1), "stride is 0"),
        (lambda: Conv2D(4, 3, padding="SAME"), (8, 8, 1), "padding is 'SAME', but one of"),
        (lambda: Conv2D(4, 3, groups=3), (8, 8, 3), "groups is 3, which must divide filters = 4"),
        (lambda: Conv2D(4, 3, groups=2), (8, 8, 3), "groups is 2, which must divide C = 3 channels"),
        (lambda: Conv2D(4, 3, groups=0), (8, 8, 3), "groups is 0"),
        (lambda: Conv2D(4, 9), (8, 7, 1), r"layer 0, Conv2D.*kernel is 9x9 but the padded input is 8x7: add padding"),
        (lambda: Conv2D(4, 3, initialiser="he"), (8, 8, 1), r"initialiser is 'he', but one of \('glorot_uniform'"),
        (lambda: Dense(3, initialiser="zeros"), (8,), "initialiser is 'zeros', but one of"),
        (lambda: Conv2D(4, 3), (8, 8), r"takes images of 3 axes, but the shape \(8, 8\) came"),
        (lambda: layers.Conv3D(4, 3), (8, 8, 1), "takes images of 4 axes"),
        (lambda: Dense(0), (8,), "units is 0"),
        (lambda: Dense(3), (8, 8, 1), r"images of shape \(8, 8, 1\) came: put Flatten\(\) before it"),
        (lambda: Dropout(1.0), (8,), r"rate is 1.0, but a number in \[0, 1\) is needed"),
        (lambda: SpatialDropout2D(-0.1), (8, 8, 1), "rate is -0.1"),
        (lambda: MaxPooling2D(0), (8, 8, 1), "pool_size is 0"),
        (lambda: MaxPooling2D(9), (8, 8, 1), "kernel is 9x9 but the padded input is 8x8"),
        (lambda: MaxPooling2D(padding="SAME"), (8, 8, 1), "padding is 'SAME'"),
        (lambda: MaxPooling2D(2, padding=2), (8, 8, 1), "could then hold nothing but padding"),
        (lambda: layers.AdaptiveMaxPooling2D((2, 2, 2)), (8, 8, 1), "output_size is"),
        (lambda: GroupNormalization(groups=4), (8, 8, 6), "groups is 4, which must divide C = 6 channels"),
        (lambda: GroupNormalization(groups=0), (8, 8, 6), "groups is 0"),
        (lambda: BatchNormalization(momentum=1.1), (8,), r"momentum is 1.1, but a number in \[0, 1\] is needed"),
    ],
)
def test_a_bad_argument_is_named_and_so_is_what_would_do(make_it, shape, words):
    with pytest.raises(ValueError, match=words):
        Network([make_it()], shape)


@pytest.mark.parametrize(
    ("case", "x", "words"),
    [
        (("Conv2D", {"filters": 2, "kernel_size": 3}, (8, 8, 3)), (1, 8, 8, 1), "x has 1 channels but the kernel"),
        (("Conv2D", {"filters": 2, "kernel_size": 3}, (8, 8, 3)), (8, 8, 3), r"which is 3-D, but \(N, H, W, C\)"),
        (("Conv2D", {"filters": 2, "kernel_size": 3}, (8, 8, 3)), (1, 2, 8, 3), "padded input is 2x8"),
        (("DepthwiseConv2D", {"kernel_size": 3}, (8, 8, 3)), (1, 8, 8, 2), "x has 2 channels but the depthwise"),
        (("Conv2DTranspose", {"filters": 2, "kernel_size": 3}, (8, 8, 3)), (1, 8, 8, 2), "x has 2 channels"),
        (("MaxPooling2D", {}, (8, 8, 3)), (8, 8, 3), "x has shape .* is 3-D"),
        (("MaxPooling2D", {}, (8, 8, 3)), (1, 1, 8, 3), "kernel is 2x2 but the padded input is 1x8"),
        (("GlobalMaxPooling2D", {}, (8, 8, 3)), (1, 0, 8, 3), "no pixel to pool"),
        (("Dense", {"units": 2}, (8,)), (4, 9), "x has 9 numbers for each image, but Dense.* was built for 8"),
        (("Dense", {"units": 2}, (8,)), (1, 2, 2, 2), r"4-D, but \(N, D\) is needed"),
        (("BatchNormalization", {}, (8, 8, 3)), (1, 8, 8, 4), r"gamma has shape \(3,\), but \(4,\) is needed"),
        (("GroupNormalization", {"groups": 3}, (8, 8, 3)), (1, 8, 8, 6), "gamma has shape"),
    ],
    ids=str,
)
def test_images_that_do_not_fit_are_refused(case, x, words):
    with pytest.raises(ValueError, match=words):
        make(case).forward(np.zeros(x))
