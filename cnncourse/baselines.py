"""The networks that the whole course compares, and how to compare them (chapter ch01_why_convolution).

The networks all end in ten scores and take MNIST's images. The same ones stand in every chapter, so that each chapter
adds to a picture the reader already has. Below them: images shifted or with their pixels shuffled, training over
several seeds, and the weights that a layer needs if it is dense, local, or a convolution.
"""

from typing import NamedTuple

import numpy as np

from cnncourse.layers import Conv2D, Dense, Flatten, MaxPooling2D, ReLU
from cnncourse.network import Network
from cnncourse.optimisers import Adam
from cnncourse.shapes import conv_output_size
from cnncourse.validation import float_array, per_axis, whole_number

INPUT_SHAPE = (28, 28, 1)

# --- the networks ----------------------------------------------------------------------------------------------------


def logistic_regression(seed=0, input_shape=INPUT_SHAPE):
    """Ten scores, each a weighted sum of all pixels: softmax regression, a network without a hidden layer.

    >>> logistic_regression().count_params()
    7850
    """
    return Network([Flatten(), Dense(10)], input_shape, seed=seed)


def dense_network(seed=0, input_shape=INPUT_SHAPE):
    """One hidden layer of 128 units, each of which looks at every pixel.

    >>> dense_network().count_params()
    101770
    """
    return Network([Flatten(), Dense(128), ReLU(), Dense(10)], input_shape, seed=seed)


def little_cnn(seed=0, input_shape=INPUT_SHAPE):
    """Two rounds of convolution, ReLU and pooling in front of the dense network.

    >>> little_cnn().count_params()
    225034
    """
    features = [Conv2D(32, 3), ReLU(), MaxPooling2D(), Conv2D(64, 3), ReLU(), MaxPooling2D()]
    return Network([*features, Flatten(), Dense(128), ReLU(), Dense(10)], input_shape, seed=seed)


def tiny_cnn(seed=0, input_shape=INPUT_SHAPE):
    """Two rounds of convolution with few filters, and no hidden dense layer: fewer weights than logistic regression.

    >>> tiny_cnn().count_params()
    5258
    """
    features = [Conv2D(8, 3), ReLU(), MaxPooling2D(), Conv2D(16, 3), ReLU(), MaxPooling2D()]
    return Network([*features, Flatten(), Dense(10)], input_shape, seed=seed)


# --- what is done to the images --------------------------------------------------------------------------------------


def permute_pixels(x, seed=0):
    """Shuffle the places of the pixels, in every image in the same way; the channels of a pixel stay together.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
    seed : the same seed and size give the same shuffle, so training and test images can be shuffled apart.

    Returns
    -------
    ndarray, shape (N, H, W, C)

    >>> x = np.arange(2 * 6.0).reshape(2, 2, 3, 1)
    >>> shuffled = permute_pixels(x)
    >>> shuffled[1] - shuffled[0]  # the second image was 6 more everywhere, and still is
    array([[[6.],
            [6.],
            [6.]],
    <BLANKLINE>
           [[6.],
            [6.],
            [6.]]])
    >>> np.sort(shuffled[0].ravel())
    array([0., 1., 2., 3., 4., 5.])
    """
    x = float_array(x, "x", "NHWC")
    N, H, W, C = x.shape
    order = np.random.default_rng(seed).permutation(H * W)
    return x.reshape(N, H * W, C)[:, order].reshape(x.shape)


def shift_images(x, down=0, right=0):
    """Move the content of the images; what leaves the frame is lost, and zeros come in on the other side.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
    down, right : int, in pixels; negative is up and left.

    Returns
    -------
    ndarray, shape (N, H, W, C)

    >>> x = np.array([[1.0, 2, 3], [4, 5, 6]]).reshape(1, 2, 3, 1)
    >>> shift_images(x, down=1, right=-1)[0, :, :, 0]
    array([[0., 0., 0.],
           [2., 3., 0.]])
    """
    x = float_array(x, "x", "NHWC")
    (to_rows, from_rows), (to_columns, from_columns) = _overlap(down, x, 1, "down"), _overlap(right, x, 2, "right")
    moved = np.zeros_like(x)
    moved[:, to_rows, to_columns] = x[:, from_rows, from_columns]
    return moved


