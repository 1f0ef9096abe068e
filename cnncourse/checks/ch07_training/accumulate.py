"""ch07.accumulate: the gradient of a large batch, from those of the small batches that it was cut into."""

import numpy as np

from cnncourse.checks.writing import Task, digits, normals, whole, with_zeros


def accumulate(gradients, sizes):
    return weighted(gradients, sizes)


def weighted(gradients, weights):
    weights = np.asarray(weights, float)
    return np.tensordot(weights / weights.sum(), gradients, 1)  # (K,) and (K, ...) -> (...)


def cases(rng):
    yield digits(rng, 2, 1), (1, 3)
    yield digits(rng, 2, 2), (whole(rng, 5, 9), 2)
    yield digits(rng, 1, 3), (whole(rng, 2, 9),)
    yield digits(rng, 3, 2), (4, 4, 4)
    yield with_zeros(rng, 4, 2, 2), (32, 32, 32, whole(rng, 1, 9))
    yield np.asfortranarray(normals(rng, 3, 2, 4)), (whole(rng, 1, 4), whole(rng, 5, 8), whole(rng, 9, 30))
    yield normals(rng, 5, 3, 3, 1, 2), (16, 16, 16, 16, whole(rng, 1, 15))


TASK = Task(__name__, __doc__, "#the-step", accumulate, cases, tolerance=1e-6)

why = "An image in a small batch would count more than one in a large batch. Weight each gradient by its batch's size."
TASK.mistake("the mean is taken over the batches", why)(lambda gradients, sizes: gradients.mean(axis=0))
why = "Each gradient is a mean already. Their sum is longer the more batches there are, as if the rate were larger."
TASK.mistake("the gradients are added up", why)(lambda gradients, sizes: gradients.sum(axis=0))
why = "That is the sum over all images. The gradient of the large batch is a mean: divide by the number of images."
TASK.mistake("the sum over the images is not divided by their number", why)(
    lambda gradients, sizes: weighted(gradients, sizes) * sum(sizes)
)
why = "The number of images is the sum of the sizes, and not the number of batches times the largest."
TASK.mistake("all batches are taken to be as large as the largest", why)(
    lambda gradients, sizes: weighted(gradients, sizes) * sum(sizes) / (len(sizes) * max(sizes))
)
why = "What is weighted by the sizes is divided by the sum of the sizes, not by the number of batches."
TASK.mistake("the weighted sum is divided by the number of batches", why)(
    lambda gradients, sizes: weighted(gradients, sizes) * sum(sizes) / len(sizes)
)
why = "A mean over few images says less about the large batch, so it counts less: multiply by the size."
TASK.mistake("small batches count more", why)(lambda gradients, sizes: weighted(gradients, 1 / np.array(sizes)))
why = "A batch of four images is four images of the large batch, not two: the weight is the size, not its root."
TASK.mistake("the weights are the roots of the sizes", why)(
    lambda gradients, sizes: weighted(gradients, np.sqrt(sizes))
)
why = "The images of the last batch belong to the large batch too, also if they are few."
TASK.mistake("the last batch is left out", why)(
    lambda gradients, sizes: weighted(gradients[:-1], sizes[:-1]) if len(sizes) > 1 else gradients[0]
)
why = "That is the gradient of one small batch. All of them together make the large batch."
TASK.mistake("only the last gradient is used", why)(lambda gradients, sizes: gradients[-1].copy())


@TASK.mistake("the gradients are added up in the first of them")
def in_the_first(gradients, sizes):
    """The caller may still need the gradients that it passed: begin the sum with zeros, or with a copy."""
    gradients[0] = accumulate(gradients, sizes)
    return gradients[0].copy()
