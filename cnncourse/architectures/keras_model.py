"""A graph as a Keras 3 model (functional), with the names of the nodes as names of the layers.

Keras is imported when a model is made, not before.
"""

from functools import cache

import numpy as np

ACTIVATIONS = {name: name for name in ("relu", "relu6", "sigmoid", "tanh", "silu", "softmax", "gelu", "hard_sigmoid")}
ACTIVATIONS["hard_silu"] = "hard_silu"


def to_keras(graph, momentum=0.99):
    """The model; with several outputs, in the order of `graph.outputs`. `momentum` is that of batch normalisation.

    >>> from cnncourse.architectures import build, named
    >>> model = to_keras(build(named("LeNet-5")))
    >>> model.count_params(), model.output_shape
    (61706, (None, 10))
    """
    import keras  # noqa: PLC0415 - only for those who want a model

    made = {}
    for node in graph:
        sources = [made[name] for name in node.inputs]
        made[node.name] = (
            keras.Input(node.shape, name="input") if node.op == "input" else _applied(node, sources, momentum)
        )
    outputs = [made[name] for name in graph.outputs.values()]
    name = "".join(letter if letter.isalnum() else "_" for letter in graph.name)
    return keras.Model(made["input"], outputs[0] if len(outputs) == 1 else outputs, name=name)


