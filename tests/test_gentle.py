"""Honest work in unforeseen shapes, through the real grader: each gets full marks."""

import pytest
from corpus import ALL, POINTS, gentle, submissions_in
from corpus.course import Course, problems, scores, told

from cnncourse.grading.judge.judging import grade_notebook

pytest_plugins = ["corpus.fixtures"]
pytestmark = pytest.mark.slow
GENTLE = submissions_in(gentle)


@pytest.mark.parametrize("submission", GENTLE, ids=lambda submission: submission.name)
def test_an_honest_oddity_gets_full_marks(submission, attacked, blueprint):
    path = submission.hand_in(attacked.folder(submission.name))
    notebook = grade_notebook(blueprint, path.read_bytes(), submission.name, attacked.canary)
    assert submission.keeps == ALL
    assert scores(notebook) == POINTS, "\n".join(told(notebook))
    assert not problems(notebook)


def test_it_gets_the_same_marks_and_the_same_outputs_again(attacked, blueprint):
    path = gentle.prints_everywhere.hand_in(attacked.folder("again"))
    first, second = (grade_notebook(blueprint, path.read_bytes(), "again", attacked.canary) for _ in range(2))
    assert scores(first) == scores(second) == POINTS
    assert [cell.get("outputs") for cell in first.cells] == [cell.get("outputs") for cell in second.cells]


def test_the_class_of_the_corpus_can_be_attacked_at_all(attacked):
    """Else nothing would be proved by ears that hear nothing."""
    assert isinstance(attacked, Course)
    assert (attacked.root / "canary.txt").read_text() == attacked.canary
