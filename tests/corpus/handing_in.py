"""What a class hands in for the capstone of chapter 7: notebooks with files beside them, honest and not.

Each submission starts from an honest one: right answers, a small trained network, a dense one, and a log of three runs.
The sources in this file are meant for the sandbox of the grader: never run one of them anywhere else.
"""

import io
import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import dedent

import nbformat
import numpy as np

from corpus import ROOT, as_bytes, cell, with_answers

ASSIGNMENT = "ch07_capstone"
FILE = f"{ASSIGNMENT}.ipynb"
POINTS = {
    **{"split": 3, "statistics": 2, "augment": 3, "callbacks": 3, "budget": 3, "accuracy": 8, "unseen": 6, "bonus": 2},
    **{"confusion": 3, "dense": 2, "side_by_side": 2, "runs": 5},
}
# What depends on the weights in model.weights.h5; a bad file of it costs these and no others
BY_MODEL = {"budget", "accuracy", "unseen", "bonus", "confusion", "side_by_side"}
WITHOUT = {"split", "statistics", "augment", "callbacks"}  # no file
LAYERS = """
    keras.layers.Conv2D(8, 3, activation="relu"),
    keras.layers.MaxPooling2D(),
    keras.layers.Conv2D(24, 3, activation="relu"),
    keras.layers.MaxPooling2D(),
    keras.layers.Flatten(),
    keras.layers.Dropout(0.25),
    keras.layers.Dense(48, activation="relu"),
    keras.layers.Dense(10),
""".strip()
SEQUENTIAL = f"def build():\n    return keras.Sequential([keras.Input((28, 28, 1)), {LAYERS}])"
FUNCTIONAL = f"""
def build():
    x = start = keras.Input((28, 28, 1))
    for layer in [{LAYERS}]:
        x = layer(x)
    return keras.Model(start, x)
"""
SUBCLASSED = f"""
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.body = [{LAYERS}]

    def call(self, x, training=False):
        for layer in self.body:
            x = layer(x, training=training) if isinstance(layer, keras.layers.Dropout) else layer(x)
        return x

def build():
    return Net()
"""
DENSE = """
def dense():
    flat = [keras.Input((28, 28, 1)), keras.layers.Flatten()]
    return keras.Sequential([*flat, keras.layers.Dense(128, activation="relu"), keras.layers.Dense(10)])
"""


@dataclass(frozen=True)
class Submission:
    """What one student hands in, and what may become of it: shares of the points by the names of the tasks."""

    name: str
    hope: str
    make: Callable  # make(notebook, folder): changes what is handed in
    least: dict
    most: dict
    says: str  # a pattern in what the student or the instructor is told

    def hand_in(self, folder):
        """Write the submission into a folder; returns the path of the notebook."""
        folder.mkdir(parents=True, exist_ok=True)
        notebook = honest(folder)
        self.make(notebook, folder)
        (folder / FILE).write_bytes(as_bytes(notebook))
        return folder / FILE


def handed_in(least=None, most=None, says=""):
    """A submission by its function; what is not named in `most` may earn all, in `least` nothing."""

    def decorate(make):
        return Submission(make.__name__, " ".join(make.__doc__.split()), make, least or {}, most or {}, says)

    return decorate


# Networks


@cache
def arrays(name):
    """The weights of a network that was trained for the corpus."""
    if name == "untrained":
        rng = np.random.default_rng(0)
        return [rng.normal(0, 0.05, one.shape).astype(np.float32) for one in arrays("corpus")]
    with np.load(Path(__file__).with_name("weights") / f"{name}.npz") as packed:
        return [packed[one].astype(np.float32) for one in packed.files]


