"""What was written comes back; half a file, a foreign file and a dangerous file do not."""

import json
import os
import pickle
import zipfile

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from cnncourse.files import read_arrays, write_arrays
from cnncourse.layers import Conv2D, Dropout
from cnncourse.network import Network

HEADER = {"kind": "test", "sizes": [1, 2], "nothing": None}
ARRAYS = {
    "a/kernel": np.arange(6.0).reshape(2, 3),
    "a/bias": np.ones(3, np.float32),
    "empty": np.zeros((0, 2), np.int8),
    "one": np.float64(2.5),
    "words": np.array(["ä", "b"]),
}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "arrays.npz"
    write_arrays(path, HEADER, ARRAYS)
    return path


def read_same(path):
    header, arrays = read_arrays(path, needs=("kind",))
    same = [np.array_equal(arrays[name], array) for name, array in ARRAYS.items()]
    return header == HEADER and arrays.keys() == ARRAYS.keys() and all(same)


def test_what_was_written_comes_back_with_its_dtypes(path):
    assert read_same(path)
    _, arrays = read_arrays(path, needs=HEADER)
    assert {name: a.dtype for name, a in arrays.items()} == {name: np.asarray(a).dtype for name, a in ARRAYS.items()}


@pytest.mark.parametrize("name", ["plain", "with.dots.v2", "model.NPZ", "weights.npz.npz"])
@pytest.mark.parametrize("kind", [str, lambda path: path], ids=["str", "Path"])
def test_a_path_means_what_it_says_whatever_it_ends_in(name, kind, tmp_path):
    path = kind(tmp_path / name)
    write_arrays(path, HEADER, ARRAYS)
    assert os.listdir(tmp_path) == [name]
    assert read_same(path)


def test_numbers_of_numpy_in_the_header_come_back_as_plain_ones(tmp_path):
    header = {"filters": np.int64(3), "rate": np.float32(0.5), "fast": np.True_, "pads": np.array([[1, 2]])}
    write_arrays(tmp_path / "a", header, {})
    assert read_arrays(tmp_path / "a", ())[0] == {"filters": 3, "rate": 0.5, "fast": True, "pads": [[1, 2]]}


def test_a_network_with_knobs_of_numpy_is_saved_and_loaded(tmp_path, rng):
    network = Network([Conv2D(np.int64(3), 3, padding=np.int64(1)), Dropout(np.float32(0.5))], (5, 4, 2))
    network.save(tmp_path / "network")
    x = rng.random((2, 5, 4, 2), np.float32)
    assert_array_equal(Network.load(tmp_path / "network").predict(x), network.predict(x))


# --- never half a file -----------------------------------------------------------------------------------------------


class Interrupted(BaseException):
    """What Ctrl-C or a full disk does to us."""


def _half(file, **arrays):
    file.write(b"PK half an archive")
    raise Interrupted


def _nothing(*args):
    raise Interrupted


@pytest.mark.parametrize(
    ("place", "name", "crash"), [(np, "savez", _half), (os, "replace", _nothing)], ids=["while writing", "at the end"]
)
def test_a_crash_leaves_the_old_file_whole_and_nothing_else(place, name, crash, path, monkeypatch):
    old = path.read_bytes()
    monkeypatch.setattr(place, name, crash)
    with pytest.raises(Interrupted):
        write_arrays(path, {"kind": "new"}, ARRAYS)
    assert path.read_bytes() == old
    assert os.listdir(path.parent) == [path.name]
    assert read_same(path)


def test_a_killed_writer_leaves_no_trap_for_the_next(path):
    path.with_name(path.name + ".unfinished").write_bytes(b"half a")
    write_arrays(path, HEADER, ARRAYS)
    assert read_same(path)
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize(
    ("header", "arrays", "error", "words"),
    [
        ({"schedule": print}, {}, TypeError, "the header holds <built-in function print>, which JSON cannot"),
        ({}, {"objects": np.array([print])}, ValueError, r"\['objects'\] hold Python objects"),
    ],
)
def test_what_cannot_be_written_leaves_the_old_file_whole(header, arrays, error, words, path):
    with pytest.raises(error, match=words):
        write_arrays(path, header, arrays)
    assert read_same(path)
    assert os.listdir(path.parent) == [path.name]


