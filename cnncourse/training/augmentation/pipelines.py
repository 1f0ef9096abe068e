"""Several steps, one after the other."""

from cnncourse.arguments import generator


def pipeline(*steps):
    """Put steps together: a step is a function of (images, rng) that returns images, and so is what is returned.

    `functools.partial` says how strong a step is. The order counts: `rng` goes on from step to step.

    >>> from functools import partial
    >>> import numpy as np
    >>> from cnncourse.training.augmentation import gaussian_noise, random_crop
    >>> augment = pipeline(partial(random_crop, padding=2), partial(gaussian_noise, stddev=0.1))
    >>> augment(np.zeros((2, 8, 8, 1)), np.random.default_rng(0)).shape
    (2, 8, 8, 1)
    """
    for step in steps:
        if not callable(step):
            raise ValueError(
                f"{step!r} is no step: pass functions of (images, rng), such as partial(random_crop, padding=2)"
            )

    def augment(images, rng):
        rng = generator(rng)
        for step in steps:
            images = step(images, rng)
        return images

    return augment
