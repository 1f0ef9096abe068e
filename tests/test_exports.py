"""The exports of the gradebook, as Canvas, Moodle, Gradescope and a spreadsheet read them."""

import csv
import json
import logging
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from classroom import ASSIGNMENT, add_assignment, gradebook_in, hand_in
from traitlets.config import Config

from cnncourse.grading.exports import CanvasExport, CsvExport, GradescopeExport, MoodleExport

pytestmark = pytest.mark.sampled

ROOT = Path(__file__).resolve().parents[1]
TABLES = [CanvasExport, MoodleExport, CsvExport]
ODD = {
    "comma": ("Lovelace, Countess", "Ada"),
    "quotes": ('O"Neil', 'Jim "the ""Kid"""'),
    "newline": ("Two\nLines", "An\r\nna"),
    "umlaut": ("Müßiggänger", "Ægir Łukasz"),
    "emoji": ("👩‍🔬", "🧑🏽‍🚀"),
    "right-to-left": ("בן־גוריון", "دانا"),
    "semicolon": ("a;b;c", "d\te"),
}
FORMULAS = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "\r=1", "\n=1", "  =1", "\xa0=1", "\uff1d1"]


@pytest.fixture
def gradebook(tmp_path):
    with gradebook_in(tmp_path) as gradebook:
        yield gradebook


def export(kind, gradebook, folder, **options):
    path = folder / "out"
    kind(to=str(path), **options).export(gradebook)
    return path


def table(kind, gradebook, folder, **options):
    path = export(kind, gradebook, folder, **options)
    with path.open(newline="", encoding=kind.encoding) as file:
        return list(csv.reader(file, strict=True))


def by_id(rows, column):
    place = rows[0].index(column)
    return {row[place]: dict(zip(rows[0], row)) for row in rows[1:]}


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("odd", ODD)
def test_an_odd_name_stays_as_it_is_and_in_its_column(kind, odd, gradebook, tmp_path):
    last, first = ODD[odd]
    gradebook.add_student("odd", last_name=last, first_name=first, email="odd@example.org")
    hand_in(gradebook, "odd", {"check-pad": 2.0})
    rows = table(kind, gradebook, tmp_path)
    assert len({len(row) for row in rows}) == 1
    row = dict(zip(rows[0], rows[-1]))
    if kind is CanvasExport:
        assert row["Student"] == f"{last}, {first}"
    else:
        names = ("Last name", "First name") if kind is MoodleExport else ("last_name", "first_name")
        assert [row[name] for name in names] == [last, first]
    assert row["score" if kind is CsvExport else ASSIGNMENT] == "2"


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_can_be_taken_for_a_formula_and_a_score_is_a_number(kind, text, gradebook, tmp_path):
    gradebook.add_student(text, last_name=text, first_name=text, email=text, lms_user_id=text)
    hand_in(gradebook, text, {"check-pad": 1.5})
    rows = table(kind, gradebook, tmp_path, titles={ASSIGNMENT: text})
    cells = [cell for row in rows for cell in row if cell != "-" and cell.strip() != "Points Possible"]
    assert "'" + text in cells
    for cell in cells:
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d")), cell
        assert not cell.lstrip().startswith(("=", "\uff1d")), cell
    assert "1.5" in cells


def test_canvas_gets_its_columns_and_the_row_of_points(gradebook, tmp_path):
    add_assignment(gradebook, "ch01_why_convolution", {"check-a": ("code", 4.5)})
    gradebook.add_student("ada", last_name="Lovelace", first_name="Ada", lms_user_id="4711")
    hand_in(gradebook, "ada", {"check-pad": 2.0, "check-conv2d": 8.0, "answer-written": None}, {"answer-written": 2.5})
    assert table(CanvasExport, gradebook, tmp_path, titles={ASSIGNMENT: "Homework 2 (99)"}) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "ch01_why_convolution", "Homework 2 (99)"],
        ["    Points Possible", "", "", "", "", "4.5", "13"],
        ["Lovelace, Ada", "4711", "", "ada", "", "", "12.5"],
    ]


def test_moodle_gets_its_columns_and_a_dash_for_no_score(gradebook, tmp_path):
    gradebook.add_student("ada", last_name="Lovelace", first_name="Ada", email="ada@example.org")
    gradebook.add_student("bo", last_name="Peep", first_name="Bo", email="bo@example.org")
    hand_in(gradebook, "ada", {"check-pad": 0.0})
    assert table(MoodleExport, gradebook, tmp_path) == [
        ["First name", "Last name", "ID number", "Email address", ASSIGNMENT],
        ["Ada", "Lovelace", "ada", "ada@example.org", "0"],
        ["Bo", "Peep", "bo", "bo@example.org", "-"],
    ]


def test_moodle_gets_no_column_of_addresses_when_one_is_missing(gradebook, tmp_path, caplog):
    gradebook.add_student("ada", email="ada@example.org")
    gradebook.add_student("bo", email=" ")
    with caplog.at_level(logging.WARNING):
        rows = table(MoodleExport, gradebook, tmp_path)
    assert rows[0] == ["First name", "Last name", "ID number", ASSIGNMENT]
    assert "bo have none" in caplog.text


