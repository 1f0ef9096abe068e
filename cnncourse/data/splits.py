"""Parts of a data set in which every class keeps its share.

Each function draws at random from `rng`: a seed, or a `numpy.random.Generator`. The same seed gives the same images.
"""

from typing import NamedTuple

import numpy as np

from cnncourse.arguments import class_labels, fraction, whole_number


class Part(NamedTuple):
    """Some of the images, and their labels."""

    x: np.ndarray
    y: np.ndarray


class Split(NamedTuple):
    """What `stratified_split` returns; a part nobody asked for holds no image."""

    train: Part
    validation: Part
    test: Part


def stratified_split(x, y, validation=0.1, test=0.0, rng=0):
    """Return training, validation and test parts with the same mix of classes: every image in one of them, shuffled.

    The parts are as large as the fractions say, to the nearest image. Each is then shared out among the classes by
    largest remainder: every class gets its exact share rounded down, and the places left over go to the classes that
    lost most by it (the smaller label, if two lost the same). The test part is shared out after the validation part.

    x : array, shape (N, ...); images, features or anything else with one entry for each label
    y : array of int, shape (N,)
    validation, test : fractions of N; the rest is for training

    >>> x, y = np.arange(20), np.repeat([0, 1], [15, 5])
    >>> train, validation, test = stratified_split(x, y, validation=0.2)
    >>> np.bincount(train.y), np.bincount(validation.y), len(test.y)
    (array([12,  4]), array([3, 1]), 0)
    """
    x, y = _images_and_labels(x, y)
    validation, test = fraction(validation, "validation"), fraction(test, "test")
    if validation + test >= 1:
        raise ValueError(f"validation={validation} and test={test} leave nothing to train on: use a sum below 1")

    sizes = _largest_remainder(len(y) * np.array([1 - validation - test, validation, test]))
    for name, share, size in zip(Split._fields[1:], (validation, test), sizes[1:]):
        if share > 0 and size == 0:
            raise ValueError(f"{name}={share} of {len(y)} images rounds to none: use {name} >= {1 / len(y):.2g}, or 0")

    classes, images = np.unique(y, return_counts=True)
    to_validation = _largest_remainder(images * sizes[1] / len(y))
    left = images - to_validation
    to_test = _largest_remainder(left * sizes[2] / left.sum())
    if (left == to_test).any():
        c = (left == to_test).argmax()
        raise ValueError(
            f"class {classes[c]} has {images[c]} of the {len(y)} images, and validation={validation}, test={test} "
            f"would leave none of them to train on: use smaller fractions or add images of this class"
        )

    order = np.random.default_rng(rng).permutation(len(y))
    part = np.zeros(len(y), dtype=int)  # 0 for training, 1 for validation, 2 for test
    for label, v, t in zip(classes, to_validation, to_test):
        members = order[y[order] == label]
        part[members[:v]] = 1
        part[members[v : v + t]] = 2
    chosen = [order[part[order] == k] for k in range(3)]
    return Split(*(Part(x[i], y[i]) for i in chosen))


def stratified_subset(x, y, per_class=50, rng=0):
    """Return a small part with `per_class` images of every class, drawn without repetition and shuffled.

    x : array, shape (N, ...)
    y : array of int, shape (N,)

    >>> small = stratified_subset(np.arange(20), np.repeat([0, 1], [15, 5]), per_class=4)
    >>> np.bincount(small.y)
    array([4, 4])
    """
    x, y = _images_and_labels(x, y)
    per_class = whole_number(per_class, "per_class")
    classes, images = np.unique(y, return_counts=True)
    rarest = images.argmin()
    if images[rarest] < per_class:
        raise ValueError(
            f"class {classes[rarest]} has {images[rarest]} images, but per_class is {per_class}: "
            f"use per_class <= {images[rarest]}"
        )
    rng = np.random.default_rng(rng)
    order = rng.permutation(len(y))
    chosen = np.concatenate([order[y[order] == label][:per_class] for label in classes])
    chosen = rng.permutation(chosen)  # class after class -> shuffled
    return Part(x[chosen], y[chosen])


def _images_and_labels(x, y):
    x, y = np.asarray(x), np.asarray(y)
    if x.ndim == 0 or len(x) == 0:
        raise ValueError(f"x has shape {x.shape}, but (N, ...) with at least one image is needed")
    return x, class_labels(y, len(x))


def _largest_remainder(quotas):
    """Round `quotas`, whose sum is a whole number, to whole numbers of the same sum."""
    rounded = np.floor(quotas).astype(int)
    places = round(quotas.sum()) - rounded.sum()
    rounded[np.argsort(rounded - quotas, kind="stable")[:places]] += 1
    return rounded
