"""Make the students' notebooks: exercises/<slug>/ from every solutions/<slug>/, by nbgrader.

Everything is generated in a temporary folder first. Only when every assignment is there does the result take
its place, so a source that nbgrader refuses leaves exercises/ as it was. What the package has to know of the
assignments is written down too (course_facts.py).
"""

import argparse
import filecmp
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from course_facts import note

ROOT = Path(__file__).resolve().parents[1]
CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Refused(Exception):
    """The release cannot be made; the message says why."""


def check_source(notebook):
    """Refuse what would not come out the same twice: nbformat invents an id for a cell that has none."""
    try:
        content = json.loads(notebook.read_text(encoding="utf-8"))
    except ValueError as err:
        raise Refused(f"{notebook}: not a notebook ({err})") from err
    if (content["nbformat"], content["nbformat_minor"]) < (4, 5):
        raise Refused(f"{notebook}: notebook format older than 4.5, so its cells have no ids; save it in JupyterLab")
    for number, cell in enumerate(content["cells"], start=1):
        if not CELL_ID.fullmatch(cell.get("id", "")):
            raise Refused(f"{notebook}: cell {number} has no id; save the notebook in JupyterLab to give it one")


def generate(course, slugs, target):
    """Let nbgrader write the release of every assignment into `target`."""
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "--no-db", "--assignment=*"]
    command += [f"--CourseDirectory.release_directory={target}", "--log-level=WARN"]
    done = subprocess.run(command, cwd=course, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    made = {path.parent.name for path in target.glob("*/*.ipynb")}
    if done.returncode or made != slugs:
        lacking = ", ".join(sorted(slugs - made)) or "none"
        raise Refused(f"{done.stdout}\nnbgrader made no complete release (missing: {lacking})")


def files(folder):
    """The files of a folder by name, without what Jupyter keeps in hidden folders."""
    paths = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {name: path for name, path in paths.items() if not any(part.startswith(".") for part in name.parts)}


def same(old, new):
    """Whether two folders hold the same files with the same bytes."""
    old, new = files(old), files(new)
    return old.keys() == new.keys() and all(filecmp.cmp(old[name], new[name], shallow=False) for name in new)


def replace(old, new, aside):
    """Put the folder `new` in the place of `old`, or leave `old` where it was."""
    if old.exists():
        os.replace(old, aside)
    try:
        os.replace(new, old)
    except OSError:
        if aside.exists():
            os.replace(aside, old)
        raise


def release(course):
    """Regenerate exercises/ of the course in this folder; returns the slugs that changed."""
    sources = sorted((course / "solutions").glob("*/*.ipynb"))
    for notebook in sources:
        check_source(notebook)
    slugs = {notebook.parent.name for notebook in sources}
    if not slugs:
        print("No assignment yet: there is no notebook in solutions/.")
        return []
    exercises = course / "exercises"
    exercises.mkdir(exist_ok=True)
    changed = []
    with tempfile.TemporaryDirectory(prefix=".release-", dir=course) as scratch:  # same disk, so moving is renaming
        new, old = Path(scratch, "new"), Path(scratch, "old")
        new.mkdir()
        old.mkdir()
        generate(course, slugs, new)
        for slug in sorted(slugs):
            if not same(exercises / slug, new / slug):
                replace(exercises / slug, new / slug, old / slug)
                changed.append(slug)
    note(course)
    print(f"{len(slugs)} assignment(s) released to exercises/, changed: {', '.join(changed) or 'none'}")
    for folder in sorted(exercises.iterdir()):
        if folder.is_dir() and folder.name not in slugs and not folder.name.startswith("."):
            print(f"exercises/{folder.name} has no solutions/{folder.name}: delete it if that chapter is gone")
    return changed


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--course", type=Path, default=ROOT, help="the course folder (default: this repository)")
    try:
        release(parser.parse_args(arguments).course.resolve())
    except Refused as why:
        return f"{why}\nexercises/ is as it was."


if __name__ == "__main__":
    sys.exit(main())
