"""A small course of nbgrader: one assignment `ps1` of two notebooks, and what students hand in."""

import json
import shutil
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Comment, Grade, Gradebook, SubmittedAssignment
from terminal import nbgrader

CONFIG = """
import os, sys
# nbgrader starts `alembic` by its name
os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])
c = get_config()
c.CourseDirectory.course_id = "cnn"
c.CourseDirectory.ignore = [".*", "*.py"]
"""


def about(name, grade=False, solution=False, task=False, **more):
    more = {"locked": not solution, "schema_version": 3, **more}
    return {"nbgrader": {"grade_id": name, "grade": grade, "solution": solution, "task": task, **more}}


def source(name):
    return [
        new_code_cell("import numpy as np"),
        new_code_cell("### BEGIN SOLUTION\nx\n### END SOLUTION", metadata=about("a", solution=True)),
        new_code_cell('check("ch02.a", a)', metadata=about("check-a", grade=True, points=2)),
        new_code_cell('check("ch02.b", a)', metadata=about("check-b", grade=True, points=0.3)),
        new_markdown_cell("Why?", metadata=about("written", grade=True, solution=True, points=3)),
        new_markdown_cell("Do.", metadata=about("task", task=True, points=1)),
    ][: 6 if name == "one" else 3]


def make_course(folder, db_url=None):
    """Released from `source/` by nbgrader itself."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nbgrader_config.py").write_text(CONFIG + (f'c.CourseDirectory.db_url = "{db_url}"\n' if db_url else ""))
    for name in ("one", "two"):
        path = folder / "source" / "ps1" / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(new_notebook(cells=source(name)), path)
    (folder / "source" / "ps1" / "data.csv").write_text("the teacher's")
    nbgrader(folder, "generate_assignment", "ps1")
    return folder


def hand_in(course, student, one="right", two="right", written="because", files=(), stamp=None):
    """An answer None leaves the notebook out, and bytes are handed in as they are."""
    folder = course / "submitted" / student / "ps1"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, answer in {"one": one, "two": two}.items():
        path = folder / f"{name}.ipynb"
        if isinstance(answer, bytes):
            path.write_bytes(answer)
        elif answer is not None:
            notebook = json.loads((course / "release" / "ps1" / f"{name}.ipynb").read_text())
            for cell in notebook["cells"]:
                wanted = {"a": answer, "written": written}.get(cell["metadata"].get("nbgrader", {}).get("grade_id"))
                cell["source"] = wanted if wanted else cell["source"]
            path.write_text(json.dumps(notebook))
    for name, text in dict(files).items():
        (folder / name).write_text(text)
    if stamp:
        (folder / "timestamp.txt").write_text(stamp)
    return folder


def contents(db_url):
    """What the gradebook says about submissions, without the numbers of its rows."""
    with Gradebook(db_url, "cnn") as gradebook:
        grades = [
            (row.student.id, row.notebook.name, row.name, row.auto_score, row.manual_score, row.needs_manual_grade)
            for row in gradebook.db.query(Grade)
        ]
        comments = [
            (row.student.id, row.notebook.name, row.name, row.auto_comment, row.manual_comment)
            for row in gradebook.db.query(Comment)
        ]
        submissions = [
            (row.student_id, str(row.timestamp), sorted((n.name, n.late_submission_penalty) for n in row.notebooks))
            for row in gradebook.db.query(SubmittedAssignment)
        ]
    return {"grades": sorted(grades), "comments": sorted(comments), "submissions": sorted(submissions)}


def files_below(folder):
    """All files with their bytes and permissions."""
    paths = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.read_bytes(), oct(path.stat().st_mode)) for path in paths}
