"""The training loop (chapter ch07_training).

Each epoch goes once through the images in a new order, a batch at a time: forward, loss, backward, step. Around that
stand the things without which long training is no fun: progress, validation, early stopping, keeping the best weights,
checkpoints to resume from, and an interrupt that stops between two batches instead of in the middle of one.

All randomness of an epoch comes from (seed, epoch), so with the same number of workers a resumed training goes on
exactly as if it had not stopped.
"""

import signal
import sys
import threading
import warnings
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from inspect import Parameter, signature
from pathlib import Path

import numpy as np
from tqdm import tqdm

from cnncourse.arguments import number, whole_number
from cnncourse.files import read_arrays, write_arrays
from cnncourse.losses import CrossEntropy
from cnncourse.training.metrics import correct
from cnncourse.training.optimisers import Adam, Optimiser
from cnncourse.training.parallel import crew


@dataclass
class History:
    """One entry for each epoch. `stopped` says how it ended: "finished", "early", "interrupted" or "diverged"."""

    loss: list = field(default_factory=list)
    accuracy: list = field(default_factory=list)
    val_loss: list = field(default_factory=list)
    val_accuracy: list = field(default_factory=list)
    stopped: str = "finished"

    @property
    def epochs(self):
        return len(self.loss)

    @property
    def best_epoch(self):
        """The epoch (from 0) with the smallest validation loss; without validation, the last."""
        measured = [value if np.isfinite(value) else np.inf for value in self.val_loss]  # NaN is no small loss
        return int(np.argmin(measured)) if measured else self.epochs - 1

    def last(self):
        """The newest number of each kind, as text."""
        kinds = ("loss", "accuracy", "val_loss", "val_accuracy")
        return _numbers(**{kind: getattr(self, kind)[-1] for kind in kinds if getattr(self, kind)})


def fit(
    network,
    x,
    y,
    *,
    epochs=5,
    batch_size=128,
    optimiser=None,
    loss=None,
    validation=None,
    patience=None,
    checkpoint=None,
    class_weight=None,
    augment=None,
    seed=0,
    workers=None,
    progress=True,
):
    """Train a network.

    Parameters
    ----------
    x, y : images (N, H, W, C) and their labels (N,), or whatever targets the loss takes.
    epochs : how often to go through all images; those in a checkpoint count.
    batch_size : images in a step; the last batch of an epoch may be smaller.
    optimiser : by default Adam(). It keeps its memory, so that a second `fit` with it goes on smoothly.
    loss : by default CrossEntropy(), for a last layer that gives logits.
    validation : (images, labels) to measure after each epoch. The network ends with the weights of its best epoch.
    patience : stop after so many epochs in a row without a new smallest validation loss.
    checkpoint : a file to write after each epoch. If it is there already, training resumes from it.
    class_weight : what a mistake on each class costs in training, as {class: weight}; 1 for classes that are not in it.
        The loss of the history is the weighted one, as in Keras; that of the validation is not.
    augment : changes each batch before the network sees it: a function (images, rng) -> images, or (images, labels,
        rng) -> (images, labels), where the loss can take what the labels become.
    seed : of the order of the images, of dropout and of `augment`.
    workers : threads, by default one for each processor. Dropout draws other numbers with another number of them.
    progress : show a bar with loss, accuracy and the time that is left.

    Ctrl-C (or a notebook's stop button) ends training after the current batch; a second one interrupts at once. A loss
    that is no longer finite ends it too. However it ends, with validation the best weights are put back.

    Returns
    -------
    History

    >>> from cnncourse.layers import Dense
    >>> from cnncourse.network import Network
    >>> x = np.random.default_rng(0).standard_normal((64, 2)).astype(np.float32)
    >>> y = (x[:, 0] > 0).astype(int)
    >>> history = fit(Network([Dense(2)], (2,)), x, y, epochs=40, optimiser=Adam(0.1), progress=False)
    >>> history.epochs, history.accuracy[-1] > 0.95
    (40, True)
    """
    epochs, batch_size = whole_number(epochs, "epochs"), whole_number(batch_size, "batch_size")
    optimiser, loss = optimiser or Adam(), loss or CrossEntropy()
    if not isinstance(optimiser, Optimiser):
        raise ValueError(f"optimiser is {optimiser!r}, but an object is needed, such as SGD(0.1) or Adam()")
    if isinstance(loss, type) or not hasattr(loss, "forward"):
        raise ValueError(f"loss is {loss!r}, but an object is needed, such as CrossEntropy()")
    seed = whole_number(seed, "seed", minimum=0)
    x, y = _checked(network, loss, x, y, "training")
    if validation is not None:
        if not isinstance(validation, (tuple, list)) or len(validation) != 2:
            raise ValueError("validation must be a pair of images and labels: see cnncourse.data.stratified_split")
        validation = _checked(network, loss, *validation, "validation")
    elif patience is not None:
        raise ValueError(f"patience is {patience}, but nothing is measured to be patient with: pass validation=(x, y)")
    training_loss = loss if class_weight is None else _weighted(loss, class_weight, network.shapes[-1])
    on_pairs = None if augment is None else _on_pairs(augment)
    follow = getattr(optimiser.learning_rate, "after_epoch", None)
    if follow is not None and validation is None:
        raise ValueError(f"{optimiser.learning_rate!r} follows the validation loss: pass validation=(x, y)")
    patience = epochs if patience is None else whole_number(patience, "patience")
    plan = {
        "seed": seed,
        "batch_size": batch_size,
        "images": len(x),
        "optimiser": _described(optimiser),
        "loss": _named(loss),
        "validation": None if validation is None else len(validation[0]),
    }
    if class_weight is not None:
        plan["class_weight"] = repr(training_loss)
    if augment is not None:
        plan["augment"] = _named(augment)
    history, best = _resume(checkpoint, network, optimiser, plan)

    with crew(network, workers) as team, _stop_button() as stop:
        while history.epochs < epochs:
            if validation is not None and history.epochs - 1 - history.best_epoch >= patience:
                history.stopped = "early"
                break
            if follow is not None:
                follow(history)
            rng = np.random.default_rng([seed, history.epochs])
            changes = np.random.default_rng([seed, history.epochs, 1])  # apart: the order does not depend on `augment`
            team.reseed(rng)
            order = np.array_split(rng.permutation(len(x)), range(batch_size, len(x), batch_size))
            title = f"epoch {history.epochs + 1}/{epochs}"
            with tqdm(total=len(order), desc=title, disable=not progress, unit="batch", file=sys.stdout) as bar:
                history.stopped = _train_on(
                    order, bar, team, network, x, y, training_loss, on_pairs, changes, optimiser, history, stop
                )
                if history.stopped != "finished":
                    break
                if validation is not None:
                    _validate(team, *validation, loss, batch_size, history)
                    if history.best_epoch == history.epochs - 1 and np.isfinite(history.val_loss[-1]):
                        best = network.get_weights()
                bar.set_postfix_str(history.last())
            if checkpoint is not None:
                try:
                    _save(checkpoint, network, optimiser, plan, history, best)
                except OSError as error:  # a full disk, say: no reason to lose the training itself
                    warnings.warn(f"the checkpoint was not written: {error}", RuntimeWarning, stacklevel=3)
            if stop.is_set():
                history.stopped = "interrupted"
                break
    if best is not None:
        network.set_weights(best)
    return history


