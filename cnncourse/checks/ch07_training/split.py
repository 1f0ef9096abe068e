"""ch07.split: which images are for validation: the same part of every class, and all copies of an image together."""

import numpy as np

from cnncourse.checks.writing import Task, given, whole


def chosen(labels, originals, order, parts, many=lambda images, count, parts: count // parts, pick=np.s_[:]):
    """True for the images of the originals that come first, class by class: `many` of them."""
    validation = []
    for label in np.unique(labels):
        line = originals[order][labels[order] == label]
        _, first = np.unique(line, return_index=True)
        different = line[np.sort(first)][pick]
        validation.extend(different[: many(len(line), len(different), parts)])
    return np.isin(originals, validation)


def split(labels, originals, order, parts):
    return chosen(labels, originals, order, parts)


def drawn(rng, classes, parts):
    """Images of some classes, as (labels, originals): several copies of each, in no order."""
    labels = np.repeat(np.arange(classes), rng.integers(parts + 1, 3 * parts, classes))
    names = rng.permutation(len(labels) + 5)[: len(labels)]
    copies = rng.integers(1, 4, len(labels))
    shuffled = rng.permutation(copies.sum())
    return np.repeat(labels, copies)[shuffled], np.repeat(names, copies)[shuffled]


def cases(rng):
    yield np.zeros(4, int), np.arange(4), rng.permutation(4), 2
    yield np.repeat([0, 1], [2, 4]), np.arange(6), rng.permutation(6), 2
    yield np.zeros(6, int), np.array([5, 3, 5, 3, 8, 9]), rng.permutation(6), 2
    for classes in (2, 3, 5):
        labels, originals = drawn(rng, classes, parts := whole(rng, 2, 4))
        yield labels, originals, rng.permutation(len(labels)), parts
    labels, originals = drawn(rng, 3, 3)
    yield 2 * labels + 3, originals, rng.permutation(len(labels)), 3


TASK = Task(__name__, __doc__, "#before-training", split, cases)


def of_copies(change):
    """The right answer, of which `change` makes another: it gets who is chosen, the originals and the order."""
    return lambda labels, originals, order, parts: change(split(labels, originals, order, parts), originals, order)


def firsts(originals, order=np.s_[:]):
    """True for the first copy of each original."""
    line = np.arange(len(originals))[order]
    _, first = np.unique(originals[line], return_index=True)
    return np.isin(np.arange(len(originals)), line[first])


reason = "A copy of a validation image among the training images is an answer that was seen before: a leak."
TASK.mistake("copies are taken for images of their own", reason)(given(TASK, originals=lambda o: np.arange(len(o))))
TASK.mistake("of the copies of an image only one goes to the validation", reason)(
    of_copies(lambda chosen, originals, order: chosen & firsts(originals, order))
)
why = "Each class gives one of its parts; otherwise chance decides how much of a rare class is left."
TASK.mistake("the classes are not told apart", why)(given(TASK, labels=np.zeros_like))
why = "What counts in a class is its different images, not how often they were copied."
TASK.mistake("the copies are counted", why)(
    lambda *case: chosen(*case, many=lambda images, count, parts: images // parts)
)
why = "One of the parts is rounded down: 5 images in 2 parts give 2."
TASK.mistake("the part is rounded up", why)(lambda *case: chosen(*case, many=lambda images, n, parts: -(-n // parts)))
why = "True is for the validation, which is the small part."
TASK.mistake("the training images are marked", why)(of_copies(lambda chosen, originals, order: ~chosen))
why = "The images stand in the data in some order, often by class or by time; the drawn order decides."
TASK.mistake("the order is ignored", why)(given(TASK, order=lambda order: np.arange(len(order))))
why = "order[0] is the place of the image that comes first; here it is taken for where image 0 comes."
TASK.mistake("the order is read in the other direction", why)(given(TASK, order=np.argsort))
why = "The first ones of the order are for the validation, and the last ones for training."
TASK.mistake("the last ones are taken", why)(given(TASK, order=lambda order: order[::-1]))
why = "The names of the originals say nothing about their order, which is drawn."
TASK.mistake("the smallest names are taken", why)(lambda labels, o, order, p: split(labels, o, np.argsort(o), p))
why = "Wanted is True or False for each image, in the order of the labels."
TASK.mistake("the result is in the drawn order", why)(of_copies(lambda chosen, originals, order: chosen[order]))
