"""The report on how a class did: its numbers against those of the definition, and its page in a browser."""

import csv
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from classroom import ASSIGNMENT, CELLS, gradebook_in, hand_in
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from cnncourse.checks.verdict import Status
from cnncourse.cli import main
from cnncourse.grading.judge import verdicts
from cnncourse.grading.judge.verdicts import CellVerdict, Remarks
from cnncourse.grading.reports import analysis
from cnncourse.grading.reports.analysis import FEWEST, point_biserial
from cnncourse.grading.reports.similarity import Pair
from cnncourse.grading.reports.similarity_page import similarity_page
from cnncourse.grading.reports.winnowing import Released, work_of

TASKS = {"check-pad": "ch02.pad", "check-conv2d": "ch02.conv2d"}
SECTIONS = {"check-pad": "ch02_convolution#zeros-around-an-image", "check-conv2d": "ch02_convolution#holes-dilation"}


def verdict(cell, passed, words="", misconception="", seconds=0.1, attention=()):
    status = Status.PASSED if passed else Status.WRONG
    return CellVerdict(TASKS[cell], status, words, misconception, SECTIONS[cell], seconds, tuple(attention))


def graded(folder, student, found, attention=(), text=None, name=ASSIGNMENT):
    """A graded notebook, as the judge leaves it."""
    place = folder / "autograded" / student / ASSIGNMENT
    place.mkdir(parents=True)
    notebook = new_notebook(cells=[new_markdown_cell("# Exercises")])
    for cell in CELLS:
        notebook.cells.append(new_code_cell(metadata={"nbgrader": {"grade_id": cell, "grade": True}}))
        if cell in found:
            verdicts.write(notebook.cells[-1], found[cell])
    verdicts.write_remarks(notebook, Remarks(tuple(attention)))
    (place / f"{name}.ipynb").write_text(json.dumps(notebook) if text is None else text)


@pytest.fixture
def course(tmp_path, monkeypatch):
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'default_course'\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CNNCOURSE_BOOK", "https://example.org/cnn")
    return tmp_path


def small_class(course):
    """Six students: two right, one padded at one side, one did not begin, one was not judged, one was read by hand."""
    side, other = "the zeros are added after the last row and column only", "the kernel is turned"
    with gradebook_in(course) as gradebook:
        full = {"check-pad": 2.0, "check-conv2d": 8.0, "answer-written": None}
        hand_in(gradebook, "ada", full, {"answer-written": 3.0})
        hand_in(gradebook, "bo", full, {"answer-written": 1.0})
        hand_in(gradebook, "cy", {"check-pad": 0.0, "check-conv2d": 8.0}, {"check-pad": 1.0}, penalty=4.0)
        hand_in(gradebook, "di", {"check-pad": 0.0, "check-conv2d": 0.0})
        hand_in(gradebook, "ed", {"check-pad": None, "check-conv2d": None})
        hand_in(gradebook, "flo", {"check-pad": 0.0, "check-conv2d": 0.0})
        gradebook.add_student("absent")
    right = {
        "check-pad": verdict("check-pad", True, seconds=0.1),
        "check-conv2d": verdict("check-conv2d", True, seconds=1),
    }
    graded(course, "ada", right)
    graded(course, "bo", right | {"check-conv2d": verdict("check-conv2d", True, attention=["calls <b>conv2d</b>"])})
    wrong = verdict("check-pad", False, "expected shape (4, 5)", side, seconds=0.3)
    graded(course, "cy", right | {"check-pad": wrong}, attention=["a file numpy.py lies beside the notebook"])
    stub = {cell: replace(verdict(cell, False, seconds=0.0), status=Status.NOT_WRITTEN) for cell in TASKS}
    graded(course, "di", stub)
    graded(course, "ed", {})
    nameless = verdict("check-conv2d", False, "expected 1, got 2", seconds=9.0)
    graded(course, "flo", {"check-pad": verdict("check-pad", False, "", other, 0.2), "check-conv2d": nameless})


