"""The digits that the tasks of this folder try a network on, as bytes, and a small network that reads digits."""

from functools import cache
from pathlib import Path

import numpy as np

from cnncourse.checks.ch07_capstone.deforming import deformed
from cnncourse.data.embedded import FOLDER

OWN = 5000  # images that only the judge has
NOISE = 3  # the most by which a pixel is changed: a network does not see it, a table of the images' bytes does


@cache
def bytes_of(name):
    """An array of the file of MNIST: "x_test" (N, 28, 28), "y_test" (N,), and the same of the training images.

    >>> bytes_of("x_test").shape, bytes_of("y_test").dtype.name
    ((10000, 28, 28), 'uint8')
    """
    with np.load(FOLDER / "mnist.npz", allow_pickle=False) as arrays:
        return arrays[name]


def drawn(rng):
    """Which test images are deformed, and the order in which they come together with those that are not.

    >>> which, order = drawn(np.random.default_rng(0))
    >>> len(which), len(order)
    (5000, 15000)
    """
    N = len(bytes_of("x_test"))
    return rng.choice(N, OWN, replace=False), rng.permutation(N + OWN)


def mixed(rng):
    """The test images and deformed ones that only the judge has, in an order that nobody knows: (N, 28, 28).

    >>> mixed(np.random.default_rng(0)).shape
    (15000, 28, 28)
    """
    which, order = drawn(rng)
    images = bytes_of("x_test")
    both = np.concatenate([images, deformed(images[which], rng)])[order].astype(np.int16)
    return np.clip(both + rng.integers(-NOISE, NOISE + 1, both.shape, np.int8), 0, 255).astype(np.uint8)


def sorted_out(classes, truth):
    """What a network said of the mixed images: the classes of the test images in their order, and the share of right
    answers on the test images and on the others. `truth` is what was `drawn`. None where it is no such answer.

    >>> which, order = truth = drawn(np.random.default_rng(0))
    >>> labels = np.concatenate([bytes_of("y_test"), bytes_of("y_test")[which]])
    >>> sorted_out(labels[order], truth)["unseen"], sorted_out(labels[:5], truth)
    (1.0, None)
    """
    which, order = truth
    classes = np.asarray(classes)
    if classes.shape != order.shape or classes.dtype.kind not in "iu":
        return None
    back = np.empty_like(classes)
    back[order] = classes
    labels = bytes_of("y_test")
    test, others = back[: len(labels)], back[len(labels) :]
    return {
        "classes": test,
        "test": float((test == labels).mean()),
        "unseen": float((others == labels[which]).mean()),
    }


def read(images):
    """The classes that the small network of the course reads in images (N, 28, 28) with values from 0 to 1.

    >>> images = bytes_of("x_test")[:200] / np.float32(255)
    >>> bool((read(images) == bytes_of("y_test")[:200]).mean() > 0.95)
    True
    """
    with np.load(Path(__file__).with_name("reader.npz"), allow_pickle=False) as arrays:
        weights = [arrays[name].astype(np.float32) for name in arrays.files]
    x = np.asarray(images, np.float32)[..., None]
    for kernel, bias in zip(weights[0:4:2], weights[1:4:2]):
        windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], axis=(1, 2))  # (N, OH, OW, C, KH, KW)
        x = np.maximum(np.tensordot(windows, kernel, ([4, 5, 3], [0, 1, 2])) + bias, 0)
        N, H, W, C = x.shape
        x = x[:, : H // 2 * 2, : W // 2 * 2].reshape(N, H // 2, 2, W // 2, 2, C).max(axis=(2, 4))
    return (x.reshape(len(x), -1) @ weights[4] + weights[5]).argmax(axis=1)
