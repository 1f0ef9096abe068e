"""`cnncourse grade`, with a judge that runs nothing."""

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from pathlib import Path

import nbformat
import pretend_judge
import psutil
import pytest
from nbgrader.api import Gradebook
from nbgrader.utils import chdir
from postgres import postgres
from pretend_course import contents, files_below, hand_in, make_course
from terminal import nbgrader

from cnncourse.cli import main
from cnncourse.grading.cohort.cluster import end, grade_submission, graded, on_workers, workers
from cnncourse.grading.cohort.grading_run import grade
from cnncourse.grading.cohort.journal import Journal
from cnncourse.grading.sandbox import sandbox
from cnncourse.grading.sandbox.warmprocess import NoSandbox

LOGS = tempfile.TemporaryDirectory()
os.environ["PRETEND_LOG"] = LOGS.name + "/log"  # one for all tests: workers are forked from a process that keeps it

CLASS = {
    "ada": {"one": "right", "two": "partial", "stamp": "2026-01-01 12:00:00 UTC", "files": {"data.csv": "mine"}},
    "bob": {"one": "known", "two": None, "written": "", "files": {"extra.txt": "my own"}},
    "cyd": {"one": "odd", "two": b"no JSON"},
}


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    return make_course(tmp_path_factory.mktemp("released"))


@pytest.fixture
def course(released, tmp_path, monkeypatch):
    course = shutil.copytree(released, tmp_path / "course")
    for student, answers in CLASS.items():
        hand_in(course, student, **answers)
    with Gradebook(url_of(course), "cnn") as gradebook:
        gradebook.update_or_create_assignment("ps1", duedate="2026-01-01 10:00:00")
    for old in Path(LOGS.name).iterdir():
        old.unlink()
    monkeypatch.setattr("cnncourse.grading.cohort.cohort.judge_version", lambda blueprints: "1")
    monkeypatch.chdir(course)
    return course


def url_of(course):
    return f"sqlite:///{course}/gradebook.db"


def log():
    """Who was graded, notebook by notebook, since this was asked last."""
    path = Path(os.environ["PRETEND_LOG"])
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return lines


def here(work):
    """Grades in this process, one after the other."""
    for student, arguments in work:
        try:
            yield student, grade_submission(pretend_judge.grade_notebook, *arguments), None
        except Exception as wrong:
            yield student, None, f"{type(wrong).__name__}: {wrong}"


def outcome(course):
    return contents(url_of(course)), files_below(course / "autograded")


def test_a_class_is_graded_and_every_row_is_clear(course, capsys):
    assert grade("ps1", here) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "ada 2.4 / 8.3 2 h bob 0 / 8.3 no two.ipynb was handed in; came with extra.txt, which is not used" in said
    assert "cyd 2.3 / 8.3 two.ipynb: the file is not a notebook: it holds no JSON; ch02.a: calls the lib" in said
    assert (
        "3 submissions: 3 graded; 3 with a score; mean 1.567 / 8.3; 3 with answers that a person must still score"
        in said
    )
    grades = {row[:3]: row[3:] for row in contents(url_of(course))["grades"]}
    assert grades["cyd", "two", "check-a"] == (None, None, True)
    assert grades["bob", "two", "check-a"] == (0, None, False)


def test_what_cannot_be_read_has_no_score_which_is_not_0(course, capsys):
    hand_in(course, "dan", one=b"no JSON", two=b"")
    assert grade("ps1", here) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "dan - one.ipynb: the file is not a notebook: it holds no JSON; two.ipynb: the file is" in said
    assert "4 submissions: 4 graded; 3 with a score; mean 1.567 / 8.3; 4 with answers" in said


