"""`cnncourse collect`: from what a learning management system gives away to what is graded, and back."""

import csv
import io
import json
import os
import re
import shutil
import stat
import zipfile

import pytest
from nbgrader.api import Gradebook
from pretend_course import about, files_below, make_course
from terminal import nbgrader
from test_cohort import here

from cnncourse.cli import main
from cnncourse.grading.cohort import archives
from cnncourse.grading.cohort.grading_run import grade
from cnncourse.grading.cohort.rosters import Person, by_clue
from cnncourse.grading.exports import CanvasExport, MoodleExport

CANVAS_ROSTER = """\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Homework 2 (99)
,,,,,Manual Posting
    Points Possible,,,,,8
"Lovelace, Ada",4711,s1,alovelace,Spring,
"Müller, Jörg",4712,s2,jmueller,Spring,
"O'Neil-Smith, Bo",4713,s3,bo@uni.example,Spring,
"Zuse, Konrad",4714,s4,kzuse,Spring,
"Student, Test",9999,,f00ba4,Spring,
"""
CANVAS_FILES = {
    "lovelaceada_4711_90210_one-1.ipynb": "right",
    "lovelaceada_4711_90211_two.ipynb": "right",
    "müllerjörg_LATE_4712_90230_one (1).ipynb": "right",
    "müllerjörg_LATE_4712_90220_one.ipynb": "wrong",
    "müllerjörg_LATE_4712_90240_two.ipynb": "right",
    "oneilsmithbo_4713_90250_homework.ipynb": "right",
    "oneilsmithbo_4713_90251_two-Copy1.ipynb": "right",
    "passingmary_5555_90300_one.ipynb": "right",
}
MOODLE_ROSTER = """\ufeffIdentifier,"Full name","ID number","Email address",Status,Grade,"Maximum grade",\
"Grade can be changed","Last modified (submission)","Last modified (grade)","Feedback comments"
"Participant 101","Ada Lovelace",s100,ada@uni.example,"Submitted for grading - ",,8.00,Yes,\
"Thursday, 1 January 2026, 10:30 AM",-,
"Participant 102","Jörg Müller",s200,jm@uni.example,"Submitted for grading - 1 hour 30 mins late - ",,8.00,Yes,\
"Thursday, 1 January 2026, 12:30 PM",-,
"Participant 103","Konrad Zuse",s300,kz@uni.example,"No submission - ",,8.00,Yes,-,-,
"""
MOODLE_FILES = {
    "Ada Lovelace_101_assignsubmission_file_/one.ipynb": "right",
    "Ada Lovelace_101_assignsubmission_file_/two (1).ipynb": "right",
    "Jörg Müller_102_assignsubmission_file_one.ipynb": "right",
    "Jörg Müller_102_assignsubmission_file_two.ipynb": "wrong",
}


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    return make_course(tmp_path_factory.mktemp("released"))


@pytest.fixture
def course(released, tmp_path, monkeypatch):
    course = shutil.copytree(released, tmp_path / "course")
    monkeypatch.setattr("cnncourse.grading.cohort.cohort.judge_version", lambda blueprints: "1")
    monkeypatch.chdir(course)
    return course


def gradebook_of(course):
    return Gradebook(f"sqlite:///{course}/gradebook.db", "cnn")


@pytest.fixture
def due(course):
    with gradebook_of(course) as gradebook:
        gradebook.update_or_create_assignment("ps1", duedate="2026-01-01 10:00:00")


def answered(course, name, answer):
    """A released notebook with an answer, as bytes; other texts than an answer stand for themselves."""
    which = "two" if "two" in name else "one"
    notebook = json.loads((course / "release" / "ps1" / f"{which}.ipynb").read_text())
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "a":
            cell["source"] = answer
    return json.dumps(notebook).encode()


def zipped(course, files, name="submissions.zip"):
    path = course.parent / name
    with zipfile.ZipFile(path, "w") as file:
        for entry, answer in files.items():
            file.writestr(entry, answer if isinstance(answer, bytes) else answered(course, entry, answer))
    return path


def collect(course, archive, roster, *options):
    path = course.parent / "roster.csv"
    path.write_text(roster, encoding="utf-8")
    return main(["collect", str(archive), "--assignment", "ps1", "--roster", str(path), "--timezone", "UTC", *options])


def answer_in(course, student, name="one"):
    notebook = json.loads((course / "submitted" / student / "ps1" / f"{name}.ipynb").read_text())
    return next(
        cell["source"] for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == "a"
    )


def exported(course, kind):
    path = course.parent / "export.csv"
    with gradebook_of(course) as gradebook:
        export = kind()
        export.to = str(path)
        export.export(gradebook)
    return list(csv.DictReader(io.StringIO(path.read_text())))


