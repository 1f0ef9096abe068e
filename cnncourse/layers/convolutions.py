"""Convolution layers."""

from dataclasses import dataclass

import numpy as np

from cnncourse import fast
from cnncourse.arguments import float_array, per_axis, whole_number
from cnncourse.convolution import (
    conv1d,
    conv2d,
    conv3d,
    conv_backward,
    depthwise_conv2d,
    depthwise_conv2d_backward,
    geometry,
    separable_conv2d,
    separable_conv2d_backward,
    transposed_conv2d,
    transposed_conv2d_backward,
)
from cnncourse.layers.base import Layer, initialiser
from cnncourse.shapes import conv_output_size, pad_amounts, transposed_output_size


class _Convolution(Layer):
    """What convolution layers of all kinds share: the knobs, the weights and the bias, the sizes.

    Each kind says which `functions` it calls (forward, backward), and the shapes of its kernels in `kernel_shapes`.
    """

    rank = 2

    def __post_init__(self):
        super().__post_init__()
        for name in ("kernel_size", "stride", "dilation"):
            setattr(self, name, per_axis(getattr(self, name), self.rank, name))
        for name in ("filters", "groups", "depth_multiplier"):
            whole_number(getattr(self, name, 1), name)
        pads = pad_amounts(self.padding, (1,) * self.rank, self.kernel_size, self.stride, self.dilation)  # or raises
        if np.ndim(self.padding):
            self.padding = pads

    @property
    def knobs(self):
        """The knobs, in the order in which all the functions take them."""
        return self.stride, self.padding, self.dilation

    def build(self, input_shape, rng, dtype=np.float32):
        self.require_axes(input_shape, self.rank + 1)
        self.output_shape(input_shape)  # raises where the kernel does not fit
        initialise = initialiser(self.initialiser)
        for name, shape in self.kernel_shapes(input_shape[-1]).items():
            self.params[name] = initialise(shape, rng, dtype)
        if self.use_bias:
            self.params["bias"] = np.zeros(self.output_shape(input_shape)[-1], dtype)

    def output_shape(self, input_shape):
        stride, padding, dilation = self.knobs
        sizes = conv_output_size(tuple(input_shape[:-1]), self.kernel_size, stride, padding, dilation)
        return (*sizes, self.channels_out(input_shape[-1]))

    def channels_out(self, channels):
        return self.filters

    def macs(self, input_shape):
        positions = int(np.prod(self.output_shape(input_shape)[:-1]))
        return positions * sum(int(np.prod(shape)) for shape in self.kernel_shapes(input_shape[-1]).values())

    def window(self, input_shape):
        pads = pad_amounts(self.padding, tuple(input_shape[:-1]), self.kernel_size, self.stride, self.dilation)
        return tuple(zip(self.kernel_size, self.stride, (before for before, _ in pads), self.dilation))

    def forward(self, x, training=False):
        self.require_params()
        y, self.cache = self.function(x)
        return y

    def gradient(self, dy, cache):
        dx, *grads = self.functions[1](dy, cache)
        self.grads.update(zip(self.params, grads))  # without a bias the last gradient, None, is left over
        return dx