@pytest.mark.parametrize("kind", TABLES)
def test_a_penalty_is_taken_off_a_manual_score_counts_and_nothing_is_below_zero(kind, gradebook, tmp_path):
    hand_in(gradebook, "late", {"check-pad": 2.0, "check-conv2d": 8.0}, penalty=1.25)
    hand_in(gradebook, "very-late", {"check-pad": 2.0}, penalty=5.0)
    hand_in(gradebook, "by-hand", {"check-pad": 2.0, "check-conv2d": 0.0}, {"check-pad": 0.5, "check-conv2d": 7.0})
    hand_in(gradebook, "dust", {"check-pad": 0.1, "check-conv2d": 0.2})
    columns = {CanvasExport: ("SIS Login ID", ASSIGNMENT), MoodleExport: ("ID number", ASSIGNMENT)}
    who, what = columns.get(kind, ("student_id", "score"))
    rows = by_id(table(kind, gradebook, tmp_path), who)
    scores = {student: rows[student][what] for student in ("late", "very-late", "by-hand", "dust")}
    assert scores == {"late": "8.75", "very-late": "0", "by-hand": "7.5", "dust": "0.3"}


@pytest.mark.parametrize("kind", TABLES)
def test_who_handed_nothing_in_or_was_not_graded_has_no_score_and_a_zero_is_a_zero(kind, gradebook, tmp_path):
    gradebook.add_student("absent")
    hand_in(gradebook, "ungraded", {"check-pad": None, "check-conv2d": None, "answer-written": None})
    hand_in(gradebook, "zero", {"check-pad": 0.0, "check-conv2d": 0.0})
    columns = {CanvasExport: ("SIS Login ID", ASSIGNMENT), MoodleExport: ("ID number", ASSIGNMENT)}
    who, what = columns.get(kind, ("student_id", "score"))
    rows = by_id(table(kind, gradebook, tmp_path), who)
    nothing = "-" if kind is MoodleExport else ""
    assert [rows[student][what] for student in ("absent", "ungraded", "zero")] == [nothing, nothing, "0"]


def test_somebody_without_a_name_is_there_by_the_id(gradebook, tmp_path):
    hand_in(gradebook, "stranger", {"check-pad": 2.0})
    assert by_id(table(CanvasExport, gradebook, tmp_path), "SIS Login ID")["stranger"]["Student"] == "stranger"


@pytest.mark.parametrize("kind", [*TABLES, GradescopeExport])
def test_the_file_does_not_depend_on_the_order_in_which_the_class_was_entered(kind, tmp_path):
    students = {"c": ("Same", "Name"), "b": ("Same", "Name"), "a": ("Zuse", "Konrad"), "d": (None, None)}
    files = []
    for number, order in enumerate([list(students), list(reversed(students))]):
        folder = tmp_path / str(number)
        folder.mkdir()
        with gradebook_in(folder) as gradebook:
            for student in order:
                last, first = students[student]
                gradebook.add_student(student, last_name=last, first_name=first, email=f"{student}@example.org")
                hand_in(gradebook, student, {"check-pad": 1.0})
            files.append(export(kind, gradebook, folder).read_bytes())
    assert files[0] == files[1]
    if kind is MoodleExport:
        assert [line.split(b",")[2] for line in files[0].splitlines()[1:]] == [b"d", b"b", b"c", b"a"]


@pytest.mark.parametrize("kind", [*TABLES, GradescopeExport])
def test_only_who_and_what_was_chosen_is_exported_and_an_unknown_name_is_refused(kind, gradebook, tmp_path):
    add_assignment(gradebook, "ch01_why_convolution", {"check-a": ("code", 4)})
    for student in ("ada", "bo"):
        gradebook.add_student(student, email=f"{student}@example.org")
        hand_in(gradebook, student, {"check-pad": 1.0})
    path = export(kind, gradebook, tmp_path, assignment=[ASSIGNMENT], student=["ada"])
    content = zipfile.ZipFile(path).read("scores.json") if kind is GradescopeExport else path.read_bytes()
    assert b"ada" in content
    assert b"bo" not in content
    assert b"ch01" not in content
    with pytest.raises(ValueError, match=r"no assignment ch20; it has ch01_why_convolution, ch02_convolution"):
        export(kind, gradebook, tmp_path, assignment=["ch20"])
    with pytest.raises(ValueError, match=r"no student eve; it has ada, bo"):
        export(kind, gradebook, tmp_path, student=["eve"])


@pytest.mark.parametrize(("kind", "begins"), [(CsvExport, True), (CanvasExport, False), (MoodleExport, False)])
def test_only_the_table_for_a_spreadsheet_begins_with_a_byte_order_mark(kind, begins, gradebook, tmp_path):
    content = export(kind, gradebook, tmp_path).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf") == begins
    content.decode("utf-8")


