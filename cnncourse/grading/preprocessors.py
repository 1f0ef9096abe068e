"""The grading as nbgrader plugs it in: `nbgrader autograde` and formgrader use these in place of their own."""

import os
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import GetGrades, NbGraderPreprocessor

from cnncourse.checks.handing_in import reason_not_to_use
from cnncourse.grading.cohort.coursefolder import files_in, not_used
from cnncourse.grading.judge import verdicts
from cnncourse.grading.judge.blueprint import blueprint_of, files_of, shown
from cnncourse.grading.judge.comments import comments
from cnncourse.grading.judge.judged_by import course_secret
from cnncourse.grading.judge.judging import Grading
from cnncourse.grading.judge.quoting import plain
from cnncourse.grading.judge.rebuilding import rebuild
from cnncourse.grading.judge.untrusted import Damaged
from cnncourse.grading.showing import Words


def about(resources):
    """Whose notebook it is: (database, notebook, assignment, student).

    >>> about({"nbgrader": {"db_url": "sqlite://", "notebook": "n", "assignment": "a", "student": "ada"}})
    ('sqlite://', 'n', 'a', 'ada')
    """
    known = resources["nbgrader"]
    return tuple(known[name] for name in ("db_url", "notebook", "assignment", "student"))


class Rebuild(NbGraderPreprocessor):
    """Puts the notebook together again from the gradebook's cells."""

    def preprocess(self, notebook, resources):
        """The rebuilt notebook, with remarks for the instructor in its metadata."""
        url, name, assignment, student = about(resources)
        course = CourseDirectory(config=self.config)
        handed_in = Path(course.format_path(course.submitted_directory, student, assignment))
        if (handed_in / f"{name}.ipynb").is_symlink():
            raise Damaged(f"{name}.ipynb is a link to another file")
        with Gradebook(url, course.course_id) as gradebook:
            blueprint = blueprint_of(gradebook, name, assignment)
        rebuilt, remarks = rebuild(blueprint, nbformat.writes(notebook).encode("utf-8", "replace"))
        remarks += self.beside(course, handed_in, assignment, student, files_of(blueprint))
        remarks = list(map(plain, remarks))  # names of files are a student's
        for remark in remarks:
            self.log.warning("%s: %s", student, remark)
        verdicts.write_remarks(rebuilt, verdicts.Remarks(tuple(remarks)))
        return rebuilt, resources

    def beside(self, course, handed_in, assignment, student, declared):
        """Remarks on the files beside the notebook; the copy that nbgrader made of a link is taken away."""
        graded = Path(course.format_path(course.autograded_directory, student, assignment))
        given = given_files(course, assignment)
        remarks, strangers = [], []
        for path in files_in(handed_in, [*course.ignore, "*.ipynb"]):
            name = os.path.relpath(path, handed_in)
            if path.is_symlink():
                (graded / name).unlink(missing_ok=True)
                remarks.append(f"{name} is a link to another file: left out")
            elif name not in given and name not in declared:
                strangers.append(name)
        return remarks + not_used(strangers)


class Judge(NbGraderPreprocessor):
    """Runs the notebook in the sandbox and judges the answers, in place of nbgrader's `Execute`."""

    def preprocess(self, notebook, resources):
        """The notebook with outputs and verdicts."""
        url, name, assignment, student = about(resources)
        course = CourseDirectory(config=self.config)
        with Gradebook(url, course.course_id) as gradebook:
            blueprint = blueprint_of(gradebook, name, assignment)
        remarks = verdicts.read_remarks(notebook).attention
        secret = course_secret(course.root)
        files = given_files(course, assignment)
        beside = handed_in_files(course, assignment, student, files_of(blueprint))
        return Grading(blueprint, notebook, remarks, student, secret, files, beside).run(), resources


def handed_in_files(course, assignment, student, declared):
    """The files of a student that an assignment asks for: name -> bytes, or a sentence that says why there are none.

    >>> import tempfile
    >>> handed_in_files(CourseDirectory(root=tempfile.mkdtemp()), "ps1", "ada", {})
    {}
    """
    folder = Path(course.format_path(course.submitted_directory, student, assignment))
    found = {}
    for name, about in declared.items():
        path = folder / name
        if os.path.lexists(path):
            found[name] = reason_not_to_use(path, about.most) or path.read_bytes()
    return found


def given_files(course, assignment):
    """The files that the instructor put beside the notebook of an assignment: name -> bytes.

    >>> import tempfile
    >>> given_files(CourseDirectory(root=tempfile.mkdtemp()), "ps1")
    {}
    """
    folder = course.format_path(course.source_directory, ".", assignment)
    paths = files_in(folder, [*course.ignore, "*.ipynb"])
    return {os.path.relpath(path, folder): path.read_bytes() for path in paths}


class Scores(GetGrades):
    """Gives the feedback its scores, in place of nbgrader's `GetGrades`: none where nobody has read the answer yet, and
    no page where a score is above what can be earned. What nbgrader hides from students stays hidden."""

    def preprocess(self, notebook, resources):
        """The notebook with scores and comments."""
        self.unread = 0
        notebook, resources = super().preprocess(notebook, resources)
        if self.unread:
            score = round(float(resources["nbgrader"]["score"]), 2)
            resources["nbgrader"]["score"] = Words(f"so far {score}")
        for cell in notebook.cells:
            hide(cell)
        return notebook, resources

    def _get_score(self, cell, resources):
        super()._get_score(cell, resources)
        name = cell.metadata.nbgrader.grade_id
        grade = self.gradebook.find_grade(name, self.notebook_id, self.assignment_id, self.student_id)
        given = grade.auto_score if grade.manual_score is None else grade.manual_score
        if given is None and grade.needs_manual_grade:
            self.unread += 1
            cell.metadata.nbgrader["score"] = Words("not read yet")
        elif given is not None and given > grade.max_score:
            by, again = ("by the judge", f"run `cnncourse grade {self.assignment_id}` first")
            if grade.manual_score is not None:
                by, again = "by hand", "score it again in formgrader"
            told = f"{self.student_id}: “{name}” has {given:g} points {by}, and {grade.max_score:g} are the most"
            raise ValueError(f"{told}: the maximum was lowered since; {again}")


def hide(cell):
    """Take what nbgrader hides from students out of a cell, and out of what it printed when it failed.

    >>> from nbformat.v4 import new_code_cell
    >>> cell = new_code_cell("a(1)\\n### BEGIN HIDDEN TESTS\\na(2)\\n### END HIDDEN TESTS")
    >>> hide(cell)
    >>> cell.source
    'a(1)'
    """
    visible = shown(cell.source)
    if visible == cell.source:
        return
    cell.source = visible
    for output in cell.get("outputs", ()):
        if output.output_type == "error":
            output.traceback = [f"{output.ename}: a hidden test failed"]
            output.evalue = ""


class SaveComments(NbGraderPreprocessor):
    """Writes the diagnoses where formgrader and the feedback show them."""

    def preprocess(self, notebook, resources):
        """The notebook as it is; its comments are in the gradebook."""
        url, name, assignment, student = about(resources)
        with Gradebook(url, CourseDirectory(config=self.config).course_id) as gradebook:
            for cell, words in comments(notebook).items():
                gradebook.find_comment(cell, name, assignment, student).auto_comment = words
            gradebook.db.commit()
        return notebook, resources
