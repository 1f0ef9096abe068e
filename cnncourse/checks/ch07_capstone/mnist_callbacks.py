"""ch07.mnist_callbacks: early stopping that goes back to the best weights."""

import numpy as np

from cnncourse.checks.measuring import Measure
from cnncourse.checks.task import Task

EPOCHS, BEST = 60, 7


def simulated(answer, losses):
    """Drive the callbacks with these validation losses; the weight of the network is the number of the epoch."""
    import os  # noqa: PLC0415 - a probe crosses as source
    import tempfile  # noqa: PLC0415

    import keras  # noqa: PLC0415

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile("sgd", "mse", metrics=["accuracy"])
    model.evaluate(np.zeros((2, 1)), np.zeros((2, 1)), verbose=0)  # now there is an accuracy that can be watched
    before = os.getcwd()
    os.chdir(tempfile.mkdtemp())  # a checkpoint would write over the weights that are handed in
    try:
        stack = keras.callbacks.CallbackList(list(answer()), model=model)
        model.stop_training = False
        stack.on_train_begin()
        for epoch, loss in enumerate(losses):
            stack.on_epoch_begin(epoch)
            model.set_weights([np.full((1, 1), float(epoch))])
            told = {"loss": loss / 2, "accuracy": 1 - loss / 2, "val_loss": loss, "val_accuracy": 1 - loss}
            stack.on_epoch_end(epoch, told)
            if model.stop_training:
                break
        stack.on_train_end()
    finally:
        os.chdir(before)
    return epoch, float(model.get_weights()[0][0, 0])


def cases(rng):
    falling = 0.5 * 0.8 ** np.arange(BEST + 1)
    worse = falling[-1] + rng.uniform(0.02, 0.1, EPOCHS - BEST)
    yield (tuple([*falling.tolist(), *worse.tolist()]),)
    yield ((0.5, 0.3, 0.2, 0.21, 0.15, 0.1, 0.09),)  # one epoch is worse, and then it goes on


def measure(values, truth, earlier):
    (ended, weight), (last, _) = values
    if ended >= EPOCHS:
        return Measure(
            0.0, f"Validation gets worse after epoch {BEST}, and training goes on to epoch {ended}: stop it."
        )
    if last < 6:
        return Measure(0.0, f"One worse epoch ends the training, at epoch {last}: give it some patience.")
    if weight != BEST:
        words = f"It stops at epoch {ended} with the weights of epoch {weight:g}; those of epoch {BEST} were the best"
        return Measure(0.5, f"{words}: restore them.")
    return Measure(1.0, f"It stops at epoch {ended} and goes back to the best weights, those of epoch {BEST}.")


TASK = Task(
    __name__,
    __doc__,
    "ch07_training#regularisation-and-evidence",
    None,
    cases,
    probe=simulated,
    measure=measure,
    seconds=20.0,
)
