"""`make bench-grading`: a class of 40 graded by `cnncourse grade` and by stock nbgrader, in turns, in one run.

    python -m benchmarks.grading [--students 40] [--rounds 1] [--only numpy|keras|keras-long|handed-in]

Stock nbgrader executes each notebook in a kernel of its own, one after the other, and the answers are checked there.
Ours runs the same notebooks in the sandbox, judges outside it, and writes the same gradebook. What is saved is what
surrounds the students' own work, above all the imports: the longer an assignment trains, the less it is in proportion.
So there are two with Keras that train: one for about half a second, the other for about two. In the last one students
hand in a model that they have trained, as weights beside the notebook, and it is tried on 2,000 images.
"""

import argparse
import csv
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
MIXTURE = ("right", "right", "right", "wrong", "right", "untouched", "slow", "right")  # one after the other
SLOW = "import time\ntime.sleep(1.0)"

BUILD = """\
def build():
    return keras.Sequential([
        keras.layers.Input((28, 28, 1)),
        keras.layers.Conv2D(8, 3, activation='relu'),
        keras.layers.MaxPooling2D(),
        keras.layers.Flatten(),
        keras.layers.Dense(10, activation='softmax'),
    ])"""
TRAIN = """\
def train(x, y):
    model = build()
    model.compile('sgd', 'sparse_categorical_crossentropy')
    return model.fit(x, y, epochs=2, batch_size=64, verbose=0).history['loss']"""
CHECK_TRAIN = """\
keras.utils.set_random_seed(0)
before, after = train(data.x_train[:256], data.y_train[:256])
assert after < before"""
TRAIN_LONG = """\
def train(x, y):
    model = build()
    model.compile('adam', 'sparse_categorical_crossentropy', metrics=['accuracy'])
    model.fit(x, y, epochs=2, batch_size=64, verbose=0)
    return model"""
CHECK_TRAIN_LONG = """\
keras.utils.set_random_seed(0)
model = train(data.x_train[:1000], data.y_train[:1000])
assert model.evaluate(data.x_test[:500], data.y_test[:500], verbose=0)[1] > 0.5"""
# In grading there are no labels of test images; stock nbgrader would have them
LOADED = """\
def loaded():
    model = build()
    model.load_weights('model.weights.h5')
    return model"""
CHECK_LOADED = """\
classes = loaded().predict(data.x_train, batch_size=500, verbose=0).argmax(1)
assert (classes == data.y_train).mean() > 0.5"""
HAND_IN = """\
from cnncourse.checks import hand_in

hand_in("model.weights.h5", kind="weights", most=1_000_000, network="build()")"""
ASSIGNMENTS = {
    **{"numpy": "ch02_convolution", "keras": "keras_cnn", "keras-long": "keras_cnn_long"},
    "handed-in": "keras_handed_in",
}
TRAINING = {
    "keras_cnn": (TRAIN, CHECK_TRAIN),
    "keras_cnn_long": (TRAIN_LONG, CHECK_TRAIN_LONG),
    "keras_handed_in": (LOADED, CHECK_LOADED),
}
WEIGHTS = f"""\
import sys

import keras

from cnncourse.data import fashion_mini

{BUILD}

{TRAIN_LONG}

data = fashion_mini()
train(data.x_train, data.y_train).save_weights(sys.argv[1])"""


def keras_assignment(folder, name):
    """A small assignment in which a student builds and trains a network."""
    train, check_train = TRAINING[name]
    cells = {
        "setup": "import keras\n\nfrom cnncourse.data import fashion_mini\n\ndata = fashion_mini()",
        "build": BUILD,
        "check-build": "assert build().count_params() == 13610",
        "train": train,
        "check-train": check_train,
    }
    if name == ASSIGNMENTS["handed-in"]:
        cells = {"setup": cells.pop("setup"), "files": HAND_IN, **cells}
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for cell, source in cells.items():
        about = {"grade_id": cell, "schema_version": 3, "task": False}
        kind = {"grade": False, "solution": False, "locked": True}
        if cell.startswith("check"):
            kind |= {"grade": True, "points": 2}
        elif cell not in ("setup", "files"):
            kind |= {"solution": True, "locked": False}
            source = f"### BEGIN SOLUTION\n{source}\n### END SOLUTION"
        notebook.cells.append(nbformat.v4.new_code_cell(source, metadata={"nbgrader": about | kind}, id=cell))
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{name}.ipynb")


