"""ch01.unpermute: the images back from the shuffled ones."""

import numpy as np

from cnncourse.checks.ch01_why_convolution import permute as there
from cnncourse.checks.ch01_why_convolution.permute import permute
from cnncourse.checks.writing import Task, in_place


def unpermute(x, order):
    return permute(x, np.argsort(order))


TASK = Task(__name__, __doc__, there.TASK.section, unpermute, there.cases, fresh=True)


def back(mistake):
    """The same mistake on the way back."""
    return lambda x, order: mistake(x, np.argsort(order))


why = "Twice the same order is a third order. Each pixel must return to the place that it was taken from."
TASK.mistake("the order is applied a second time", why)(permute)
why = "A list read backwards is not the way back. Ask, for each place of the original, where its pixel is now."
TASK.mistake("the order is read from its end", why)(lambda x, order: permute(x, order[::-1]))
why = "Mirroring the places does not undo an order. Ask, for each place of the original, where its pixel is now."
TASK.mistake("the places are counted from the end", why)(lambda x, order: permute(x, order.size - 1 - order))
why = "It is the order that can be sorted out; what the values were says nothing about where they stood."
TASK.mistake("the pixels are sorted by their values", why)(
    lambda x, order: np.sort(x.reshape(len(x), -1, x.shape[3]), axis=1).reshape(x.shape)
)
TASK.mistake(*there.TORN)(back(there.channels_first))
TASK.mistake(*there.COLUMNS)(back(there.by_columns))
TASK.mistake(*there.FIRST)(back(there.first_image))
TASK.mistake(*there.WRITTEN)(in_place(TASK))