def test_the_files_are_where_nbgrader_puts_them_and_its_commands_go_on(course):
    assert grade("ps1", here) == 0
    files = files_below(course / "autograded")
    assert sorted(files) == [
        *["ada/ps1/data.csv", "ada/ps1/one.ipynb", "ada/ps1/timestamp.txt", "ada/ps1/two.ipynb"],
        *["bob/ps1/data.csv", "bob/ps1/extra.txt", "bob/ps1/one.ipynb", "cyd/ps1/data.csv", "cyd/ps1/one.ipynb"],
    ]
    assert {mode for _, mode in files.values()} == {"0o100444"}
    assert files["ada/ps1/data.csv"][0] == b"the teacher's"
    nbgrader(course, "generate_feedback", "ps1")
    assert "This is what comes out when a row is lost." in (course / "feedback/bob/ps1/one.html").read_text()


def test_what_was_graded_is_not_graded_again_unless_something_changed(course, capsys, monkeypatch):
    grade("ps1", here)
    before = outcome(course)
    assert len(log()) == 5
    assert grade("ps1", here) == 0
    assert log() == []
    assert "3 submissions: 3 graded before" in capsys.readouterr().out
    assert outcome(course) == before
    hand_in(course, "bob", one="right")
    grade("ps1", here)
    assert log() == ["bob one", "bob two"]
    (course / "source" / "ps1" / "data.csv").write_text("new")
    grade("ps1", here)
    assert len(log()) == 6
    with Gradebook(url_of(course), "cnn") as gradebook:
        gradebook.update_or_create_source_cell("check-a", "two", "ps1", source="check()")
    grade("ps1", here)
    assert len(log()) == 6
    monkeypatch.setattr("cnncourse.grading.cohort.cohort.judge_version", lambda blueprints: "newer")
    grade("ps1", here)
    assert len(log()) == 6
    (course / ".grading" / "secret").write_text("another")
    grade("ps1", here)
    assert len(log()) == 6
    grade("ps1", here)
    assert log() == []
    grade("ps1", here, force=True)
    assert len(log()) == 6


def test_a_gradebook_or_a_folder_that_was_lost_is_written_again_without_grading(course, released):
    grade("ps1", here)
    before = outcome(course)
    log()
    shutil.rmtree(course / "autograded" / "ada")
    assert grade("ps1", here) == 0
    assert outcome(course) == before
    with Gradebook(url_of(course), "cnn") as gradebook:
        gradebook.remove_submission("ps1", "bob")
        gradebook.find_grade("check-a", "one", "ps1", "ada").auto_score = 0
        gradebook.db.commit()
    assert grade("ps1", here) == 0
    assert outcome(course) == before
    assert log() == []


def test_an_extension_that_was_granted_is_seen(course):
    with (course / "nbgrader_config.py").open("a") as file:
        file.write("c.LateSubmissionPlugin.penalty_method = 'zero'\n")
    grade("ps1", here)
    penalties = contents(url_of(course))["submissions"][0][2]
    assert penalties == [("one", 2.3), ("two", 0.1)]
    with Gradebook(url_of(course), "cnn") as gradebook:
        gradebook.grant_extension("ps1", "ada", days=1)
    log()
    grade("ps1", here)
    assert contents(url_of(course))["submissions"][0][2] == [("one", None), ("two", None)]
    assert log() == []


def test_a_dry_run_tells_everything_and_writes_nothing(course, capsys):
    grade("ps1", here, students=["ada"])
    hand_in(course, "ada", one="wrong")
    before = files_below(course)
    capsys.readouterr()
    assert grade("ps1", here, dry_run=True) == 0
    said = capsys.readouterr().out
    assert "ada      2.4     2      -0.4" in said
    assert "bob      -       0      new" in said
    assert "Nothing was written." in said
    assert files_below(course) == before


def test_a_regrade_shows_who_changes_before_anything_is_written(course, capsys):
    grade("ps1", here)
    with Gradebook(url_of(course), "cnn") as gradebook:
        gradebook.find_grade("check-a", "one", "ps1", "ada").manual_score = 1
        gradebook.db.commit()
    hand_in(course, "ada", one="wrong", two="right")
    before = outcome(course)
    log()
    capsys.readouterr()

    class Watched:
        def write(self, text):
            if "change" in text:
                assert outcome(course) == before
                self.text = text

        def flush(self):
            pass

    watched = Watched()
    with contextlib.redirect_stdout(watched):
        grade("ps1", here, force=True)
    assert "ada      1.4     3      +1.6; 1 score given by hand is kept" in watched.text
    assert "2 others do not change" in watched.text
    assert len(log()) == 5
    assert ("ada", "one", "check-a", 0.0, 1.0, True) in contents(url_of(course))["grades"]


