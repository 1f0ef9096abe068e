"""The learning-rate range test: a few hundred steps that say which rates are worth trying (chapter ch07_training).

The rate grows by the same factor at each step, from one at which nothing happens to one that breaks the network (Smith,
2017, arXiv:1506.01186). In between, the loss falls; the test shows where.
"""

from dataclasses import dataclass

import numpy as np

from cnncourse.arguments import fraction, number, whole_number
from cnncourse.losses import CrossEntropy
from cnncourse.training.optimisers import Adam
from cnncourse.training.parallel import crew


@dataclass
class RangeTest:
    """What `range_test` found: for each step its rate, the loss of its batch, and the smoothed loss."""

    rates: list
    losses: list
    smoothed: list
    suggestion: float
    rule = "a tenth of the rate at which the smoothed loss was smallest"


def range_test(
    network,
    x,
    y,
    *,
    optimiser=None,
    loss=None,
    lowest=1e-6,
    highest=10.0,
    steps=100,
    batch_size=128,
    smoothing=0.9,
    explodes=4.0,
    seed=0,
    workers=None,
):
    """Train with a learning rate that grows from `lowest` to `highest`, and put the network back as it was.

    Parameters
    ----------
    x, y : images (N, H, W, C) and their labels (N,)
    optimiser : by default Adam(); its other settings are used, its learning rate and its memory are not.
    loss : by default CrossEntropy()
    steps : batches; when the images are used up they come again, in a new order.
    smoothing : how much of the running mean of the losses is kept at each step, in [0, 1).
    explodes : stop once the smoothed loss is so many times the smallest one before, or no longer finite.

    Returns
    -------
    RangeTest : its `suggestion` is a tenth of the rate at which the smoothed loss was smallest: there it is about to
        rise, because the smoothed loss lags behind and because a rate that works for one step is too large for many.

    >>> from cnncourse.layers import Dense
    >>> from cnncourse.network import Network
    >>> x = np.random.default_rng(0).standard_normal((64, 2)).astype(np.float32)
    >>> found = range_test(Network([Dense(2)], (2,)), x, (x[:, 0] > 0).astype(int), steps=50, batch_size=32)
    >>> len(found.rates) <= 50, found.rates[0], found.rule
    (True, 1e-06, 'a tenth of the rate at which the smoothed loss was smallest')
    """
    optimiser, loss = optimiser or Adam(), loss or CrossEntropy()
    steps, batch_size = whole_number(steps, "steps", minimum=2), whole_number(batch_size, "batch_size")
    smoothing, explodes = fraction(smoothing, "smoothing"), number(explodes, "explodes", above_zero=True)
    if number(lowest, "lowest", above_zero=True) >= number(highest, "highest"):
        raise ValueError(f"the rates go from {lowest} to {highest}, but the second must be larger")
    x, y = network.images(x), np.asarray(y)
    if not len(x):
        raise ValueError("there are no images in x")

    settings = {**optimiser.config(), "learning_rate": lambda step: lowest * (highest / lowest) ** (step / (steps - 1))}
    settings.pop("class")
    trial, before, rng = type(optimiser)(**settings), network.get_weights(), np.random.default_rng(seed)
    rates, losses, smoothed, mean = [], [], [], 0.0
    with crew(network, workers) as team, np.errstate(all="ignore"):
        try:
            team.reseed(rng)
            for indices in _batches(len(x), batch_size, steps, rng):
                value, _, grads = team.train(x, y, indices, loss)
                mean = smoothing * mean + (1 - smoothing) * float(value)
                now = mean / (1 - smoothing ** (len(losses) + 1))  # it starts from 0, as in Adam
                if not np.isfinite(now) or (smoothed and now > explodes * min(smoothed)):
                    break
                rates.append(float(trial.learning_rate(len(losses))))
                losses.append(float(value))
                smoothed.append(now)
                trial.step(network.params, grads)
        finally:
            network.set_weights(before)
    if not rates:
        raise ValueError(
            f"the loss of the first batch is {value}, before any step: mend the network or the images first"
        )
    return RangeTest(rates, losses, smoothed, rates[int(np.argmin(smoothed))] / 10)


def _batches(count, batch_size, steps, rng):
    """The indices of `steps` batches, epoch after epoch."""
    while steps > 0:
        for indices in np.array_split(rng.permutation(count), range(batch_size, count, batch_size))[:steps]:
            yield indices
            steps -= 1
