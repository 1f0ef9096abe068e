"""ch07.range_test_pick: the smoothed losses of a learning-rate range test, and the rate that it suggests."""

import numpy as np

from cnncourse.checks.writing import Task, whole


def pick_rate(rates, losses, smoothing):
    return picked(rates, losses, smoothing)


def mean_of(losses, smoothing, corrected=True, start=0.0):
    """The running means of the losses before the first that is not finite."""
    good = losses[: int(np.argmin([*np.isfinite(losses), False]))]
    means, mean = np.zeros(len(good)), start
    for step, loss in enumerate(good):
        mean = smoothing * mean + (1 - smoothing) * loss
        means[step] = mean / (1 - smoothing ** (step + 1)) if corrected else mean
    return means


def picked(rates, losses, smoothing, at=np.argmin, share=0.1, **options):
    smoothed = mean_of(losses, smoothing, **options)
    return smoothed, share * rates[at(smoothed)]


def run(rng, steps, end=()):
    """A test as it mostly goes: flat, down, up, with noise, and sometimes the end of the network."""
    place = np.linspace(-3, 2, steps)
    losses = 2.3 - 2 / (1 + np.exp(-4 * place)) + np.exp(3 * (place - 1)) + rng.normal(0, 0.15, steps)
    losses = np.append(losses, end)
    return np.logspace(-4, 0, len(losses)), losses


def cases(rng):
    yield np.array([0.001, 0.01, 0.1]), np.array([2.0, 1.0, 4.0]), 0.5
    yield np.array([0.001, 0.01, 0.1, 1.0]), np.array([4.0, 1.0, 2.0, 8.0]), 0.5
    yield np.array([0.01, 0.1, 1.0, 10.0]), np.array([3.0, 2.0, 5.0, np.nan]), 0.25
    yield np.array([0.01, 0.1, 1.0, 10.0]), np.array([3.0, 2.0, np.inf, 0.5]), 0.25
    yield np.array([0.01, 0.1, 1.0]), np.array([2.0, 1.0, 3.0]), 0.0
    for end in ((), (9.0, np.inf, np.nan), (np.nan, 0.1)):
        yield *run(rng, whole(rng, 18, 30), end), 0.8


TASK = Task(__name__, __doc__, "#the-learning-rate", pick_rate, cases, results=("smoothed", "rate"), tolerance=1e-6)

why = "A mean that starts at 0 is too small at first, so the first step looks best: divide by 1 - beta^steps."
TASK.mistake("the start from 0 is not corrected", why)(lambda *case: picked(*case, corrected=False))


@TASK.mistake("the running mean starts with the first loss")
def from_the_first(rates, losses, smoothing):
    """Then the first batch counts as much as all that were before it would have. Start from 0, and correct that."""
    return picked(rates, losses, smoothing, corrected=False, start=losses[0])


why = "A single batch can be easy by chance. The smoothed losses say where the loss is smallest."
TASK.mistake("the smallest loss of a single batch decides", why)(
    lambda rates, losses, smoothing: (mean_of(losses, smoothing), picked(rates, losses, 0.0)[1])
)
why = "There the loss is about to rise: a rate that works for one step is too large for many. Take a tenth of it."
TASK.mistake("the rate of the smallest loss itself is suggested", why)(lambda *case: picked(*case, share=1.0))
TASK.mistake("the place of the rate is suggested", "Asked for is the rate itself: rates[place].")(
    lambda rates, losses, smoothing: (mean_of(losses, smoothing), float(np.argmin(mean_of(losses, smoothing))))
)
why = "`smoothing` is the part of the running mean that is kept. The new loss counts 1 - smoothing."
TASK.mistake("the new loss counts as much as was to be kept", why)(
    lambda rates, losses, smoothing: picked(rates, losses, 1 - smoothing)
)
why = "The rate is to be found where the smoothed loss is smallest, not where it is largest."
TASK.mistake("the largest loss decides", why)(lambda *case: picked(*case, at=np.argmax))


@TASK.mistake("the correction is one step late")
def corrected_late(rates, losses, smoothing):
    """At the first step the mean holds one loss, with the weight 1 - smoothing: divide by that."""
    smoothed = mean_of(losses, smoothing, corrected=False)
    smoothed = smoothed / (1 - smoothing ** np.arange(2, len(smoothed) + 2))
    return smoothed, 0.1 * rates[np.argmin(smoothed)]


@TASK.mistake("losses after the end of the network are used")
def to_the_end(rates, losses, smoothing):
    """Once a loss is not finite the weights are spoilt, and what comes after says nothing: stop before it."""
    good = np.isfinite(losses)
    return picked(rates[good], losses[good], smoothing)
