"""ch07.mixup: images laid over each other, and their targets in the same shares, with the draws given."""

import numpy as np

from cnncourse.checks.writing import Task, digits, given, normals, partly, then, whole


def mixed(x, partners, lam, whole=False):
    lam = np.reshape(lam, (-1,) + (1,) * (x.ndim - 1))
    return (1 if whole else lam) * x + (1 - lam) * x[partners]


def mixup(images, targets, partners, lam):
    return mixed(images, partners, lam), mixed(targets, partners, lam)


def cases(rng):
    yield digits(rng, 2, 1, 2, 1), np.eye(2), np.array([1, 0]), np.array([0.75, 0.5])
    yield digits(rng, 3, 1, 1, 1), np.eye(3), np.array([1, 2, 0]), np.array([1.0, 0.25, 0.0])
    yield digits(rng, 3, 1, 2, 1).astype(int), np.eye(3, dtype=int), np.array([2, 0, 1]), np.array([0.5, 0.9, 0.7])
    for dtype in (np.float64, np.float32, np.float64):
        N, K = whole(rng, 4, 7), whole(rng, 2, 5)
        images, targets = np.asfortranarray(normals(rng, N, 3, 4, 2, dtype=dtype)), np.eye(K)[rng.integers(0, K, N)]
        partners = np.roll(np.arange(N), whole(rng, 1, N - 1))[rng.permutation(N)]
        yield images, targets, partners, rng.uniform(0, 1, N)
    yield (
        digits(rng, 3, 3, 3, 3),
        np.array([[0.5, 0.5], [1, 0], [0, 1]]),
        np.array([1, 2, 0]),
        np.array([0.2, 0.6, 0.9]),
    )


TASK = Task(__name__, __doc__, "#augmentation", mixup, cases, results=("images", "targets"))

reason = "An image that shows two things has a target that says so: both classes, in the shares of the two images."
TASK.mistake("the targets stay as they were", reason)(partly(TASK, lambda x, y, *rest: (x, y.astype(float)), 1))
TASK.mistake("the larger share gets the whole target", reason)(
    then(TASK, lambda x, y: (x, np.eye(y.shape[1])[y.argmax(axis=1)]))
)
TASK.mistake("both targets count in full", reason)(
    partly(TASK, lambda x, y, partners, lam: (x, np.maximum(y, y[partners]).astype(float)), 1)
)
reason = "lam is the share of the image itself; its partner gets the rest, 1 - lam."
TASK.mistake("the partner gets the share of the image itself", reason)(given(TASK, lam=lambda lam: 1 - lam))
TASK.mistake("the shares of the targets are exchanged", reason)(
    partly(TASK, lambda x, y, partners, lam: mixup(x, y, partners, 1 - lam), 1)
)
why = "Each image has a share of its own, lam[n]."
TASK.mistake("all images get the first share", why)(given(TASK, lam=lambda lam: np.full(len(lam), lam[0])))
why = "Image n is mixed with image partners[n]; here image n was sent to place partners[n]."
TASK.mistake("the partners are followed in the other direction", why)(given(TASK, partners=np.argsort))
why = "The partners are given: a draw that says with whom each image is mixed."
TASK.mistake("each image is mixed with the next one", why)(
    given(TASK, partners=lambda p: np.roll(np.arange(len(p)), -1))
)
why = "The targets of the partners belong to the images of the partners: the same partners for both."
TASK.mistake("the images are mixed with their partners, the targets with the next ones", why)(
    partly(TASK, lambda x, y, p, lam: mixup(x, y, np.roll(np.arange(len(p)), -1), lam), 1)
)
why = "The two shares add up to 1, or images and targets grow."
TASK.mistake("the image itself is kept whole", why)(
    lambda x, y, p, lam: (mixed(x, p, lam, whole=True), mixed(y, p, lam, whole=True))
)


@TASK.mistake("a partner may have been mixed already")
def one_after_the_other(images, targets, partners, lam):
    """Mixing into one array, image by image, takes mixed partners: take them from the images as they came."""
    images, targets = images.astype(float), targets.astype(float)
    for n, p in enumerate(partners):
        images[n] = lam[n] * images[n] + (1 - lam[n]) * images[p]
        targets[n] = lam[n] * targets[n] + (1 - lam[n]) * targets[p]
    return images, targets
