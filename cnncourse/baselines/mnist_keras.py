"""MNIST in Keras: five networks, from a weighted sum of pixels to 99.5 % and more (page ch07_mnist).

Only Keras 3, so the same code runs on TensorFlow and on JAX. Importing this module imports Keras.
"""

import itertools
import time
from typing import NamedTuple

import keras
import numpy as np
from keras import layers

from cnncourse.arguments import fraction, whole_number
from cnncourse.baselines.networks import INPUT_SHAPE
from cnncourse.data import mnist, normalisation, normalise, one_hot, stratified_split
from cnncourse.keras_bridge import from_keras
from cnncourse.training.augmentation import random_warp

MOST = {"rotate": 10.0, "zoom": 0.08, "shear": 0.14, "shift": 2.5}  # what `augmented` does at full strength


def logistic_regression():
    """Ten scores, each a weighted sum of all pixels: a network without a hidden layer.

    >>> logistic_regression().count_params()
    7850
    """
    return _network(layers.Flatten())


def dense_network():
    """One hidden layer of 128 units, each of which looks at every pixel: the dense network of chapter 1.

    >>> dense_network().count_params()
    101770
    """
    return _network(layers.Flatten(), layers.Dense(128, activation="relu"))


def lenet5():
    """LeNet-5 as it is built today: ReLU and max pooling, and all maps go into each filter of the second convolution.

    >>> lenet5().count_params()
    61706
    """
    return _network(
        layers.Conv2D(6, 5, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(16, 5, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(120, activation="relu"),
        layers.Dense(84, activation="relu"),
    )


def little_cnn():
    """Two rounds of convolution, ReLU and pooling in front of the dense network, as in chapter 1.

    >>> little_cnn().count_params()
    225034
    """
    return _network(
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
    )


def small_cnn(widths=((16,), (32, 32), (56, 56, 56))):
    """Convolutions with batch normalisation, and the mean of each map in place of a large dense layer.

    widths : the filters of the convolutions, for each of the three sizes of map: 28, 14 and 7 pixels

    >>> small_cnn().count_params()
    88106
    """
    stack = []
    for filters in [filters for size in widths for filters in (0, *size)][1:]:
        if filters == 0:
            stack.append(layers.MaxPooling2D())
        else:
            stack.append(layers.Conv2D(filters, 3, padding="same", use_bias=False))
            stack += [layers.BatchNormalization(momentum=0.9), layers.ReLU()]
    return _network(*stack, layers.GlobalAveragePooling2D())


NETWORKS = {build.__name__: build for build in (logistic_regression, dense_network, lenet5, little_cnn, small_cnn)}


class Trained(NamedTuple):
    """A trained Keras model, and what was measured: plain data, fit for a record."""

    model: object
    result: dict


def train(
    network,
    seed=0,
    epochs=5,
    learning_rate=0.001,
    schedule="constant",
    augmentation=0.0,
    label_smoothing=0.0,
    images=60_000,
    validation=0.0,
    batch_size=128,
):
    """Train one of the networks with Adam, and measure it on the test images.

    Parameters
    ----------
    network : the name of a function of this module that builds one, such as "lenet5".
    seed : of the starting weights, the order of the images, the split and the augmentation.
    learning_rate : the rate of every step, or the highest of a cycle.
    schedule : "constant", or "one_cycle": a fifth of the steps up to the highest rate, the rest down to zero.
    augmentation : how far images are turned, zoomed, sheared and shifted (`augmented`); a third of it in the last fifth
        of the epochs.
    label_smoothing : the share of each target that is spread over all classes.
    images : how many training images there are before some are held back; every class has its share.
    validation : the share of the images held back, to choose by; 0.0 trains on all.

    Returns
    -------
    Trained
        The result has the number of `parameters`, the `macs` of one image, the `core_seconds` of an epoch, which depend
        on the machine, the `accuracy` on the test images, and `val_accuracy` on those held back (None if none are).

    >>> result = train("logistic_regression", epochs=5, learning_rate=0.01, images=2000, validation=0.25).result
    >>> result["parameters"], result["macs"], result["accuracy"] > 0.7, result["val_accuracy"] > 0.7
    (7850, 7840, True, True)
    """
    epochs, batch_size = whole_number(epochs, "epochs"), whole_number(batch_size, "batch_size")
    data = mnist()
    if whole_number(images, "images") > len(data.y_train):
        raise ValueError(f"images is {images}, but there are {len(data.y_train)} training images: use at most so many")
    used = images / len(data.y_train)
    held_back = fraction(validation, "validation") * used
    part = stratified_split(data.x_train, data.y_train, validation=held_back, test=1 - used, rng=seed)
    mean, std = normalisation(part.train.x)  # of the training images, for all the others too

    keras.utils.set_random_seed(seed)
    model = NETWORKS[_known(network)]()
    steps = len(part.train.y) // batch_size
    if steps == 0:
        raise ValueError(f"{len(part.train.y)} images do not fill a batch of {batch_size}: use a smaller batch_size")
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rates(schedule, learning_rate, steps * epochs)),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=label_smoothing),
    )
    strengths = [augmentation if 5 * epoch < 4 * epochs else augmentation / 3 for epoch in range(epochs)]
    endless = batches(part.train, batch_size, strengths, mean, std, np.random.default_rng(seed))
    start = time.process_time()
    model.fit(endless, steps_per_epoch=steps, epochs=epochs, shuffle=False, verbose=0)
    spent = time.process_time() - start
    result = {
        "parameters": model.count_params(),
        "macs": macs(model),
        "core_seconds": round(spent / epochs, 1),
        "accuracy": accuracy(model, normalise(data.x_test, mean, std), data.y_test),
        "val_accuracy": accuracy(model, normalise(part.validation.x, mean, std), part.validation.y),
    }
    return Trained(model, result)


