"""Labels as vectors."""

import numpy as np

from cnncourse.arguments import class_labels, whole_number


def one_hot(labels, classes):
    """Return a row for each label: 1 in the column of its class, 0 elsewhere.

    labels : array of int, shape (N,), each in 0 ... `classes` - 1
    returns : ndarray, shape (N, classes), float32

    >>> one_hot([2, 0], classes=3)
    array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """
    classes = whole_number(classes, "classes")
    labels = class_labels(labels, len(np.atleast_1d(labels)), classes)
    rows = np.zeros((len(labels), classes), dtype=np.float32)
    rows[np.arange(len(labels)), labels] = 1
    return rows
