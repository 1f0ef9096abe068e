"""ch07.calibration: how far confidence and the share of right answers lie apart, on average over the images."""

import numpy as np

from cnncourse.checks.writing import Task, given, whole


def sure_and_right(probabilities, labels):
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == labels


def by_bins(confidence, right, bins, side=True, total=lambda gaps, shares: gaps @ shares, gap=abs):
    """The gaps between mean confidence and share of right answers in each bin, put together by `total`."""
    place = np.digitize(confidence, np.linspace(0, 1, bins + 1)[1:-1], right=side)
    kept = [place == b for b in range(bins) if (place == b).any()]
    gaps = np.array([gap(right[inside].mean() - confidence[inside].mean()) for inside in kept])
    return float(total(gaps, np.array([inside.mean() for inside in kept])))


def calibration(probabilities, labels, bins):
    return by_bins(*sure_and_right(probabilities, labels), bins)


def two(*confidence):
    """Probabilities of two classes, of which the first has the confidence."""
    return np.stack([confidence, 1 - np.array(confidence)], axis=1)


def cases(rng):
    yield two(0.8, 0.9), rng.permutation([0, 1]), 1
    yield two(0.6, 0.6, 0.9, 0.9), np.array([0, 1, 0, 0]), 5
    yield two(0.65, 0.7, 0.95, 0.875, 0.95), np.array([1, 0, 0, 1, 1]), 4
    yield two(0.75, 0.6, 1.0, 0.9), np.array([0, 1, 0, 0]), 4  # one lies on the edge of two bins
    yield two(0.1, 0.2, 0.3, 0.4), np.array([1, 1, 1, 0]), 5
    for bins in (3, 7, 15):
        K, N = whole(rng, 3, 6), whole(rng, 40, 80)
        probabilities = np.asfortranarray(rng.dirichlet([0.5] * K, N))
        yield probabilities, np.where(rng.random(N) < 0.5, probabilities.argmax(axis=1), rng.integers(0, K, N)), bins


TASK = Task(__name__, __doc__, "#measuring", calibration, cases)


def with_bins(**options):
    return lambda probabilities, labels, bins: by_bins(*sure_and_right(probabilities, labels), bins, **options)


reason = "A bin with many images counts more than one with few: weight each gap by its share of the images."
TASK.mistake("every bin counts the same", reason)(with_bins(total=lambda gaps, shares: gaps.mean()))
TASK.mistake("the gaps are added without weights", reason)(with_bins(total=lambda gaps, shares: gaps.sum()))
why = "That is the maximum calibration error; wanted is the mean over the images."
TASK.mistake("the largest gap is taken", why)(with_bins(total=lambda gaps, shares: gaps.max()))
reason = "Too sure in one bin and not sure enough in another do not make up for each other: take the size of each gap."
TASK.mistake("the gaps have signs", reason)(with_bins(gap=float))
TASK.mistake("only the mean over all images is compared", reason)(given(TASK, bins=1))
why = "The gap is |a - b|; its square is another measure."
TASK.mistake("the gaps are squared", why)(with_bins(gap=np.square))
why = "An answer is right or wrong; whether a confidence of 0.8 holds shows only in the mean of a bin."
TASK.mistake("there are no bins", why)(
    lambda probabilities, labels, bins: float(np.abs(np.subtract(*sure_and_right(probabilities, labels))).mean())
)
reason = "The confidence is that of the answer, the largest probability, whether it is right or not."
TASK.mistake("the probability of the label is taken", reason)(
    lambda probabilities, labels, bins: by_bins(
        probabilities[np.arange(len(labels)), labels], sure_and_right(probabilities, labels)[1], bins
    )
)
TASK.mistake("the probability of the first class is taken", reason)(
    lambda probabilities, labels, bins: by_bins(probabilities[:, 0], labels == 0, bins)
)
why = "A bin holds what lies above its lower edge, up to its upper edge: (0.5, 0.75] has 0.75 in it."
TASK.mistake("a confidence on an edge goes into the bin above", why)(with_bins(side=False))
why = "The number of bins is given."
TASK.mistake("there are always ten bins", why)(given(TASK, bins=10))
why = "A gap lies between confidence and right answers; here it is between confidence and errors."
TASK.mistake("wrong answers are counted", why)(
    lambda probabilities, labels, bins: by_bins(probabilities.max(axis=1), probabilities.argmax(axis=1) != labels, bins)
)
