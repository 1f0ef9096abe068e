"""Optimisers: what to do with a gradient (chapter ch07_training).

Backward says in which direction the loss climbs; an optimiser decides how far to step the other way. All of them change
the parameters in place and keep what they remember in `memory`, one dict of arrays for each parameter.
"""

from dataclasses import asdict, dataclass

import numpy as np

from cnncourse.arguments import fraction, number


@dataclass(eq=False)
class Optimiser:
    """`update` moves one parameter; `learning_rate` is a number, or a function of the step (0, 1, 2 ...)."""

    learning_rate: float = 0.01

    def __post_init__(self):
        self.steps, self.memory = 0, {}
        if not callable(self.learning_rate):
            number(self.learning_rate, "learning_rate", above_zero=True)

    def step(self, params, grads):
        """Move all `params`, a dict of arrays, against the `grads` of the same names."""
        if params.keys() != grads.keys():
            missing = sorted(params.keys() ^ grads.keys())
            raise ValueError(f"params and grads must have the same names, but these are in one alone: {missing}")
        rate = self.learning_rate(self.steps) if callable(self.learning_rate) else self.learning_rate
        rate = number(rate, f"the learning rate of step {self.steps}")
        for name, param in params.items():
            shapes = {np.shape(grads[name]), *(slot.shape for slot in self.memory.get(name, {}).values())}
            if shapes != {param.shape}:
                raise ValueError(
                    f"{name} has shape {param.shape}, but its gradient, or what this optimiser remembers of it, "
                    f"{shapes - {param.shape}}: an optimiser that was used for another network cannot be used again"
                )
        self.steps += 1
        for name, param in params.items():
            self.update(param, grads[name], rate, self.memory.setdefault(name, {}))

    def config(self):
        return {"class": type(self).__name__, **asdict(self)}


@dataclass(eq=False)
class SGD(Optimiser):
    """Stochastic gradient descent; with momentum, a step is a running sum of gradients, of which `momentum` is kept.

    With `nesterov` the gradient counts once more on top of the sum, as if it had been measured one step ahead
    (Sutskever et al., 2013, ICML). `weight_decay` adds ``weight_decay * param`` to each gradient: an L2 penalty.

    >>> params = {"w": np.array([1.0])}
    >>> SGD(learning_rate=0.1).step(params, {"w": np.array([2.0])})
    >>> params["w"]
    array([0.8])
    """

    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0

    def __post_init__(self):
        super().__post_init__()
        fraction(self.momentum, "momentum")
        number(self.weight_decay, "weight_decay")
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov=True looks ahead along the momentum, but momentum is 0: use e.g. momentum=0.9")

    def update(self, param, grad, rate, memory):
        if self.weight_decay:
            grad = grad + self.weight_decay * param
        if not self.momentum:
            param -= rate * grad
            return
        velocity = memory.setdefault("velocity", np.zeros_like(param))
        velocity *= self.momentum
        velocity -= rate * grad
        param += self.momentum * velocity - rate * grad if self.nesterov else velocity


@dataclass(eq=False)
class Adam(Optimiser):
    """Each number by its own scale: the mean of its gradients over the root of the mean of their squares.

    Both means start at 0 and are too small at first; the correction undoes that exactly (Kingma & Ba, 2015,
    arXiv:1412.6980).

    >>> params = {"w": np.array([1.0, 1.0])}
    >>> Adam(learning_rate=0.1).step(params, {"w": np.array([1e-3, 1e3])})
    >>> params["w"].round(3)  # the first step has the length of the learning rate, whatever the gradient is
    array([0.9, 0.9])
    """

    learning_rate: float = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    def __post_init__(self):
        super().__post_init__()
        fraction(self.beta_1, "beta_1")
        fraction(self.beta_2, "beta_2")
        number(self.epsilon, "epsilon", above_zero=True)

    def update(self, param, grad, rate, memory):
        mean = memory.setdefault("mean", np.zeros_like(param))
        square = memory.setdefault("square", np.zeros_like(param))
        mean += (1 - self.beta_1) * (grad - mean)
        square += (1 - self.beta_2) * (grad * grad - square)
        mean_corrected = mean / (1 - self.beta_1**self.steps)
        square_corrected = square / (1 - self.beta_2**self.steps)
        param -= rate * mean_corrected / (np.sqrt(square_corrected) + self.epsilon)


@dataclass(eq=False)
class AdamW(Adam):
    """Adam that shrinks the weights beside the gradient step instead of through it (Loshchilov & Hutter, 2019,
    arXiv:1711.05101). As in Keras, one-dimensional parameters (biases, scales) shrink as well.

    >>> params = {"w": np.array([1.0])}
    >>> AdamW(learning_rate=0.1, weight_decay=0.5).step(params, {"w": np.array([0.0])})
    >>> params["w"]
    array([0.95])
    """

    weight_decay: float = 0.004

    def __post_init__(self):
        super().__post_init__()
        number(self.weight_decay, "weight_decay")

    def update(self, param, grad, rate, memory):
        param -= rate * self.weight_decay * param
        super().update(param, grad, rate, memory)
