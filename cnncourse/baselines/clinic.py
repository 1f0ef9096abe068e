"""A clinic of sick trainings: one small network, and twelve ways to spoil its training (chapter ch07_training).

`Training` is the healthy run. Each patient is a subclass that changes one thing, and brings the examination that would
have found it: one number, for which the healthy run is asked too.
"""

import hashlib
from functools import cache
from typing import NamedTuple

import numpy as np

from cnncourse.data import mnist, normalisation, normalise, one_hot, stratified_split, stratified_subset
from cnncourse.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D, ReLU, Softmax
from cnncourse.losses import CrossEntropy
from cnncourse.network import Network
from cnncourse.training import SGD, correct, crew

EPOCHS = 15


class Digits(NamedTuple):
    """1,000 images to train with, 500 to validate on and 1,000 to test with; pairs of images and labels."""

    train: tuple
    validation: tuple
    test: tuple


@cache
def digits():
    """The images of the clinic, as many of every class.

    >>> [len(part.y) for part in digits()]
    [1000, 500, 1000]
    """
    data = mnist()
    few = stratified_subset(data.x_train, data.y_train, per_class=150, rng=0)
    train, validation, _ = stratified_split(few.x, few.y, validation=1 / 3, rng=0)
    return Digits(train, validation, stratified_subset(data.x_test, data.y_test, per_class=100, rng=0))


class Training:
    """The healthy run. A patient overrides one of these settings or methods; all else is the same, seeds included."""

    learning_rate, decay, batch_size, loss = 0.05, 0.0, 32, CrossEntropy()

    def __init__(self):
        self.train, self.validation, self.test = digits()

    def network(self):
        features = [Conv2D(8, 3), ReLU(), MaxPooling2D(), Conv2D(16, 3), ReLU(), MaxPooling2D(), Flatten()]
        return Network([*features, *self.hidden(), Dropout(0.5), *self.head()], (28, 28, 1), seed=0)

    def hidden(self):
        return [Dense(64), ReLU()]

    def head(self):
        return [Dense(10)]

    def optimiser(self):
        return SGD(self.learning_rate, weight_decay=self.decay)

    def prepared(self, x):
        """Images (N, 28, 28, 1) as the network gets them."""
        return normalise(x, *normalisation(digits().train.x))

    def augmented(self, x, rng):
        """The training images (N, 28, 28, 1) of one epoch."""
        return x

    def batches(self, rng):
        """The places of the images of each batch, for one epoch."""
        return self.cut(rng.permutation(len(self.train.y)))

    def cut(self, order):
        return np.array_split(order, range(self.batch_size, len(order), self.batch_size))

    def steps(self, network, epochs):
        """Train; after each step, give what the batch had before it: loss, right answers, images, end of the epoch."""
        optimiser = self.optimiser()
        with crew(network, workers=1) as team:
            for number in range(epochs):
                rng = np.random.default_rng(number)
                team.reseed(rng)
                x, batches = self.prepared(self.augmented(self.train.x, rng)), self.batches(rng)
                for k, indices in enumerate(batches):
                    value, right, grads = team.train(x, self.train.y, indices, self.loss)
                    if not np.isfinite(value):
                        return
                    optimiser.step(network.params, grads)
                    yield float(value), right, len(indices), k == len(batches) - 1

    def outputs(self, network, x):
        """The scores (N, 10) that a measurement looks at."""
        return network.predict(self.prepared(x), workers=1)

    def measured(self, network, part):
        """Loss and accuracy on a pair of images and labels."""
        outputs = self.outputs(network, part.x)
        return float(self.loss.forward(outputs, part.y)[0]), correct(outputs, part.y) / len(part.y)


def run(case, epochs=EPOCHS):
    """Train one patient, or the healthy run.

    Parameters
    ----------
    case : one of `CASES`

    Returns
    -------
    dict : `loss`, `accuracy`, `val_loss`, `val_accuracy`, with a number for each epoch; `train` and `test`, the
        accuracy at the end, measured as it should be, `test` on images that nothing was chosen with; `found`, what the
        examination of each patient gives here.

    >>> short = run("learning rate too small", epochs=1)
    >>> round(short["val_accuracy"][0], 1)
    0.1
    """
    if case not in CASES:
        raise ValueError(f"case is {case!r}, but one of {list(CASES)} is needed")
    training = CASES[case]()
    network, epoch = training.network(), []
    curves = {"loss": [], "accuracy": [], "val_loss": [], "val_accuracy": []}
    for value, right, images, last in training.steps(network, epochs):
        epoch.append((value * images, right, images))
        if last:
            value, right, images = map(sum, zip(*epoch))
            now = value / images, right / images, *training.measured(network, training.validation)
            for name, number in zip(curves, now):
                curves[name].append(round(number, 4))
            epoch = []
    after, test = (
        correct(network.predict(training.prepared(part.x), workers=1), part.y) / len(part.y)
        for part in (training.train, training.test)
    )
    return {
        **curves,
        "train": after,
        "test": test,
        "found": {name: CASES[name].examined(training, network) for name in SICK},
    }


