"""The benchmarks: what is recorded is kept, and shown, and what is compared is what was asked for."""

import json
import subprocess
import sys

import pytest

from benchmarks import grading, report
from benchmarks.__main__ import accuracy
from benchmarks.contenders import BATCH, network_for, products
from cnncourse.data import fashion_mini

ROW = {
    "contender": "cnncourse",
    "about": "NumPy, some kernel",
    "train ms": 10.0,
    "train range": [9.0, 12.0],
    "train ratio": 0.5,
    "infer ms": 3.0,
    "infer range": [3.0, 4.0],
    "infer ratio": 0.9,
    "training MiB": None,
    "products ms": 4.0,
    "products GFLOPS": 200.0,
}
SPEED = {"machine": "a laptop", "rounds": 3, "date": "2026-01-01", "rows": [ROW, {**ROW, "contender": "Keras fit"}]}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(report, "README", tmp_path / "README.md")
    return tmp_path


def test_a_record_replaces_the_table_and_leaves_the_rest_of_the_readme(folder):
    (folder / "README.md").write_text("before\n<!-- bench -->\nold\n<!-- /bench -->\nafter\n")
    report.record(speed=SPEED)
    report.record(accuracy=[{"seed": 0}])
    text = (folder / "README.md").read_text()
    assert text.startswith("before\n<!-- bench -->\n| contender")
    assert text.endswith("<!-- /bench -->\nafter\n")
    assert "old" not in text
    assert json.loads((folder / "results.json").read_text()) == {"speed": SPEED, "accuracy": [{"seed": 0}]}


@pytest.mark.parametrize("text", ["no mark\n", "<!-- bench -->\nno end\n", "<!-- /bench -->\n<!-- bench -->\n"])
def test_without_both_marks_nothing_is_written(text, folder):
    (folder / "README.md").write_text(text)
    with pytest.raises(ValueError, match="unpack"):
        report.record(speed=SPEED)
    assert (folder / "README.md").read_text() == text
    assert not (folder / "results.json").exists()


def test_the_table_shows_ratios_ranges_and_the_share_of_the_matrix_products():
    shown = report.table(SPEED)
    for words in (
        "10.0 ms (9.0 to 12.0) | **0.50**",
        "3.0 ms | **0.90**",
        "| ? |",
        "40% of a training step",
        "a laptop",
    ):
        assert words in shown


def test_the_products_of_the_roofline_are_those_of_the_network():
    """Winograd makes 4 products where the definition makes 6, on one column more than there is in 11."""
    network = network_for(fashion_mini().x_train)
    rows = {row.name: row.macs for row in network.summary()}
    made = {sizes: sizes[0] * sizes[1] * sizes[2] * sizes[3] for sizes in products(BATCH)}
    second = [made[4 * 11, 6 * BATCH, 96, 64], made[4 * 11, 96, 6 * BATCH, 64]]
    for count in second:
        assert count == BATCH * rows["conv2d_3"] * (4 * 6) // (3 * 11)
    assert made[1, BATCH, 1600, 128] == BATCH * rows["dense_7"]


@pytest.mark.slow
def test_the_network_of_the_bench_passes_98_8_percent_on_mnist():
    (run,) = accuracy(seeds=1)
    assert run["accuracy"] > 0.988


def test_so_it_did_with_three_seeds_when_it_was_recorded():
    """`python -m benchmarks --accuracy --record`, which takes minutes."""
    runs = report.load()["accuracy"]
    assert [run["seed"] for run in runs] == [0, 1, 2]
    assert all(run["accuracy"] > 0.988 for run in runs)


@pytest.mark.parametrize(
    ("words", "assignments"),
    [
        ([], ["ch02_convolution", "keras_cnn", "keras_cnn_long", "keras_handed_in"]),
        (["--only", "keras", "--students", "3"], ["keras_cnn"]),
    ],
)
def test_the_bench_of_grading_compares_what_is_asked_for(words, assignments, monkeypatch, capsys):
    asked = []

    def compare(assignment, students, rounds):
        asked.append(assignment)
        return {"nbgrader autograde": [100.0], "cnncourse grade": [20.0]}, False, 5.0

    monkeypatch.setattr(grading, "compare", compare)
    monkeypatch.setattr("sys.argv", ["grading", *words])
    grading.main()
    assert asked == assignments
    assert capsys.readouterr().out.count("5.0 times as fast; the scores DIFFER") == len(assignments)


@pytest.mark.slow
@pytest.mark.parametrize("name", grading.TRAINING)
def test_the_solution_of_a_benchs_assignment_is_right(name, tmp_path):
    grading.keras_assignment(tmp_path / name, name)
    cells = json.loads((tmp_path / name / f"{name}.ipynb").read_text())["cells"]
    script = "\n".join("".join(cell["source"]) for cell in cells)
    if name == grading.ASSIGNMENTS["handed-in"]:
        subprocess.run([sys.executable, "-c", grading.WEIGHTS, tmp_path / "model.weights.h5"], check=True)
    subprocess.run(
        [sys.executable, "-c", script], check=True, cwd=tmp_path
    )  # TensorFlow stays out of this process, which may fork
