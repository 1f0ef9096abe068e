"""The contenders: each lives in a process of its own and does what it is told, one line at a time.

All train the same network (conv 32@3x3, ReLU, pool, conv 64@3x3, ReLU, pool, dense 128, ReLU, dense 10) on MNIST in
float32 with batches of 128 and plain SGD. Each is asked for as much as its own users would ask: the batches are drawn,
gathered and trained on by its usual loop.
"""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from cnncourse.data import mnist
from cnncourse.layers import Conv2D, Dense, Flatten, MaxPooling2D, ReLU
from cnncourse.network import Network
from cnncourse.training import SGD

BATCH, IMAGES = 128, 256
RATE = 0.01


def network_for(x, seed=0):
    """The network that everybody trains, in cnncourse."""
    features = [Conv2D(32, 3), ReLU(), MaxPooling2D(), Conv2D(64, 3), ReLU(), MaxPooling2D()]
    return Network([*features, Flatten(), Dense(128), ReLU(), Dense(10)], x.shape[1:], seed=seed)


class Cnncourse:
    """`Network.fit` and `Network.predict`."""

    def __init__(self, x, y):
        self.x, self.y, self.optimiser = x, y, SGD(RATE)
        self.network = network_for(x)

    def train(self, steps):
        n = steps * BATCH
        self.network.fit(self.x[:n], self.y[:n], epochs=1, batch_size=BATCH, optimiser=self.optimiser, progress=False)

    def infer(self, times):
        for _ in range(times):
            self.network.predict(self.x[:IMAGES], batch_size=IMAGES)

    def describe(self):
        blas = next(lib for lib in threadpool_info() if lib["user_api"] == "blas")
        return f"NumPy {np.__version__}, {blas['internal_api']} {blas['version']}, {blas['architecture']} kernel"

    def roofline(self, times):
        """Seconds for the matrix products of one step alone, as the workers do them, and their number of operations."""
        workers = min(len(os.sched_getaffinity(0)), BATCH // 32)
        shapes = products(BATCH // workers)
        rng = np.random.default_rng(0)
        sets = [
            [(rng.random((s, m, k), np.float32), rng.random((k, n), np.float32)) for s, m, k, n in shapes]
            for _ in range(workers)
        ]
        results = [[np.empty((s, m, n), np.float32) for s, m, _, n in shapes] for _ in range(workers)]

        def work(w):
            for _ in range(times):
                for (a, b), out in zip(sets[w], results[w]):
                    np.matmul(a, b, out=out)

        with threadpool_limits(1, "blas"), ThreadPoolExecutor(workers) as pool:
            list(pool.map(work, range(workers)))
            start = time.perf_counter()
            list(pool.map(work, range(workers)))
            seconds = (time.perf_counter() - start) / times
        return {"seconds": seconds, "operations": workers * sum(2 * s * m * k * n for s, m, k, n in shapes)}


def products(share):
    """(how many, rows, inner, columns) of each product that cnncourse.fast makes in a step on `share` images."""
    windows = 26 * share * 26
    pairs = 6 * share  # of output columns, for the second convolution by Winograd
    return [
        (1, windows, 10, 32),
        (1, 10, windows, 32),
        (4 * 11, pairs, 96, 64),
        (4 * 11, 96, pairs, 64),
        (4 * 13, pairs, 192, 32),
        *[(1, share, a, b) for a, b in [(1600, 128), (128, 10)]],
        *[(1, a, share, b) for a, b in [(1600, 128), (128, 10)]],
        *[(1, share, b, a) for a, b in [(1600, 128), (128, 10)]],
    ]


class Keras:
    """`fit`, and for inference a `tf.function`, which is the fastest way that it has."""

    def __init__(self, x, y):
        import keras
        import tensorflow as tf

        k = keras.layers
        self.x, self.y, self.keras, self.tf = x, y, keras, tf
        features = [k.Conv2D(32, 3, activation="relu"), k.MaxPooling2D(), k.Conv2D(64, 3, activation="relu")]
        head = [k.MaxPooling2D(), k.Flatten(), k.Dense(128, activation="relu"), k.Dense(10)]
        self.model = keras.Sequential([keras.Input(x.shape[1:]), *features, *head])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.model.compile(keras.optimizers.SGD(RATE), loss, metrics=["accuracy"])
        self.forward, self.images = tf.function(self.model), tf.constant(x[:IMAGES])

    def train(self, steps):
        n = steps * BATCH
        self.model.fit(self.x[:n], self.y[:n], batch_size=BATCH, verbose=0)

    def infer(self, times):
        for _ in range(times):
            self.forward(self.images).numpy()

    def describe(self):
        return f"Keras {self.keras.__version__}, TensorFlow {self.tf.__version__}"


class KerasBatches(Keras):
    """`train_on_batch` and `model(x)`: no input pipeline around the computation."""

    def train(self, steps):
        for indices in np.array_split(np.random.default_rng(0).permutation(steps * BATCH), steps):
            self.model.train_on_batch(self.x[indices], self.y[indices])

    def infer(self, times):
        for _ in range(times):
            np.asarray(self.model(self.images))


class Torch:
    """PyTorch as its tutorials write it; images are put channels first beforehand."""

    def __init__(self, x, y):
        import torch
        from torch import nn

        torch.set_num_threads(len(os.sched_getaffinity(0)))
        self.torch, self.x, self.y = torch, torch.from_numpy(x.transpose(0, 3, 1, 2).copy()), torch.from_numpy(y)
        features = [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)]
        self.model = nn.Sequential(*features, nn.Flatten(), nn.Linear(1600, 128), nn.ReLU(), nn.Linear(128, 10))
        self.loss, self.optimiser = nn.CrossEntropyLoss(), torch.optim.SGD(self.model.parameters(), RATE)

    def train(self, steps):
        for indices in self.torch.randperm(steps * BATCH).split(BATCH):
            self.optimiser.zero_grad()
            self.loss(self.model(self.x[indices]), self.y[indices]).backward()
            self.optimiser.step()

    def infer(self, times):
        with self.torch.inference_mode():
            for _ in range(times):
                self.model(self.x[:IMAGES]).numpy()

    def describe(self):
        return f"PyTorch {self.torch.__version__}"


def memory(field):
    """A field of this process's status in MiB (VmRSS: now, VmHWM: the most so far); None where there is no /proc."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith(field))
    except FileNotFoundError:
        return None


def forget_peak():
    """Let VmHWM start anew."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        return False
    return True


def serve(name):
    """Answer each line of standard input, [method, argument], with a line of JSON."""
    data = mnist()
    contender = globals()[name](data.x_train[: 100 * BATCH].copy(), data.y_train[: 100 * BATCH].copy())
    del data
    forgets, before = forget_peak(), memory("VmRSS")
    contender.train(20)
    peak = memory("VmHWM")
    grown = peak - before if forgets and before else None
    answer = {"about": contender.describe(), "training MiB": grown, "process MiB": peak}
    print(json.dumps(answer), flush=True)
    for line in sys.stdin:
        method, argument = json.loads(line)
        start = time.perf_counter()
        result = getattr(contender, method)(argument)
        print(json.dumps({"seconds": time.perf_counter() - start, "result": result}), flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