@dataclass(eq=False)
class _Grouped(_Convolution):
    """A plain convolution of any rank."""

    filters: int
    kernel_size: int | tuple
    stride: int | tuple = 1
    padding: str | int | tuple = "valid"
    dilation: int | tuple = 1
    groups: int = 1
    use_bias: bool = True
    initialiser: str = "glorot_uniform"

    def __post_init__(self):
        super().__post_init__()
        if self.filters % self.groups:
            raise ValueError(f"groups is {self.groups}, which must divide filters = {self.filters}")

    def kernel_shapes(self, channels):
        return {"kernel": (*self.kernel_size, channels // self.groups, self.filters)}

    def build(self, input_shape, rng, dtype=np.float32):
        if input_shape[-1] % self.groups:
            raise ValueError(f"groups is {self.groups}, which must divide C = {input_shape[-1]} channels")
        super().build(input_shape, rng, dtype)

    def function(self, x):
        return self.functions[0](x, self.params["kernel"], self.params.get("bias"), *self.knobs, self.groups)


class Conv1D(_Grouped):
    """(N, W, C) -> (N, OW, filters)."""

    rank = 1
    functions = (conv1d, conv_backward)


class Conv2D(_Grouped):
    """(N, H, W, C) -> (N, OH, OW, filters); in the engine room where it can be.

    >>> layer = Conv2D(8, 3, padding="same")
    >>> layer.build((28, 28, 1), np.random.default_rng(0))
    >>> layer.forward(np.ones((2, 28, 28, 1), np.float32)).shape
    (2, 28, 28, 8)
    """

    functions = (conv2d, conv_backward)

    @property
    def is_fast(self):
        return self.stride == self.dilation == (1, 1) and self.groups == 1

    def function(self, x):
        if not self.is_fast:
            return super().function(x)
        kernel, bias = self.params["kernel"], self.params.get("bias")
        x = float_array(x, "x", "NHWC")
        pads = geometry(x, kernel, bias, *self.knobs, self.groups).pads
        bias = np.zeros_like(kernel[0, 0, 0]) if bias is None else bias
        return fast.conv2d(x, kernel, bias, pads, self.workspace())

    def gradient(self, dy, cache):
        if not self.is_fast:
            return super().gradient(dy, cache)
        dx, self.grads["kernel"], db = fast.conv2d_backward(dy, cache, self.workspace(), self.needs_dx)
        if self.use_bias:
            self.grads["bias"] = db
        return dx


class Conv3D(_Grouped):
    """(N, D, H, W, C) -> (N, OD, OH, OW, filters)."""

    rank = 3
    functions = (conv3d, conv_backward)


@dataclass(eq=False)
class DepthwiseConv2D(_Convolution):
    """Each channel by itself: (N, H, W, C) -> (N, OH, OW, C * depth_multiplier)."""

    kernel_size: int | tuple
    stride: int | tuple = 1
    padding: str | int | tuple = "valid"
    depth_multiplier: int = 1
    dilation: int | tuple = 1
    use_bias: bool = True
    initialiser: str = "glorot_uniform"

    functions = (depthwise_conv2d, depthwise_conv2d_backward)

    def kernel_shapes(self, channels):
        return {"kernel": (*self.kernel_size, channels, self.depth_multiplier)}

    def channels_out(self, channels):
        return channels * self.depth_multiplier

    def function(self, x):
        return self.functions[0](x, self.params["kernel"], self.params.get("bias"), *self.knobs)


@dataclass(eq=False)
class SeparableConv2D(_Convolution):
    """Depthwise, then pointwise: (N, H, W, C) -> (N, OH, OW, filters)."""

    filters: int
    kernel_size: int | tuple
    stride: int | tuple = 1
    padding: str | int | tuple = "valid"
    depth_multiplier: int = 1
    dilation: int | tuple = 1
    use_bias: bool = True
    initialiser: str = "glorot_uniform"

    functions = (separable_conv2d, separable_conv2d_backward)

    def kernel_shapes(self, channels):
        return {
            "depthwise": (*self.kernel_size, channels, self.depth_multiplier),
            "pointwise": (channels * self.depth_multiplier, self.filters),
        }

    def function(self, x):
        return self.functions[0](
            x, self.params["depthwise"], self.params["pointwise"], self.params.get("bias"), *self.knobs
        )


@dataclass(eq=False)
class Conv2DTranspose(_Convolution):
    """Upsampling that is learnt: (N, H, W, C) -> (N, OH, OW, filters)."""

    filters: int
    kernel_size: int | tuple
    stride: int | tuple = 1
    padding: str | int | tuple = "valid"
    dilation: int | tuple = 1
    use_bias: bool = True
    initialiser: str = "glorot_uniform"

    functions = (transposed_conv2d, transposed_conv2d_backward)

    def kernel_shapes(self, channels):
        return {"kernel": (*self.kernel_size, self.filters, channels)}

    def output_shape(self, input_shape):
        sizes = transposed_output_size(tuple(input_shape[:-1]), self.kernel_size, *self.knobs)
        return (*sizes, self.filters)

    def macs(self, input_shape):
        positions = int(np.prod(input_shape[:-1]))  # each input pixel stamps its kernel once
        return positions * int(np.prod(self.kernel_shapes(input_shape[-1])["kernel"]))

    def window(self, input_shape):
        """An output pixel lies under ceil(span / stride) stamps at most, and moves by a fraction of an input pixel.

        The stamps that reach output pixel 0 are centred on input pixel (before - (span - 1) / 2) / stride; "padding
        before" is what puts a window of ceil(span / stride) pixels there.
        """
        pads = pad_amounts(
            self.padding, self.output_shape(input_shape)[:-1], self.kernel_size, self.stride, self.dilation
        )
        windows = []
        for k, s, d, (before, _) in zip(self.kernel_size, self.stride, self.dilation, pads):
            beyond = d * (k - 1)  # the span less one
            reach = beyond // s + 1
            windows.append((reach, 1 / s, (reach - 1) / 2 - (before - beyond / 2) / s, 1))
        return tuple(windows)

    def function(self, x):
        return self.functions[0](x, self.params["kernel"], self.params.get("bias"), *self.knobs)
