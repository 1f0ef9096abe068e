"""The same network in Keras and back: layers, weights and all (chapter ch07_training).

Arrays need no conversion: both keep images as (N, H, W, C) and kernels as (KH, KW, C, F).
Importing this module imports Keras.
"""

import keras
import numpy as np
from keras import layers as k

from cnncourse import layers as c
from cnncourse.network import Network
from cnncourse.shapes import pad_amounts


@keras.saving.register_keras_serializable("cnncourse")
def gelu(x):
    """The tanh approximation, as `cnncourse.activations.gelu`; `keras.activations.gelu` is the exact one.

    (`keras.ops.gelu` approximates too, but a model saved with it comes back with the exact one.)

    >>> float(gelu(np.float32(1.0))) == float(keras.ops.gelu(np.float32(1.0), approximate=True))
    True
    """
    return keras.ops.gelu(x, approximate=True)


ACTIVATIONS = {  # ours -> a Keras function
    c.ReLU: keras.activations.relu,
    c.Sigmoid: keras.activations.sigmoid,
    c.Tanh: keras.activations.tanh,
    c.Softmax: keras.activations.softmax,
    c.SiLU: keras.activations.silu,
    c.GELU: gelu,
}
_POOLING = {"pool_size": "pool_size", "stride": "strides", "padding": "padding"}
_LOOKING = {
    "kernel_size": "kernel_size",
    "stride": "strides",
    "padding": "padding",
    "dilation": "dilation_rate",
    "use_bias": "use_bias",
}
_FILTERS = {"filters": "filters", **_LOOKING}
KNOBS = {  # ours -> (the Keras layer, our name of each knob -> its name there)
    c.Conv1D: (k.Conv1D, {**_FILTERS, "groups": "groups"}),
    c.Conv2D: (k.Conv2D, {**_FILTERS, "groups": "groups"}),
    c.Conv3D: (k.Conv3D, {**_FILTERS, "groups": "groups"}),
    c.DepthwiseConv2D: (k.DepthwiseConv2D, {**_LOOKING, "depth_multiplier": "depth_multiplier"}),
    c.SeparableConv2D: (k.SeparableConv2D, {**_FILTERS, "depth_multiplier": "depth_multiplier"}),
    c.Conv2DTranspose: (k.Conv2DTranspose, _FILTERS),
    c.MaxPooling2D: (k.MaxPooling2D, _POOLING),
    c.AveragePooling2D: (k.AveragePooling2D, _POOLING),
    c.AdaptiveMaxPooling2D: (k.AdaptiveMaxPooling2D, {"output_size": "output_size"}),
    c.AdaptiveAveragePooling2D: (k.AdaptiveAveragePooling2D, {"output_size": "output_size"}),
    c.GlobalMaxPooling2D: (k.GlobalMaxPooling2D, {}),
    c.GlobalAveragePooling2D: (k.GlobalAveragePooling2D, {}),
    c.Flatten: (k.Flatten, {}),
    c.Dense: (k.Dense, {"units": "units", "use_bias": "use_bias"}),
    c.Dropout: (k.Dropout, {"rate": "rate"}),
    c.SpatialDropout2D: (k.SpatialDropout2D, {"rate": "rate"}),
    c.LeakyReLU: (k.LeakyReLU, {"negative_slope": "negative_slope"}),
    c.ELU: (k.ELU, {"alpha": "alpha"}),
    c.BatchNormalization: (k.BatchNormalization, {"momentum": "momentum", "epsilon": "epsilon"}),
    c.LayerNormalization: (k.LayerNormalization, {"epsilon": "epsilon"}),
    c.GroupNormalization: (k.GroupNormalization, {"groups": "groups", "epsilon": "epsilon"}),
}
USUAL = {"data_format": "channels_last", "keepdims": False, "output_padding": None}  # ours has no other
PADDED = {c.Conv1D: k.ZeroPadding1D, c.Conv2D: k.ZeroPadding2D, c.Conv3D: k.ZeroPadding3D}


def to_keras(network):
    """A Keras model with the same layers and copies of the weights; its outputs agree to rounding.

    >>> network = Network([c.Conv2D(4, 3, padding="same"), c.ReLU(), c.Flatten(), c.Dense(10)], input_shape=(8, 8, 1))
    >>> model = to_keras(network)
    >>> x = np.random.default_rng(0).random((2, 8, 8, 1), np.float32)
    >>> bool(np.allclose(model(x), network.predict(x), atol=1e-6))
    True
    """
    model = keras.Sequential([keras.Input(network.input_shape, dtype=network.dtype.name)])
    for layer, shape in zip(network.layers, network.shapes):
        for counterpart in _to_keras(layer, shape, network.dtype.name):
            model.add(counterpart)
        weights = [*layer.params.values(), *layer.state.values()]
        if weights:
            model.layers[-1].set_weights([w.reshape(v.shape) for w, v in zip(weights, model.layers[-1].weights)])
    return model


