"""Tasks are found by where they stand, in the course and in a course of one's own."""

import pytest

from cnncourse.checks import chapters, check, task, tasks
from cnncourse.checks.catalogue import SHIPPED, files
from cnncourse.checks.task import Task

MEAN = """'a mean'

from cnncourse.checks.writing import Task

TASK = Task(__name__, __doc__, "ch01_why_convolution", lambda x: x.mean(), lambda rng: [(rng.random(3),)])
"""


@pytest.fixture
def course(tmp_path, monkeypatch):
    (tmp_path / "nbgrader_config.py").touch()
    (tmp_path / "checks" / "ps1_numbers").mkdir(parents=True)
    (tmp_path / "checks" / "ps1_numbers" / "mean.py").write_text(MEAN)
    (tmp_path / "exercises" / "ps1").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "exercises" / "ps1")
    return tmp_path


def test_every_task_of_the_course_stands_in_the_file_of_its_name():
    for name, one in tasks().items():
        assert one.id == name
        assert files()[name].stem == name.partition(".")[2]


def test_a_task_takes_its_id_and_its_page_from_where_it_stands_and_its_words_from_the_head_of_the_file():
    words = "ch09.halve: half of\n  everything.\n\nAnd what only those need to know who read the file."
    halve = Task("course.checks.ch09_sums.halve", words, "#halves", abs, lambda rng: [])
    assert (halve.id, halve.asks, halve.section) == ("ch09.halve", "half of everything", "ch09_sums#halves")
    elsewhere = Task("ps1.halve", "half of everything", "ch02_convolution#pad", abs, lambda rng: [])
    assert (elsewhere.id, elsewhere.asks, elsewhere.section) == ("ps1.halve", halve.asks, "ch02_convolution#pad")


def test_every_task_of_the_course_names_itself_at_the_head_of_its_file():
    for name, path in files().items():
        assert path.read_text(encoding="utf-8").startswith(f'"""{name}: {task(name).asks}."""'), path


def test_a_task_of_ones_own_is_found_from_anywhere_in_the_course_and_checked(course, capsys):
    assert chapters()[-1] == "ps1_numbers"
    check("ps1.mean", lambda x: sum(x) / len(x))
    assert capsys.readouterr().out.startswith("ps1.mean: right")


def test_a_task_of_ones_own_that_is_edited_is_read_again(course):
    assert task("ps1.mean").asks == "a mean"
    path = course / "checks" / "ps1_numbers" / "mean.py"
    path.write_text(MEAN.replace("a mean", "the middle of all"))
    assert task("ps1.mean").asks == "the middle of all"


def test_a_task_whose_name_is_not_that_of_its_file_is_told(course):
    (course / "checks" / "ps1_numbers" / "median.py").write_text(MEAN.replace("__name__", '"ps1.mean"'))
    with pytest.raises(ValueError, match=r"median.py defines the task 'ps1.mean', but its place says 'ps1.median'"):
        task("ps1.median")


def test_two_tasks_of_one_name_are_told(course):
    (course / "checks" / "ps1_again").mkdir()
    (course / "checks" / "ps1_again" / "mean.py").write_text(MEAN)
    with pytest.raises(ValueError, match=r"two tasks ps1.mean: .*ps1_again.*ps1_numbers"):
        tasks()


def test_outside_of_a_course_there_are_the_shipped_tasks_only(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert {name[:2] for name in tasks()} == {"ch"}


def test_a_student_has_the_tasks_beside_the_notebook(tmp_path, monkeypatch):
    (tmp_path / "checks" / "ps1_numbers").mkdir(parents=True)
    (tmp_path / "checks" / "ps1_numbers" / "mean.py").write_text(MEAN)
    monkeypatch.chdir(tmp_path)
    assert task("ps1.mean").asks == "a mean"


def test_a_task_that_the_student_does_not_have_is_judged_later(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    check("exam.mean", lambda x: x)
    assert capsys.readouterr().out == "exam.mean: this task is not here. It is judged when you have handed in.\n"
    with pytest.raises(ValueError, match=r"there is no task 'ch02.padd'"):
        check("ch02.padd", lambda x: x)


def test_inside_of_the_package_its_own_tasks_are_there_once(monkeypatch):
    monkeypatch.chdir(SHIPPED.parent)
    assert "ch02.pad" in tasks()
