"""The comment that stands below each answer in formgrader and in the feedback."""

from nbgrader.utils import compute_checksum, is_grade, is_solution, is_task


def harmless(text):
    """Words that may quote a student, for a comment, which nbgrader reads as Markdown: no HTML and no link in it.

    >>> harmless("NameError: <img src=x> ![a](http://x)")
    'NameError: ‹img src=x> ![a] (http://x)'
    """
    return " ".join(text.replace("<", "‹").replace("](", "] (").split())


def said_by(cell):
    """What a check cell found wrong, as sentences, or "".

    >>> from nbformat.v4 import new_code_cell
    >>> found = {"task": "ch02.pad", "passed": False, "words": "expected 3, got 4", "misconception": "a row is lost"}
    >>> said_by(new_code_cell(metadata={"cnncourse": found}))
    'ch02.pad: expected 3, got 4. This is what comes out when a row is lost.'
    """
    found = cell.metadata.get("cnncourse", {})
    if not found or found["passed"]:
        return ""
    sentences = [f"{found['task']}: {found['words']}."]
    if found["misconception"]:
        sentences.append(f"This is what comes out when {found['misconception']}.")
    return harmless(" ".join(sentences))


def comments(notebook):
    """What is said about each answer of a graded notebook: `{grade_id: text or None}`.

    As with nbgrader, an untouched answer is no response. What the check cells below an answer found is told there,
    because nbgrader has no comment for a check cell itself.

    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> answer = {"grade_id": "pad", "grade": False, "solution": True}
    >>> check = {"grade_id": "check-pad", "grade": True, "solution": False, "points": 2}
    >>> found = {"task": "ch02.pad", "passed": False, "words": "expected 3, got 4", "misconception": ""}
    >>> comments(new_notebook(cells=[
    ...     new_code_cell("def pad(): pass", metadata={"nbgrader": answer}),
    ...     new_code_cell("check()", metadata={"nbgrader": check, "cnncourse": found}),
    ... ]))
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