def _checked(network, loss, x, y, name):
    """The images and targets of one data set, if the network and the loss can take them all."""
    try:
        x, y = network.images(x), np.asarray(y)
        if not len(x):
            raise ValueError("there are no images in it")
        if not np.isfinite(x).all():
            raise ValueError(
                f"x holds {int((~np.isfinite(x)).sum())} NaN or infinite numbers: repair those images first"
            )
        # A trial on zeros: the loss itself says whether it can take these targets
        loss.forward(np.zeros((len(x), *network.shapes[-1]), network.dtype), y)
    except ValueError as error:
        raise ValueError(f"in the {name} set, {error}") from None
    return x, y


def _weighted(loss, class_weight, shape):
    """The loss with a weight for each class; `class_weight` is a dict, as in Keras."""
    if "class_weights" not in getattr(loss, "options", {}) or len(shape) != 1:
        raise ValueError(f"class_weight needs a loss with weights for classes, such as CrossEntropy(), not {loss!r}")
    if loss.options["class_weights"] is not None:
        raise ValueError(f"class_weight is given, but {loss!r} has weights already: choose one of the two")
    if not isinstance(class_weight, dict):
        raise ValueError(f"class_weight is {class_weight!r}, but a dict is needed, such as {{0: 1.0, 1: 5.0}}")
    weights = [1.0] * shape[0]
    for label, weight in class_weight.items():
        if whole_number(label, "a class of class_weight", minimum=0) >= shape[0]:
            raise ValueError(f"class_weight has a class {label}, but the classes are 0 ... {shape[0] - 1}")
        weights[int(label)] = number(weight, f"the weight of class {label}")
    return type(loss)(**{**loss.options, "class_weights": weights})


def _on_pairs(augment):
    """`augment` as a function (images, labels, rng) -> (images, labels), whichever of its two forms it has."""
    if not callable(augment):
        raise ValueError(f"augment is {augment!r}, but a function (images, rng) -> images is needed")
    optional = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    knobs = [knob for knob in signature(augment).parameters.values() if knob.kind not in optional]
    needed = [knob.name for knob in knobs if knob.default is Parameter.empty]
    if len(needed) not in (2, 3):
        raise ValueError(f"augment takes {needed}, but it is called with (images, rng) or (images, labels, rng)")
    return augment if len(needed) == 3 else lambda x, y, rng: (augment(x, rng), y)