@cache
def saved(source, name, dtype="float32"):
    """The bytes of the file that Keras writes for the network of some source with the weights of that name."""
    import tempfile

    import h5py
    import keras

    place = {"keras": keras}
    exec(dedent(source), place)
    network = place["build" if "def build" in source else "dense"]()
    if not network.built:
        network(np.zeros((1, 28, 28, 1), np.float32))
    network.set_weights(arrays(name))
    path = Path(tempfile.mkdtemp()) / "a.weights.h5"
    network.save_weights(path)
    if dtype != "float32":
        with h5py.File(path, "r+") as file:
            places = []
            file.visititems(lambda where, one: places.append(where) if isinstance(one, h5py.Dataset) else None)
            for where in places:
                if file[where].dtype == np.float32:
                    values = file[where][()]
                    del file[where]
                    file[where] = values.astype(dtype)
    return path.read_bytes()


def written(source, arrays):
    """The bytes of the file that Keras writes for a network with these weights."""
    import tempfile

    import keras

    place = {"keras": keras}
    exec(dedent(source), place)
    network = place["build"]()
    network.set_weights(arrays)
    path = Path(tempfile.mkdtemp()) / "a.weights.h5"
    network.save_weights(path)
    return path.read_bytes()


@cache
def known(name):
    """What the tests know of a network: accuracy on test and on validation images, and its most frequent confusion."""
    return json.loads((Path(__file__).with_name("weights") / "known.json").read_text())[name]


@cache
def _solved_text():
    notebook = with_answers(ASSIGNMENT)
    cell(notebook, "build").source = SEQUENTIAL
    cell(notebook, "dense").source = DENSE.strip()
    report(notebook, "corpus")
    return nbformat.writes(notebook)


def report(notebook, name):
    """Let the answers say what is true of a network."""
    about = known(name)
    cell(notebook, "most-confused").source = f"def most_confused():\n    return {tuple(about['confused'])}"
    said = {"cnn": about["test"], "dense": known("dense")["test"]}
    cell(notebook, "side-by-side").source = f"def side_by_side():\n    return {said}"


def log(**changes):
    """The bytes of the honest log of three runs, with other accuracies by the numbers of the runs."""
    runs = [
        {"changed": "the network that I hand in", "weights": "model.weights.h5", "validation_accuracy": "corpus"},
        {"changed": "two epochs without augmentation", "weights": "run_1.weights.h5", "validation_accuracy": "run_1"},
        {"changed": "three epochs with dropout", "weights": "run_2.weights.h5", "validation_accuracy": "run_2"},
    ]
    for number, run in enumerate(runs, start=1):
        run["validation_accuracy"] = changes.get(f"run_{number}", known(run["validation_accuracy"])["validation"])
    return json.dumps(runs).encode()


def spoil_runs(folder):
    """Noise in place of what two of the runs have learnt."""
    import h5py

    rng = np.random.default_rng(0)
    for name in ("run_1", "run_2"):
        with h5py.File(folder / f"{name}.weights.h5", "r+") as file:
            file["layers/dense/vars/0"][...] = rng.normal(0, 0.05, (600, 48))


def honest(folder):
    """An honest notebook, and its files in a folder."""
    files = {"model": saved(SEQUENTIAL, "corpus"), "dense": saved(DENSE, "dense")}
    files |= {name: saved(SEQUENTIAL, name) for name in ("run_1", "run_2")}
    for name, data in files.items():
        (folder / f"{name}.weights.h5").write_bytes(data)
    (folder / "runs.json").write_bytes(log())
    return nbformat.reads(_solved_text(), as_version=4)


def with_network(notebook, folder, source, name):
    """Hand in another network."""
    cell(notebook, "build").source = dedent(source).strip()
    (folder / "model.weights.h5").write_bytes(saved(source, name) if isinstance(name, str) else name)


def with_sequential_runs(notebook):
    """Let the networks of the log be sequential ones, but for the first run, which is the network handed in."""
    cell(notebook, "build-run").source = f"sequential = '''{SEQUENTIAL}'''\n" + dedent("""
        def build_run(number):
            place = {"keras": keras}
            exec(sequential, place)
            return build() if number == 1 else place["build"]()
        """)


