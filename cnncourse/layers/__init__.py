"""Layers: thin objects that keep weights and caches; the mathematics is in the functions they call.

Each has ``forward(x) -> y`` and ``backward(dy) -> dx``; `params` and `grads` are dicts with the same keys. Backward
never changes a weight: an optimiser does. See `cnncourse.layers.base.Layer` for what a layer of your own must have.
"""

from cnncourse.layers.activations import ELU, GELU, LeakyReLU, ReLU, Sigmoid, SiLU, Softmax, Tanh
from cnncourse.layers.base import Layer
from cnncourse.layers.convolutions import Conv1D, Conv2D, Conv2DTranspose, Conv3D, DepthwiseConv2D, SeparableConv2D
from cnncourse.layers.dense import Dense, Dropout, Flatten, SpatialDropout2D
from cnncourse.layers.normalisation import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
    LocalResponseNormalization,
)
from cnncourse.layers.pooling import (
    AdaptiveAveragePooling2D,
    AdaptiveMaxPooling2D,
    AveragePooling2D,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    MaxPooling2D,
)

__all__ = [
    "ELU",
    "GELU",
    "AdaptiveAveragePooling2D",
    "AdaptiveMaxPooling2D",
    "AveragePooling2D",
    "BatchNormalization",
    "Conv1D",
    "Conv2D",
    "Conv2DTranspose",
    "Conv3D",
    "Dense",
    "DepthwiseConv2D",
    "Dropout",
    "Flatten",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
    "GroupNormalization",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "LocalResponseNormalization",
    "MaxPooling2D",
    "ReLU",
    "SeparableConv2D",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "SpatialDropout2D",
    "Tanh",
]