# --- what can be wrong with a step -----------------------------------------------------------------------------------


def hidden_kernel(network):
    """The weights of the first dense layer.

    >>> hidden_kernel(Training().network()).shape
    (400, 64)
    """
    return next(array for name, array in network.params.items() if name.startswith("dense"))


def step_over_weights(training, network):
    """How far a step moves the hidden weights, as a share of their length: the median of the first twenty steps.

    >>> step_over_weights(RateTooSmall(), None) < 0.001 < step_over_weights(Training(), None)
    True
    """
    fresh = training.network()
    before, ratios = hidden_kernel(fresh).copy(), []
    for _, _ in zip(range(20), training.steps(fresh, epochs=1)):
        ratios.append(np.linalg.norm(hidden_kernel(fresh) - before) / np.linalg.norm(before))
        before = hidden_kernel(fresh).copy()
    return float(np.median(ratios))


class RateTooLarge(Training):
    """Ten times the healthy rate."""

    learning_rate = 0.5
    examined = staticmethod(step_over_weights)


class RateTooSmall(Training):
    """Less than a hundredth of the healthy rate."""

    learning_rate = 0.0003
    examined = staticmethod(step_over_weights)


class DecayTooStrong(Training):
    """L2 decay that pulls the weights to 0 about as fast as the gradient makes them grow."""

    decay = 0.2

    @staticmethod
    def examined(training, network):
        """The length of the hidden weights after training, as a share of their length before."""
        after, before = (np.linalg.norm(hidden_kernel(each)) for each in (network, training.network()))
        return float(after / before)


# --- what can be wrong with the network ------------------------------------------------------------------------------


def outputs_of_layers(network, x, training=False, without=()):
    """What each layer gives for the images x (N, H, W, C); the kinds `without` are left out.

    >>> x = digits().test.x[:5]
    >>> [y.shape for _, y in outputs_of_layers(Training().network(), x, without=Dropout)][-2:]
    [(5, 64), (5, 10)]
    """
    for layer in network.layers:
        if not isinstance(layer, without):
            x = layer.forward(x, training=training)
            yield layer, x


class DeadUnits(Training):
    """The biases of the hidden layer start far below zero, where a step that was too long may leave them as well."""

    def network(self):
        network = super().network()
        bias = next(
            array for name, array in network.params.items() if name.startswith("dense") and name.endswith("bias")
        )
        bias[:] = -20
        return network

    @staticmethod
    def examined(training, network):
        """The share of hidden units that are 0 for every validation image."""
        x = training.prepared(training.validation.x)
        hidden = [y for layer, y in outputs_of_layers(network, x) if isinstance(layer, ReLU)][-1]
        return float((hidden == 0).all(axis=0).mean())


class SoftmaxTwice(Training):
    """The loss takes logits and computes the softmax itself, but this network ends with a softmax of its own."""

    def head(self):
        return [Dense(10), Softmax()]

    @staticmethod
    def examined(training, network):
        """The loss of perfect scores, 100 for the label and 0 for the others, with what comes after the last scores."""
        labels = training.validation.y
        scores = 100 * one_hot(labels, 10)
        end = network.layers[-1]
        return abs(float(training.loss.forward(end.forward(scores) if isinstance(end, Softmax) else scores, labels)[0]))


class BatchNorm(Training):
    """Batch normalisation behind the hidden layer, in batches of 32: no patient, but the cured one of the next."""

    def hidden(self):
        return [Dense(64), BatchNormalization(momentum=0.9), ReLU()]

    @staticmethod
    def examined(training, network):
        """The share of validation images that are read otherwise, in training mode, in the company of other images."""
        x, kept = training.prepared(training.validation.x), network.get_weights()
        orders = np.arange(len(x)), np.random.default_rng(0).permutation(len(x))
        read = np.empty((2, len(x)), int)
        for answers, order in zip(read, orders):
            for batch in training.cut(order):
                *_, (_, scores) = outputs_of_layers(network, x[batch], training=True, without=Dropout)
                answers[batch] = scores.argmax(axis=1)
        network.set_weights(kept)  # in training mode the running averages have moved
        return float((read[0] != read[1]).mean())