def test_from_canvas_through_grading_and_back_to_canvas(course, due, capsys):
    assert collect(course, zipped(course, CANVAS_FILES), CANVAS_ROSTER, "--yes") == 1  # one is not on the roster
    said = capsys.readouterr().out
    assert sorted(path.name for path in (course / "submitted").iterdir()) == ["alovelace", "bo@uni.example", "jmueller"]
    assert answer_in(course, "jmueller") == "right"  # the newer of two
    assert "2 files for one; the newest is one (1).ipynb" in " ".join(said.split())
    assert "was called homework.ipynb" in said  # known by its cells
    assert "user 5555 (passingmary): one.ipynb" in said
    assert [line.split()[0] for line in said.splitlines() if " missing" in line and "students" not in line] == [
        "kzuse",
        "f00ba4",
    ]
    assert "5 students (canvas): 3 new, 2 missing, 1 not on the roster" in said
    assert grade("ps1", here) == 0
    rows = {row["SIS Login ID"]: row for row in exported(course, CanvasExport)}
    listed = {row["SIS Login ID"]: row for row in csv.DictReader(io.StringIO(CANVAS_ROSTER.lstrip("\ufeff")))}
    for login in ("alovelace", "jmueller", "bo@uni.example", "kzuse"):
        assert {key: rows[login][key] for key in ("Student", "ID")} == {
            key: listed[login][key] for key in ("Student", "ID")
        }
    assert float(rows["alovelace"]["ps1"]) == float(rows["jmueller"]["ps1"]) > 0
    assert rows["kzuse"]["ps1"] == ""


def test_who_is_late_on_canvas_is_late_here(course, due, capsys):
    collect(course, zipped(course, CANVAS_FILES), CANVAS_ROSTER, "--yes")
    assert (course / "submitted/jmueller/ps1/timestamp.txt").read_text() == "2026-01-01 10:01:00 UTC\n"
    assert not (course / "submitted/alovelace/ps1/timestamp.txt").exists()
    assert "how late was not told" in capsys.readouterr().out
    grade("ps1", here)
    assert "1 min" in next(line for line in capsys.readouterr().out.splitlines() if line.startswith("jmueller"))


def test_lateness_that_cannot_be_kept_is_said_and_kept_once_there_is_a_due_date(course, capsys):
    archive = zipped(course, CANVAS_FILES)
    collect(course, archive, CANVAS_ROSTER, "--yes")
    assert "the gradebook has no due date" in " ".join(capsys.readouterr().out.split())
    with gradebook_of(course) as gradebook:
        gradebook.update_or_create_assignment("ps1", duedate="2026-01-01 10:00:00")
    collect(course, archive, CANVAS_ROSTER, "--yes")
    assert (course / "submitted/jmueller/ps1/timestamp.txt").exists()


def test_from_moodle_through_grading_and_back_to_moodle(course, due, capsys):
    assert collect(course, zipped(course, MOODLE_FILES), MOODLE_ROSTER, "--yes") == 0
    said = capsys.readouterr().out
    assert "3 students (moodle): 2 new, 1 missing" in said
    assert (course / "submitted/s100/ps1/timestamp.txt").read_text() == "2026-01-01 10:30:00 UTC\n"
    assert "late: 2026-01-01 12:30 UTC" in said
    assert grade("ps1", here) == 0
    rows = {row["ID number"]: row for row in exported(course, MoodleExport)}
    assert {key: (row["First name"], row["Last name"], row["Email address"]) for key, row in rows.items()} == {
        "s100": ("Ada", "Lovelace", "ada@uni.example"),
        "s200": ("Jörg", "Müller", "jm@uni.example"),
        "s300": ("Konrad", "Zuse", "kz@uni.example"),
    }
    assert float(rows["s100"]["ps1"]) > float(rows["s200"]["ps1"])
    assert rows["s300"]["ps1"] == "-"


def test_moodles_time_is_in_the_zone_that_is_named(course, due):
    roster = course.parent / "roster.csv"
    roster.write_text(MOODLE_ROSTER, encoding="utf-8")
    words = ["--assignment", "ps1", "--roster", str(roster), "--timezone", "Europe/Berlin", "--yes"]
    assert main(["collect", str(zipped(course, MOODLE_FILES)), *words]) == 0
    assert (course / "submitted/s200/ps1/timestamp.txt").read_text() == "2026-01-01 11:30:00 UTC\n"


GRADESCOPE = """---
submission_11:
  :submitters:
  - :name: Ada Lovelace
    :sid: '0017'
    :email: Ada@uni.example
  - :name: Jörg Müller
    :sid:
    :email: jm@uni.example
  :created_at: 2026-01-01 09:00:00.123456000 -03:00
  :score: 0.0
submission_12:
  :submitters:
  - :name: A Stranger
    :sid: '77'
    :email: who@uni.example
  :created_at: 2026-01-01 09:00:00.123456000 Z
"""


