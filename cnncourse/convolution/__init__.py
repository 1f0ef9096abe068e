"""Convolution: direct, kept apart by channel, and transposed (chapter ch02_convolution)."""

from cnncourse.convolution.depthwise import (
    depthwise_conv2d,
    depthwise_conv2d_backward,
    depthwise_conv2d_loops,
    pointwise_conv2d,
    pointwise_conv2d_backward,
    separable_conv2d,
    separable_conv2d_backward,
)
from cnncourse.convolution.direct import (
    Geometry,
    conv1d,
    conv1d_loops,
    conv2d,
    conv2d_backward_loops,
    conv2d_loops,
    conv3d,
    conv3d_loops,
    conv_backward,
    convolve,
    correlate,
    geometry,
)
from cnncourse.convolution.transposed import transposed_conv2d, transposed_conv2d_backward, transposed_conv2d_loops

__all__ = [
    "Geometry",
    "conv1d",
    "conv1d_loops",
    "conv2d",
    "conv2d_backward_loops",
    "conv2d_loops",
    "conv3d",
    "conv3d_loops",
    "conv_backward",
    "convolve",
    "correlate",
    "depthwise_conv2d",
    "depthwise_conv2d_backward",
    "depthwise_conv2d_loops",
    "geometry",
    "pointwise_conv2d",
    "pointwise_conv2d_backward",
    "separable_conv2d",
    "separable_conv2d_backward",
    "transposed_conv2d",
    "transposed_conv2d_backward",
    "transposed_conv2d_loops",
]