def augmented(images, rng, strength=1.0):
    """Each image turned, zoomed, sheared and shifted a little, at random.

    Parameters
    ----------
    images : ndarray, shape (N, H, W, C), with a background of 0
    rng : numpy.random.Generator
    strength : 1.0 for as far as `MOST` says: 10 degrees, 8 %, a slant of 0.14 and 2.5 pixels; 0.0 for nothing at all.

    Returns
    -------
    ndarray, shape (N, H, W, C)

    >>> images = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)
    >>> augmented(images, np.random.default_rng(0)).shape
    (3, 28, 28, 1)
    """
    if strength == 0:
        return images
    return random_warp(images, rng, **{name: strength * most for name, most in MOST.items()})


def batches(part, batch_size, strengths, mean, std, rng):
    """Batches without end, one epoch after the other: images in a new order, augmented, normalised; one-hot labels.

    Parameters
    ----------
    part : images (N, 28, 28, 1) in [0, 1], and labels (N,)
    strengths : of the augmentation, one for each epoch; the last one goes on.
    mean, std : of the training images, from `normalisation`
    rng : numpy.random.Generator

    Returns
    -------
    generator of images (batch_size, 28, 28, 1) and targets (batch_size, 10)

    >>> from cnncourse.data import Part
    >>> part = Part(np.zeros((10, 28, 28, 1), np.float32), np.arange(10))
    >>> endless = batches(part, 5, [0.0], np.zeros(1), np.ones(1), np.random.default_rng(0))
    >>> first, second = next(endless)[1], next(endless)[1]
    >>> (first + 0).shape, (first.sum(axis=0) + second.sum(axis=0)).tolist()
    ((5, 10), [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    """
    for epoch in itertools.count():
        strength = strengths[min(epoch, len(strengths) - 1)]
        order = rng.permutation(len(part.y))
        for start in range(0, len(order) - batch_size + 1, batch_size):
            chosen = order[start : start + batch_size]
            yield normalise(augmented(part.x[chosen], rng, strength), mean, std), one_hot(part.y[chosen], 10)


def learning_rates(schedule, highest, steps):
    """The learning rate for a Keras optimiser: a number, or Keras's own schedule.

    Parameters
    ----------
    schedule : "constant", or "one_cycle": up in a straight line in the first fifth, then down to 0 along half a cosine.
    highest : the highest rate
    steps : of the whole training

    >>> rates = learning_rates("one_cycle", 0.008, steps=100)
    >>> [round(float(rates(step)), 4) for step in (0, 10, 20, 60, 100)]
    [0.0003, 0.0042, 0.008, 0.004, 0.0]
    """
    if schedule == "constant":
        return highest
    if schedule != "one_cycle":
        raise ValueError(f"schedule is {schedule!r}, but 'constant' or 'one_cycle' is needed")
    rising = max(steps // 5, 1)
    return keras.optimizers.schedules.CosineDecay(
        highest / 25, decay_steps=max(steps - rising, 1), warmup_target=highest, warmup_steps=rising
    )


def accuracy(model, x, y):
    """The share of images whose largest score stands at their label; None where there are no images.

    >>> x, y = np.zeros((4, 28, 28, 1), np.float32), np.array([0, 0, 1, 0])
    >>> accuracy(logistic_regression(), x, y)  # a black image has ten equal scores, and the first counts
    0.75
    """
    if len(y) == 0:
        return None
    return float((model.predict(x, batch_size=500, verbose=0).argmax(axis=1) == y).mean())


def macs(model):
    """The multiplications that one image takes in the convolutions and dense layers of a Sequential Keras model.

    >>> macs(logistic_regression())
    7840
    """
    return sum(row.macs for row in from_keras(model).summary())


def _known(network):
    if network not in NETWORKS:
        raise ValueError(f"network is {network!r}, but one of {', '.join(NETWORKS)} is needed")
    return network


def _network(*stack):
    return keras.Sequential([keras.Input(INPUT_SHAPE), *stack, layers.Dense(10)])
