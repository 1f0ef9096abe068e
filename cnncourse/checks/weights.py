"""Arrays of weights from a file into the network they belong to. Nothing in a file is ever executed.

`.npz` holds the arrays in the network's own order (`np.savez("model.npz", *model.get_weights())`), and `.weights.h5` is
what `model.save_weights("model.weights.h5")` writes. A `.keras` archive can hold code, and is not read.
"""

import zipfile
from math import prod
from pathlib import Path

import numpy as np

from cnncourse.checks.handing_in import NotUsable

NUMBERS = 4_000_000  # in one file: more would fill the memory
ARRAYS = 2000


def arrays_of(path):
    """The arrays of a file by their places in it, in order; without what an optimizer or a dropout layer keeps.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.npz"
    >>> np.savez(path, np.ones((2, 3)), np.zeros(3, np.float16))
    >>> [array.shape for array in arrays_of(path).values()]
    [(2, 3), (3,)]
    """
    path = Path(path)
    if not path.exists():
        raise NotUsable(f"{path.name} was not handed in.")
    with path.open("rb") as file:
        start = file.read(8)
    try:
        if start.startswith(b"PK"):
            if path.suffix != ".npz":
                raise NotUsable(f"{path.name} is a .keras archive or a zip: write it with `model.save_weights`.")
            return _of_npz(path)
        if start == b"\x89HDF\r\n\x1a\n" and path.suffix == ".h5":
            return _of_h5(path)
    except NotUsable:
        raise
    except Exception:  # damage has many names
        raise NotUsable(f"{path.name} is damaged: it cannot be read to its end. Write it again.") from None
    raise NotUsable(f"{path.name} holds no weights: write it with `model.save_weights`.")


def _of_npz(path):
    with zipfile.ZipFile(path) as packed:
        about = packed.infolist()
        if len(about) > ARRAYS or sum(one.file_size for one in about) > 8 * NUMBERS:
            raise NotUsable(f"{path.name} unpacks to more than a network of this course has.")
    with np.load(path, allow_pickle=False) as packed:
        try:
            found = {name: packed[name] for name in packed.files}
        except ValueError as wrong:
            if "pickle" in str(wrong).lower():
                raise NotUsable(f"{path.name} holds Python objects, which are never read: save arrays.") from None
            raise
    return {name: _numbers(path, name, array) for name, array in found.items()}


def _of_h5(path):
    import h5py  # noqa: PLC0415 - it comes with Keras, and only files of Keras need it

    found, beside = {}, {}

    def visit(group, place=""):
        for name in sorted(group, key=_natural):
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise NotUsable(f"{path.name} holds a link to another place: write it with `model.save_weights`.")
            thing, where = group[name], f"{place}/{name}".lstrip("/")
            if isinstance(thing, h5py.Group):
                if where.count("/") > 20:
                    raise NotUsable(f"{path.name} is nested too deeply: write it with `model.save_weights`.")
                visit(thing, where)
                continue
            if thing.is_virtual or thing.external:
                raise NotUsable(f"{path.name} holds a link to another place: write it with `model.save_weights`.")
            into = beside if where.startswith("optimizer/") else found
            into[where] = thing
            if len(found) + len(beside) > ARRAYS or sum(prod(one.shape) for one in into.values()) > NUMBERS:
                raise NotUsable(f"{path.name} holds more numbers than a network of this course has.")

    with h5py.File(path) as file:
        visit(file)
        shapes = {thing.shape for thing in found.values()} | {()}
        if any(thing.shape not in shapes for thing in beside.values()) or len(beside) > 3 * len(found) + 8:
            raise NotUsable(f"{path.name} holds an optimizer of another network: save the weights again.")
        kept = {where: thing for where, thing in found.items() if "seed_generator" not in where.split("/")}
        return {where: _numbers(path, where, thing[()]) for where, thing in kept.items()}


def _natural(name):
    """ "10" after "9"."""
    return (name.rstrip("0123456789"), int("0" + name[len(name.rstrip("0123456789")) :]))


def _numbers(path, name, array):
    if array.dtype.kind not in "fiu" or array.dtype.itemsize > 8:
        raise NotUsable(f"{path.name} holds {name[:60]!r}, which is no array of numbers.")
    if not np.isfinite(array).all():
        raise NotUsable(f"{path.name} holds numbers that are not finite: did the training diverge?")
    return array


def into_network(model, path, shape=(28, 28, 1)):
    """Put the weights of a file into a Keras model, and return it; `shape` is that of an image, if the model has none.

    >>> into_network(None, "nowhere.npz")
    Traceback (most recent call last):
    ...
    cnncourse.checks.handing_in.NotUsable: the network should be a Keras model, and it is a NoneType.
    """
    path = Path(path)
    if not all(hasattr(model, name) for name in ("weights", "set_weights", "load_weights", "predict_on_batch")):
        raise NotUsable(f"the network should be a Keras model, and it is a {type(model).__name__}.")
    if not model.built:
        model(np.zeros((1, *shape), np.float32))
    there, wanted = list(arrays_of(path).values()), [tuple(one.shape) for one in model.weights]
    told = f"{path.name} does not fit the network"
    if sorted(array.shape for array in there) != sorted(wanted):
        numbers = sum(array.size for array in there), sum(map(prod, wanted))
        raise NotUsable(
            f"{told}: it has {len(there)} arrays with {numbers[0]} numbers, and the network {len(wanted)} with "
            f"{numbers[1]}. Was it trained with another version of the function that builds it?"
        )
    order = f"{told}: its arrays stand in another order. Was it trained with other layers, or in another order?"
    if path.suffix == ".npz":
        if [array.shape for array in there] != wanted:
            raise NotUsable(order)
        model.set_weights(there)
        return model
    try:
        model.load_weights(path)
    except Exception:  # Keras says it at length, and otherwise in each version
        raise NotUsable(order) from None
    return model


def fits(name, make):
    """What is said of a file of weights and the network that they belong to, which `make` returns.

    >>> fits("nowhere.npz", lambda: None)
    'nowhere.npz was not handed in.'
    """
    try:
        arrays_of(name)
        into_network(make(), name)
    except NotUsable as why:
        return str(why)
    except Exception as wrong:  # it may be any of the student's
        return f"the network cannot be built: {type(wrong).__name__}: {wrong}"
    return "fit the network"


def predicted(model, images, at_once=500):
    """The class of each image, for images (N, 28, 28) of bytes: the network gets them as the data set gives them.

    >>> class Darkest:
    ...     def predict_on_batch(self, x):
    ...         return -x.mean(axis=(1, 3))
    >>> predicted(Darkest(), np.full((3, 28, 28), 7, np.uint8))
    array([0, 0, 0])
    """
    parts = []
    for first in range(0, len(images), at_once):
        x = np.divide(images[first : first + at_once], np.float32(255))[..., None]
        parts.append(np.asarray(model.predict_on_batch(x)).argmax(axis=-1).reshape(len(x)))
    return np.concatenate(parts) if parts else np.zeros(0, int)
