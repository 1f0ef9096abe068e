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
    >>> read_arrays(path, needs=("made by",))
    ({'made by': 'hand'}, {'w': array([1., 1.])})
    """
    path = Path(path)
    unfinished = path.with_name(path.name + ".unfinished")
    with open(unfinished, "wb") as file:
        np.savez(file, __header__=np.array(json.dumps(header)), **arrays)
    os.replace(unfinished, path)


def read_arrays(path, needs):
    """The header and the arrays that `write_arrays` put into `path`; `needs` names what the header must have."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(str(arrays.pop("__header__")))
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is damaged or was not written by cnncourse ({error}): write it again") from error
    missing = [name for name in needs if name not in header]
    if missing:
        raise ValueError(f"{path} says nothing about {missing}: it was written for something else")
    return header, arrays