# --- what is no file of ours -----------------------------------------------------------------------------------------


def test_a_missing_file_is_missing_and_not_damaged(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.npz"):
        read_arrays(tmp_path / "nowhere.npz", ())
    with pytest.raises(FileNotFoundError, match="nowhere"):
        write_arrays(tmp_path / "nowhere" / "a.npz", {}, {})


def test_a_folder_is_a_folder(tmp_path):
    with pytest.raises(OSError, match=tmp_path.name):
        read_arrays(tmp_path, ())


def test_a_file_cut_off_anywhere_is_damaged(path):
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(
            ValueError, match=r"arrays\.npz is damaged or was not written by cnncourse .*: write it again"
        ):
            read_arrays(path, ())


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_file_with_a_wrong_byte_is_damaged_or_the_byte_did_not_matter(save, path):
    save(path, __header__=np.array(json.dumps(HEADER)), **ARRAYS)
    whole, damaged = path.read_bytes(), 0
    arrays = {name: np.asarray(array) for name, array in ARRAYS.items()}
    for place in range(0, len(whole), 3):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            header, read = read_arrays(path, ())
        except ValueError as error:
            assert "is damaged" in str(error)
            damaged += 1
        else:
            assert header == HEADER
            for name in read.keys() & arrays.keys():  # in the archive's list of contents even a name can change
                assert_array_equal(read[name], arrays[name])
    assert damaged > len(whole) / 6


class Bomb:
    """Goes off when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, (os.environ["BOMB"],)


def _object_array(path):
    with open(path, "wb") as file:
        np.savez(file, __header__=np.array("{}"), bomb=np.array([Bomb()], object))


def _object_header(path):
    with open(path, "wb") as file:
        np.savez(file, __header__=np.array(Bomb(), object))


def _pickle_in_a_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("__header__.npy", pickle.dumps(Bomb()))


@pytest.mark.parametrize(
    "write",
    [_object_array, _object_header, _pickle_in_a_zip, lambda path: path.write_bytes(pickle.dumps(Bomb()))],
    ids=["an array of objects", "an object for a header", "a pickle in a zip", "a pickle"],
)
def test_a_pickle_is_refused_and_never_run(write, path, monkeypatch):
    crater = path.parent / "crater"
    monkeypatch.setenv("BOMB", str(crater))
    write(path)
    with pytest.raises(ValueError, match="is damaged or was not written by cnncourse"):
        read_arrays(path, ())
    assert not crater.exists()
    pickle.loads(pickle.dumps(Bomb()))
    assert crater.exists()  # it would have gone off


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("not an archive"),
        lambda path: np.save(path.open("wb"), np.ones(3)),
        lambda path: np.savez(path, weights=np.ones(3)),
        lambda path: np.savez(path, __header__=np.ones(3)),
        lambda path: np.savez(path, __header__=np.array("{'single': 'quotes'}")),
        lambda path: np.savez(path, __header__=np.array("[1, 2]")),
        lambda path: np.savez(path, __header__=np.array('"kind"')),
    ],
    ids=["empty", "text", "npy", "no header", "numbers", "no JSON", "a list", "a word"],
)
def test_a_foreign_file_is_refused(write, path):
    write(path)
    with pytest.raises(ValueError, match=r"arrays\.npz is damaged or was not written by cnncourse"):
        read_arrays(path, ("kind",))


def test_a_foreign_zip_is_refused(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(ValueError, match="is damaged or was not written by cnncourse"):
        read_arrays(path, ())


def test_missing_entries_of_the_header_are_named(path):
    with pytest.raises(ValueError, match=r"arrays\.npz says nothing about \['layers', 'dtype'\]: it was written for"):
        read_arrays(path, ("kind", "layers", "dtype"))
