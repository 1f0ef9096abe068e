"""The comment that stands below each answer in formgrader and in the feedback."""

from nbgrader.utils import compute_checksum, is_grade, is_solution, is_task

from cnncourse.grading.judge import verdicts
from cnncourse.grading.judge.quoting import harmless


def said_by(cell):
    """What a check cell found wrong, as sentences, or "".

    >>> from nbformat.v4 import new_code_cell
    >>> cell = new_code_cell()
    >>> verdict = verdicts.CellVerdict("ch02.pad", verdicts.Status.WRONG, "expected 3, got 4", "a row is lost")
    >>> verdicts.write(cell, verdict)
    >>> said_by(cell)
    'ch02.pad: expected 3, got 4. This is what comes out when a row is lost.'
    """
    found = verdicts.read(cell)
    if found is None or found.passed:
        return ""
    sentences = [f"{found.task}: {found.words}."]
    if found.misconception:
        sentences.append(f"This is what comes out when {found.misconception}.")
    return harmless(" ".join(sentences))


def comments(notebook):
    """What is said about each answer of a graded notebook: `{grade_id: text or None}`.

    As with nbgrader, an untouched answer is no response. What the check cells below an answer found is told there,
    because nbgrader has no comment for a check cell itself.

    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> answer = {"grade_id": "pad", "grade": False, "solution": True}
    >>> about = {"grade_id": "check-pad", "grade": True, "solution": False, "points": 2}
    >>> check = new_code_cell("check()", metadata={"nbgrader": about})
    >>> verdicts.write(check, verdicts.CellVerdict("ch02.pad", verdicts.Status.WRONG, "expected 3, got 4"))
    >>> comments(new_notebook(cells=[new_code_cell("def pad(): pass", metadata={"nbgrader": answer}), check]))
    {'pad': 'ch02.pad: expected 3, got 4.'}
    """
    said, answer = {}, None
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        if is_solution(cell):
            answer = about["grade_id"]
            said[answer] = "No response." if about.get("checksum") == compute_checksum(cell) else None
        elif is_task(cell):
            said[about["grade_id"]] = None
        elif is_grade(cell) and answer is not None and said[answer] != "No response.":
            words = said_by(cell)
            said[answer] = "\n\n".join(filter(None, [said[answer], words])) or None
    return said