def test_from_gradescope_with_two_who_worked_together(course, due, capsys):
    roster = "First Name,Last Name,SID,Email,Role\nAda,Lovelace,0017,ada@uni.example,Student\n"
    roster += "Jörg,Müller,0018,jm@uni.example,Student\nPro,Fessor,,p@uni.example,Instructor\n"
    files = {"assignment_5_export/submission_metadata.yml": GRADESCOPE.encode()}
    files |= {f"assignment_5_export/submission_{n}/{name}.ipynb": "right" for n in (11, 12) for name in ("one", "two")}
    assert collect(course, zipped(course, files), roster, "--yes") == 1
    said = capsys.readouterr().out
    for student in ("0017", "0018"):
        assert answer_in(course, student) == "right"
        assert (course / "submitted" / student / "ps1/timestamp.txt").read_text() == "2026-01-01 12:00:00 UTC\n"
    assert "2 students (gradescope): 2 new, 1 not on the roster" in said
    assert "A Stranger (who@uni.example): one.ipynb, two.ipynb" in said


def test_from_a_folder_by_name_by_id_or_by_address(course):
    roster = "id,last_name,first_name,email\nada,Lovelace,Ada,\njm,Müller,Jörg,\nkz,Zuse,Konrad,kz@uni.example\n"
    inbox = course.parent / "inbox"
    for name in ("Müller, Jörg/one.ipynb", "ada_one (2).ipynb", "ada_one.ipynb", "kz@uni.example/one-Copy1.ipynb"):
        (inbox / name).parent.mkdir(parents=True, exist_ok=True)
        (inbox / name).write_bytes(answered(course, "one", "right" if "(2)" in name else "other"))
        os.utime(inbox / name, (1e9, 1e9))
    assert collect(course, inbox, roster, "--yes") == 0
    assert sorted(path.name for path in (course / "submitted").iterdir()) == ["ada", "jm", "kz"]
    assert answer_in(course, "ada") == "right"


@pytest.mark.parametrize("options", [["--dry-run"], [], ["--dry-run", "--yes"]])
def test_nothing_is_written_unless_that_was_wanted(course, options, capsys):
    before = files_below(course)
    collect(course, zipped(course, CANVAS_FILES), CANVAS_ROSTER, *options)
    assert "Nothing was written" in capsys.readouterr().out
    assert files_below(course) == before