def test_a_submission_that_changes_while_it_is_graded_is_not_taken_for_the_new_one(course, capsys):
    def meanwhile(work):
        for item in here(work):
            if item[0] == "ada":
                hand_in(course, "ada", one="wrong")
            yield item

    assert grade("ps1", meanwhile) == 1
    assert "handed in again while this ran" in capsys.readouterr().out
    assert "ada" not in [row[0] for row in contents(url_of(course))["submissions"]]
    assert grade("ps1", here) == 0


def test_nothing_that_a_student_hands_in_costs_another_one(course, capsys):
    hand_in(course, "link", one=None)
    (course / "submitted/link/ps1/one.ipynb").symlink_to(course / "gradebook.db")
    (course / "submitted/link/ps1/more").symlink_to(course / "gradebook.db")
    hand_in(course, "pipe", one=None)
    os.mkfifo(course / "submitted/pipe/ps1/one.ipynb")
    os.mkfifo(course / "submitted/pipe/ps1/data.csv")
    hand_in(course, "large", one=b" " * 3_000_000)
    hand_in(course, "empty", one=None, two=None)
    hand_in(course, "stranger", files={"three.ipynb": "{}"}, stamp="yesterday\x1b[2J")
    hand_in(course, "broken", one="broken")
    with (course / "nbgrader_config.py").open("a") as file:
        file.write("c.CourseDirectory.max_file_size = 2000\n")
    assert grade("ps1", here) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "one.ipynb is a link to another file" in said
    assert "one.ipynb is no file" in said
    assert "one.ipynb has 3 MB, and 2 MB are the most" in said
    assert "more is a link to another file: left out" in said
    assert "not graded: RuntimeError: the judge stumbled" in said
    assert "no one.ipynb was handed in; no two.ipynb was handed in" in said
    assert "three.ipynb is no notebook of this assignment; timestamp.txt holds no date" in said
    assert "9 submissions: 8 graded, 1 not graded" in said
    totals = {row[0] for row in contents(url_of(course))["grades"] if row[3]}
    assert {"ada", "cyd", "link", "pipe", "large", "stranger"} == totals
    assert "more" not in os.listdir(course / "autograded/link/ps1")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ps2"], "the gradebook has no assignment ps2"),
        (["../ps1"], "is no name of an assignment"),
        (["ps1", "--student", "zoe", "--student", "ada"], "zoe handed in no ps1"),
        (["ps1", "--scheduler", "tcp://127.0.0.1:1"], "there is no scheduler at tcp://127.0.0.1:1"),
    ],
)
def test_a_wrong_argument_is_answered_with_a_sentence(course, monkeypatch, arguments, said):
    monkeypatch.setitem(sys.modules, "cnncourse.grading.judge.judging", pretend_judge)
    monkeypatch.setattr("cnncourse.grading.cohort.cluster.REACH_SECONDS", 1)
    assert said in main(["grade", *arguments])


def test_without_a_sandbox_nobody_is_graded(course):
    def refused(work):
        next(work)
        raise NoSandbox("bubblewrap (bwrap) is not installed")
        yield

    with pytest.raises(ValueError, match=r"stopped: 0 of 3 submissions were graded\. bubblewrap .* is not installed"):
        grade("ps1", refused)
    assert contents(url_of(course))["grades"] == []


def test_outside_a_course_it_says_so_and_leaves_nothing(tmp_path):
    with chdir(str(tmp_path)), pytest.raises(ValueError, match="there is no gradebook"):
        grade("ps1", here)
    assert not list(tmp_path.iterdir())