def answer_sheet(solved, kind):
    """A student's notebook of one kind."""
    notebook = nbformat.from_dict(solved)
    answers = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution")]
    answers = [cell for cell in answers if cell.cell_type == "code"]
    if kind == "wrong":
        head = answers[0].source.split(":\n")[0].splitlines()[-1]
        answers[0].source = f"{head}:\n    return 0"
    if kind == "untouched":
        for cell in answers:
            head = next(line for line in cell.source.splitlines() if line.startswith("def "))
            cell.source = f"{head}\n    raise NotImplementedError()"
    if kind == "slow":
        answers[-1].source += f"\n\n{SLOW}"
    return notebook


def course(folder, assignment, students):
    """A course with one assignment and a class that has handed it in."""
    if assignment in TRAINING:
        keras_assignment(folder / "solutions" / assignment, assignment)
    else:
        shutil.copytree(ROOT / "solutions" / assignment, folder / "solutions" / assignment)
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    run(folder, "nbgrader", "generate_assignment", assignment)
    solved = nbformat.read(folder / "solutions" / assignment / f"{assignment}.ipynb", as_version=4)
    weights = folder / "model.weights.h5"
    if assignment == ASSIGNMENTS["handed-in"]:
        quiet = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
        subprocess.run([sys.executable, "-c", WEIGHTS, weights], check=True, capture_output=True, env=quiet)
    for number in range(students):
        place = folder / "submitted" / f"student{number:03}" / assignment
        place.mkdir(parents=True)
        nbformat.write(answer_sheet(solved, MIXTURE[number % len(MIXTURE)]), place / f"{assignment}.ipynb")
        if weights.exists():
            shutil.copy(weights, place)


def stock(folder):
    """Make the course use nbgrader's own way of grading."""
    config = folder / "nbgrader_config.py"
    text = config.read_text()
    config.write_text(text[: text.index("# Students' code runs in the sandbox")])


def run(folder, *command):
    """Run a command of the environment in a course."""
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run([BIN / command[0], *command[1:]], cwd=folder, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def scores(folder):
    """What each student got."""
    run(folder, "nbgrader", "export", "--to", "grades.csv")
    with (folder / "grades.csv").open() as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


def seconds(folder, *command):
    """How long grading the whole class takes, from nothing."""
    shutil.rmtree(folder / "autograded", ignore_errors=True)
    shutil.rmtree(folder / ".grading", ignore_errors=True)
    start = time.perf_counter()
    run(folder, *command)
    return time.perf_counter() - start


def compare(assignment, students, rounds):
    """The seconds of both, in turns, whether the scores agree, and the seconds of ours for one student alone."""
    ways = {
        "nbgrader autograde": ("nbgrader", "autograde", assignment),
        "cnncourse grade": ("cnncourse", "grade", assignment),
    }
    times = {name: [] for name in ways}
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folders = {name: Path(place, name.split()[0]) for name in ways}
        for name, folder in folders.items():
            folder.mkdir()
            course(folder, assignment, students)
            if name.startswith("nbgrader"):
                stock(folder)
        for _ in range(rounds):
            for name, command in ways.items():
                times[name].append(seconds(folders[name], *command))
        agree = scores(folders["nbgrader autograde"]) == scores(folders["cnncourse grade"])
        alone = seconds(folders["cnncourse grade"], *ways["cnncourse grade"], "--student", "student000")
    return times, agree, alone


def main():
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", action="append", choices=ASSIGNMENTS, help="may be given more than once")
    chosen = parser.parse_args()
    for kind in chosen.only or ASSIGNMENTS:
        times, agree, alone = compare(ASSIGNMENTS[kind], chosen.students, chosen.rounds)
        old, new = (statistics.median(each) for each in times.values())
        print(f"{kind}: {chosen.students} students, {os.cpu_count()} cores, median of {chosen.rounds}")
        for name, each in times.items():
            print(f"  {name:<20} {statistics.median(each):7.1f} s  ({min(each):.1f} to {max(each):.1f})")
        print(f"  {old / new:.1f} times as fast; the scores {'are the same' if agree else 'DIFFER'}")
        further = (new - alone) / max(chosen.students - 1, 1)
        print(f"  ours: {alone:.1f} s for one student alone, mostly imports, {further:.2f} s a further one", flush=True)


if __name__ == "__main__":
    main()
