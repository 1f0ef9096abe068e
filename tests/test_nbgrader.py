"""nbgrader with the course's own configuration, command by command, as an instructor types them."""

import csv
import json
import shutil
import subprocess
from pathlib import Path

import complete
import pytest
import terminal

ROOT = Path(__file__).resolve().parents[1]
SLUGS = sorted(path.name for path in (ROOT / "solutions").iterdir() if path.is_dir())

pytestmark = pytest.mark.slow


def course_with(slug, folder):
    """A course with an assignment and two students: one hands in the solutions, one the untouched release."""
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    for kind in ("solutions", "exercises"):
        shutil.copytree(ROOT / kind / slug, folder / kind / slug)
    complete.hand_in(slug, folder / "submitted" / "right" / slug)
    shutil.copytree(ROOT / "exercises" / slug, folder / "submitted" / "untouched" / slug)
    return folder


def typed(course, *words):
    """The command itself, from a shell that has not activated the environment; what it wrote."""
    variables = terminal.environment(course)
    done = subprocess.run([terminal.NBGRADER, *words], cwd=course, capture_output=True, text=True, env=variables)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def points_of_the_written_answer(slug):
    """Which a person gives, so that they are not counted yet."""
    cells = json.loads((ROOT / "solutions" / slug / f"{slug}.ipynb").read_text(encoding="utf-8"))["cells"]
    return sum(
        cell["metadata"].get("nbgrader", {}).get("points", 0) for cell in cells if cell["cell_type"] == "markdown"
    )


@pytest.mark.parametrize(
    ("slug", "nbgrader"), [(SLUGS[0], typed), *((slug, terminal.nbgrader) for slug in SLUGS[1:])], ids=SLUGS
)
def test_every_command_of_nbgrader_works_and_the_scores_are_right(slug, nbgrader, tmp_path):
    course = course_with(slug, tmp_path)
    nbgrader(course, "generate_assignment", slug, "--force")
    same = (ROOT / "exercises" / slug / f"{slug}.ipynb").read_bytes()
    assert (course / "exercises" / slug / f"{slug}.ipynb").read_bytes() == same
    said = nbgrader(course, "autograde", slug)
    nbgrader(course, "generate_feedback", slug)
    assert (course / "feedback" / "right" / slug / f"{slug}.html").stat().st_size > 10_000
    nbgrader(course, "export")
    with (course / "grades.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {(row["assignment"], row["student_id"]) for row in rows} == {(slug, "right"), (slug, "untouched")}
    for row in rows:
        full = float(row["max_score"]) - points_of_the_written_answer(row["assignment"])
        assert float(row["score"]) == (full if row["student_id"] == "right" else 0.0), f"{row}\n{said}"


def test_validate_finds_the_solutions_right_and_the_untouched_release_wrong(tmp_path):
    slug = SLUGS[1]  # the first one trains networks
    course = course_with(slug, tmp_path)
    assert "Success!" in typed(course, "validate", f"solutions/{slug}/{slug}.ipynb")
    assert "not written yet" in terminal.nbgrader(course, "validate", f"exercises/{slug}/{slug}.ipynb")
