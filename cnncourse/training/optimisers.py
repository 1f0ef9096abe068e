"""Optimisers: what to do with a gradient (chapter ch07_training).

Backward says in which direction the loss climbs; an optimiser decides how far to step the other way. All of them change
the parameters in place and keep what they remember in `memory`, one dict of arrays for each parameter.
"""

from dataclasses import dataclass, field, fields

import numpy as np

from cnncourse.arguments import fraction, number, whole_number
from cnncourse.training.clipping import clip_by_global_norm, clip_by_norm, clip_by_value


@dataclass(eq=False)
class Optimiser:
    """`update` moves one parameter; `learning_rate` is a number, or a function of the step (0, 1, 2 ...).

    Every optimiser takes these by name, as in Keras:

    clipnorm, clipvalue, global_clipnorm : cut gradients that are too long, see `cnncourse.training.clipping`; at most
        one of the three.
    gradient_accumulation_steps : move only at each k-th call of `step`, by the mean of the k gradients that came. So k
        batches of the same size count as one batch of k times the size, and need the memory of a small one. A learning
        rate that is a function still counts the batches.
    """

    learning_rate: float = 0.01
    clipnorm: float | None = field(default=None, kw_only=True)
    clipvalue: float | None = field(default=None, kw_only=True)
    global_clipnorm: float | None = field(default=None, kw_only=True)
    gradient_accumulation_steps: int | None = field(default=None, kw_only=True)

    def __post_init__(self):
        self.calls, self.memory = 0, {}
        if not callable(self.learning_rate):
            number(self.learning_rate, "learning_rate", above_zero=True)
        if self.gradient_accumulation_steps is not None:
            whole_number(self.gradient_accumulation_steps, "gradient_accumulation_steps")
        limits = {name: getattr(self, name) for name in ("clipnorm", "clipvalue", "global_clipnorm")}
        limits = {name: number(limit, name, above_zero=True) for name, limit in limits.items() if limit is not None}
        if len(limits) > 1:
            raise ValueError(f"{' and '.join(limits)} are given, but a gradient is cut in one way: choose one of them")

    @property
    def steps(self):
        """How often the parameters were moved."""
        return self.calls // (self.gradient_accumulation_steps or 1)

    def step(self, params, grads):
        """Move all `params`, a dict of arrays, against the `grads` of the same names."""
        if params.keys() != grads.keys():
            missing = sorted(params.keys() ^ grads.keys())
            raise ValueError(f"params and grads must have the same names, but these are in one alone: {missing}")
        rate = self.learning_rate(self.calls) if callable(self.learning_rate) else self.learning_rate
        rate = number(rate, f"the learning rate of step {self.calls}")
        for name, param in params.items():
            shapes = {np.shape(grads[name]), *(slot.shape for slot in self.memory.get(name, {}).values())}
            if shapes != {param.shape}:
                raise ValueError(
                    f"{name} has shape {param.shape}, but its gradient, or what this optimiser remembers of it, "
                    f"{shapes - {param.shape}}: an optimiser that was used for another network cannot be used again"
                )
        self.calls += 1
        if self.gradient_accumulation_steps:
            grads = self.accumulated(grads)
            if self.calls % self.gradient_accumulation_steps:
                return
        grads = self.clipped(grads)
        for name, param in params.items():
            self.update(param, grads[name], rate, self.memory.setdefault(name, {}))

    def accumulated(self, grads):
        """The mean of the gradients since the last move, these included; after a move it starts again from nothing."""
        means = {}
        for name, grad in grads.items():
            memory = self.memory.setdefault(name, {})
            total = memory.setdefault("accumulated", np.zeros_like(grad))
            total += grad
            means[name] = total / self.gradient_accumulation_steps
            if self.calls % self.gradient_accumulation_steps == 0:
                total[...] = 0
        return means

    def clipped(self, grads):
        """The gradients, as long as they may be."""
        if self.clipnorm is not None:
            return clip_by_norm(grads, self.clipnorm)
        if self.clipvalue is not None:
            return clip_by_value(grads, self.clipvalue)
        return grads if self.global_clipnorm is None else clip_by_global_norm(grads, self.global_clipnorm)

    def config(self):
        return {"class": type(self).__name__, **{knob.name: getattr(self, knob.name) for knob in fields(self)}}


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
class RMSprop(Optimiser):
    """Each gradient over the root of a running mean of its squares, of which `rho` is kept at each step.

    With `centered` the square of a running mean of the gradients is taken off first, so that it is divided by their
    standard deviation. With `momentum` a step is a running sum, as with SGD. The idea is from a lecture (Hinton et al.,
    2012, Neural networks for machine learning, 6e). As in Keras, epsilon stands within the root.

    >>> params = {"w": np.array([1.0, 1.0])}
    >>> RMSprop(learning_rate=0.1, rho=0.75).step(params, {"w": np.array([2.0, 2000.0])})
    >>> params["w"].round(3)  # 0.1 / sqrt(1 - 0.75) each, whatever the gradient is
    array([0.8, 0.8])
    """

    learning_rate: float = 0.001
    rho: float = 0.9
    momentum: float = 0.0
    epsilon: float = 1e-7
    centered: bool = False

    def __post_init__(self):
        super().__post_init__()
        fraction(self.rho, "rho")
        fraction(self.momentum, "momentum")
        number(self.epsilon, "epsilon", above_zero=True)

    def update(self, param, grad, rate, memory):
        square = memory.setdefault("square", np.zeros_like(param))
        square += (1 - self.rho) * (grad * grad - square)
        spread = square
        if self.centered:
            mean = memory.setdefault("mean", np.zeros_like(param))
            mean += (1 - self.rho) * (grad - mean)
            spread = square - mean * mean
        move = rate * grad / np.sqrt(spread + self.epsilon)
        if self.momentum:
            velocity = memory.setdefault("velocity", np.zeros_like(param))
            velocity *= self.momentum
            velocity += move
            move = velocity
        param -= move


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


@dataclass(eq=False)
class AdamL2(Adam):
    """Adam with an L2 penalty: ``weight_decay * param`` is added to each gradient, as `SGD` does.

    So the penalty is divided by the root too, and a weight with large gradients hardly shrinks: compare `AdamW`.

    >>> params = {"w": np.array([1.0])}
    >>> AdamL2(learning_rate=0.1, weight_decay=0.5).step(params, {"w": np.array([0.0])})
    >>> params["w"].round(3)  # a whole step, however small the penalty is
    array([0.9])
    """

    weight_decay: float = 0.004

    def __post_init__(self):
        super().__post_init__()
        number(self.weight_decay, "weight_decay")

    def update(self, param, grad, rate, memory):
        super().update(param, grad + self.weight_decay * param, rate, memory)
