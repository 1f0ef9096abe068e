"""Which students handed in the same weights: equal, nearly equal, or equal but for the order of units.

The files are read in the sandbox, by a process that has run nothing of anybody's.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from cnncourse.checks.handing_in import reason_not_to_use
from cnncourse.checks.task import Task
from cnncourse.grading.sandbox.kernels import Kernel
from cnncourse.grading.sandbox.warmprocess import NoSandbox

NEAR = 0.95  # the cosine of the angle between the weights of two networks; of two trained apart it is about 0
SAME_NORMS = 2e-3  # relative: float16 keeps the size of a unit's weights better than that
SECONDS = 30.0


def arrays_in_file(answer, name):
    """The arrays of a file, in order, as float32.

    >>> import tempfile
    >>> name = tempfile.mkdtemp() + "/a.npz"
    >>> np.savez(name, np.ones(2, np.float16))
    >>> arrays_in_file(None, name)
    [array([1., 1.], dtype=float32)]
    """
    from cnncourse.checks.weights import arrays_of  # noqa: PLC0415 - a probe crosses as source

    return [np.asarray(array, np.float32) for array in arrays_of(name).values()]


READING = Task("", "", "", None, None, probe=arrays_in_file, seconds=SECONDS)


@dataclass(frozen=True)
class Network:
    """The weights in one file of one student."""

    student: str
    name: str
    arrays: tuple


@dataclass(frozen=True)
class SameWeights:
    """Two files with the same weights, or nearly."""

    first: Network
    second: Network
    how: str

    @property
    def words(self):
        """A sentence.

        >>> SameWeights(Network("ada", "a.npz", ()), Network("bo", "b.npz", ()), "equal").words
        'Weights: a.npz of ada and b.npz of bo are equal.'
        """
        first, second = self.first, self.second
        return f"Weights: {first.name} of {first.student} and {second.name} of {second.student} are {self.how}."


def norms(arrays):
    """The sizes of each unit's weights, sorted: the order of units makes no difference to them.

    >>> w = np.array([[3.0, 0.0], [4.0, 1.0]])
    >>> norms([w]).tolist() == norms([w[:, ::-1]]).tolist() == [1.0, 5.0]
    True
    """
    return np.concatenate([np.sort(np.sqrt((array.reshape(-1, array.shape[-1]) ** 2).sum(axis=0))) for array in arrays])


def same_weights(networks):
    """The pairs of files, of two students each, that hold the same network.

    >>> rng = np.random.default_rng(0)
    >>> w, v = rng.normal(size=(4, 30)), rng.normal(size=(4, 30))
    >>> turned = Network("cy", "a.npz", (w[:, ::-1],))
    >>> all_of_them = [Network("ada", "a.npz", (w,)), Network("bo", "a.npz", (v,)), turned]
    >>> [(pair.first.student, pair.second.student, pair.how) for pair in same_weights(all_of_them)]
    [('ada', 'cy', 'equal but for the order of units')]
    """
    groups, found = defaultdict(list), []
    for network in networks:
        arrays = [array for array in network.arrays if array.ndim and array.size]
        if arrays:
            groups[tuple(array.shape for array in arrays)].append((network, arrays))
    for group in groups.values():
        flat = np.stack([np.concatenate([array.ravel() for array in arrays]) for _, arrays in group]).astype(np.float32)
        flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
        cosines, sizes = flat @ flat.T, [norms(arrays) for _, arrays in group]
        for i, (first, _) in enumerate(group):
            for j, (second, _) in enumerate(group[i + 1 :], start=i + 1):
                off = np.abs(sizes[i] - sizes[j]).max() / max(np.abs(sizes[i]).mean(), 1e-12)
                how = "equal but for the order of units" if off < SAME_NORMS else ""
                if cosines[i, j] > NEAR:
                    how = "equal" if off < SAME_NORMS else "nearly equal"
                if how and first.student != second.student:
                    found.append(SameWeights(first, second, how))
    return found


def read_networks(submitted, declared):
    """The networks of a class, and what could not be read, as sentences; `submitted` are folders by students.

    >>> read_networks({}, [])
    ([], [])
    """
    found, remarks, kernel = [], [], None
    weights = [one for one in declared if one.kind == "weights"]
    packages = ("h5py",) if any(one.name.endswith(".h5") for one in weights) else ()
    try:
        for student, folder in submitted.items():
            paths = {one.name: folder / one.name for one in weights}
            files = {one.name: paths[one.name].read_bytes() for one in weights if not _why(paths[one.name], one)}
            for name in files:
                kernel = Kernel(packages, {name: files[name]}, (name,))
                outcomes, end = kernel.probe(READING, "print", [(name,)], SECONDS)
                kernel.close()
                value = outcomes[0].value if end == "done" and outcomes and not outcomes[0].error else None
                if isinstance(value, tuple) and value and all(isinstance(one, np.ndarray) for one in value):
                    found.append(Network(student, name, value))
                else:
                    remarks.append(f"{student}: {name} cannot be read, and was not compared.")
    except NoSandbox as why:
        remarks.append(f"The weights were not compared, since they are read in the sandbox alone: {why}")
    finally:
        if kernel:
            kernel.close()
    return found, remarks


def _why(path, one):
    return reason_not_to_use(path, one.most)