@pytest.mark.parametrize(("typed", "written"), [("y", True), ("", False)])
def test_on_a_terminal_it_asks_after_it_has_shown_what_it_found(course, typed, written, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    shown = []
    monkeypatch.setattr("builtins.input", lambda question: shown.append(capsys.readouterr().out) or typed)
    collect(course, zipped(course, CANVAS_FILES), CANVAS_ROSTER)
    assert "not on the roster" in shown[0]
    assert (course / "submitted").exists() == written


def test_what_is_there_stays_or_is_set_aside(course, capsys):
    first = zipped(course, {"lovelaceada_4711_1_one.ipynb": "wrong"})
    collect(course, first, CANVAS_ROSTER, "--yes")
    assert collect(course, first, CANVAS_ROSTER, "--yes") == 0
    assert "1 there already" in capsys.readouterr().out
    second = zipped(course, {"lovelaceada_4711_2_one-1.ipynb": "right"}, "second.zip")
    assert collect(course, second, CANVAS_ROSTER, "--yes") == 1
    assert "another submission is there and stays" in " ".join(capsys.readouterr().out.split())
    assert answer_in(course, "alovelace") == "wrong"
    assert collect(course, second, CANVAS_ROSTER, "--yes", "--replace") == 0
    assert answer_in(course, "alovelace") == "right"
    (former,) = (course / "submitted" / ".former").rglob("one.ipynb")
    assert '"wrong"' in former.read_text()
    assert grade("ps1", here) == 0  # what was set aside is nobody's submission
    assert "1 submission: 1 graded" in capsys.readouterr().out


def test_a_notebook_that_cannot_be_read_is_told_before_it_is_graded(course, capsys):
    files = {"lovelaceada_4711_1_one.ipynb": b"PK", "zusekonrad_4714_2_essay.pdf": b"%PDF"}
    collect(course, zipped(course, {**files, "müllerjörg_4712_3_one.ipynb": "right"}), CANVAS_ROSTER, "--dry-run")
    said = " ".join(capsys.readouterr().out.split())
    assert "one.ipynb: the file is not a notebook: it holds no JSON" in said
    assert "no notebook of this assignment among essay.pdf" in said


def link(name):
    about = zipfile.ZipInfo(name)
    about.external_attr = (stat.S_IFLNK | 0o777) << 16
    return about


def test_nothing_in_a_zip_does_harm(course, capsys, monkeypatch):
    monkeypatch.setattr(archives, "LARGEST", 100_000)
    path = course.parent / "bad.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("lovelaceada_4711_1_one.ipynb", b"0" * 1_000_000)
        file.writestr("../../müllerjörg_4712_2_one.ipynb", answered(course, "one", "right"))
        file.writestr(link("zusekonrad_4714_3_one.ipynb"), "/etc/passwd")
        file.writestr("oneilsmithbo_4713_4_one.ipynb", answered(course, "one", "right"))
    before = files_below(course.parent)
    assert collect(course, path, CANVAS_ROSTER, "--yes") == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "one.ipynb: it has 1 MB unpacked, and 0 MB are the most" in said
    assert "its path leads out of the zip" in said
    assert "it is a link to another file" in said
    new = set(files_below(course.parent)) - set(before) - {"roster.csv"}
    assert new == {"course/submitted/bo@uni.example/ps1/one.ipynb"}


def test_a_zip_that_lies_about_its_sizes_is_read_no_further_than_the_limit(course, monkeypatch):
    path = zipped(course, {"lovelaceada_4711_1_one.ipynb": b"0" * 5000})
    monkeypatch.setattr(archives, "LARGEST", 1000)
    with archives.Archive(path) as archive:
        (entry,) = archive.entries
        with pytest.raises(archives.Damaged, match="are the most"):
            archive.read(archives.Entry(entry.path, entry.changed, 10))


def test_a_link_in_a_folder_is_not_followed(course, capsys):
    inbox = course.parent / "inbox" / "ada"
    inbox.mkdir(parents=True)
    (inbox / "one.ipynb").symlink_to(course / "source" / "ps1" / "one.ipynb")
    collect(course, inbox.parent, "id\nada\n", "--yes")
    assert "one.ipynb is a link to another file" in capsys.readouterr().out
    assert not (course / "submitted").exists()


@pytest.mark.parametrize(
    ("roster", "words"),
    [
        ("name\nada\n", "is no list of students that is known here"),
        ("id\nada\nAda\n", "has more than one student ada"),
        ("id\n../ada\n", "'../ada' cannot be the name of a folder"),
        ("Identifier,Full name,ID number\nParticipant 3,Ada Lovelace,\n", "Ada Lovelace has neither an ID number"),
    ],
)
def test_a_roster_that_will_not_do_is_refused_with_the_reason(course, roster, words):
    assert words in collect(course, zipped(course, CANVAS_FILES), roster)


def test_what_is_no_zip_is_told(course):
    path = course.parent / "a.zip"
    path.write_bytes(b"no zip")
    assert "is no folder and no zip" in collect(course, path, "id\nada\n")


def test_somebody_whose_name_two_have_is_not_taken_for_either():
    known = by_clue([Person("a1", "Ada", "Lovelace"), Person("a2", "Ada", "Lovelace")])
    assert ("name", "adalovelace") not in known
    assert known["id", "a2"].id == "a2"


DECLARING = 'hand_in("model.weights.h5", kind="weights", most=1000)\nhand_in("runs.json", kind="runs", most=100)'


def test_files_that_an_assignment_asks_for_come_with_the_notebooks_and_others_do_not(tmp_path, monkeypatch, capsys):
    course = make_course(tmp_path / "course")
    monkeypatch.chdir(course)
    path = course / "source" / "ps1" / "one.ipynb"
    notebook = json.loads(path.read_text())
    locked = about("files", locked=True)
    notebook["cells"].insert(1, {**notebook["cells"][0], "id": "files", "source": DECLARING, "metadata": locked})
    path.write_text(json.dumps(notebook))
    nbgrader(course, "generate_assignment", "ps1", "--force")
    files = {
        "lovelaceada_4711_1_one.ipynb": "right",
        "lovelaceada_4711_2_two.ipynb": "right",
        "lovelaceada_4711_3_model.weights.h5": b"old",
        "lovelaceada_4711_4_model.weights-1.h5": b"new",
        "lovelaceada_4711_5_other.h5": b"other",
        "müllerjörg_4712_6_one.ipynb": "right",
        "müllerjörg_4712_7_two.ipynb": "right",
        "müllerjörg_4712_8_Runs (1).json": b"[]",
    }
    collect(course, zipped(course, files), CANVAS_ROSTER, "--yes")
    said = capsys.readouterr().out
    ada, bo = course / "submitted" / "alovelace" / "ps1", course / "submitted" / "jmueller" / "ps1"
    assert (ada / "model.weights.h5").read_bytes() == b"new"
    assert sorted(path.name for path in ada.iterdir()) == ["model.weights.h5", "one.ipynb", "two.ipynb"]
    assert (bo / "runs.json").read_bytes() == b"[]"
    assert re.search(r"^alovelace .* no runs\.json$", said, re.MULTILINE)
    assert re.search(r"^jmueller .* no model\.weights\.h5", said, re.MULTILINE)