def from_keras(model):
    """A `Network` with the layers and copies of the weights of a Keras Sequential model.

    >>> model = keras.Sequential([keras.Input((8, 8, 1)), k.Conv2D(4, 3, activation="relu"), k.GlobalMaxPooling2D()])
    >>> from_keras(model).layers[1:]
    (ReLU(), GlobalMaxPooling2D())
    """
    if not isinstance(model, keras.Sequential) or not model.built:
        raise ValueError(f"a Sequential model with a known input shape is needed, but {model!r} came")
    layers, weights, pads = [], [], None
    for layer in model.layers:
        _refuse_the_unusual(layer)
        if pads is None and type(layer) in PADDED.values():
            pads = layer.padding
            continue
        ours = _from_keras(layer)
        if pads is not None:
            if type(ours) not in PADDED or ours.padding != "valid":
                raise ValueError(
                    f"{layer.name!r} stands after zero padding: a convolution with padding 'valid' is needed"
                )
            ours.padding, pads = (pads,) if np.ndim(pads) == 1 else pads, None
        weights.append((ours, layer.get_weights()))
        layers.append(ours)
        activation = getattr(layer, "activation", None)
        if not isinstance(layer, k.Activation) and activation not in (None, keras.activations.linear):
            layers.append(_activation(activation, layer.name))
    if pads is not None:
        raise ValueError("the model ends with zero padding: a convolution with padding 'valid' is needed after it")
    numbers = model.weights or model.inputs  # model.dtype says float32 whatever the layers compute in
    network = Network(layers, model.input_shape[1:], dtype=numbers[0].dtype)
    for ours, arrays in weights:
        own = [*ours.params.values(), *ours.state.values()]
        if len(own) != len(arrays):
            raise ValueError(f"{ours!r} has {len(own)} arrays of weights here, but {len(arrays)} in Keras")
        for array, there in zip(own, arrays):
            array[...] = there.reshape(array.shape)
    return network


def _to_keras(layer, shape, dtype):
    """The Keras layers that stand for one of ours: an explicit padding becomes a layer of its own."""
    kind = type(layer)
    if kind in ACTIVATIONS:
        return [k.Activation(ACTIVATIONS[kind], dtype=dtype)]
    if kind not in KNOBS:
        raise ValueError(f"{layer!r} has no counterpart in Keras")
    there, names = KNOBS[kind]
    knobs = {names[name]: getattr(layer, name) for name in names}
    if kind is not c.Conv2DTranspose and knobs.get("padding", "valid") == 0:
        knobs["padding"] = "valid"  # transposed, the two differ where the kernel is smaller than the stride
    if knobs.get("padding", "valid") in ("valid", "same"):
        return [there(dtype=dtype, **knobs)]
    if kind not in PADDED:
        raise ValueError(f"{layer!r}: Keras knows 'valid' and 'same' alone for this layer")
    pads = pad_amounts(layer.padding, shape[:-1], layer.kernel_size, layer.stride, layer.dilation)
    padding = PADDED[kind](pads[0] if len(pads) == 1 else pads, dtype=dtype)
    return [padding, there(dtype=dtype, **{**knobs, "padding": "valid"})]


def _refuse_the_unusual(layer):
    for knob, usual in USUAL.items():
        value = getattr(layer, knob, usual)
        if value != usual:
            raise ValueError(f"{layer.name!r} has {knob}={value!r}, but only {usual!r} has a counterpart")
    axes, last = np.ravel(getattr(layer, "axis", -1)).tolist(), len(layer.input.shape) - 1
    if axes not in ([-1], [last]):
        raise ValueError(f"{layer.name!r} has axis={axes}, but only the last axis, {last}, has a counterpart")


def _from_keras(layer):
    if type(layer) is k.Activation:
        return _activation(layer.activation, layer.name)
    if type(layer) is k.ReLU and layer.max_value is None and not layer.negative_slope and not layer.threshold:
        return c.ReLU()
    for ours, (there, names) in KNOBS.items():
        if type(layer) is there:
            return ours(**{name: getattr(layer, names[name]) for name in names})
    raise ValueError(f"{layer.name!r}, a {type(layer).__name__}, has no counterpart in cnncourse.layers")


def _activation(function, name):
    for ours, there in ACTIVATIONS.items():
        if function is there:
            return ours()
    exact = " (the exact GELU; cnncourse.keras_bridge.gelu is ours)" if function is keras.activations.gelu else ""
    raise ValueError(
        f"{name!r} has the activation {getattr(function, '__name__', function)!r}{exact}, which has no counterpart"
    )