def report(course):
    assert main(["analyse", ASSIGNMENT, "--to", "out"]) == 0
    with (course / "out" / f"{ASSIGNMENT}-analysis.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = {row["cell"]: row for row in csv.DictReader(file)}
    return rows, (course / "out" / f"{ASSIGNMENT}-analysis.html").read_text(encoding="utf-8")


def test_the_numbers_of_a_small_class_are_those_counted_by_hand(course, capsys):
    small_class(course)
    rows, page = report(course)
    assert list(rows) == ["check-pad", "check-conv2d", "answer-written"]
    assert rows["check-pad"] == {
        "task": "ch02.pad",
        "notebook": ASSIGNMENT,
        "cell": "check-pad",
        "points": "2",
        "handed_in": "6",
        "judged": "5",
        "written": "4",
        "passed": "2",
        "pass_rate": "0.4",
        "mean_points": "1",  # (2 + 2 + 1 by hand + 0 + 0) / 5
        "median_seconds": "0.15",  # of 0.1, 0.1, 0.2 and 0.3
        "ninety_percent_seconds": "0.3",
        "discrimination": "n/a",
        "misconceptions": "the kernel is turned: 1; the zeros are added after the last row and column only: 1",
    }
    assert rows["check-conv2d"]["pass_rate"] == "0.6"
    assert rows["check-conv2d"]["misconceptions"] == ""
    written = rows["answer-written"]
    assert [written[key] for key in ("judged", "passed", "pass_rate", "mean_points")] == ["0", "0", "n/a", "2"]
    assert "There are no verdicts for ed" in page
    assert "There are no verdicts for ed" in capsys.readouterr().out
    assert "absent" not in page


def test_the_page_shows_the_mistakes_with_their_sections_and_who_needs_attention(course):
    small_class(course)
    _, page = report(course)
    assert "6 submissions" in page
    assert "40 % (2 of 5)" in page
    assert '<a href="https://example.org/cnn/book/ch02_convolution.html#zeros-around-an-image">chapter 2' in page
    assert '<th scope="row">the kernel is turned</th><td class=n>1</td>' in page
    assert "1 answer was wrong; none of the mistakes has a name" in page
    looks = page.split("Who needs your attention")[1]
    assert re.findall(r'<th scope="row">(\w+)</th>', looks) == ["bo", "cy"]
    assert "calls &lt;b&gt;conv2d&lt;/b&gt;" in looks
    assert "a file numpy.py lies beside the notebook" in looks


@pytest.mark.slow
def test_what_a_page_of_a_large_class_says_on_discrimination_is_the_correlation(course, rng):
    passed, rest = rng.random(30) < 0.6, rng.integers(0, 9, 30).astype(float)
    with gradebook_in(course) as gradebook:
        for i in range(30):
            name = f"s{i:02}"
            hand_in(gradebook, name, {"check-pad": 2.0 * passed[i], "check-conv2d": rest[i], "answer-written": 1.0})
            both = {"check-pad": verdict("check-pad", bool(passed[i])), "check-conv2d": verdict("check-conv2d", True)}
            graded(course, name, both)
    rows, page = report(course)
    # the point-biserial coefficient as it is defined, from the means of the two groups
    rest += 1.0
    right, wrong = rest[passed], rest[~passed]
    expected = (right.mean() - wrong.mean()) / rest.std() * np.sqrt(passed.mean() * (1 - passed.mean()))
    assert float(rows["check-pad"]["discrimination"]) == pytest.approx(expected, abs=1e-6)
    assert f"<td class=n>{expected:.2f}</td>" in page
    assert rows["check-conv2d"]["discrimination"] == "n/a"  # all of them passed


def test_there_is_no_discrimination_where_it_would_be_luck_or_is_not_defined():
    half = [True, False] * (FEWEST // 2)
    assert point_biserial(half, [float(x) for x in half]) == pytest.approx(1.0)
    assert point_biserial(half, [1.0 - x for x in half]) == pytest.approx(-1.0)
    assert point_biserial(half[1:], [float(x) for x in half[1:]]) is None
    assert point_biserial([True] * FEWEST, list(range(FEWEST))) is None
    assert point_biserial(half, [3.0] * FEWEST) is None


def test_text_from_students_is_neither_markup_nor_a_formula(course):
    with gradebook_in(course) as gradebook:
        hand_in(gradebook, "=eve<i>", {"check-pad": 0.0})
    evil = "=HYPERLINK() <script>alert(1)</script>\u202e"
    about = verdict("check-pad", False, evil, evil, attention=[evil])
    about = replace(about, task=evil, section="javascript:alert(1)")
    graded(course, "=eve<i>", {"check-pad": about}, attention=[evil])
    rows, page = report(course)
    assert "<script" not in page
    assert "<i>" not in page
    assert "javascript:" not in page
    assert rows["check-pad"]["task"] == "'" + evil
    assert rows["check-pad"]["misconceptions"].startswith("'=")


DAMAGED = {
    "empty": "",
    "deep": "[" * 100_000,
    "list": "[1]",
    "odd": '{"cells": [{"metadata": 3}, {"metadata": {"cnncourse": 3}}], "metadata": {"cnncourse": {"attention": 7}}}',
    "types": '{"cells": [{"metadata": {"nbgrader": [], "cnncourse": {"passed": "yes", "task": 3, "attention": [1]}}}]}',
    "times": '{"cells": [{"metadata": {"nbgrader": {"grade_id": "check-pad"}, "cnncourse": {"passed": true, '
    '"task": "ch02.pad", "seconds": NaN, "words": 3}}}]}',
}


def test_a_damaged_notebook_costs_its_verdicts_and_not_the_report(course):
    with gradebook_in(course) as gradebook:
        for student in ["ada", *DAMAGED]:
            hand_in(gradebook, student, {"check-pad": 2.0})
    graded(course, "ada", {"check-pad": verdict("check-pad", True)})
    for student, text in DAMAGED.items():
        graded(course, student, {}, text=text)
    rows, page = report(course)
    assert [rows["check-pad"][key] for key in ("handed_in", "judged", "passed")] == ["7", "2", "2"]
    assert rows["check-pad"]["median_seconds"] == "0.1"
    assert "empty: ch02_convolution.ipynb: the file is empty: no verdicts" in page
    assert "deep: ch02_convolution.ipynb: the file is not a notebook: it holds no JSON: no verdicts" in page


def test_a_class_that_stock_nbgrader_graded_has_points_and_no_verdicts(course):
    with gradebook_in(course) as gradebook:
        hand_in(gradebook, "ada", {"check-pad": 2.0})
    rows, page = report(course)
    assert rows["check-pad"]["mean_points"] == "2"
    assert rows["check-pad"]["pass_rate"] == "n/a"
    assert "There are no verdicts for ada" in page


def test_what_is_missing_is_said(course):
    assert "there is no gradebook at" in main(["analyse", ASSIGNMENT])
    assert not (course / "gradebook.db").exists()
    with gradebook_in(course):
        pass
    assert main(["analyse", "ch20"]) == "the gradebook has no assignment ch20"
    assert "nobody has handed in ch02_convolution yet" in main(["analyse", ASSIGNMENT])
    assert main(["analyse", "../ch02"]) == "'../ch02' is no name of an assignment"
    assert not (course / "reports").exists()


def test_the_report_is_the_same_every_time(course):
    small_class(course)
    assert report(course) == report(course)


def both_pages(course):
    small_class(course)
    report(course)
    code = "\n".join(f"y[{i}] = x[{i}] @ kernel[{i}, {i}] + bias + stride * padding" for i in range(9))
    works = [work_of(name, [code], Released()) for name in ("ada", "bo")]
    alike = similarity_page(ASSIGNMENT, 2, [Pair(*works, 12, 1.0)], [Pair(*works, 12, 1.0)], ["cy: no code"])
    return {"analysis": (course / "out" / f"{ASSIGNMENT}-analysis.html").read_text(encoding="utf-8"), "alike": alike}


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_pages_are_accessible_need_nothing_else_and_fit_a_telephone(course, browser, scheme):
    for name, page in both_pages(course).items():
        assert not re.search(r"<script|<link|<img|@import|url\(", page)
        context = browser.new_context(viewport={"width": 390, "height": 800}, color_scheme=scheme, offline=True)
        tab = context.new_page()
        said = []
        tab.on("console", lambda message, said=said: said.append(message.text))
        path = course / f"{name}.html"
        path.write_text(page, encoding="utf-8")
        tab.goto(path.as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
        assert said == []
        background = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (background == "rgb(255, 255, 255)") == (scheme == "light")
        results = Axe().run(tab)
        assert results.violations_count == 0, results.generate_report()
        context.close()


@pytest.mark.slow
def test_the_largest_file_that_is_read_is_a_limit(course, monkeypatch):
    small_class(course)
    monkeypatch.setattr(analysis, "LARGEST", 10)
    rows, page = report(course)
    assert rows["check-pad"]["judged"] == "0"
    assert page.count("and 0 MB are the most") == 6