def _overlap(step, x, axis, name):
    """Where the content lands, and where it was: two slices of the same length."""
    size = x.shape[axis]
    step = whole_number(step, name, minimum=-size)
    if step > size:
        raise ValueError(f"{name} is {step}, but the images are {size} pixels long there: use -{size} to {size}")
    kept = size - abs(step)
    return (slice(step, size), slice(kept)) if step > 0 else (slice(kept), slice(-step, size))


# --- several seeds ---------------------------------------------------------------------------------------------------


class Runs(NamedTuple):
    """One entry for each seed: the trained networks, and their shares of right answers."""

    networks: tuple
    train: tuple
    test: tuple

    def __str__(self):
        return f"train {spread(self.train)} %, test {spread(self.test)} %"


def train_over_seeds(build, train, test, seeds=(0, 1, 2), learning_rate=0.002, **options):
    """Train the same network from several random starts: how far apart are the results by luck alone?

    Parameters
    ----------
    build : a function that makes a network from a seed, such as `tiny_cnn`.
    train, test : pairs of images (N, H, W, C) and labels (N,)
    seeds : of the weights and of the order of the images.
    learning_rate : of Adam, which starts afresh with every seed.
    options : for `Network.fit`; by default 6 epochs in batches of 32, by two workers, so that every machine adds alike.

    Returns
    -------
    Runs

    >>> from cnncourse.data import mnist, stratified_subset
    >>> data = mnist()
    >>> part = stratified_subset(data.x_train, data.y_train, per_class=10)
    >>> runs = train_over_seeds(logistic_regression, part, (data.x_test[:500], data.y_test[:500]), epochs=40)
    >>> len(runs.test), min(runs.train) > max(runs.test) > 0.5
    (3, True)
    """
    if not seeds:
        raise ValueError("seeds is empty, but at least one is needed, such as (0, 1, 2)")
    networks = [build(seed) for seed in seeds]
    for seed, network in zip(seeds, networks):
        usual = {"seed": seed, "epochs": 6, "batch_size": 32, "workers": 2, "progress": False}
        network.fit(*train, optimiser=Adam(learning_rate), **{**usual, **options})
    accuracy = [tuple(network.evaluate(*part)[1] for network in networks) for part in (train, test)]
    return Runs(tuple(networks), *accuracy)


def spread(shares):
    """The lowest and the highest of some shares, in per cent.

    >>> spread([0.912, 0.9, 0.905])
    '90.0 to 91.2'
    """
    low, high = (f"{100 * value:.1f}" for value in (min(shares), max(shares)))
    return low if low == high else f"{low} to {high}"


# --- the weights of a layer ------------------------------------------------------------------------------------------


class Weights(NamedTuple):
    """How many weights three layers need that turn the same input into the same output. Biases not counted."""

    dense: int
    local: int
    convolution: int


def count_weights(input_shape, kernel_size, filters, padding="valid"):
    """The weights from an image to F maps of it, step by step towards a convolution.

    - dense: every output number reads every input number;
    - local: every output number reads one window, with weights of its own;
    - convolution: the windows of a map share their weights.

    Parameters
    ----------
    input_shape : (H, W, C)
    kernel_size : int, or (KH, KW)
    filters : F
    padding : see `cnncourse.shapes.pad_amounts`; a weight that only ever meets padding is counted.

    Returns
    -------
    Weights

    >>> count_weights((28, 28, 1), kernel_size=3, filters=1)
    Weights(dense=529984, local=6084, convolution=9)
    """
    H, W, C = per_axis(input_shape, 3, "input_shape")
    KH, KW = per_axis(kernel_size, 2, "kernel_size")
    filters = whole_number(filters, "filters")
    OH, OW = conv_output_size((H, W), (KH, KW), padding=padding)
    window = KH * KW * C
    return Weights(H * W * C * OH * OW * filters, window * OH * OW * filters, window * filters)
