"""Pooling layers."""

from dataclasses import dataclass

from cnncourse import fast, pooling
from cnncourse.arguments import float_array, per_axis
from cnncourse.layers.base import Layer
from cnncourse.shapes import conv_output_size, pad_amounts


class _OnImages(Layer):
    def build(self, input_shape, rng, dtype=None):
        self.require_axes(input_shape, 3)


@dataclass(eq=False)
class _Pooling2D(_OnImages):
    """(N, H, W, C) -> (N, OH, OW, C); `stride` None means the pool size, so that windows do not overlap."""

    pool_size: int | tuple = 2
    stride: int | tuple | None = None
    padding: str | int | tuple = "valid"

    def __post_init__(self):
        super().__post_init__()
        self.pool_size = per_axis(self.pool_size, 2, "pool_size")
        self.stride = self.pool_size if self.stride is None else per_axis(self.stride, 2, "stride")
        pad_amounts(self.padding, (1, 1), self.pool_size, self.stride)

    def output_shape(self, input_shape):
        geo = pooling.pool_geometry(tuple(input_shape[:2]), self.pool_size, self.stride, self.padding)
        return (*geo.out, input_shape[2])

    def window(self, input_shape):
        pads = pad_amounts(self.padding, tuple(input_shape[:2]), self.pool_size, self.stride)
        return tuple(zip(self.pool_size, self.stride, (before for before, _ in pads), (1, 1)))


class MaxPooling2D(_Pooling2D):
    """The largest number of each window; in the engine room where windows neither overlap nor are padded.

    >>> import numpy as np
    >>> MaxPooling2D().forward(np.arange(16.0).reshape(1, 4, 4, 1))[0, :, :, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """

    @property
    def is_fast(self):
        return self.stride == self.pool_size and self.padding in ("valid", 0)

    def function(self, x):
        if not self.is_fast:
            return pooling.max_pool2d(x, self.pool_size, self.stride, self.padding)
        x = float_array(x, "x", "NHWC")
        conv_output_size(x.shape[1:3], self.pool_size, self.stride)  # raises where no window fits
        return fast.max_pool2d(x, self.pool_size, self.workspace())

    def gradient(self, dy, cache):
        if not self.is_fast:
            return pooling.max_pool2d_backward(dy, cache)
        return fast.max_pool2d_backward(dy, cache, self.workspace())


class AveragePooling2D(_Pooling2D):
    """The mean of each window."""

    def function(self, x):
        return pooling.avg_pool2d(x, self.pool_size, self.stride, self.padding)

    gradient = staticmethod(pooling.avg_pool2d_backward)


class _Global(_OnImages):
    """(N, H, W, C) -> (N, C)."""

    def output_shape(self, input_shape):
        return (input_shape[-1],)

    def window(self, input_shape):
        return None


class GlobalMaxPooling2D(_Global):
    """The largest number of each channel."""

    function = staticmethod(pooling.global_max_pool2d)
    gradient = staticmethod(pooling.global_max_pool2d_backward)


class GlobalAveragePooling2D(_Global):
    """The mean of each channel."""

    function = staticmethod(pooling.global_avg_pool2d)
    gradient = staticmethod(pooling.global_avg_pool2d_backward)


@dataclass(eq=False)
class _Adaptive2D(_OnImages):
    """(N, H, W, C) -> (N, *output_size, C), whatever H and W are."""

    output_size: int | tuple = 1

    def __post_init__(self):
        super().__post_init__()
        self.output_size = per_axis(self.output_size, 2, "output_size")

    def output_shape(self, input_shape):
        return (*self.output_size, input_shape[2])

    def window(self, input_shape):
        return None


class AdaptiveMaxPooling2D(_Adaptive2D):
    """The largest number of each of `output_size` windows that cover the image."""

    def function(self, x):
        return pooling.adaptive_max_pool2d(x, self.output_size)

    gradient = staticmethod(pooling.adaptive_max_pool2d_backward)


class AdaptiveAveragePooling2D(_Adaptive2D):
    """The mean of each of `output_size` windows that cover the image."""

    def function(self, x):
        return pooling.adaptive_avg_pool2d(x, self.output_size)

    gradient = staticmethod(pooling.adaptive_avg_pool2d_backward)