def test_an_answer_that_waits_for_a_person_is_said(gradebook, tmp_path, caplog):
    hand_in(gradebook, "ada", {"check-pad": 2.0, "check-conv2d": 8.0, "answer-written": None})
    with caplog.at_level(logging.WARNING):
        export(CanvasExport, gradebook, tmp_path)
    assert "1 with answers that a person must still score" in caplog.text


# Gradescope


@pytest.fixture
def publish(gradebook, tmp_path):
    """Unpacks the zip as Gradescope does, lets these addresses hand something in, and returns what it would show."""

    def run(*addresses, **options):
        path = export(GradescopeExport, gradebook, tmp_path, **options)
        top = tmp_path / "autograder"
        shutil.rmtree(top, ignore_errors=True)
        (top / "results").mkdir(parents=True)
        (top / "submission").mkdir()
        (top / "submission" / "evil.py").write_text("open('ran', 'w')")
        with zipfile.ZipFile(path) as file:
            assert {about.filename: about.external_attr >> 16 for about in file.infolist()} == {
                "run_autograder": 0o755,
                "scores.json": 0o644,
                "setup.sh": 0o755,
            }
            file.extractall(top / "source")
        shutil.copy(top / "source" / "run_autograder", top)
        users = [{"email": address, "id": 1, "name": "Any Name"} for address in addresses]
        (top / "submission_metadata.json").write_text(json.dumps({"id": 1, "users": users}))
        done = subprocess.run([sys.executable, top / "run_autograder"], cwd=top, capture_output=True, text=True)
        written = top / "results" / "results.json"
        return done, json.loads(written.read_text()) if written.exists() else None

    return run


def test_gradescope_shows_everybody_their_own_score(gradebook, publish):
    for student in ("ada", "bo"):
        gradebook.add_student(student, email=f"{student.title()}@Example.org ")
    hand_in(gradebook, "ada", {"check-pad": 2.0, "check-conv2d": 0.0}, {"check-conv2d": 6.0}, penalty=1.5)
    hand_in(gradebook, "bo", {"check-pad": 1.0, "check-conv2d": 0.0, "answer-written": None})
    done, shown = publish("ADA@example.org")
    assert done.returncode == 0, done.stderr
    assert shown["score"] == 6.5
    assert shown["output"] == "1.5 points were taken off for handing in late."
    assert {test["name"]: (test["score"], test["max_score"]) for test in shown["tests"]} == {
        "check-pad": (2.0, 2.0),
        "check-conv2d": (6.0, 8.0),
    }
    assert publish("bo@example.org")[1] == {
        "score": 1.0,
        "output": "",
        "tests": [
            {"name": "check-conv2d", "score": 0.0, "max_score": 8.0},
            {"name": "check-pad", "score": 1.0, "max_score": 2.0},
        ],
    }


def test_gradescope_gives_nothing_to_a_stranger_or_to_two_with_different_scores(gradebook, publish):
    for student, score in {"ada": 2.0, "bo": 1.0, "cy": 2.0}.items():
        gradebook.add_student(student, email=f"{student}@example.org")
        hand_in(gradebook, student, {"check-pad": score})
    gradebook.add_student("absent", email="absent@example.org")
    for addresses in (["eve@example.org"], ["ada@example.org", "bo@example.org"], ["absent@example.org"], []):
        done, shown = publish(*addresses)
        assert done.returncode != 0
        assert shown is None
    assert publish("ada@example.org", "cy@example.org")[1]["score"] == 2.0


def test_gradescope_takes_one_assignment_and_different_addresses(gradebook, tmp_path):
    for student in ("ada", "bo"):
        gradebook.add_student(student, email="same@example.org")
        hand_in(gradebook, student, {"check-pad": 2.0})
    with pytest.raises(ValueError, match=r"two students have the address same@example\.org"):
        export(GradescopeExport, gradebook, tmp_path)
    add_assignment(gradebook, "ch01_why_convolution", {})
    with pytest.raises(ValueError, match=r"ch01_why_convolution, ch02_convolution: choose --assignment"):
        export(GradescopeExport, gradebook, tmp_path)


def test_the_titles_can_be_set_in_the_configuration(gradebook, tmp_path):
    config = Config({"CanvasExport": {"titles": {ASSIGNMENT: "Homework 2"}}})
    assert table(CanvasExport, gradebook, tmp_path, config=config)[0][-1] == "Homework 2"


@pytest.mark.slow
def test_nbgrader_finds_an_exporter_by_its_name(gradebook, tmp_path):
    hand_in(gradebook, "ada", {"check-pad": 2.0})
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n")
    command = [Path(sys.executable).parent / "nbgrader", "export", "--to", "canvas.csv"]
    command += ["--exporter", "cnncourse.grading.exports.CanvasExport"]
    environment = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "canvas.csv").read_text().splitlines()[-1] == "ada,,,ada,,2"
