"""Arrays and a few words about them in one .npz file: no pickle, and never half a file."""

import json
import os
import zipfile
from pathlib import Path

import numpy as np


def write_arrays(path, header, arrays):
    """Write `arrays` (a dict) and `header` (whatever JSON can hold) to `path`, in one step.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.npz"
    >>> write_arrays(path, {"made by": "hand"}, {"w": np.ones(2)})
    >>> sorted(np.load(path).files)
    ['__header__', 'w']
    """
    header = json.dumps(header, default=_plain)
    pickled = [name for name, array in arrays.items() if np.asarray(array).dtype.hasobject]
    if pickled:
        raise ValueError(f"{pickled} hold Python objects, but arrays of numbers or of text are needed")
    path = Path(path)
    unfinished = path.with_name(path.name + ".unfinished")
    try:
        with open(unfinished, "wb") as file:
            np.savez(file, __header__=np.array(header), **arrays)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)  # it is there only if something went wrong


def read_arrays(path, needs):
    """The header and the arrays that `write_arrays` put into `path`; `needs` names what the header must have.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.npz"
    >>> write_arrays(path, {"made by": "hand"}, {"w": np.ones(2)})
    >>> read_arrays(path, needs=("made by",))
    ({'made by': 'hand'}, {'w': array([1., 1.])})
    """
    with open(path, "rb") as file:  # a file that is missing, or that may not be read, is not damaged
        try:
            header, arrays = _read(file)
        except Exception as error:  # damage has a dozen names, from BadZipFile and zlib.error to NotImplementedError
            raise ValueError(f"{path} is damaged or was not written by cnncourse ({error}): write it again") from error
    missing = [name for name in needs if name not in header]
    if missing:
        raise ValueError(f"{path} says nothing about {missing}: it was written for something else")
    return header, arrays


def _read(file):
    if not zipfile.is_zipfile(file):
        raise ValueError("it is no .npz archive")
    file.seek(0)
    with np.load(file, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    header = json.loads(str(arrays.pop("__header__")))
    if not isinstance(header, dict):
        raise ValueError(f"its header is {header!r}")
    return header, arrays


def _plain(value):
    """A number or an array of NumPy as what JSON has for it."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"the header holds {value!r}, which JSON cannot")
