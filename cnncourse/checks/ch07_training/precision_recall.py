"""ch07.precision_recall: precision and recall of each class, and NaN where there is nothing to divide by."""

import numpy as np

from cnncourse.checks.writing import Task, exchanged, partly, then, whole


def counts(labels, predictions, classes):
    """For each class: how many are right, how many are predicted, how many there are."""
    right = np.bincount(labels[labels == predictions], minlength=classes)
    return right, np.bincount(predictions, minlength=classes), np.bincount(labels, minlength=classes)


def share(part, whole, empty=np.nan):
    return np.where(whole > 0, part / np.maximum(whole, 1), empty)


def precision_recall(labels, predictions, classes):
    right, predicted, there = counts(labels, predictions, classes)
    return share(right, predicted), share(right, there)


def cases(rng):
    yield np.array([0, 0, 0, 1]), rng.permutation([0, 0, 1])[[0, 1, 2, 2]], 2
    yield np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]), 2
    yield np.array([0, 1, 2, 2]), rng.permutation([0, 0, 1, 1]), 3  # 2 is never predicted
    yield np.array([0, 0, 1, 1]), rng.permutation([0, 1, 2, 2]), 3  # 2 does not occur
    yield np.array([0, 0, 2, 2, 2]), rng.permutation([0, 0, 0, 2, 2]), 5  # 1, 3 and 4 are nowhere
    for classes in (3, 4, 6, 10):
        labels = rng.integers(0, classes, whole(rng, 30, 60))
        wrong = rng.random(len(labels)) < 0.5
        yield labels, np.where(wrong, rng.integers(0, classes - 1, len(labels)), labels), classes


TASK = Task(__name__, __doc__, "#measuring", precision_recall, cases, results=("precision", "recall"))


def over(precision=lambda r, p, t: share(r, p), recall=lambda r, p, t: share(r, t)):
    """Both, each as a function of the counts."""

    def answer(*case):
        found = counts(*case)
        return precision(*found), recall(*found)

    return answer


why = "Precision looks at what was predicted as the class, recall at what is of the class."
TASK.mistake("precision and recall are exchanged", why)(exchanged(TASK, "labels", "predictions"))
reason = "A class that is never predicted has no precision: 0 would say that all its predictions were wrong."
TASK.mistake("a share of nothing is 0", reason)(
    over(lambda r, p, t: share(r, p, 0.0), lambda r, p, t: share(r, t, 0.0))
)
TASK.mistake("a share of nothing is 1", reason)(
    over(lambda r, p, t: share(r, p, 1.0), lambda r, p, t: share(r, t, 1.0))
)
why = "Each class has a place, also one that does not occur: the classes are 0 to classes - 1."
TASK.mistake("classes that do not occur are left out", why)(
    lambda labels, *rest: tuple(part[np.unique(labels)] for part in precision_recall(labels, *rest))
)
why = "Divide by the images of one class, not by all images."
TASK.mistake("everything is divided by the number of images", why)(
    over(lambda r, p, t: r / t.sum(), lambda r, p, t: r / t.sum())
)
why = "A number for each class is wanted, not their mean."
TASK.mistake("the classes are averaged", why)(then(TASK, lambda p, r: (float(np.nanmean(p)), float(np.nanmean(r)))))
why = "Over all classes together, precision and recall are both the share of right answers; the classes are wanted."
TASK.mistake("the classes are counted together", why)(
    over(lambda r, p, t: np.full(len(r), r.sum() / t.sum()), lambda r, p, t: np.full(len(r), r.sum() / t.sum()))
)
why = "An image of another class that is kept apart counts for neither: there are so many that they drown the rest."
TASK.mistake("images of other classes count as right answers too", why)(
    over(*2 * [lambda r, p, t: 1 - (p + t - 2 * r) / t.sum()])
)
why = "The precision divides by all images that were predicted as the class, the right ones among them."
TASK.mistake("right ones are divided by wrong ones", why)(
    over(lambda r, p, t: share(r, p - r), lambda r, p, t: share(r, t - r))
)
why = "Precision and recall have different denominators; F1 has the sum of the two."
TASK.mistake("both are F1", why)(over(*2 * [lambda r, p, t: share(2 * r, p + t)]))
why = "The recall of a class divides by its images, which may be none where its predictions are not."
TASK.mistake("both are the precision", why)(partly(TASK, over(recall=lambda r, p, t: share(r, p)), 1))