# -- killed ------------------------------------------------------------------------------------------------------------


def checkpoints(die_at):
    """From here on, count every file operation and every commit, and die at one of them; returns the counter."""
    from sqlalchemy.orm import Session

    count = [0]

    def step():
        count[0] += 1
        if count[0] == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(name, arguments):
        writes = name == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if writes or name in ("os.rename", "os.mkdir", "os.chmod", "os.remove", "os.rmdir", "shutil.rmtree"):
            step()

    def around(function):
        @functools.wraps(function)
        def stepping(*arguments):
            step()
            result = function(*arguments)
            step()
            return result

        return stepping

    def in_half_a_line(handle):
        if count[0] + 1 == die_at:
            os.ftruncate(handle, max(0, os.fstat(handle).st_size - 9))
        step()
        return fsync(handle)

    fsync = os.fsync
    sys.addaudithook(audit)
    Session.commit = around(Session.commit)
    os.fsync = lambda handle: fsync(handle) if os.path.isdir(f"/proc/self/fd/{handle}") else in_half_a_line(handle)
    return count


def in_a_child(do):
    """Do it in a forked process; returns how that ended."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            status = do()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def steps_of(course):
    reader, writer = os.pipe()

    def counted():
        count = checkpoints(die_at=0)
        status = grade("ps1", here)
        os.write(writer, str(count[0]).encode())
        return status

    assert in_a_child(counted) == 0
    os.close(writer)
    with open(reader) as file:
        return int(file.read())


def killed_and_resumed(course, before, expected, k):
    shutil.rmtree(course)
    shutil.copytree(before, course)
    os.chdir(course)
    log()

    def dying():
        checkpoints(die_at=k)
        return grade("ps1", here)

    assert in_a_child(dying) == -signal.SIGKILL
    first = log()
    journal = Journal(course / ".grading", "ps1")
    kept = {student for student in CLASS if journal.entry(student)}
    assert in_a_child(lambda: grade("ps1", here)) == 0
    second = log()
    assert outcome(course) == expected, f"killed at step {k}"
    assert not {line.split()[0] for line in second} & kept, f"killed at step {k}"
    notebooks = {"ada one", "ada two", "bob one", "cyd one", "cyd two"}
    assert set(first) | set(second) == notebooks
    assert not [path for path in course.rglob("*") if path.suffix in (".unfinished", ".former")]


PARTS = 9  # of the points of a run, which are tried in tests of their own so that several processes share them


@pytest.mark.slow
@pytest.mark.parametrize("part", range(1, PARTS + 1))
def test_killed_at_any_point_it_goes_on_from_there(course, tmp_path, part):
    before = shutil.copytree(course, tmp_path / "before")
    steps = steps_of(course)
    assert steps > 60
    expected = outcome(course)
    for k in range(part, steps + 1, PARTS):
        killed_and_resumed(course, before, expected, k)


@pytest.mark.slow
def test_a_regrade_that_is_killed_at_any_point_goes_on_from_there(course, tmp_path):
    grade("ps1", here)
    hand_in(course, "ada", one="known", stamp="2026-01-01 13:00:00 UTC")
    hand_in(course, "bob", one="right", two=None)
    hand_in(course, "cyd", one="odd", two="right")
    before = shutil.copytree(course, tmp_path / "before")
    steps = steps_of(course)
    expected = outcome(course)
    for k in range(1, steps + 1, 3):
        shutil.rmtree(course)
        shutil.copytree(before, course)
        os.chdir(course)

        def dying(k=k):
            checkpoints(die_at=k)
            return grade("ps1", here)

        assert in_a_child(dying) == -signal.SIGKILL
        assert in_a_child(lambda: grade("ps1", here)) == 0
        assert outcome(course) == expected, f"killed at step {k}"


# -- workers -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_number_of_workers_does_not_matter(course, tmp_path):
    for number in range(6):
        hand_in(course, f"s{number}", one=("right", "known", "odd")[number % 3])
    before = shutil.copytree(course, tmp_path / "before")
    grade("ps1", here)
    expected = outcome(course)
    for jobs in (1, 3):
        shutil.rmtree(course)
        shutil.copytree(before, course)
        os.chdir(course)
        assert grade("ps1", on_workers(pretend_judge.grade_notebook, jobs)) == 0
        assert outcome(course) == expected


@pytest.mark.slow
def test_a_submission_that_kills_its_worker_costs_only_itself(course, capsys):
    for number in range(4):
        hand_in(course, f"s{number}")
    hand_in(course, "deadly", one="deadly")
    hand_in(course, "deadly2", two="deadly")
    hand_in(course, "broken", one="broken")
    log()
    assert grade("ps1", on_workers(pretend_judge.grade_notebook, 2)) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert said.count("not graded: the process that graded it died, twice: look at the notebook before you run it") == 2
    assert "not graded: RuntimeError: the judge stumbled" in said
    assert "10 submissions: 7 graded, 3 not graded" in said
    lines = log()
    assert lines.count("deadly one") == 2
    assert all(lines.count(f"s{number} one") <= 2 for number in range(4))


def wait(seconds):
    time.sleep(seconds)
    return os.getpid()


@pytest.mark.slow
def test_work_is_read_no_faster_than_it_is_done_and_nothing_listens_to_other_machines():
    read = []

    def work():
        for number in range(20):
            read.append(number)
            yield number, (0.02,)

    with workers(jobs=2) as client:
        for done, (_, _, trouble) in enumerate(graded(client, wait, work()), start=1):
            assert trouble is None
            assert len(read) <= done + 2
        assert done == 20
        us = psutil.Process()
        listening = [
            connection.laddr.ip
            for process in [us, *us.children(recursive=True)]
            for connection in process.net_connections("inet")
            if connection.status == psutil.CONN_LISTEN
        ]
        assert listening
        assert set(listening) == {"127.0.0.1"}


Nanny = namedtuple("Nanny", "pid")


def where_it_is_warm(*given):
    return os.getpid(), str(sandbox.warm().place)


@pytest.mark.slow
def test_what_notebooks_need_is_imported_once_for_all_workers():
    def nothing(blueprint):
        return ()

    work = [(f"s{number}", ({"one": {}}, "secret", f"s{number}", {"one": b""}, {}, {})) for number in range(12)]
    found = [result[0]["one"] for _, result, _ in on_workers(where_it_is_warm, 2, needs=nothing)(work)]
    workers, places = (set(each) for each in zip(*found))
    assert (len(found), len(workers), len(places)) == (12, 2, 1)
    assert not Path(places.pop()).exists()


def test_a_worker_that_does_not_end_is_killed():
    class Stuck:
        def close(self, timeout):
            raise TimeoutError

    with subprocess.Popen(["sleep", "600"]) as sleeping, subprocess.Popen(["true"]) as gone:
        gone.wait()
        Stuck.workers = {0: Nanny(None), 1: Nanny(gone.pid), 2: Nanny(sleeping.pid)}
        end(Stuck(), seconds=0)
        assert sleeping.wait(10) == -signal.SIGKILL


@pytest.mark.slow
def test_a_cluster_is_used_by_its_address(course):
    from distributed import LocalCluster

    alone = {"host": "127.0.0.1", "dashboard_address": None}
    with (
        LocalCluster(n_workers=1, threads_per_worker=2, **alone) as cluster,
        pytest.raises(ValueError, match="--nthreads 1"),
    ):
        grade("ps1", on_workers(pretend_judge.grade_notebook, scheduler=cluster.scheduler_address))
    with LocalCluster(n_workers=2, threads_per_worker=1, **alone) as cluster:
        assert grade("ps1", on_workers(pretend_judge.grade_notebook, scheduler=cluster.scheduler_address)) == 0
        assert len(cluster.scheduler_info["workers"]) == 2  # it is not ours to end


SCRIPT = """
import signal
import sys
import pretend_judge
import cnncourse.grading.cohort.cohort
from cnncourse.cli import main
cnncourse.grading.cohort.cohort.judge_version = lambda blueprints: "1"
sys.modules["cnncourse.grading.judge.judging"] = pretend_judge
if __name__ == "__main__":
    # As at a terminal: where the tests run in the background of a shell, Ctrl-C is ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main(["grade", "ps1", "--jobs", "2"]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_stopped_it_leaves_no_process_and_goes_on(course, tmp_path, how, capsys):
    hand_in(course, "zoe", one="slow")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    running = subprocess.Popen([sys.executable, script], env=environment, start_new_session=True, **pipes)
    slow = Path(os.environ["PRETEND_LOG"] + ".slow")
    deadline = time.monotonic() + 200
    while not (slow.exists() and all((course / "autograded" / name / "ps1/one.ipynb").exists() for name in CLASS)):
        assert time.monotonic() < deadline and running.poll() is None
        time.sleep(0.1)
    children = psutil.Process(running.pid).children(recursive=True)
    assert len(children) >= 2
    if how == signal.SIGINT:
        os.killpg(running.pid, how)  # as a terminal does: everybody hears Ctrl-C
    else:
        running.kill()
    said = running.communicate(timeout=120)
    if how == signal.SIGINT:
        assert running.returncode == 130, said
        assert "stopped: 3 of 4 submissions were graded: `cnncourse grade ps1` goes on from there" in said[1]
        assert "Traceback" not in said[1]
    gone, alive = psutil.wait_procs(children, timeout=10)
    assert not alive
    log()
    hand_in(course, "zoe", one="right")
    assert grade("ps1", here) == 0
    assert log() == ["zoe one", "zoe two"]


