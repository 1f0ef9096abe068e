"""ch07.schedule: the learning rate of a step, with a warm-up and then half a wave of the cosine."""

import math

from cnncourse.checks.writing import Task, whole


def rate(step, warmup, total, peak, lowest):
    return either(step, warmup, total, peak, lowest)


def wave(passed, peak, lowest):
    return lowest + (peak - lowest) * (1 + math.cos(math.pi * passed)) / 2


def climb(step, warmup, peak):
    return peak * step / warmup


def either(step, warmup, total, peak, lowest, up=climb, down=wave, passed=None):
    if step < warmup:
        return up(step, warmup, peak)
    passed = min((step - warmup) / (total - warmup), 1) if passed is None else passed(step, warmup, total)
    return down(passed, peak, lowest)


def cases(rng):
    for warmup, length, peak, lowest in ((2, 4, 1.0, 0.0), (0, 4, 0.8, 0.2), (3, 6, 0.6, 0.1)):
        for step in (0, 1, warmup, warmup + length // 2, warmup + 1, warmup + length, warmup + length + 2):
            yield step, warmup, warmup + length, peak, lowest
    for _ in range(12):
        warmup, length = whole(rng, 1, 9), whole(rng, 2, 30)
        peak = whole(rng, 2, 9) / 10
        yield whole(rng, 0, warmup + length + 5), warmup, warmup + length, peak, peak * whole(rng, 1, 5) / 10


TASK = Task(__name__, __doc__, "#the-learning-rate", rate, cases, tolerance=1e-6)

why = "The wave begins where the warm-up ends: what counts is how far the step is from there."
TASK.mistake("the wave is counted from step 0", why)(
    lambda *case: either(*case, passed=lambda step, warmup, total: min(step / total, 1))
)
why = "The wave ends at step total, so it has total - warmup steps."
TASK.mistake("the wave is as long as the whole training", why)(
    lambda *case: either(*case, passed=lambda step, warmup, total: min((step - warmup) / total, 1))
)
why = "After step total the rate stays at the lowest. A cosine that goes on climbs again."
TASK.mistake("the rate climbs again after the end", why)(
    lambda *case: either(*case, passed=lambda step, warmup, total: (step - warmup) / (total - warmup))
)
why = "A cosine goes from 1 to -1 in half a turn, which is pi. In a whole turn it is back at the peak."
TASK.mistake("the wave is a whole turn", why)(
    lambda *case: either(*case, down=lambda passed, peak, lowest: wave(2 * passed, peak, lowest))
)
why = "A cosine goes down to -1: add 1 and halve it, and it goes from 1 to 0."
TASK.mistake("the cosine itself is the factor", why)(
    lambda *case: either(*case, down=lambda passed, peak, low: low + (peak - low) * math.cos(math.pi * passed))
)
why = "The wave goes from the peak to the lowest, so its height is peak - lowest. This one starts above the peak."
TASK.mistake("the lowest rate is added to a wave of the peak's height", why)(
    lambda *case: either(*case, down=lambda passed, peak, lowest: lowest + wave(passed, peak, 0.0))
)
why = (
    "The lowest rate belongs to the wave, which reaches it at its end. A rate that is cut off arrives there too early."
)
TASK.mistake("the wave goes to 0 and is cut off at the lowest rate", why)(
    lambda *case: either(*case, down=lambda passed, peak, lowest: max(lowest, wave(passed, peak, 0.0)))
)
why = "Here `lowest` is a rate. In Keras `alpha` is a share of the peak."
TASK.mistake("the lowest rate is taken as a share of the peak", why)(
    lambda *case: either(*case, down=lambda passed, peak, lowest: wave(passed, peak, peak * lowest))
)
why = "That is a straight line from the peak to the lowest. The cosine stays high longer, and ends more gently."
TASK.mistake("the rate falls in a straight line", why)(
    lambda *case: either(*case, down=lambda passed, peak, lowest: peak + (lowest - peak) * passed)
)
why = "The warm-up goes from 0 at step 0 to the peak at step warmup. So step 0 has rate 0."
TASK.mistake("the warm-up is one step ahead", why)(
    lambda *case: either(*case, up=lambda step, warmup, peak: peak * (step + 1) / warmup)
)
why = "The warm-up climbs from 0 in a straight line. The lowest rate is where the wave ends."
TASK.mistake("the warm-up starts from the lowest rate", why)(
    lambda *case: either(*case, up=lambda step, warmup, peak: case[4] + (peak - case[4]) * step / warmup)
)
TASK.mistake("there is no warm-up", "Before step warmup the rate is step / warmup of the peak.")(
    lambda *case: either(*case, up=lambda step, warmup, peak: peak)
)
