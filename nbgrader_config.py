"""The course as nbgrader sees it: `nbgrader` commands and formgrader, run from this folder, read this file."""

import os
import sys
from pathlib import Path

# nbgrader starts `alembic` by its name, which is only found where the environment is activated.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

c = get_config()  # noqa: F821 - traitlets puts it here

c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.course_id = "cnncourse"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"

# A notebook that was opened as text (*.py) holds the answers: never copy one into the release.
c.CourseDirectory.ignore = [".*", "*.py", "*.pyc", "__pycache__", "feedback"]

# `nbgrader validate` runs all cells, experiments too; the default of 30 seconds each is short on a busy machine.
c.ExecutePreprocessor.timeout = 300

# Students' code runs in the sandbox, and the verdict falls outside it: see the instructors' guide.
c.Autograde.sanitize_preprocessors = [
    "cnncourse.grading.preprocessors.Rebuild",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    "cnncourse.grading.preprocessors.Judge",
    "nbgrader.preprocessors.SaveAutoGrades",
    "cnncourse.grading.preprocessors.SaveComments",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# The feedback shows no score where nobody has read the answer yet, and no hidden test.
c.GenerateFeedback.preprocessors = [
    "cnncourse.grading.preprocessors.Scores",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]

# What students wrote does nothing in the browser of whoever reads it, in formgrader and in the feedback.
c.HTMLExporter.sanitize_html = True
c.HTMLExporter.filters = {
    "clean_html": "cnncourse.grading.showing.clean_html",
    "markdown2html": "cnncourse.grading.showing.markdown2html",
    "float": "cnncourse.grading.showing.as_number",
    "round": "cnncourse.grading.showing.rounded",
}