def _augmented(augment, x, y, rng):
    """A batch after `augment`, if it is one that the network takes."""
    changed = augment(x, y, rng)
    shapes = [np.shape(part) for part in changed] if isinstance(changed, tuple) else []
    if len(shapes) != 2 or shapes[0] != x.shape or shapes[1][:1] != y.shape[:1]:
        raise ValueError(
            f"augment returned {shapes or type(changed).__name__}, but {[x.shape, y.shape]} came: as many images of "
            "that size are needed, and a label for each"
        )
    return changed[0].astype(x.dtype, copy=False), changed[1]


def _train_on(batches, bar, team, network, x, y, loss, augment, rng, optimiser, history, stop):
    """One epoch; returns how it ended, and adds its mean loss and accuracy to the history if it went to its end."""
    total = right = seen = 0
    for indices in batches:
        batch = x, y, indices
        if augment is not None:
            batch = *_augmented(augment, x[indices], y[indices], rng), np.arange(len(indices))
        value, hits, grads = team.train(*batch, loss)
        if np.isfinite(value):
            optimiser.step(network.params, grads)
        if not np.isfinite(value) or (seen + len(indices) == len(x) and not _is_finite(network)):
            warnings.warn(
                f"the loss is {value} in epoch {history.epochs + 1}: the steps so far have spoilt the weights, so "
                "training has stopped; begin again with a new network and a smaller learning rate",
                RuntimeWarning,
                stacklevel=4,
            )
            return "diverged"
        total, seen = total + float(value) * len(indices), seen + len(indices)
        right = None if hits is None else right + hits
        bar.set_postfix_str(
            _numbers(loss=total / seen, accuracy=None if right is None else right / seen), refresh=False
        )
        bar.update()
        if stop.is_set() and seen < len(x):
            return "interrupted"
    history.loss.append(total / seen)
    if right is not None:
        history.accuracy.append(right / seen)
    return "finished"


def _is_finite(network):
    """Looked at once an epoch, so that no broken weights go into a checkpoint."""
    return all(np.isfinite(array).all() for array in network.params.values())


def _validate(team, x, y, loss, batch_size, history):
    outputs = team.predict(x, batch_size)
    history.val_loss.append(float(loss.forward(outputs, y)[0]))
    right = correct(outputs, y)
    if right is not None:
        history.val_accuracy.append(right / len(y))


def _numbers(**values):
    return ", ".join(f"{name}={value:.4f}" for name, value in values.items() if value is not None)


@contextmanager
def _stop_button():
    """An event that the first Ctrl-C sets, instead of breaking off in the middle of a step; a second one breaks off."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop  # only the main thread hears signals
        return
    before = signal.getsignal(signal.SIGINT)

    def press(*_):
        stop.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, press)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


# --- checkpoints -----------------------------------------------------------------------------------------------------


def _described(optimiser):
    knobs = {key: value for key, value in optimiser.config().items() if value is not None}
    return {key: _named(value) if callable(value) else value for key, value in knobs.items()}


def _named(thing):
    """What to call a loss or a schedule in a file: the same in the next process, where it has another address."""
    if type(thing).__repr__ not in (object.__repr__, type(lambda: 0).__repr__, partial.__repr__):
        return repr(thing)
    return getattr(thing, "__qualname__", type(thing).__qualname__)


def _save(path, network, optimiser, plan, history, best):
    arrays = {f"now/{name}": array for name, array in network.get_weights().items()}
    arrays |= {f"best/{name}": array for name, array in (best or {}).items()}
    for name, slots in optimiser.memory.items():
        arrays |= {f"memory/{name}//{slot}": array for slot, array in slots.items()}
    write_arrays(path, {"plan": plan, "history": asdict(history), "steps": optimiser.calls}, arrays)


def _resume(path, network, optimiser, plan):
    """The history and the best weights so far; the network and the optimiser are put back to where they were."""
    if path is not None and not Path(path).parent.is_dir():  # better now than after the first epoch
        raise ValueError(f"checkpoint is {path}, but there is no folder {Path(path).parent}: make it first")
    if path is None or not Path(path).exists():
        return History(), None
    header, arrays = read_arrays(path, needs=("plan", "history", "steps"))
    if header["plan"] != plan:
        differing = {key: (header["plan"].get(key), plan[key]) for key in plan if header["plan"].get(key) != plan[key]}
        raise ValueError(
            f"{path} is of another training (there, here): {differing}: use the same settings, or another file"
        )
    groups = {"now": {}, "best": {}, "memory": {}}
    for name, array in arrays.items():
        group, _, rest = name.partition("/")
        groups[group][rest] = array
    try:
        network.set_weights(groups["now"])
    except ValueError as error:
        raise ValueError(f"{path} is of another network: {error}") from None
    optimiser.calls = header["steps"]
    for name, array in groups["memory"].items():
        parameter, _, slot = name.partition("//")
        optimiser.memory.setdefault(parameter, {})[slot] = array
    return History(**header["history"]), groups["best"] or None