class BatchNormOfTwo(BatchNorm):
    """Batch normalisation that has two images to take mean and variance of."""

    batch_size = 2


# --- what can be wrong with the data ---------------------------------------------------------------------------------


def nearest_label(x, others, labels):
    """For each image of x (N, H, W, C) the label of the nearest of the others, of which number n is itself.

    >>> x = np.array([0.0, 1.0, 3.0]).reshape(3, 1, 1, 1)
    >>> nearest_label(x, x, np.array([5, 6, 7]))
    array([6, 5, 6])
    """
    x, others = x.reshape(len(x), -1), others.reshape(len(others), -1)  # (N, H, W, C) -> (N, H*W*C)
    apart = (others**2).sum(axis=1) - 2 * x @ others.T  # (N, N): squared distances, but for what a row has in common
    np.fill_diagonal(apart, np.inf)
    return labels[apart.argmin(axis=1)]


class Unnormalised(Training):
    """The bytes of the file, 0 to 255."""

    def prepared(self, x):
        return 255 * x

    @staticmethod
    def examined(training, network):
        """The loss before the first step."""
        return training.measured(training.network(), training.train)[0]


class Unshuffled(Training):
    """Class after class, as files in folders are listed."""

    def batches(self, rng):
        return self.cut(np.argsort(self.train.y, kind="stable"))

    @staticmethod
    def examined(training, network):
        """How many classes a batch holds, on average."""
        batches = training.batches(np.random.default_rng(0))
        return float(np.mean([len(np.unique(training.train.y[batch])) for batch in batches]))


class Leaked(Training):
    """Half of the training images are those that validation measures with."""

    def __init__(self):
        super().__init__()
        half = len(self.validation.y)
        self.train = type(self.train)(*(np.concatenate([a[:-half], b]) for a, b in zip(self.train, self.validation)))

    @staticmethod
    def examined(training, network):
        """The share of validation images that are training images too, byte for byte."""
        known, asked = (
            [hashlib.sha256(image.tobytes()).digest() for image in part.x]
            for part in (training.train, training.validation)
        )
        return float(np.mean([image in set(known) for image in asked]))


class LabelsOffByOne(Training):
    """Each training image has the label of the image before it: one line too many at the top of the list of labels."""

    def __init__(self):
        super().__init__()
        self.train = self.train._replace(y=np.roll(self.train.y, 1))

    @staticmethod
    def examined(training, network):
        """The share of training images whose nearest neighbour among the others has the same label."""
        x, y = training.train
        return float((nearest_label(x, x, y) == y).mean())


class TurnedAround(Training):
    """In each epoch half of the images stand on their heads: the sixes among them are nines, and still called 6."""

    def augmented(self, x, rng):
        turned = rng.random(len(x)) < 0.5
        return np.where(turned[:, None, None, None], x[:, ::-1, ::-1], x)

    @staticmethod
    def examined(training, network):
        """The share of augmented sixes and nines that look like the other: the nearest image as it came is one."""
        x, y = training.train
        chosen = np.isin(y, (6, 9))
        now = nearest_label(training.augmented(x, np.random.default_rng(0)), x, y)
        return float((now[chosen] == 15 - y[chosen]).mean())


# --- what can be wrong with the measurement --------------------------------------------------------------------------


class MeasuredInTraining(Training):
    """Dropout goes on dropping while the network is measured."""

    def outputs(self, network, x):
        return network.forward(self.prepared(x), training=True)

    @staticmethod
    def examined(training, network):
        """The share of validation images that are read otherwise when they are measured a second time."""
        first, second = (training.outputs(network, training.validation.x).argmax(axis=1) for _ in range(2))
        return float((first != second).mean())


CASES = {
    "healthy": Training,
    "learning rate too large": RateTooLarge,
    "learning rate too small": RateTooSmall,
    "dead units": DeadUnits,
    "no shuffling": Unshuffled,
    "leaked images": Leaked,
    "wrong loss for the head": SoftmaxTwice,
    "labels off by one": LabelsOffByOne,
    "unnormalised input": Unnormalised,
    "batch norm, batches of 2": BatchNormOfTwo,
    "decay too strong": DecayTooStrong,
    "augmentation that changes the label": TurnedAround,
    "evaluation in training mode": MeasuredInTraining,
    "batch norm, batches of 32": BatchNorm,
}
SICK = [name for name in CASES if name not in ("healthy", "batch norm, batches of 32")]
