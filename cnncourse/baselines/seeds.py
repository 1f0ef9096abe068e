"""The same training from several random starts: how much of a result is luck? (chapter ch01_why_convolution)"""

from typing import NamedTuple

from cnncourse.training import Adam


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

    >>> from cnncourse.baselines import logistic_regression
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
