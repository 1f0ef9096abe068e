"""What a task lends while it is graded is what the library has under that name."""

import inspect
from dataclasses import replace

import numpy as np
import pytest
from shipped import tasks

from cnncourse import baselines, convolution, pooling
from cnncourse.checks import lent
from cnncourse.checks.plain import difference
from cnncourse.checks.probing import try_case
from cnncourse.checks.task import call
from cnncourse.grading.sandbox.inside.standins import defined

LENDING = [(task.id, name, function) for task in tasks().values() for name, function in task.lends]


@pytest.mark.parametrize(("down", "right"), [(0, 0), (1, -2), (-3, 4), (5, 0), (0, -4)])
def test_images_are_shifted_as_by_the_library(down, right, rng):
    x = rng.normal(size=(2, 5, 4, 3))
    assert np.array_equal(lent.shift_images(x, down, right), baselines.shift_images(x, down, right))


@pytest.mark.parametrize(("image", "kernel", "stride"), [((7,), (3,), 2), ((5, 8), (2, 3), 1), ((6, 7), (3, 2), 3)])
def test_correlation_is_that_of_the_library(image, kernel, stride, rng):
    x, w = rng.normal(size=image), rng.integers(-3, 4, kernel)
    assert np.allclose(lent.correlate(x, w, stride), convolution.correlate(x, w, stride))


def test_convolution_is_that_of_the_library(rng):
    x, w = rng.normal(size=(2, 6, 5, 3)), rng.normal(size=(3, 2, 3, 4))
    assert np.allclose(lent.conv2d(x, w)[0], convolution.conv2d(x, w)[0])


@pytest.mark.parametrize(("size", "stride"), [(2, None), ((2, 3), 1), (3, (1, 2)), (2, 3)])
def test_maxima_are_those_of_the_library(size, stride, rng):
    x = rng.normal(size=(2, 7, 6, 3)).astype(np.float32)
    ours, theirs = lent.max_pool2d(x, size, stride)[0], pooling.max_pool2d(x, size, stride)[0]
    assert np.array_equal(ours, theirs)
    assert ours.dtype == theirs.dtype


@pytest.mark.parametrize(("task", "name", "function"), LENDING)
def test_what_a_task_lends_stands_in_its_name_and_by_itself(task, name, function):
    place = {"np": np}
    exec(inspect.getsource(function), place)
    assert callable(place[name.rpartition(".")[2]])


@pytest.mark.parametrize(
    "task", [task for task in tasks().values() if task.probe is not call and not task.measure], ids=lambda task: task.id
)
def test_what_asks_for_an_answer_works_with_nothing_but_what_its_task_lends(task):
    sources = task.sources()
    short = {name.rpartition(".")[2]: defined(source, {}) for name, source in sources["lent"].items()}
    alone = replace(task, probe=defined(sources["probe"], short))
    for case in task.cases(np.random.default_rng(0)):
        outcome, expected = (try_case(one, task.reference, case, 10) for one in (alone, task))
        assert outcome.error == expected.error == ""
        assert difference(expected.value, outcome.value) is None


def test_whatever_may_be_lent_is_lent_by_some_task():
    assert {function for *_, function in LENDING} == {
        function for _, function in inspect.getmembers(lent, inspect.isfunction)
    }