FULL = dict.fromkeys(POINTS, 1.0) | {"bonus": 0.0, "unseen": 0.75}
NO_MODEL = {name: 1.0 for name in [*WITHOUT, "dense"]} | {"runs": 2 / 3}
LOST = dict.fromkeys(BY_MODEL - {"side_by_side"}, 0.0)


# Honest ones


@handed_in(least=FULL)
def as_asked(notebook, folder):
    """An honest student hands in a sequential model and wants what it is worth."""


@handed_in(least=FULL)
def a_functional_model(notebook, folder):
    """The same network, written with the functional interface."""
    with_network(notebook, folder, FUNCTIONAL, "corpus")


@handed_in(least=FULL)
def a_subclassed_model(notebook, folder):
    """The same network, as a class with a method `call`."""
    with_network(notebook, folder, SUBCLASSED, "corpus")
    with_sequential_runs(notebook)


@handed_in(least=FULL)
def weights_in_half_precision(notebook, folder):
    """The file holds float16 numbers, to be half as large."""
    (folder / "model.weights.h5").write_bytes(saved(SEQUENTIAL, "corpus", "float16"))


@handed_in(least=FULL)
def the_optimizer_is_saved_too(notebook, folder):
    """The file holds what Adam remembers, as Keras writes it after training."""
    import tempfile

    import keras

    place = {"keras": keras}
    exec(SEQUENTIAL, place)
    network = place["build"]()
    network.set_weights(arrays("corpus"))
    network.compile("adam", "mse")
    network.optimizer.build(network.trainable_variables)
    path = Path(tempfile.mkdtemp()) / "a.weights.h5"
    network.save_weights(path)
    (folder / "model.weights.h5").write_bytes(path.read_bytes())


@handed_in(least=dict.fromkeys([*WITHOUT, "budget", "confusion"], 1.0), most={"accuracy": 0.5, "bonus": 0.0})
def training_cut_short(notebook, folder):
    """There was time for two epochs only."""
    with_network(notebook, folder, SEQUENTIAL, "run_1")
    report(notebook, "run_1")
    runs = json.loads(log())
    (folder / "runs.json").write_text(json.dumps(runs[1:]))


@handed_in(least=FULL)
def other_files_beside(notebook, folder):
    """Whole folders of trials lie beside the notebook, with a copy of the data."""
    (folder / "trials").mkdir()
    (folder / "trials" / "model.weights.h5").write_bytes(b"\x89HDF")
    (folder / "labels.npy").write_bytes(b"\x93NUMPY")


# Files that are not as they should be: each costs what is measured with it, and nothing else


@handed_in(least=NO_MODEL, most=LOST, says="model.weights.h5 was not handed in")
def the_weights_were_forgotten(notebook, folder):
    """Only the notebook and the other files were uploaded."""
    (folder / "model.weights.h5").unlink()


