"""Normalisation layers."""

from dataclasses import dataclass

import numpy as np

from cnncourse import normalisation
from cnncourse.arguments import fraction, whole_number
from cnncourse.layers.base import Layer


@dataclass(eq=False)
class _Scaled(Layer):
    """A normalisation followed by a scale `gamma` and a shift `beta` for each channel."""

    epsilon: float = 1e-3

    def build(self, input_shape, rng, dtype=np.float32):
        self.params["gamma"] = np.ones(input_shape[-1], dtype)
        self.params["beta"] = np.zeros(input_shape[-1], dtype)

    def forward(self, x, training=False):
        self.require_params()
        y, self.cache = self.function(x)
        return y

    def gradient(self, dy, cache):
        dx, self.grads["gamma"], self.grads["beta"] = self.functions[1](dy, cache)
        return dx


@dataclass(eq=False)
class BatchNormalization(_Scaled):
    """Each channel by its mean and variance: those of the batch in training, their running averages otherwise.

    The running averages move by ``1 - momentum`` of the way to each batch. As in Keras, the running variance is the
    biased one that was used.
    """

    momentum: float = 0.99

    mixes_images = True

    def __post_init__(self):
        super().__post_init__()
        fraction(self.momentum, "momentum", below_one=False)

    def build(self, input_shape, rng, dtype=np.float32):
        super().build(input_shape, rng, dtype)
        self.state["mean"] = np.zeros(input_shape[-1], dtype)
        self.state["variance"] = np.ones(input_shape[-1], dtype)

    def forward(self, x, training=False):
        self.require_params()
        gamma, beta = self.params["gamma"], self.params["beta"]
        self.trained = training
        if not training:
            y, self.cache = normalisation.batch_norm_inference(
                x, gamma, beta, self.state["mean"], self.state["variance"], self.epsilon
            )
            return y
        y, self.cache = normalisation.batch_norm(x, gamma, beta, self.epsilon)
        for name, batch in (("mean", self.cache.mean), ("variance", self.cache.variance)):
            self.state[name] *= self.momentum
            self.state[name] += (1 - self.momentum) * batch
        return y

    @property
    def functions(self):
        training = normalisation.batch_norm, normalisation.batch_norm_backward
        inference = normalisation.batch_norm_inference, normalisation.batch_norm_inference_backward
        return training if self.trained else inference


class LayerNormalization(_Scaled):
    """Each pixel by the mean and variance of its channels."""

    functions = (normalisation.layer_norm, normalisation.layer_norm_backward)

    def function(self, x):
        return normalisation.layer_norm(x, self.params["gamma"], self.params["beta"], self.epsilon)


@dataclass(eq=False)
class GroupNormalization(_Scaled):
    """Each image by the mean and variance of groups of its channels."""

    groups: int = 32

    functions = (normalisation.group_norm, normalisation.group_norm_backward)

    def build(self, input_shape, rng, dtype=np.float32):
        if input_shape[-1] % whole_number(self.groups, "groups"):
            raise ValueError(f"groups is {self.groups}, which must divide C = {input_shape[-1]} channels")
        super().build(input_shape, rng, dtype)

    def window(self, input_shape):
        return None

    def function(self, x):
        return normalisation.group_norm(x, self.params["gamma"], self.params["beta"], self.groups, self.epsilon)


@dataclass(eq=False)
class LocalResponseNormalization(Layer):
    """AlexNet's: each number by the squares of its neighbours in the channels."""

    size: int = 5
    bias: float = 2.0
    alpha: float = 1e-4
    beta: float = 0.75

    def function(self, x):
        return normalisation.local_response_norm(x, self.size, self.bias, self.alpha, self.beta)

    gradient = staticmethod(normalisation.local_response_norm_backward)
