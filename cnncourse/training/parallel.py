"""One batch, several workers, each with a share of the images (chapter ch04_backpropagation).

The gradient of a mean over images is the mean of their gradients. So a batch can be cut up: each worker finds the mean
gradient of its own images, and these, weighted by how much of the batch they are, add up to the gradient of the batch.
The workers are threads: NumPy lets go of Python's lock while it computes. Their layers share the weights with the
network but have caches, gradients and memory of their own.
"""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext

import numpy as np
from threadpoolctl import threadpool_limits

from cnncourse.arguments import whole_number
from cnncourse.fast import Workspace
from cnncourse.layers import MaxPooling2D, ReLU
from cnncourse.training.metrics import correct

MOST = 64  # workers: each has memory of its own
FEWEST = 32  # images for a worker; with fewer it spends its time in Python


class Worker:
    """A network's layers, copied for one thread, that compute in `spaces`, one for each."""

    def __init__(self, layers, spaces):
        self.layers = [layer.replica(space) for layer, space in zip(pool_first(layers), spaces)]
        self.layers[0].needs_dx = False

    def forward(self, x, training=False):
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def train(self, x, y, loss, weight):
        """Forward and backward for a part of a batch, which counts with `weight`: its loss, and how many were right."""
        outputs = self.forward(x, training=True)
        value, cache = loss.forward(outputs, y)
        d = loss.backward(cache) * outputs.dtype.type(weight)
        for layer in reversed(self.layers):
            d = layer.backward(d)
        return value * weight, correct(outputs, y)


class Crew:
    """The workers for one network, and the threads they work in: see `crew`."""

    def __init__(self, workers, pool):
        self.workers, self.pool = workers, pool

    def reseed(self, rng):
        """Give every layer that draws random numbers a stream of its own."""
        for worker in self.workers:
            for layer in worker.layers:
                layer.rng = rng.spawn(1)[0]

    def train(self, x, y, indices, loss):
        """The loss, the number of right answers and the gradients for the images `indices` of x."""
        parts = np.array_split(indices, max(1, min(len(self.workers), len(indices) // FEWEST)))

        def work(worker, part):
            return worker.train(x[part], y[part], loss, len(part) / len(indices))

        values, rights = zip(*self.pool.map(work, self.workers, parts))
        grads = {}
        for layers in zip(*(worker.layers for worker in self.workers[: len(parts)])):
            grads |= layers[0].named({key: sum(layer.grads[key] for layer in layers) for key in layers[0].params})
        return sum(values), (None if rights[0] is None else sum(rights)), grads

    def predict(self, x, batch_size):
        """The outputs for all of `x`, in the order of `x`."""
        size = -(-batch_size // len(self.workers))
        starts = range(0, len(x), size)
        outputs, stop = [None] * len(starts), threading.Event()

        def work(k):
            for i in range(k, len(starts), len(self.workers)):
                if stop.is_set():
                    return
                # A copy, because a worker's output is overwritten by its next one
                outputs[i] = self.workers[k].forward(x[starts[i] : starts[i] + size]).copy()

        try:
            list(self.pool.map(work, range(len(self.workers))))
        finally:
            stop.set()  # an interrupt ends the other threads too
        return np.concatenate(outputs)


@contextmanager
def crew(network, workers=None):
    """A `Crew` of `workers` threads (by default one for each processor), for the length of a ``with`` block.

    Matrix products then use one thread each: threads of their own would fight with the workers for the processors.
    Where a layer mixes the images of a batch, as batch normalisation does in training, there is one worker. The
    network keeps the memory for the next time: to get it anew would take as long as a forward pass.

    >>> from cnncourse.layers import Dense, Flatten
    >>> from cnncourse.network import Network
    >>> network = Network([Flatten(), Dense(3)], input_shape=(4, 4, 1))
    >>> with crew(network, workers=2) as both:
    ...     both.predict(np.zeros((100, 4, 4, 1), np.float32), batch_size=64).shape
    (100, 3)
    """
    if workers is None:
        workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = min(whole_number(workers, "workers"), MOST)
    if any(layer.mixes_images for layer in network.layers):
        workers = 1
    spaces = [network.idle.pop() if network.idle else [Workspace() for _ in network.layers] for _ in range(workers)]
    with ThreadPoolExecutor(workers) as pool, _blas_on_one_thread() if workers > 1 else nullcontext():
        yield Crew([Worker(network.layers, own) for own in spaces], pool)
    network.idle.extend(spaces)  # not after an exception: a thread may still be at work in them


_limit = {"lock": threading.Lock(), "crews": 0, "set": None}  # of the whole process, like the limit itself


@contextmanager
def _blas_on_one_thread():
    """The first crew that comes sets the limit, and the last one that goes takes it away again."""
    with _limit["lock"]:
        _limit["crews"] += 1
        if _limit["crews"] == 1:
            _limit["set"] = threadpool_limits(1, "blas")
    try:
        yield
    finally:
        with _limit["lock"]:
            _limit["crews"] -= 1
            if not _limit["crews"]:
                _limit["set"].restore_original_limits()


def pool_first(layers):
    """The same layers with each (ReLU, max pooling) turned round: ReLU then has a fraction of the numbers to look at.

    The largest of some numbers, cut off at 0, is the largest of the numbers cut off at 0. The gradient agrees too, ties
    included: where the largest is above 0 both orders route to the same pixel, elsewhere both return 0.

    >>> [type(layer).__name__ for layer in pool_first([ReLU(), MaxPooling2D()])]
    ['MaxPooling2D', 'ReLU']
    """
    layers = list(layers)
    for i in range(len(layers) - 1):
        if type(layers[i]) is ReLU and type(layers[i + 1]) is MaxPooling2D:
            layers[i], layers[i + 1] = layers[i + 1], layers[i]
    return layers
