"""What `cnncourse doctor` says: each trouble once, with the remedy."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import pytest
from nbgrader.api import Gradebook

from cnncourse import cli
from cnncourse.grading import doctor, doctor_course, doctor_sandbox
from cnncourse.grading.sandbox.kernels import Ran
from cnncourse.grading.sandbox.warmprocess import NoSandbox

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def course(tmp_path, monkeypatch):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("number", [(3, 10, 4), (3, 14, 0)])
def test_another_python_is_named(monkeypatch, number):
    monkeypatch.setattr(doctor.sys, "version_info", number)
    found = doctor.python()
    assert found.state == doctor.MISSING
    assert "3.11, 3.12 or 3.13" in found.remedy


def test_packages_that_are_missing_are_named(monkeypatch):
    def version(name):
        if name == "nbgrader":
            raise PackageNotFoundError
        return "1.0"

    monkeypatch.setattr(doctor, "version", version)
    found = doctor.packages("instructors", True, {})
    assert (found.state, found.words) == (doctor.MISSING, "without nbgrader")
    assert ".[instructors]" in found.remedy
    assert doctor.packages("instructors", False, {}).state == doctor.NOTE


def test_a_version_that_was_not_tested_is_noted(tmp_path):
    (tmp_path / "constraints.txt").write_text("nbgrader==0.1\nPyYAML==6.0 ; python_version > '3'\n# a==1\n")
    constraints = doctor.pinned(tmp_path / "constraints.txt")
    assert constraints == {"nbgrader": "0.1", "pyyaml": "6.0"}
    found = doctor.packages("instructors", True, constraints)
    assert found.state == doctor.NOTE
    assert "instead of 0.1" in found.words


def test_the_versions_here_are_the_tested_ones():
    constraints = doctor.pinned(ROOT / "constraints.txt")
    for extra in ("instructors", "exercises", "keras"):
        assert doctor.packages(extra, True, constraints).state == doctor.OK


def test_without_bubblewrap_the_way_to_get_it_is_told(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    found = doctor.bubblewrap()
    assert found.state == doctor.MISSING
    assert "apt-get install bubblewrap" in found.remedy


@pytest.mark.parametrize("name", doctor.NAMESPACES)
def test_a_setting_against_namespaces_is_noted(tmp_path, monkeypatch, name):
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_text(f"{doctor.NAMESPACES[name][0]}\n")
    found = doctor.namespaces(tmp_path)
    assert found.state == doctor.NOTE
    assert name.replace("/", ".") in found.words


def test_a_sandbox_that_does_not_start_is_told_with_its_reason(monkeypatch):
    def refuse(*arguments):
        raise NoSandbox("the system does not let this user make namespaces")

    monkeypatch.setattr(doctor_sandbox, "Kernel", refuse)
    found = doctor_sandbox.trial()
    assert (found.state, found.words) == (doctor.MISSING, "the system does not let this user make namespaces")


@pytest.mark.parametrize("ran", [Ran(end="dead"), Ran(outputs=[{"text": "41\n"}])])
def test_a_sandbox_that_answers_wrongly_is_no_sandbox(monkeypatch, ran):
    kernel = SimpleNamespace(execute=lambda *cell: ran, close=lambda: None)
    monkeypatch.setattr(doctor_sandbox, "Kernel", lambda *arguments: kernel)
    assert doctor_sandbox.trial().state == doctor.MISSING


@pytest.mark.slow
def test_the_sandbox_of_this_machine_starts_and_says_its_limits():
    found = doctor_sandbox.trial()
    assert found.state == doctor.OK, found
    assert "MiB of memory" in found.words
    assert "cgroup" in found.words


def test_keras_that_cannot_be_imported_is_noted_and_stops_nothing():
    found = doctor.keras("import no_keras_here")
    assert found.state == doctor.NOTE
    assert "No module named 'no_keras_here'" in found.words


def test_another_backend_of_keras_is_noted():
    assert doctor.keras("print('3.13', 'jax')").state == doctor.NOTE


def test_extensions_that_are_switched_off_are_noted(monkeypatch):
    manager = SimpleNamespace(get_jpserver_extensions=lambda: {"nbgrader.server_extensions.formgrader": False})
    monkeypatch.setattr(doctor_course, "ExtensionConfigManager", lambda **paths: manager)
    assert "extension enable" in doctor_course.formgrader().remedy


def test_the_extensions_of_this_environment_are_switched_on(monkeypatch, tmp_path):
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    assert doctor_course.formgrader().state == doctor.OK


def test_a_folder_without_a_course_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = doctor_course.course(doctor_course.configuration())
    assert found.state == doctor.MISSING
    assert "run this in the course's folder" in found.remedy


def test_the_courses_own_configuration_is_found_in_order(course):
    assert doctor_course.course(doctor_course.configuration()).state == doctor.OK


@pytest.mark.parametrize("plug", doctor_course.PLUGS.values())
def test_a_configuration_that_grades_without_the_sandbox_is_told(course, plug):
    path = course / "nbgrader_config.py"
    path.write_text(path.read_text().replace(plug, plug.rsplit(".", 1)[0]))
    found = doctor_course.course(doctor_course.configuration())
    assert found.state == doctor.MISSING
    assert plug in found.words


def test_a_gradebook_is_counted_or_its_absence_told(course):
    assert "generate_assignment" in doctor_course.gradebook().words
    with Gradebook(f"sqlite:///{course}/gradebook.db", "cnncourse") as gradebook:
        gradebook.add_assignment("ch02_convolution")
    assert doctor_course.gradebook() == doctor.Finding(doctor.OK, "gradebook", "assignments: 1, students: 0")


def test_a_gradebook_that_is_no_database_is_told(course):
    (course / "gradebook.db").write_text("something else entirely, and long enough to be looked at by SQLite\n" * 20)
    found = doctor_course.gradebook()
    assert found.state == doctor.MISSING
    assert "not a database" in found.words


def test_a_secret_that_others_can_read_is_noted(tmp_path):
    path = tmp_path / ".grading" / "secret"
    path.parent.mkdir()
    path.write_text("s")
    path.chmod(0o644)
    assert "chmod 600" in doctor.secret(tmp_path).remedy
    path.chmod(0o600)
    assert doctor.secret(tmp_path).state == doctor.OK


@pytest.mark.parametrize(
    ("free", "state"), [(10 << 30, doctor.OK), (500 << 20, doctor.NOTE), (1 << 20, doctor.MISSING)]
)
def test_a_disk_that_is_nearly_full_is_told(monkeypatch, free, state):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda folder: SimpleNamespace(free=free))
    assert doctor.disk().state == state


@pytest.mark.parametrize(("states", "status"), [(["ok", "note"], 0), (["ok", "MISSING", "ok"], 1)])
def test_the_exit_status_is_0_only_if_grading_can_work(monkeypatch, capsys, states, status):
    monkeypatch.setattr(doctor, "findings", lambda: [doctor.Finding(state, "thing", "words") for state in states])
    assert cli.main(["doctor"]) == status
    assert len(capsys.readouterr().out.splitlines()) == len(states) + 2


def test_the_doctor_can_be_asked_where_nothing_but_the_package_is_installed(tmp_path):
    line = "import sys; sys.modules |= dict.fromkeys(['nbgrader', 'ipykernel', 'jupyter_server', 'zmq']); "
    line += "from cnncourse.grading import doctor; doctor.keras = doctor.python; sys.exit(doctor.command())"
    done = subprocess.run([sys.executable, "-c", line], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert "MISSING  sandbox" in done.stdout
    assert "MISSING  gradebook" in done.stdout
