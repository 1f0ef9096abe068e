"""The course as nbgrader sees it: `nbgrader` commands and formgrader, run from this folder, read this file."""

from pathlib import Path

c = get_config()  # noqa: F821 - traitlets puts it here

c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.course_id = "cnncourse"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"

# A notebook that was opened as text (*.py) holds the answers: never copy one into the release.
c.CourseDirectory.ignore = [".*", "*.py", "*.pyc", "__pycache__", "feedback"]
