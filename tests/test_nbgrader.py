"""nbgrader with the course's own configuration, command by command, as an instructor types them."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SLUGS = sorted(path.name for path in (ROOT / "solutions").iterdir() if path.is_dir())
NBGRADER = Path(sys.executable).parent / "nbgrader"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with every assignment and two students: one hands in the solutions, one the untouched release."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    for kind in ("solutions", "exercises"):
        shutil.copytree(ROOT / kind, folder / kind)
    for student, kind in {"right": "solutions", "untouched": "exercises"}.items():
        for slug in SLUGS:
            shutil.copytree(ROOT / kind / slug, folder / "submitted" / student / slug)
    return folder


def nbgrader(course, *command):
    # without the environment on PATH, as where it is not activated
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(course), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run([NBGRADER, *command], cwd=course, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def points_of_the_written_answer(slug):
    """Which a person gives, so that they are not counted yet."""
    cells = json.loads((ROOT / "solutions" / slug / f"{slug}.ipynb").read_text(encoding="utf-8"))["cells"]
    return sum(
        cell["metadata"].get("nbgrader", {}).get("points", 0) for cell in cells if cell["cell_type"] == "markdown"
    )


def test_every_command_of_nbgrader_works_and_the_scores_are_right(course):
    for slug in SLUGS:
        nbgrader(course, "generate_assignment", slug, "--force")
        same = (ROOT / "exercises" / slug / f"{slug}.ipynb").read_bytes()
        assert (course / "exercises" / slug / f"{slug}.ipynb").read_bytes() == same
        nbgrader(course, "autograde", slug)
        nbgrader(course, "generate_feedback", slug)
        assert (course / "feedback" / "right" / slug / f"{slug}.html").stat().st_size > 10_000
    nbgrader(course, "export")
    with (course / "grades.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {(row["assignment"], row["student_id"]) for row in rows} == {
        (slug, student) for slug in SLUGS for student in ("right", "untouched")
    }
    for row in rows:
        full = float(row["max_score"]) - points_of_the_written_answer(row["assignment"])
        assert float(row["score"]) == (full if row["student_id"] == "right" else 0.0), row


def test_validate_finds_the_solutions_right_and_the_untouched_release_wrong(course):
    slug = SLUGS[0]
    assert "Success!" in nbgrader(course, "validate", f"solutions/{slug}/{slug}.ipynb")
    assert "not written yet" in nbgrader(course, "validate", f"exercises/{slug}/{slug}.ipynb")
