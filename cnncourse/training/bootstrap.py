"""The bootstrap: between which limits would a measured mean fall with other images? (chapter ch07_training)"""

import numpy as np

from cnncourse.arguments import generator, whole_number


def bootstrap_interval(values, rng, level=0.95, draws=2000):
    """An interval for a mean: draw as many values as there are, with repetition, and see how far their mean varies.

    Pass True and False for right and wrong answers, and the interval is one for the accuracy. It tells what other test
    images from the same source would change; what another seed in training would change it cannot tell.

    values : array, shape (N,), one for each image
    level : the share of the drawn means that lies between the two limits; as many lie below as above

    Returns the lower and the upper limit.

    >>> low, high = bootstrap_interval([True] * 90 + [False] * 10, np.random.default_rng(0))
    >>> low, high  # 100 images are few
    (0.84, 0.96)
    """
    values = np.asarray(values)
    if values.ndim != 1 or not len(values) or values.dtype.kind not in "biuf":
        raise ValueError(
            f"values have shape {values.shape} and dtype {values.dtype}, but numbers (N,) are needed, N > 0"
        )
    if not np.isfinite(values).all():
        raise ValueError("values hold NaN or infinite numbers, but finite ones are needed")
    if not 0 < level < 1:
        raise ValueError(f"level is {level!r}, but a number between 0 and 1 is needed, such as 0.95")
    rng, draws, n = generator(rng), whole_number(draws, "draws"), len(values)
    means = [values[rng.integers(0, n, n)].mean() for _ in range(draws)]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def paired_interval(right, other, rng, level=0.95, draws=2000):
    """An interval for the difference of two networks on the same images: the accuracy of one minus that of the other.

    An image that is hard for both does not count for either, so this interval is narrower than two separate ones
    suggest. If 0 lies in it, these images do not tell which is better.

    right, other : arrays of True and False, shape (N,): the answers of the two networks, image by image

    >>> one, other = np.ones(100, dtype=bool), np.arange(100) >= 6
    >>> low, high = paired_interval(one, other, np.random.default_rng(0))
    >>> low > 0
    True
    """
    right, other = np.asarray(right), np.asarray(other)
    if right.shape != other.shape:
        raise ValueError(f"right has shape {right.shape} and other {other.shape}, but both are of the same images")
    return bootstrap_interval(right.astype(float) - other.astype(float), rng, level, draws)