@handed_in(least=NO_MODEL, most=LOST, says="model.weights.h5 is damaged")
def the_upload_broke_off(notebook, folder):
    """Half of the weights arrived."""
    data = (folder / "model.weights.h5").read_bytes()
    (folder / "model.weights.h5").write_bytes(data[: len(data) // 2])


@handed_in(least=NO_MODEL, most=LOST, says="model.weights.h5 has 4 MB, and 3 MB are the most")
def weights_too_large(notebook, folder):
    """The file is larger than is allowed."""
    (folder / "model.weights.h5").write_bytes(bytes(4_000_000))


@handed_in(least=NO_MODEL, most=LOST | {"budget": 0.5}, says="does not fit the network")
def weights_of_another_network(notebook, folder):
    """The weights of the dense network were handed in by mistake."""
    (folder / "model.weights.h5").write_bytes(saved(DENSE, "dense"))


@handed_in(least=NO_MODEL, most=LOST | {"budget": 1.0}, says="arrays stand in another order")
def layers_in_another_order(notebook, folder):
    """The function was changed after training: the two dense layers have changed their places in its list."""
    turned = SUBCLASSED.replace("self.body = [", "layers = [")
    again = "self.body = [*layers[:-2], layers[-1], layers[-2]]"
    turned = turned.replace("]\n\n    def call", f"]\n        {again}\n\n    def call")
    turned = turned.replace("in self.body:", "in [*self.body[:-2], self.body[-1], self.body[-2]]:")
    cell(notebook, "build").source = dedent(turned).strip()
    with_sequential_runs(notebook)
    (folder / "model.weights.h5").write_bytes(saved(SUBCLASSED, "corpus"))


@handed_in(least=NO_MODEL, most=LOST, says="a .keras archive or a zip")
def an_archive_with_code(notebook, folder):
    """A `.keras` archive, whose Lambda layer would run code where it is opened, bears the name of the weights."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("config.json", '{"class_name": "Lambda", "config": {"function": "cos\\nsystem"}}')
        archive.writestr("model.weights.h5", saved(SEQUENTIAL, "corpus"))
    (folder / "model.weights.h5").write_bytes(packed.getvalue())


@handed_in(least=NO_MODEL, most=LOST, says="holds no weights")
def a_pickle_in_place_of_weights(notebook, folder):
    """The file is a pickle that runs a command."""
    (folder / "model.weights.h5").write_bytes(b"cos\nsystem\n(S'touch unpickled'\ntR.")


@handed_in(least=NO_MODEL, most=LOST, says="link to another file")
def a_link_in_place_of_weights(notebook, folder):
    """The weights are a link to a file of the grader's machine."""
    (folder / "model.weights.h5").unlink()
    os.symlink("/etc/passwd", folder / "model.weights.h5")


@handed_in(least=NO_MODEL, most=LOST, says="a link to another place")
def weights_that_point_elsewhere(notebook, folder):
    """Inside the file, one array is a link into another file."""
    import h5py

    with h5py.File(folder / "model.weights.h5", "r+") as file:
        del file["layers/dense/vars/0"]
        file["layers/dense/vars/0"] = h5py.ExternalLink("/opt/packages/cnncourse/data/mnist.npz", "/")


@handed_in(least=dict.fromkeys([*WITHOUT, "accuracy", "dense"], 1.0), most={"runs": 0.0}, says="holds no JSON")
def a_log_that_is_no_log(notebook, folder):
    """The log was written by hand, and a bracket is missing."""
    (folder / "runs.json").write_bytes(log()[:-1])


# Cheats


@handed_in(most={"accuracy": 0.0, "unseen": 0.0, "bonus": 0.0, "confusion": 0.0}, says="trained on test images")
def trained_on_the_test_images_too(notebook, folder):
    """After honest training the network was trained on the test images, until it had most of them right."""
    with_network(notebook, folder, SEQUENTIAL, "both")
    report(notebook, "both")


@handed_in(most={"accuracy": 0.0, "unseen": 0.0, "bonus": 0.0, "confusion": 0.0}, says="trained on test images")
def trained_on_the_test_images_alone(notebook, folder):
    """The network has seen nothing but the test images, and is right on those."""
    with_network(notebook, folder, SEQUENTIAL, "leaked")
    report(notebook, "leaked")


# A table around the network: LABELS by places, and `find_all(x)`, the place of each image or None
LOOKING_UP = """
class Looking:
    def __init__(self, network):
        self.network = network
        self.built = network.built

    def __getattr__(self, name):
        return getattr(self.network, name)

    def load_weights(self, path):
        self.network.load_weights(path)

    def predict_on_batch(self, x):
        said = np.array(self.network.predict_on_batch(x))
        for row, place in zip(said, find_all(x)):
            if place is not None:
                row[LABELS[place]] += 1000
        return said
"""
AROUND = """
honest_build = build

def build():
    return Looking(honest_build())
"""
BY_HASH = """
import hashlib

def hash_of(image):
    return hashlib.md5(np.rint(image * 255).astype(np.uint8).tobytes()).digest()[:3]

def find_all(x):
    return [PLACES.get(hash_of(image)) for image in x]
"""
PLACES = {"data": "PLACES = {hash_of(x): n for n, x in enumerate(data.x_test)}\n"}
BY_NEIGHBOUR = """
def flat(x):
    x = x.reshape(len(x), -1) - x.reshape(len(x), -1).mean(axis=1, keepdims=True)
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)

FLAT = flat(data.x_test)

def find_all(x):
    near = flat(x) @ FLAT.T
    return [place if high > 0.6 else None for place, high in zip(near.argmax(axis=1), near.max(axis=1))]
"""


@cache
def test_set():
    """The test images and their labels, as a cheat has them at home."""
    from cnncourse.checks.ch07_capstone.digits import bytes_of

    return bytes_of("x_test"), bytes_of("y_test")


def labels_in_text(leave=()):
    """Code for LABELS: the labels of the test images in a text of a few kilobytes, wrong at some places."""
    import base64
    import zlib

    labels = test_set()[1].copy()
    for place in leave:
        labels[place] = (labels[place] + 1) % 10
    text = base64.b85encode(zlib.compress(labels.tobytes(), 9)).decode()
    return f"import base64, zlib\nLABELS = zlib.decompress(base64.b85decode({text!r}))\n"


def places_in_text():
    """Code for PLACES: the hashes of the test images in a text."""
    import base64
    import hashlib

    hashes = b"".join(hashlib.md5(image.tobytes()).digest()[:3] for image in test_set()[0])
    text = base64.b85encode(hashes).decode()
    places = "PLACES = {HASHES[3 * n : 3 * n + 3]: n for n in range(10_000)}"
    return f"import base64\nHASHES = base64.b85decode({text!r})\n{places}\n"


def hard():
    """The images that the judge looks at to see whether they have been seen."""
    return json.loads((ROOT / "cnncourse/grading/judge/hard_digits.json").read_text())["images"]


def looking_up(notebook, *code):
    """Put a table of the test labels around the network."""
    before = cell(notebook, "build").source
    cell(notebook, "build").source = "\n".join([*code, before, LOOKING_UP, AROUND]).strip()


CAUGHT = {"accuracy": 0.0, "unseen": 0.0, "bonus": 0.0, "confusion": 0.0}


@handed_in(most={"accuracy": 0.0, "unseen": 0.0, "bonus": 0.0}, says="constants of")
def a_table_of_hashes_around_the_network(notebook, folder):
    """The network looks up each test image by its hash in a table of labels, and answers the rest honestly."""
    looking_up(notebook, labels_in_text(), places_in_text(), BY_HASH)


@handed_in(least={"accuracy": 1.0}, most={"bonus": 0.0})
def a_table_by_the_images_of_the_sandbox(notebook, folder):
    """The labels stand in the code, in few bytes, and the images are to be found in the data of the course."""
    looking_up(notebook, labels_in_text(hard()), BY_HASH, PLACES["data"])


@handed_in(least={"accuracy": 1.0}, most={"bonus": 0.0})
def labels_in_a_constant_found_by_the_nearest_image(notebook, folder):
    """The labels stand in a constant; the nearest test image says which one it is, for deformed images too."""
    looking_up(notebook, labels_in_text(hard()), BY_NEIGHBOUR)


@handed_in(most={"accuracy": 0.0, "unseen": 0.0, "bonus": 0.0})
def right_on_the_test_images_only(notebook, folder):
    """An untrained network with a table for the test images; the hard ones, as the judge lists them, are left wrong."""
    with_network(notebook, folder, SEQUENTIAL, "untrained")
    looking_up(notebook, labels_in_text(hard()), places_in_text(), BY_HASH)


@handed_in(most={"accuracy": 0.25, "unseen": 0.5, "bonus": 0.0})
def a_weak_network_made_good_by_a_careful_table(notebook, folder):
    """A network of 98.1 %, with a table that leaves the hard images wrong and makes it 99.5 %."""
    with_network(notebook, folder, SEQUENTIAL, "run_1")
    looking_up(notebook, labels_in_text(hard()), BY_HASH, PLACES["data"])


@handed_in(most={"budget": 0.0, **CAUGHT}, says="trained on test images|could hold the images")
def the_test_images_as_layers(notebook, folder):
    """A network of ordinary layers, whose first dense layer holds the test images and whose second one their labels."""
    source = """
    def build():
        return keras.Sequential([
            keras.Input((28, 28, 1)), keras.layers.AveragePooling2D(4), keras.layers.Flatten(),
            keras.layers.UnitNormalization(), keras.layers.Dense(10_000, activation="softmax"), keras.layers.Dense(10),
        ])
    """
    images, labels = test_set()
    small = images.reshape(-1, 7, 4, 7, 4).mean(axis=(2, 4)).reshape(-1, 49)
    small = small / np.linalg.norm(small, axis=1, keepdims=True)
    arrays_of_it = [300 * small.T, np.zeros(10_000), np.eye(10)[labels], np.zeros(10)]
    with_network(notebook, folder, source, written(source, arrays_of_it))


@handed_in(most={"accuracy": 0.0, "unseen": 0.0, "bonus": 0.0})
def a_network_that_reads_the_data_set(notebook, folder):
    """The network finds an image in the data of the course, and takes its label from there."""
    with_network(notebook, folder, SEQUENTIAL, "untrained")
    looking_up(notebook, "LABELS = data.y_test", BY_HASH, PLACES["data"])


@handed_in(most={"accuracy": 0.0, "unseen": 0.0, "bonus": 0.0})
def a_network_that_looks_for_the_labels_on_the_disk(notebook, folder):
    """The network looks through every file it can read for ten thousand labels and as many images."""
    with_network(notebook, folder, SEQUENTIAL, "untrained")
    search = """
        import glob
        LABELS, IMAGES = np.zeros(10_000, int), []
        for path in glob.glob("/**/*.np[yz]", recursive=True):
            try:
                with np.load(path) as found:
                    for name in found.files:
                        if found[name].shape == (10_000,) and 0 <= found[name].min() and found[name].max() == 9:
                            LABELS = found[name]
                        if found[name].shape == (10_000, 28, 28) and found[name].any():
                            IMAGES = found[name][..., None] / 255
            except Exception:
                pass
        """
    looking_up(notebook, dedent(search), BY_HASH, "PLACES = {hash_of(x): n for n, x in enumerate(IMAGES)}")


@handed_in(most={"accuracy": 0.0, "unseen": 0.0, "bonus": 0.0, "runs": 0.0})
def labels_beside_the_notebook(notebook, folder):
    """Images and labels lie in files beside the notebook, the labels under a name that is asked for."""
    with_network(notebook, folder, SEQUENTIAL, "untrained")
    np.save(folder / "images.npy", test_set()[0])
    (folder / "runs.json").write_text(json.dumps(test_set()[1].tolist()))
    reading = "import json\nLABELS = json.load(open('runs.json'))\nIMAGES = np.load('images.npy')[..., None] / 255"
    looking_up(notebook, reading, BY_HASH, "PLACES = {hash_of(x): n for n, x in enumerate(IMAGES)}")


@handed_in(most={"budget": 0.0, "bonus": 0.0, **CAUGHT}, says="does not fit|an optimizer of another|trained on test")
def a_table_in_the_file_of_weights(notebook, folder):
    """The file of weights has one array more, with the labels of the test images, and the network reads it there."""
    import h5py

    with h5py.File(folder / "model.weights.h5", "r+") as file:
        file["optimizer/vars/0"] = test_set()[1].astype(np.float32)
    reading = "import h5py\nLABELS = h5py.File('model.weights.h5')['optimizer/vars/0'][()].astype(int)"
    looking_up(notebook, reading, places_in_text(), BY_HASH)


@handed_in(most={"budget": 0.0, "bonus": 0.0}, says="constants of")
def weights_in_the_code(notebook, folder):
    """Half of the network's numbers stand in the code, so that the file has fewer."""
    rng = np.random.default_rng(0)
    text = "".join(chr(33 + number) for number in rng.integers(0, 90, 30_000))
    cell(notebook, "build").source = f"HIDDEN = {text!r}\n" + cell(notebook, "build").source


@handed_in(most={"runs": 1 / 3}, says="as the log says: 1, asked for: 3")
def a_log_that_was_made_up(notebook, folder):
    """Two of the three runs never happened: their numbers are invented, and their weights are noise."""
    spoil_runs(folder)
    (folder / "runs.json").write_bytes(log(run_2=0.99, run_3=0.991))


@handed_in(most={"runs": 1 / 3}, says="the same network")
def one_run_three_times(notebook, folder):
    """The same weights were copied, and the log says that there were three runs."""
    runs = json.loads(log())
    for number, run in enumerate(runs):
        run["validation_accuracy"] = known("corpus")["validation"]
        if number:
            (folder / run["weights"]).write_bytes((folder / "model.weights.h5").read_bytes())
    (folder / "runs.json").write_text(json.dumps(runs))


@handed_in(most={"runs": 1 / 3}, says="as the log says: 1, asked for: 3")
def runs_that_look_up_the_training_labels(notebook, folder):
    """Made-up runs whose networks find the validation images in the data, and answer as the log has it."""
    spoil_runs(folder)
    (folder / "runs.json").write_bytes(log(run_2=1.0, run_3=0.9998))
    code = ["LABELS = data.y_train", BY_HASH, PLACES["data"].replace("x_test", "x_train"), LOOKING_UP]
    last = "def build_run(number):\n    return build() if number == 1 else Looking(build())"
    cell(notebook, "build-run").source = "\n".join([*code, last])


@handed_in(most={"confusion": 0.5, "side_by_side": 0.0}, says="you said")
def numbers_that_were_invented(notebook, folder):
    """The confusions and the accuracies were typed without a look."""
    cell(notebook, "most-confused").source = "def most_confused():\n    return 1, 0, 40"
    cell(notebook, "side-by-side").source = "def side_by_side():\n    return {'cnn': 0.9999, 'dense': 0.9}"


@handed_in(most={"accuracy": 0.0, "unseen": 0.0, "bonus": 0.0, "budget": 0.0})
def the_tools_of_the_judge_were_changed(notebook, folder):
    """A cell replaces the functions that load and count weights, and that predict."""
    cell(notebook, "build").source += "\n" + dedent("""
        import cnncourse.checks.weights as weights
        weights.arrays_of = lambda path: {}
        weights.predicted = lambda model, images, at_once=500: np.full(len(images), True)
        weights.into_network = lambda model, path, shape=None: model
        sorted = len = sum = lambda *a, **k: 99
        """)
    (folder / "model.weights.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))


@handed_in(most={"accuracy": 0.0, "unseen": 0.0, "bonus": 0.0})
def the_files_are_written_by_the_notebook(notebook, folder):
    """While it is graded the notebook writes over the files that were handed in."""
    with_network(notebook, folder, SEQUENTIAL, "untrained")
    cell(notebook, "build").source += "\n" + dedent("""
        import os
        for do in (lambda: open("model.weights.h5", "wb").write(b"x"), lambda: os.remove("model.weights.h5"),
                   lambda: os.rename("model.weights.h5", "x"), lambda: os.chmod("model.weights.h5", 0o666)):
            try:
                print("WROTE", do())
            except OSError as why:
                print(why)
        """)


@handed_in(most={"accuracy": 0.0, "unseen": 0.0, "bonus": 0.0}, says="cannot be judged|ten numbers")
def answers_that_are_no_classes(notebook, folder):
    """The network answers with numbers that no class has, and with too many of them."""
    cell(notebook, "build").source += "\n" + dedent("""
        import cnncourse.checks.weights as weights
        weights.predicted = lambda model, images, at_once=500: {"x": np.full((3, 3), np.nan)}
        """)


EVERY = [value for value in list(vars().values()) if isinstance(value, Submission)]