def _applied(node, sources, momentum):
    """The node's output, given those of its inputs."""
    import keras  # noqa: PLC0415

    k, name, options = keras.layers, node.name, node.options
    x = sources[0]
    if node.op in ACTIVATIONS:
        return k.Activation(ACTIVATIONS[node.op], name=name)(x)
    match node.op:
        case "conv":
            x, padding = _padded(x, options, 0.0)
            return k.Conv2D(node.shape[-1], groups=options["groups"], **_window(name, options, padding))(x)
        case "depthwise_conv":
            x, padding = _padded(x, options, 0.0)
            return k.DepthwiseConv2D(depth_multiplier=options["multiplier"], **_window(name, options, padding))(x)
        case "sparse_conv":
            return _sparse_conv(name, options, x)
        case "max_pool":
            x, padding = _padded(x, options, -np.inf)
            return k.MaxPooling2D(options["kernel"], options["stride"], padding, name=name)(x)
        case "avg_pool":
            return k.AveragePooling2D(options["kernel"], options["stride"], options["padding"], name=name)(x)
        case "global_avg_pool":
            layer = k.GlobalAveragePooling2D if len(x.shape) == 4 else k.GlobalAveragePooling1D
            return layer(name=name)(x)
        case "flatten":
            return k.Flatten(name=name)(x)
        case "dense":
            return k.Dense(options["units"], use_bias=options["bias"], name=name)(x)
        case "dropout":
            return k.Dropout(options["rate"], name=name)(x)
        case "batch_norm":
            knobs = {"scale": options["scale"], "epsilon": options["epsilon"], "momentum": momentum}
            return k.BatchNormalization(name=name, **knobs)(x)
        case "layer_norm":
            return k.LayerNormalization(epsilon=options["epsilon"], name=name)(x)
        case "tokens":
            return k.Reshape(node.shape, name=name)(x)
        case "first_token":
            return x[:, 0]
        case "attention":
            heads, channels = options["heads"], node.shape[-1]
            return k.MultiHeadAttention(heads, channels // heads, name=name)(x, x)
        case "add":
            return k.Add(name=name)(sources)
        case "concat":
            return k.Concatenate(name=name)(sources)
        case "multiply":
            wide = (*[1] * (len(node.shape) - 1), node.shape[-1])  # a vector (C,) -> (1, 1, C)
            return k.Multiply(name=name)([s if s.shape[1:] == node.shape else k.Reshape(wide)(s) for s in sources])
    layers = _own_layers()
    return layers[node.op](name=name, **options)(x)


def _window(name, options, padding):
    return {
        "name": name,
        "kernel_size": options["kernel"],
        "strides": options["stride"],
        "padding": padding,
        "dilation_rate": options["dilation"],
        "use_bias": options["bias"],
    }


def _padded(x, options, value):
    """Keras knows "same" and "valid"; any other padding is put around the image, the rest is "valid"."""
    import keras  # noqa: PLC0415

    amount = options["padding"]
    if isinstance(amount, str):
        return x, amount
    pads = ((0, 0), (amount, amount), (amount, amount), (0, 0))
    return keras.ops.pad(x, pads, constant_values=value) if amount else x, "valid"


def _sparse_conv(name, options, x):
    """A convolution with one filter for each map, on the channels of that map alone."""
    import keras  # noqa: PLC0415

    x, padding = _padded(x, options, 0.0)
    maps = []
    for number, channels in enumerate(options["maps"]):
        chosen = keras.ops.take(x, np.array(channels), axis=-1)
        maps.append(keras.layers.Conv2D(1, **_window(f"{name}_{number}", options, padding))(chosen))
    return keras.layers.Concatenate(name=name)(maps)


@cache
def _own_layers():
    """Layers that Keras does not have, by the word of the spec."""
    import keras  # noqa: PLC0415

    def registered(layer):
        return keras.saving.register_keras_serializable("cnncourse.architectures")(layer)

    class Knobs(keras.layers.Layer):
        """Keeps its arguments, for `get_config`."""

        def __init__(self, name=None, dtype=None, trainable=True, **knobs):
            super().__init__(name=name, dtype=dtype, trainable=trainable)
            self.knobs = knobs

        def get_config(self):
            return {**super().get_config(), **self.knobs}

    @registered
    class Scale(Knobs):
        """A factor for each channel, and a bias if wanted."""

        def build(self, shape):
            start = keras.initializers.Constant(self.knobs["start"])
            self.factor = self.add_weight(shape=shape[-1:], initializer=start, name="factor")
            self.shift = self.add_weight(shape=shape[-1:], initializer="zeros") if self.knobs["bias"] else 0.0

        def call(self, x):
            return x * self.factor + self.shift

    @registered
    class Shuffle(Knobs):
        """Channels g by g: the first of each group, then the second of each group, ..."""

        def call(self, x):
            groups, shape = self.knobs["groups"], keras.ops.shape(x)
            x = keras.ops.reshape(x, (*shape[:-1], groups, x.shape[-1] // groups))  # (..., C) -> (..., g, C/g)
            return keras.ops.reshape(keras.ops.swapaxes(x, -1, -2), shape)  # -> (..., C/g, g) -> (..., C)

    @registered
    class LocalResponseNorm(Knobs):
        """Divides by what the neighbouring channels show: x / (bias + alpha * sum of squares) ** beta."""

        def call(self, x):
            size, channels = self.knobs["size"], x.shape[-1]
            squares = keras.ops.pad(x * x, (*[(0, 0)] * (len(x.shape) - 1), (size // 2, size // 2)))
            total = sum(squares[..., i : i + channels] for i in range(size))
            return x / (self.knobs["bias"] + self.knobs["alpha"] * total) ** self.knobs["beta"]

    @registered
    class ClassToken(Knobs):
        """A learnt token in front of the others."""

        def build(self, shape):
            self.token = self.add_weight(shape=(1, 1, shape[-1]), initializer="zeros", name="token")

        def call(self, x):
            token = keras.ops.repeat(self.token, keras.ops.shape(x)[0], axis=0)
            return keras.ops.concatenate([token, x], axis=1)

    @registered
    class Positions(Knobs):
        """A learnt vector for each place, added to the token there."""

        def build(self, shape):
            start = keras.initializers.RandomNormal(stddev=0.02)
            self.places = self.add_weight(shape=(1, *shape[1:]), initializer=start, name="places")

        def call(self, x):
            return x + self.places

    @registered
    class RBF(Knobs):
        """Squared distances to fixed points of -1 and 1; a small one is a good match."""

        def build(self, shape):
            signs = np.random.default_rng(0).choice([-1.0, 1.0], (self.knobs["units"], shape[-1]))
            fixed = keras.initializers.Constant(signs)
            shape = signs.shape
            self.points = self.add_weight(shape=shape, initializer=fixed, trainable=False, name="points")

        def call(self, x):
            return keras.ops.sum((keras.ops.expand_dims(x, 1) - self.points) ** 2, axis=-1)

    return {
        "scale": Scale,
        "shuffle": Shuffle,
        "local_response_norm": LocalResponseNorm,
        "class_token": ClassToken,
        "positions": Positions,
        "rbf": RBF,
    }
