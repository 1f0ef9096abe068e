"""Files that are handed in beside a notebook: what an assignment asks for, what can be read, and what is said of it."""

import io
import json
import os
import zipfile

import h5py
import numpy as np
import pytest

from cnncourse.checks.handing_in import HandedIn, NotUsable, declared, hand_in, log_in, reason_not_to_use
from cnncourse.checks.weights import arrays_of, fits, into_network
from cnncourse.grading.judge.blueprint import files_of, packages_of
from cnncourse.grading.judge.doubts import constants
from cnncourse.grading.judge.handed_in import HandedInFiles
from cnncourse.grading.judge.judging import seed_of

CELL = 'from cnncourse.checks import hand_in\n\nhand_in("a.npz", kind="weights", most=1000, network="build()")'


# What is declared


def test_an_assignment_asks_for_files_in_a_cell_of_nothing_else():
    assert declared(CELL) == [HandedIn("a.npz", "weights", 1000, "build()")]
    assert declared(CELL + "\nx = 1") == []
    assert declared('hand_in("a.npz", kind="weights", most=f())' if False else "hand_in(") == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('hand_in("../a.npz", "weights", 9)', "plain name"),
        ('hand_in("a/b.npz", "weights", 9)', "plain name"),
        ('hand_in("a.keras", "weights", 9)', "ends in"),
        ('hand_in("a.npz", "pickle", 9)', "kind 'pickle'"),
        ('hand_in("a.npz", "weights", 0)', "a number from 1"),
        ('hand_in("a.npz", "weights", 10**12)', "malformed|a number from 1"),
        ('hand_in("a.npz")', "name a file, its kind and the most bytes"),
        ("hand_in(name, 'weights', 9)", "malformed"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_with_a_reason(line, said):
    with pytest.raises(ValueError, match=said):
        declared(line)


def test_only_a_read_only_cell_that_is_not_graded_declares_files():
    cell = {"cell_type": "code", "source": CELL, "locked": True, "grade": False, "solution": False}
    assert list(files_of({"cells": [cell]})) == ["a.npz"]
    for change in ({"locked": False}, {"grade": True}, {"cell_type": "markdown"}):
        assert files_of({"cells": [cell | change]}) == {}
    assert packages_of({"cells": [cell]}) == ("cnncourse.training",)


def test_a_student_is_told_what_is_there_and_how_large(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.savez("a.npz", np.zeros(3))
    hand_in("a.npz", "weights", 1000)
    hand_in("a.npz", "weights", 100)
    hand_in("b.npz", "weights", 1000)
    hand_in("c.npz", "weights", 1000, needed=False)
    first, second, third, fourth = capsys.readouterr().out.splitlines()
    assert first.startswith("a.npz: 278 bytes, hand it in") or "bytes, hand it in with the notebook." in first
    assert "100 bytes are the most" in second
    assert third == "b.npz: not there yet (weights, 1 KB at most)."
    assert fourth == "c.npz: not there (weights, 1 KB at most)."


def test_links_folders_and_empty_files_are_not_read(tmp_path):
    (tmp_path / "empty.npz").touch()
    (tmp_path / "folder.npz").mkdir()
    os.symlink("/etc/passwd", tmp_path / "link.npz")
    os.mkfifo(tmp_path / "pipe.npz")
    for name, said in {"empty": "is empty", "folder": "is no file", "link": "is a link", "pipe": "is no file"}.items():
        assert said in reason_not_to_use(tmp_path / f"{name}.npz", 1000)


def test_each_file_has_trouble_of_its_own_and_what_nobody_asked_for_is_left_out():
    known = {
        name: HandedIn(name, "weights", 10, needed=name != "d.npz") for name in ("a.npz", "b.npz", "c.npz", "d.npz")
    }
    files = HandedInFiles(known, {"a.npz": b"12", "b.npz": b"1" * 11, "e.npz": b"1"})
    assert files.usable == {"a.npz": b"12"}
    assert sorted(files.troubles) == ["b.npz", "c.npz"]
    assert files.trouble_with(("a.npz",)) == ""
    assert files.trouble_with(("a.npz", "c.npz")) == "c.npz was not handed in."


def test_a_seed_hangs_on_the_files_of_a_task_and_on_no_others():
    known = {name: HandedIn(name, "weights", 10) for name in ("a.npz", "b.npz")}
    one, other = (HandedInFiles(known, {"a.npz": data, "b.npz": b"2"}) for data in (b"1", b"3"))
    seeds = [
        seed_of("s", "ada", "t", files.digest(names)) for files in (one, other) for names in (("a.npz",), ("b.npz",))
    ]
    assert seeds[0] != seeds[2]
    assert seeds[1] == seeds[3]
    assert seed_of("s", "ada", "t", one.digest(())) == seed_of("s", "ada", "t")


# What can be read


def h5(path, **arrays):
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name.replace("__", "/")] = array
    return path


def test_arrays_come_in_the_order_of_their_numbers(tmp_path):
    arrays = {f"layers__dense__vars__{n}": np.full(n + 1, n, np.float32) for n in range(12)}
    found = arrays_of(h5(tmp_path / "a.weights.h5", **arrays))
    assert [array.size for array in found.values()] == list(range(1, 13))


def test_what_an_optimizer_keeps_does_not_count_unless_it_is_none(tmp_path):
    kept = {"layers__dense__vars__0": np.zeros((2, 3), np.float32)}
    adam = {f"optimizer__vars__{n}": np.zeros((2, 3), np.float32) for n in range(1, 3)}
    assert len(arrays_of(h5(tmp_path / "a.weights.h5", **kept, **adam))) == 1
    table = {"optimizer__vars__3": np.zeros(10_000, np.float32)}
    with pytest.raises(NotUsable, match="an optimizer of another network"):
        arrays_of(h5(tmp_path / "b.weights.h5", **kept, **adam, **table))


def virtual(path):
    with h5py.File(path, "w") as file:
        layout = h5py.VirtualLayout((4,), "f4")
        layout[:] = h5py.VirtualSource("/etc/passwd", "x", (4,))
        file.create_virtual_dataset("layers/dense/vars/0", layout)


def external(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("vars", (4,), "u1", external=[("/etc/passwd", 0, 4)])


def soft(path):
    with h5py.File(path, "w") as file:
        file["vars"] = h5py.SoftLink("/other")


def huge(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("vars", (1 << 33,), "f4", chunks=(1 << 16,), compression="gzip")


def texts(path):
    with h5py.File(path, "w") as file:
        file["vars"] = [b"abc"]


def not_finite(path):
    h5(path, vars__0=np.array([1.0, np.nan], np.float32))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (virtual, "a link to another place"),
        (external, "a link to another place"),
        (soft, "a link to another place"),
        (huge, "more numbers than a network"),
        (texts, "no array of numbers"),
        (not_finite, "not finite"),
        (lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(50)), "is damaged"),
        (lambda path: path.write_bytes(b"PK\x03\x04"), "a .keras archive or a zip"),
        (lambda path: path.write_text("{}"), "holds no weights"),
    ],
)
def test_a_file_of_keras_that_is_none_gets_a_sentence(make, said, tmp_path):
    make(tmp_path / "a.weights.h5")
    with pytest.raises(NotUsable, match=said) as why:
        arrays_of(tmp_path / "a.weights.h5")
    assert str(why.value).startswith("a.weights.h5 ")
    assert str(tmp_path) not in str(why.value)


def bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.npy", bytes(40_000_000))


def objects(path):
    np.savez(path, np.array([{}], object))


def lies_about_its_shape(path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (1 << 40,)})
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a.npy", header.getvalue())


@pytest.mark.parametrize(
    ("make", "said"), [(bomb, "unpacks to more"), (objects, "Python objects"), (lies_about_its_shape, "damaged")]
)
def test_an_archive_of_numpy_that_is_none_gets_a_sentence(make, said, tmp_path):
    make(tmp_path / "a.npz")
    with pytest.raises(NotUsable, match=said):
        arrays_of(tmp_path / "a.npz")


@pytest.mark.parametrize("text", ["", "[", "{}", "[1]", '[{"a": [1]}]', "[" * 100_000])
def test_a_log_that_is_none_gets_a_sentence(text, tmp_path):
    (tmp_path / "runs.json").write_text(text)
    with pytest.raises(NotUsable, match=r"runs\.json "):
        log_in(tmp_path / "runs.json")


# Weights and networks


@pytest.fixture(scope="module")
def network():
    import keras

    def make(units=3, order=(0, 1)):
        layers = [keras.layers.Dense(units), keras.layers.Dense(2)]
        return keras.Sequential([keras.Input((4,)), *(layers[place] for place in order)])

    return make


@pytest.mark.parametrize("kind", ["a.weights.h5", "a.npz"])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_weights_come_back_as_they_were_saved_in_either_kind_and_precision(kind, dtype, network, tmp_path):
    import keras

    model, path = network(), tmp_path / kind
    if kind.endswith("npz"):
        np.savez(path, *(array.astype(dtype) for array in model.get_weights()))
    else:
        half = keras.models.clone_model(model)
        half.set_weights(model.get_weights())
        half.save_weights(path)
        with h5py.File(path, "r+") as file:
            for place in ("layers/dense/vars", "layers/dense_1/vars"):
                for name in list(file[place]):
                    values = file[place][name][()]
                    del file[place][name]
                    file[place][name] = values.astype(dtype)
    for there, here in zip(model.get_weights(), into_network(network(), path).get_weights()):
        assert here.dtype == np.float32
        np.testing.assert_allclose(here, there, atol=1e-3 if dtype == "float16" else 0)


@pytest.mark.parametrize("kind", ["a.weights.h5", "a.npz"])
def test_weights_of_other_shapes_or_in_another_order_do_not_fit(kind, network, tmp_path):
    path = tmp_path / kind
    model = network()
    np.savez(path, *model.get_weights()) if kind.endswith("npz") else model.save_weights(path)
    assert fits(path, network) == "fit the network"
    assert "4 arrays with 23 numbers, and the network 4 with 37" in fits(path, lambda: network(5))
    turned = network(4), network(4, (1, 0))
    np.savez(path, *turned[0].get_weights()) if kind.endswith("npz") else turned[0].save_weights(path)
    assert "does not fit the network" in fits(path, lambda: turned[1])


def test_what_is_no_network_is_told(tmp_path):
    np.savez(tmp_path / "a.npz", np.zeros(3))
    assert fits(tmp_path / "a.npz", lambda: 3) == "the network should be a Keras model, and it is a int."
    assert fits(tmp_path / "a.npz", lambda: 1 / 0).startswith("the network cannot be built: ZeroDivisionError")


# Doubts


def test_constants_in_code_are_counted_by_their_bytes():
    assert constants("x = 'a' * 3; y = [1, 2]") == 1 + 3 * 4
    assert constants('def f():\n    """What it does."""\n    return b"abc"') == 3
    assert constants("no python at all (") == 0


def test_the_log_is_plain(tmp_path):
    (tmp_path / "runs.json").write_text(json.dumps([{"changed": "a", "validation_accuracy": 1}]))
    assert log_in(tmp_path / "runs.json")[0]["validation_accuracy"] == 1