@pytest.mark.slow
def test_a_class_in_postgresql(course, tmp_path):
    grade("ps1", here)
    with postgres() as database:
        url = database("cnn")
        other = make_course(tmp_path / "other", url)
        shutil.copytree(course / "submitted", other / "submitted")
        (other / ".grading").mkdir()
        shutil.copy(course / ".grading/secret", other / ".grading")
        with Gradebook(url, "cnn") as gradebook:
            gradebook.update_or_create_assignment("ps1", duedate="2026-01-01 10:00:00")
        os.chdir(other)
        assert grade("ps1", here) == 0
        assert contents(url) == contents(url_of(course))
        assert nbformat.read(other / "autograded/ada/ps1/one.ipynb", 4).cells
        log()
        assert grade("ps1", here) == 0
        assert log() == []


@pytest.mark.slow
def test_with_the_real_judge_it_is_what_nbgrader_autograde_writes(tmp_path):
    root, name = Path(__file__).resolve().parents[1], "ch02_convolution"
    course = tmp_path / "course"
    for kind in ("solutions", "exercises"):
        shutil.copytree(root / kind / name, course / kind / name)
    shutil.copy(root / "nbgrader_config.py", course)
    for student, kind in {"right": "solutions", "untouched": "exercises", "wrong": "solutions"}.items():
        shutil.copytree(root / kind / name, course / "submitted" / student / name)
    wrong = course / "submitted" / "wrong" / name / f"{name}.ipynb"
    wrong.write_text(wrong.read_text().replace("np.pad(x", "np.pad(-x"))
    nbgrader(course, "generate_assignment", name, "--force")
    other = shutil.copytree(course, tmp_path / "other")
    (other / ".grading").mkdir()
    subprocess.run([Path(sys.executable).parent / "cnncourse", "grade", name], cwd=course, check=True)
    shutil.copy(course / ".grading" / "secret", other / ".grading")
    nbgrader(other, "autograde", name)
    ours, theirs = (contents(url_of(folder)) for folder in (course, other))
    assert ours == theirs
    assert len(ours["grades"]) == 30
    ours, theirs = (files_below(folder / "autograded") for folder in (course, other))
    assert {path: mode for path, (_, mode) in ours.items()} == {path: mode for path, (_, mode) in theirs.items()}
