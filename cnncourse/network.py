"""A stack of layers (chapter ch04_backpropagation)."""

from collections import Counter
from typing import NamedTuple

import numpy as np

from cnncourse import layers as all_layers
from cnncourse import training
from cnncourse.arguments import float_array, per_axis, whole_number
from cnncourse.files import read_arrays, write_arrays
from cnncourse.losses import CrossEntropy
from cnncourse.shapes import receptive_field
from cnncourse.training import correct, crew


class Network:
    """Layers that pass an image on to each other.

    Parameters
    ----------
    layers : list of Layer; each object once, and in no other network.
    input_shape : of one image: (H, W, C), or (W, C), (D, H, W, C), (D,).
    seed : of the random weights; the same seed makes the same network.
    dtype : np.float32, or np.float64 for gradient checks.

    >>> from cnncourse.layers import Conv2D, Dense, Flatten, MaxPooling2D, ReLU
    >>> network = Network([Conv2D(4, 3), ReLU(), MaxPooling2D(), Flatten(), Dense(10)], input_shape=(28, 28, 1))
    >>> network.predict(np.zeros((5, 28, 28, 1), np.float32)).shape
    (5, 10)
    """

    def __init__(self, layers, input_shape, seed=0, dtype=np.float32):
        if not isinstance(layers, (list, tuple)) or not all(isinstance(layer, all_layers.Layer) for layer in layers):
            raise ValueError(f"layers is {layers!r}, but a list of layers is needed, such as [Flatten(), Dense(10)]")
        self.layers = tuple(layers)
        self.input_shape = per_axis(input_shape, np.size(input_shape) or 1, "input_shape")
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float32, np.float64):
            raise ValueError(f"dtype is {dtype!r}, but np.float32 or np.float64 is needed")
        if not self.layers:
            raise ValueError("a network needs at least one layer, but the list is empty")
        twice = [i for i, n in Counter(map(id, self.layers)).items() if n > 1]
        if twice:
            layer = next(layer for layer in self.layers if id(layer) == twice[0])
            raise ValueError(f"{layer!r} stands in the list more than once: make a layer of its own for each place")
        used = [layer for layer in self.layers if layer.params]
        if used:
            raise ValueError(
                f"{used[0]!r} has weights already, and a network would make new ones: copy them into a new layer"
            )
        self.idle = []  # memory for the workers of `cnncourse.training.parallel`
        rng = np.random.default_rng(seed)
        self.shapes = [self.input_shape]
        for i, layer in enumerate(self.layers):
            layer.rng = rng.spawn(1)[0]
            layer.name = f"{type(layer).__name__.lower()}_{i}"
            try:
                layer.build(self.shapes[-1], rng, self.dtype)
                self.shapes.append(layer.output_shape(self.shapes[-1]))
            except ValueError as error:
                for built in self.layers[: i + 1]:
                    built.params.clear()  # as if nothing had happened: the same list may do with another input_shape
                raise ValueError(f"layer {i}, {layer!r}, on an input of shape {self.shapes[-1]}: {error}") from None

    # --- the arrays, by name ------------------------------------------------------------------------------------------

    @property
    def params(self):
        """All weights, such as "conv2d_0/kernel": the arrays themselves, not copies."""
        return {name: array for layer in self.layers for name, array in layer.named(layer.params).items()}

    @property
    def grads(self):
        """The gradients of the last `backward`, under the names of `params`. (`fit` keeps its own.)"""
        return {name: array for layer in self.layers for name, array in layer.named(layer.grads).items()}

    @property
    def state(self):
        """What training changes and no gradient does: running statistics."""
        return {name: array for layer in self.layers for name, array in layer.named(layer.state).items()}

    def get_weights(self):
        """Copies of all of `params` and `state`.

        >>> from cnncourse.layers import Dense
        >>> sorted(Network([Dense(2)], input_shape=(3,)).get_weights())
        ['dense_0/bias', 'dense_0/kernel']
        """
        return {name: array.copy() for name, array in {**self.params, **self.state}.items()}

    def set_weights(self, weights):
        """Put in what `get_weights` gave; all of it or, where something does not fit, nothing."""
        own = {**self.params, **self.state}
        if own.keys() != weights.keys():
            missing, unknown = sorted(own.keys() - weights.keys()), sorted(weights.keys() - own.keys())
            raise ValueError(f"the weights do not fit: {missing} missing, {unknown} unknown")
        new = {name: np.asarray(weights[name]) for name in own}
        for name, array in own.items():
            if array.shape != new[name].shape or new[name].dtype.kind not in "fiu":
                raise ValueError(
                    f"{name} has shape {new[name].shape} and dtype {new[name].dtype}, but real numbers of shape "
                    f"{array.shape} are needed"
                )
        for name, array in own.items():
            array[...] = new[name]

    # --- forward, backward --------------------------------------------------------------------------------------------

    def forward(self, x, training=False):
        """x (N, H, W, C) -> the last layer's output."""
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def backward(self, dy):
        """dy, in the shape of the output -> dx; the weights' gradients are in `grads` then."""
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy

    def predict(self, x, batch_size=256, workers=None):
        """`forward` for any number of images, `batch_size` at a time."""
        x = self.images(x)
        if not len(x):
            return np.zeros((0, *self.shapes[-1]), self.dtype)
        with crew(self, workers) as team:
            return team.predict(x, whole_number(batch_size, "batch_size"))

    def evaluate(self, x, y, loss=None, batch_size=256, workers=None):
        """The loss and the share of right answers; None for the latter without images, or without class labels.

        >>> from cnncourse.layers import Dense
        >>> loss, accuracy = Network([Dense(4)], (3,)).evaluate(np.zeros((8, 3), np.float32), np.arange(8) % 4)
        >>> round(loss, 3), accuracy  # log 4, and one in four: a network that knows nothing
        (1.386, 0.25)
        """
        outputs, y = self.predict(x, batch_size, workers), np.asarray(y)
        value, _ = (loss or CrossEntropy()).forward(outputs, y)
        right = correct(outputs, y)
        return float(value), (right / len(y) if right is not None and len(y) else None)

    def images(self, x):
        """Return `x`, if it is a batch that this network takes."""
        x = float_array(x, "x", "NHWC" if len(self.input_shape) == 3 else "*" * (len(self.input_shape) + 1))
        if x.shape[1:] != self.input_shape:
            raise ValueError(f"x has images of shape {x.shape[1:]}, but this network takes {self.input_shape}")
        return x.astype(self.dtype, copy=False)

    def fit(self, x, y, **options):
        """Train on images `x` and labels `y`: see `cnncourse.training.fit` for the options."""
        return training.fit(self, x, y, **options)

    # --- on paper and on disk -----------------------------------------------------------------------------------------

    def summary(self):
        """A table of the layers: output shape, parameters, multiply-accumulates, receptive field.

        >>> from cnncourse.layers import Conv2D, MaxPooling2D
        >>> Network([Conv2D(8, 3), MaxPooling2D()], input_shape=(28, 28, 1)).summary()
        layer                 output shape   parameters        MACs   sees
        conv2d_0              26 x 26 x 8            80      48,672   3 x 3
        maxpooling2d_1        13 x 13 x 8             0           0   4 x 4
        total                                        80      48,672
        """
        rows, steps = [], [[] for _ in self.input_shape[:-1]]
        for layer, before, after in zip(self.layers, self.shapes, self.shapes[1:]):
            window = layer.window(before) if steps is not None else None
            if window is None:
                steps = None  # from here on everything sees everything
            else:
                for axis, step in zip(steps, window):
                    axis.append(step)
            sees = None if steps is None else tuple(int(np.ceil(receptive_field(axis)[-1].size)) for axis in steps)
            count = sum(array.size for array in layer.params.values())
            rows.append(Row(layer.name, after, count, layer.macs(before), sees))
        return Summary(rows)

    def count_params(self):
        """How many numbers training changes.

        >>> from cnncourse.layers import Dense
        >>> Network([Dense(2)], input_shape=(3,)).count_params()
        8
        """
        return sum(array.size for layer in self.layers for array in layer.params.values())

    def save(self, path):
        """Write the layers and all weights to one .npz file, without pickle."""
        header = {
            "layers": [{"class": _class_name(layer), **layer.config()} for layer in self.layers],
            "input_shape": self.input_shape,
            "dtype": self.dtype.name,
        }
        write_arrays(path, header, self.get_weights())

    @classmethod
    def load(cls, path):
        """The network that `save` wrote.

        >>> import tempfile, os
        >>> from cnncourse.layers import Dense
        >>> path = os.path.join(tempfile.mkdtemp(), "small.npz")
        >>> Network([Dense(2)], input_shape=(3,)).save(path)
        >>> Network.load(path).layers
        (Dense(units=2, use_bias=True, initialiser='glorot_uniform'),)
        """
        header, weights = read_arrays(path, needs=("layers", "input_shape", "dtype"))
        network = cls(
            [_layer(config, path) for config in header["layers"]], header["input_shape"], dtype=header["dtype"]
        )
        network.set_weights(weights)
        return network

    def __getstate__(self):
        return {**self.__dict__, "idle": []}  # a copy makes its own

    def __repr__(self):
        return f"Network({list(self.layers)}, input_shape={self.input_shape})"


