"""Write cnncourse/checks/course.json: the headings that checks refer to, and what is graded in each assignment.

With it the package can name a section and tell what is missing in a notebook, wherever it is installed.
"""

import json
import re

import nbformat

from cnncourse.checks import tasks
from cnncourse.checks.marking import asked_in, files_in

HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchor_of(heading):
    """The anchor that the book gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def headings(course):
    """The headings that checks refer to, by their sections."""
    wanted = {
        section for task in tasks().values() for section in (task.section, *(m.section for m in task.misconceptions))
    }
    found = {}
    for page in sorted((course / "book").glob("*.md")):
        for heading in HEADING.findall(page.read_text(encoding="utf-8")):
            section = f"{page.stem}#{anchor_of(heading)}"
            if section in wanted:
                found[section] = heading.replace("`", "")
    return found


def facts(course):
    """The text of course.json."""
    notebooks = sorted((course / "exercises").glob("*/*.ipynb"))
    read = {path.stem: nbformat.read(path, as_version=4) for path in notebooks}
    assignments = {name: [vars(one) for one in asked_in(notebook)] for name, notebook in read.items()}
    files = {name: [vars(one) for one in files_in(notebook)] for name, notebook in read.items() if files_in(notebook)}
    known = {"headings": headings(course), "assignments": assignments, "files": files}
    return json.dumps(known, indent=1, ensure_ascii=False) + "\n"


def note(course):
    """Write the file, where the course has the package beside its exercises."""
    path = course / "cnncourse" / "checks" / "course.json"
    if path.parent.is_dir():
        path.write_text(facts(course), encoding="utf-8")
