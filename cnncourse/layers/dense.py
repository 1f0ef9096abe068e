"""Dense, flatten and dropout layers."""

from dataclasses import dataclass

import numpy as np

from cnncourse.arguments import float_array, fraction, same_shape, whole_number
from cnncourse.dropout import dropout, dropout_backward, spatial_dropout, spatial_dropout_backward
from cnncourse.layers.base import Layer, initialiser


@dataclass(eq=False)
class Dense(Layer):
    """Every unit sees every number: x (N, D) -> (N, units).

    >>> layer = Dense(3)
    >>> layer.build((5,), np.random.default_rng(0))
    >>> layer.forward(np.ones((2, 5), np.float32)).shape
    (2, 3)
    """

    units: int
    use_bias: bool = True
    initialiser: str = "glorot_uniform"

    def __post_init__(self):
        super().__post_init__()
        whole_number(self.units, "units")

    def build(self, input_shape, rng, dtype=np.float32):
        if len(input_shape) != 1:
            raise ValueError(
                f"{self!r} takes (N, D), but images of shape {tuple(input_shape)} came: put Flatten() before it"
            )
        self.params["kernel"] = initialiser(self.initialiser)((input_shape[0], self.units), rng, dtype)
        if self.use_bias:
            self.params["bias"] = np.zeros(self.units, dtype)

    def output_shape(self, input_shape):
        return (self.units,)

    def macs(self, input_shape):
        return input_shape[0] * self.units

    def window(self, input_shape):
        return None

    def forward(self, x, training=False):
        self.require_params()
        x, kernel = float_array(x, "x", "ND"), self.params["kernel"]
        if x.shape[1] != kernel.shape[0]:
            raise ValueError(f"x has {x.shape[1]} numbers for each image, but {self!r} was built for {kernel.shape[0]}")
        self.cache = x
        y = x @ kernel
        if self.use_bias:
            y += self.params["bias"]
        return y

    def gradient(self, dy, x):
        dy = same_shape(dy, "dy", (len(x), self.units))
        self.grads["kernel"] = x.T @ dy
        if self.use_bias:
            self.grads["bias"] = dy.sum(axis=0)
        return dy @ self.params["kernel"].T if self.needs_dx else None


class Flatten(Layer):
    """(N, H, W, C) -> (N, H*W*C), in reading order."""

    def output_shape(self, input_shape):
        return (int(np.prod(input_shape)),)

    def window(self, input_shape):
        return None

    def function(self, x):
        return x.reshape(len(x), int(np.prod(x.shape[1:]))), x.shape

    def gradient(self, dy, shape):
        return same_shape(dy, "dy", (shape[0], int(np.prod(shape[1:])))).reshape(shape)


@dataclass(eq=False)
class Dropout(Layer):
    """In training, zero each number with probability `rate` and scale up the others; else do nothing."""

    rate: float = 0.5

    def __post_init__(self):
        super().__post_init__()
        fraction(self.rate, "rate")

    def forward(self, x, training=False):
        if not training:
            self.cache = np.shape(x), True, 1  # everything was kept, and not scaled
            return x
        y, self.cache = self.drop(x, self.rate, self.rng)
        return y

    drop = staticmethod(dropout)
    gradient = staticmethod(dropout_backward)


class SpatialDropout2D(Dropout):
    """`Dropout` of whole channels: neighbouring pixels say so much the same that dropping single ones drops little."""

    def build(self, input_shape, rng, dtype=np.float32):
        self.require_axes(input_shape, 3)

    drop = staticmethod(spatial_dropout)
    gradient = staticmethod(spatial_dropout_backward)
