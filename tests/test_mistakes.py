"""Noting wrong answers, and those that many tasks share."""

import ast

import numpy as np
import pytest

from cnncourse.checks.catalogue import files
from cnncourse.checks.mistakes import cuts_fractions, exchanged, given, ignores, overwrites, partly, then
from cnncourse.checks.task import Task


@pytest.fixture
def weighted():
    def reference(x, weight, power=1):
        return x * weight, x**power

    return Task("ch00.weighted", "a product and a power", "ch00_page#here", reference, lambda rng: [])


def test_the_right_answer_to_another_question(weighted):
    first, second = given(weighted, weight=2, power=lambda power: power + 1)(np.array([3.0]), 5, 1)
    assert (first, second) == (6, 9)


def test_two_arguments_in_each_others_place(weighted):
    assert exchanged(weighted, "weight", "power")(3.0, 5, 2) == (6, 243)


def test_the_right_answer_with_something_done_to_its_parts(weighted):
    assert then(weighted, lambda product, power: (power, product))(3.0, 5, 2) == (9, 15)


def test_the_right_answer_with_parts_from_another_one(weighted):
    assert partly(weighted, lambda x, weight, power: ("other", "not this"), 0)(3.0, 5, 2) == ("other", 9)


def test_a_shared_mistake_is_noted_with_its_name_its_reason_and_its_section(weighted):
    ignores(weighted, "power", 1, "A power counts.", "#powers")
    cuts_fractions(weighted)
    overwrites(weighted, "x")
    names = [mistake.name for mistake in weighted.misconceptions]
    assert names == ["power is ignored", "the result is made for whole numbers", "the arguments are overwritten"]
    assert weighted.misconceptions[0].section == "ch00_page#powers"
    assert all(mistake.why for mistake in weighted.misconceptions)
    x = np.array([1.5])
    assert weighted.misconceptions[0].answer(x, 1.0, 3) == (1.5, 1.5)
    assert [part.dtype.kind for part in weighted.misconceptions[1].answer(x, 1.0, 3)] == ["i", "i"]
    assert weighted.misconceptions[2].answer(x, 1.0, 1)[0] == 1.5
    assert x == 0


def test_the_reason_of_a_function_is_its_docstring_and_one_without_a_reason_is_told(weighted):
    @weighted.mistake("the power is negated", section="#powers")
    def negated(x, weight, power=1):
        """A power
        is not a root."""

    assert (weighted.misconceptions[0].why, weighted.misconceptions[0].answer) == ("A power is not a root.", negated)
    with pytest.raises(ValueError, match=r"ch00.weighted: 'the weight is forgotten' has no reason"):
        weighted.mistake("the weight is forgotten")(lambda x, weight, power=1: (x, x**power))


@pytest.mark.parametrize("name", files())
def test_a_reason_that_stands_in_the_line_above_is_that_of_one_mistake(name):
    """So that no mistake is given the reason of the one before it."""
    path = files()[name]
    statements = ast.parse(path.read_text(encoding="utf-8")).body
    for above, statement in zip([None, *statements], statements):
        reads = any(isinstance(node, ast.Name) and node.id == "why" for node in ast.walk(statement))
        assert reads <= is_reason(statement) + is_reason(above), f"{path}, line {statement.lineno}"
        assert is_reason(above) <= reads, f"{path}, line {statement.lineno}: the reason above is not used"


def is_reason(statement):
    return isinstance(statement, ast.Assign) and [ast.unparse(name) for name in statement.targets] == ["why"]
