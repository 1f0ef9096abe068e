"""ch05.layer_norm: each image normalised over all its rows, columns and channels."""

import numpy as np

from cnncourse.checks.ch05_layers import batch_norm as batch
from cnncourse.checks.writing import Task, digits, given, normals, whole


def layer_norm(x, gamma, beta, epsilon):
    return normalised(x, gamma, beta, epsilon)


def normalised(x, gamma, beta, epsilon, axes=(1, 2, 3), spread=np.var, **root):
    mean, variance = (of(x, axis=axes, keepdims=True) for of in (np.mean, spread))
    return batch.apply(x, gamma, beta, mean, variance, epsilon, **root)


def cases(rng):
    yield np.array([[[[2.0], [6.0]]]]) * whole(rng, 1, 3), digits(rng, 1), digits(rng, 1), 1.0
    yield rng.permutation([1.0, 4.0, 7.0]).reshape(1, 1, 1, 3), digits(rng, 3), digits(rng, 3), 2.0
    yield digits(rng, 1, 1, 2, 2), digits(rng, 2), digits(rng, 2), 1.0
    yield digits(rng, 2, 2, 1, 1), digits(rng, 1), digits(rng, 1), 0.5
    yield digits(rng, 2, 2, 2, 2), digits(rng, 2), digits(rng, 2), 0.25
    black = normals(rng, 3, 2, 4, 2)
    black[1] = 0.0
    yield black, digits(rng, 2), digits(rng, 2), 0.001
    yield normals(rng, 2, 3, 5, 4, dtype=np.float32), digits(rng, 4), digits(rng, 4), 0.01
    yield np.asfortranarray(20 + 5 * normals(rng, 3, 4, 2, 3)), digits(rng, 3), digits(rng, 3), 0.001
    yield 1000 + 3 * normals(rng, 3, 4, 2, 3, dtype=np.float32), digits(rng, 3), digits(rng, 3), 0.001


TASK = Task(__name__, __doc__, "#which-numbers-share-a-mean", layer_norm, cases)

why = "That is the other layer normalisation, Keras's default. Here all positions of an image share one mean."
TASK.mistake("each position is normalised by itself, over its channels", why)(lambda *case: normalised(*case, axes=-1))
why = "That is instance normalisation. Here all channels of an image share one mean."
TASK.mistake("each channel of an image is normalised by itself", why)(lambda *case: normalised(*case, axes=(1, 2)))
why = "That is batch normalisation. Here no number of one image may change the result of another."
TASK.mistake("the images share a mean for each channel", why)(lambda *case: normalised(*case, axes=(0, 1, 2)))
why = "Each image has its own mean and variance: no number of one image may change the result of another."
TASK.mistake("one mean is taken over the whole batch", why)(lambda *case: normalised(*case, axes=None))
why = batch.EPSILON
TASK.mistake("epsilon is added outside the root", why)(lambda *case: normalised(*case, root=batch.outside_the_root))
why = "An image that is the same everywhere has variance 0, and 0/0 is no number."
TASK.mistake("epsilon is left out", why)(given(TASK, epsilon=0.0))
TASK.mistake("the root is missing", batch.NO_ROOT)(lambda *case: normalised(*case, root=np.add))
why = batch.COUNT
TASK.mistake("the squared distances are divided by their number less 1", why)(
    lambda *case: normalised(*case, spread=batch.less_one)
)
TASK.mistake("gamma and beta are left out", batch.LEARNT)(given(TASK, gamma=1.0, beta=0.0))
why = "beta is added last: the scale is for the normalised number alone."
TASK.mistake("the shift is added before the scale", why)(
    lambda x, gamma, beta, epsilon: layer_norm(x, gamma, gamma * beta, epsilon)
)
why = batch.SQUARES
TASK.mistake("the square of the mean is subtracted from the mean of the squares", why)(
    lambda *case: normalised(*case, spread=batch.of_squares)
)
