"""Schedules: a learning rate that is a function of the step (chapter ch07_training).

An optimiser takes any function of the step (0, 1, 2 ...) as its learning rate. These have Keras's names and arguments
where Keras has them. They remember nothing, so a resumed training finds its rate again.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from cnncourse.arguments import fraction, number, whole_number


@dataclass(frozen=True)
class PiecewiseConstantDecay:
    """One value after the other: `values[k]` up to step `boundaries[k]`, that one included, and the last for ever.

    >>> drops = PiecewiseConstantDecay([2, 4], [0.1, 0.01, 0.001])
    >>> [drops(step) for step in range(6)]
    [0.1, 0.1, 0.1, 0.01, 0.01, 0.001]
    """

    boundaries: list
    values: list

    def __post_init__(self):
        boundaries = [whole_number(step, "a boundary", minimum=0) for step in self.boundaries]
        for value in self.values:
            number(value, "a value")
        if len(self.values) != len(boundaries) + 1:
            raise ValueError(
                f"there are {len(self.values)} values for {len(boundaries)} boundaries, but one more value than "
                "boundaries is needed: before the first, between them, and after the last"
            )
        if sorted(set(boundaries)) != boundaries:
            raise ValueError(f"boundaries are {self.boundaries}, but each must be larger than the one before it")

    def __call__(self, step):
        return float(self.values[sum(step > boundary for boundary in self.boundaries)])


@dataclass(frozen=True)
class ExponentialDecay:
    """The rate times `decay_rate` every `decay_steps` steps: a little at each step, or with `staircase` all at once.

    >>> halves = ExponentialDecay(0.8, decay_steps=10, decay_rate=0.5)
    >>> halves(0), halves(10), halves(20), round(halves(5), 3)
    (0.8, 0.4, 0.2, 0.566)
    >>> ExponentialDecay(0.8, decay_steps=10, decay_rate=0.5, staircase=True)(19)
    0.4
    """

    initial_learning_rate: float
    decay_steps: int
    decay_rate: float
    staircase: bool = False

    def __post_init__(self):
        number(self.initial_learning_rate, "initial_learning_rate", above_zero=True)
        whole_number(self.decay_steps, "decay_steps")
        number(self.decay_rate, "decay_rate", above_zero=True)

    def __call__(self, step):
        passed = step // self.decay_steps if self.staircase else step / self.decay_steps
        return self.initial_learning_rate * self.decay_rate**passed


@dataclass(frozen=True)
class CosineDecay:
    """Half a wave of the cosine from the first rate down to `alpha` times it, in `decay_steps` steps.

    With `warmup_target` the rate first climbs in a straight line, from `initial_learning_rate` to the target in
    `warmup_steps` steps; the wave starts from the target then (Loshchilov & Hutter, 2017, arXiv:1608.03983).

    >>> wave = CosineDecay(0.1, decay_steps=4)
    >>> [round(wave(step), 4) for step in range(6)]
    [0.1, 0.0854, 0.05, 0.0146, 0.0, 0.0]
    >>> wave = CosineDecay(0.0, decay_steps=4, warmup_target=0.1, warmup_steps=2)
    >>> [round(wave(step), 4) for step in range(6)]
    [0.0, 0.05, 0.1, 0.0854, 0.05, 0.0146]
    """

    initial_learning_rate: float
    decay_steps: int
    alpha: float = 0.0
    warmup_target: float | None = None
    warmup_steps: int = 0

    def __post_init__(self):
        number(self.initial_learning_rate, "initial_learning_rate")
        whole_number(self.decay_steps, "decay_steps")
        fraction(self.alpha, "alpha", below_one=False)
        whole_number(self.warmup_steps, "warmup_steps", minimum=0)
        if self.warmup_target is not None:
            number(self.warmup_target, "warmup_target", above_zero=True)
        elif self.warmup_steps:
            raise ValueError(
                f"warmup_steps is {self.warmup_steps}, but where the rate climbs to is missing: add warmup_target"
            )

    def __call__(self, step):
        if self.warmup_target is None:
            return self.initial_learning_rate * _wave(step / self.decay_steps, self.alpha)
        if step < self.warmup_steps:
            climb = self.warmup_target - self.initial_learning_rate
            return self.initial_learning_rate + climb * step / self.warmup_steps
        return self.warmup_target * _wave((step - self.warmup_steps) / self.decay_steps, self.alpha)


@dataclass(frozen=True)
class CosineDecayRestarts:
    """One cosine wave after the other: each `t_mul` times as long as the one before, from `m_mul` times its height.

    None goes below `alpha` times the first rate.

    >>> waves = CosineDecayRestarts(0.1, first_decay_steps=2, t_mul=2.0, m_mul=0.5)
    >>> [round(waves(step), 4) for step in range(7)]
    [0.1, 0.05, 0.05, 0.0427, 0.025, 0.0073, 0.025]
    """

    initial_learning_rate: float
    first_decay_steps: int
    t_mul: float = 2.0
    m_mul: float = 1.0
    alpha: float = 0.0

    def __post_init__(self):
        number(self.initial_learning_rate, "initial_learning_rate", above_zero=True)
        whole_number(self.first_decay_steps, "first_decay_steps")
        fraction(self.alpha, "alpha", below_one=False)
        number(self.m_mul, "m_mul", above_zero=True)
        if number(self.t_mul, "t_mul") < 1:
            raise ValueError(f"t_mul is {self.t_mul}, but a number >= 1 is needed: waves that shrink would never end")

    def __call__(self, step):
        height, length = self.initial_learning_rate, self.first_decay_steps
        while step >= length:
            step, length, height = step - length, length * self.t_mul, height * self.m_mul
        lowest = self.alpha * self.initial_learning_rate
        return lowest + (1 - self.alpha) * height * _wave(step / length, 0.0)


@dataclass(frozen=True)
class WarmUp:
    """A straight line from `start` up to the first rate of `after` in `steps` steps; then `after`, from its beginning.

    `after` is a schedule or a number (Goyal et al., 2017, arXiv:1706.02677).

    >>> slowly = WarmUp(0.1, steps=4)
    >>> [round(slowly(step), 4) for step in range(6)]
    [0.0, 0.025, 0.05, 0.075, 0.1, 0.1]
    """

    after: float | Callable
    steps: int
    start: float = 0.0

    def __post_init__(self):
        whole_number(self.steps, "steps")
        number(self.start, "start")
        if not callable(self.after):
            number(self.after, "after", above_zero=True)

    def __call__(self, step):
        rate = self.after if callable(self.after) else lambda step: self.after
        if step >= self.steps:
            return rate(step - self.steps)
        return self.start + (rate(0) - self.start) * step / self.steps


@dataclass(frozen=True)
class OneCycle:
    """Up to `max_learning_rate` and down to almost nothing, once, over the whole training of `total_steps` steps.

    It starts from the highest rate over `div_factor`, climbs for `warmup_share` of the steps, and ends at the first
    rate over `final_div_factor`; both ways are half waves of the cosine. (Smith & Topin, 2017, arXiv:1708.07120, climb
    in a straight line, and lower the momentum meanwhile. The cosine and the defaults are PyTorch's.)

    >>> cycle = OneCycle(0.1, total_steps=10)
    >>> [round(cycle(step), 4) for step in range(10)]
    [0.004, 0.052, 0.1, 0.095, 0.0812, 0.0611, 0.0389, 0.0188, 0.005, 0.0]
    """

    max_learning_rate: float
    total_steps: int
    warmup_share: float = 0.3
    div_factor: float = 25.0
    final_div_factor: float = 1e4

    def __post_init__(self):
        number(self.max_learning_rate, "max_learning_rate", above_zero=True)
        whole_number(self.total_steps, "total_steps", minimum=2)
        fraction(self.warmup_share, "warmup_share")
        number(self.div_factor, "div_factor", above_zero=True)
        number(self.final_div_factor, "final_div_factor", above_zero=True)

    def __call__(self, step):
        top, last = max(self.warmup_share * self.total_steps - 1, 0), self.total_steps - 1
        first = self.max_learning_rate / self.div_factor
        if step < top:
            return _between(first, self.max_learning_rate, step / top)
        return _between(self.max_learning_rate, first / self.final_div_factor, (step - top) / (last - top))


@dataclass(eq=False)
class ReduceLROnPlateau:
    """The rate times `factor` whenever the validation loss has not fallen for `patience` epochs in a row.

    `fit` tells it before each epoch how the training has gone, so it needs ``validation=...``. What it does follows
    from the losses alone: a resumed training goes on as if it had not stopped.

    learning_rate : the rate to begin with.
    min_delta : a loss counts as smaller only if it is so by more than this.
    cooldown : epochs after a cut in which it does not count.
    min_lr : the rate that it does not go below.

    >>> from cnncourse.training import History
    >>> rate = ReduceLROnPlateau(0.1, factor=0.5, patience=2)
    >>> rate(0), rate.after_epoch(History(val_loss=[0.7, 0.6, 0.6, 0.61])), rate(4)
    (0.1, None, 0.05)
    """

    learning_rate: float
    factor: float = 0.1
    patience: int = 10
    min_delta: float = 1e-4
    cooldown: int = 0
    min_lr: float = 0.0

    def __post_init__(self):
        self.now = number(self.learning_rate, "learning_rate", above_zero=True)
        if number(self.factor, "factor", above_zero=True) >= 1:
            raise ValueError(f"factor is {self.factor}, but a number in (0, 1) is needed: the rate is to shrink")
        whole_number(self.patience, "patience", minimum=0)
        number(self.min_delta, "min_delta")
        whole_number(self.cooldown, "cooldown", minimum=0)
        number(self.min_lr, "min_lr")

    def __call__(self, step):
        return self.now

    def after_epoch(self, history):
        """Go through the validation losses so far, from the first one on."""
        self.now, best, waited, cooling = self.learning_rate, math.inf, 0, 0
        for loss in history.val_loss:
            if cooling:
                cooling, waited = cooling - 1, 0
            if loss < best - self.min_delta:
                best, waited = loss, 0
            elif not cooling:
                waited += 1
                if waited >= self.patience:
                    self.now = min(self.now, max(self.now * self.factor, self.min_lr))
                    waited, cooling = 0, self.cooldown


def _wave(passed, alpha):
    """From 1 down to alpha while `passed` goes from 0 to 1."""
    return _between(1.0, alpha, passed)


def _between(start, end, passed):
    """From `start` to `end` along half a wave of the cosine, while `passed` goes from 0 to 1."""
    return end + (start - end) * (1 + math.cos(math.pi * min(passed, 1.0))) / 2