class Row(NamedTuple):
    """One layer in a `Summary`."""

    name: str
    shape: tuple
    parameters: int
    macs: int
    sees: tuple | None  # None: the whole image


class Summary(list):
    """Rows that print as a table."""

    def __repr__(self):
        line = "{:<21} {:<14} {:>10}  {:>10}   {}".format
        lines = [line("layer", "output shape", "parameters", "MACs", "sees")]
        for row in self:
            sees = "all" if row.sees is None else " x ".join(map(str, row.sees))
            lines.append(line(row.name, " x ".join(map(str, row.shape)), f"{row.parameters:,}", f"{row.macs:,}", sees))
        totals = (f"{sum(row.parameters for row in self):,}", f"{sum(row.macs for row in self):,}")
        return "\n".join([*lines, line("total", "", *totals, "").rstrip()])

    __str__ = __repr__


def _class_name(layer):
    """A layer of one's own may bear the name of one of ours, and must not come back as that."""
    kind = type(layer)
    return (
        kind.__name__ if getattr(all_layers, kind.__name__, None) is kind else f"{kind.__module__}.{kind.__qualname__}"
    )


def _layer(config, path):
    name = config.pop("class")
    if name not in all_layers.__all__:
        raise ValueError(
            f"{path} holds a layer {name!r}, which cnncourse.layers does not have: build the network, then set_weights"
        )
    return getattr(all_layers, name)(**config)
