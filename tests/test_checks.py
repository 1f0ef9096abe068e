"""What a student sees of a check, and what the checks themselves promise."""

import re
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import keras
import numpy as np
import pytest
from shipped import tasks

from cnncourse.checks import NotRight, check, examine, examine_closely, task
from cnncourse.checks.display import address, as_html, as_text, picture
from cnncourse.checks.plain import NotPlain, difference, to_plain
from cnncourse.checks.probing import try_case
from cnncourse.checks.task import Misconception, Task, returns
from cnncourse.convolution import correlate
from cnncourse.shapes import conv_output_size

ROOT = Path(__file__).resolve().parents[1]
PAD, SIZES, CORRELATE = (task(name) for name in ("ch02.pad", "ch02.output_size", "ch02.correlate"))


def words(task, answer):
    return as_text(examine_closely(task, answer))


def test_a_right_answer_is_told_in_one_quiet_line(capsys):
    check("ch02.pad", np.pad)
    assert capsys.readouterr().out == "ch02.pad: right, on 6 cases (zeros around an image).\n"


def test_a_wrong_answer_raises_and_says_what_was_expected_and_what_came():
    with pytest.raises(NotRight, match=r"(?s)expected shape .4, 5., got shape .3, 4..*x: array.*expected: .*got: "):
        check("ch02.pad", lambda x, padding: np.pad(x, (0, padding)))


def test_the_first_number_that_differs_is_marked():
    text = words(CORRELATE, lambda x, kernel, stride: 0 * CORRELATE.reference(x, kernel, stride))
    assert len(re.findall(r">-?\d+<", text)) == 2
    assert as_html(examine(CORRELATE, lambda x, k, s: 0 * CORRELATE.reference(x, k, s))).count("(here)") == 2


def test_the_smallest_case_that_shows_a_mistake_is_shown():
    def only_wrong_when_dilated(size, kernel, stride, padding, dilation):
        return SIZES.reference(size, kernel, stride, padding, dilation) + (dilation == 3)

    first = next(case for case in SIZES.cases(np.random.default_rng(0)) if case[4] == 3)
    found = examine_closely(CORRELATE, lambda x, kernel, stride: np.zeros((1, 1))).finding.case
    assert examine(SIZES, only_wrong_when_dilated).finding.case[4] == 3
    assert first[4] == 3
    assert found[0].size <= 6


def test_the_whole_of_a_small_case_is_shown_and_no_minus_zero():
    def second_image_lost(x, order):
        return -np.stack([x[0], 0 * x[1]]) if len(x) == 2 else task("ch01.permute").reference(x, order)

    verdict = examine_closely(task("ch01.permute"), second_image_lost)
    shown = as_text(verdict).split("  x: ")[1].split("  order: ")[0]
    assert len(verdict.finding.case[0]) == 2
    assert len(re.findall(r" -?\d+(?= |$)", shown, re.MULTILINE)) == verdict.finding.case[0].size
    assert not re.search(r"-0(?![.\d])", as_text(verdict) + as_html(verdict))


def test_all_images_of_a_small_array_are_shown_and_the_number_is_marked_in_its_own():
    about, tables = picture("x", np.arange(24.0).reshape(2, 3, 4, 1), (1, 2, 0, 0))
    assert about == "array, shape (2, 3, 4, 1), float64"
    assert [label for label, _ in tables] == ["[0, :, :, 0]", "[1, :, :, 0]"]
    cells = [[cell for row in table for cell in row] for _, table in tables]
    assert [text for part in cells for text, _ in part] == [str(n) for n in range(24)]
    assert [text for part in cells for text, marked in part if marked] == ["20"]


def test_a_part_of_a_large_array_is_shown_around_the_number():
    about, [(_, table)] = picture("x", np.arange(400.0).reshape(1, 20, 20, 1), (0, 19, 0, 0))
    assert about.endswith("shown is a part from [11, 0]")
    assert (len(table), len(table[0])) == (9, 9)
    assert [cell for row in table for cell in row if cell[1]] == [("380", True)]


def test_a_mistake_that_does_not_explain_the_smaller_case_is_not_named():
    squares = Task("ch00.twice", "twice the length", "ch00#x", lambda x: 2 * len(x), lambda rng: [(sized(rng),)])
    squares.mistake("the length is squared", "Twice a number is no square.")(lambda x: len(x) ** 2)

    def sized(rng):
        return np.zeros(rng.integers(3, 40))

    first = len(next(iter(squares.cases(np.random.default_rng(0))))[0])
    answer = lambda x: first**2 if len(x) == first else 1  # noqa: E731
    assert examine(squares, answer).misconception.name == "the length is squared"
    closer = examine_closely(squares, answer)
    assert len(closer.finding.case[0]) < first
    assert closer.misconception is None


def test_a_mistake_is_named_only_where_it_gives_the_very_same_numbers():
    flipped = next(m for m in CORRELATE.misconceptions if m.name == "the kernel is turned")
    assert examine(CORRELATE, flipped.answer).misconception is flipped
    assert examine(CORRELATE, lambda *case: flipped.answer(*case) + 1e-2).misconception is None


def test_an_exception_shows_the_students_own_line():
    def crashes(x, padding):
        out = np.zeros((3, 3))
        out[padding:-padding] = x
        return out

    assert "in your line `out[padding:-padding] = x`" in words(PAD, crashes)
    assert "probing.py" not in words(PAD, crashes)


def test_a_stub_is_not_written_yet_and_nothing_else_is_said():
    def stub(x, padding):
        raise NotImplementedError

    assert words(PAD, stub) == "ch02.pad: not written yet (zeros around an image)."


def test_what_the_student_prints_and_warnings_are_shown_beside_a_wrong_answer():
    def chatty(x, padding):
        print("the shape is", x.shape)
        np.array([1.0]) / np.array([0.0])
        return x

    text = words(PAD, chatty)
    assert "Your code printed: the shape is (" in text
    assert "Your code warned: RuntimeWarning: divide by zero" in text


def test_a_right_answer_that_leaves_the_work_to_the_course_is_told_so(capsys):
    check("ch02.output_size", lambda *sizes: conv_output_size(*sizes))
    told = capsys.readouterr().out
    assert re.search(r"right, on .*\nBut it calls cnncourse.shapes, which is not there when it is graded", told)


def test_what_a_task_lends_may_be_called(capsys):
    check("ch02.convolve", lambda image, kernel: correlate(image, kernel[::-1, ::-1]))
    assert capsys.readouterr().out.count("\n") == 1


def test_a_warning_or_a_print_does_not_make_a_right_answer_wrong(capsys):
    def chatty(x, padding):
        print("hello")
        np.log(np.zeros(1))
        return np.pad(x, padding)

    check("ch02.pad", chatty)
    assert "hello" not in capsys.readouterr().out


def test_slow_code_is_stopped_and_told_the_limit():
    def endless(x, padding):
        while True:
            with suppress(Exception):
                pass

    text = words(replace(PAD, seconds=0.5), endless)
    assert "not finished in time: the limit for all cases together is 0.5 s" in text


def test_a_changed_argument_is_named():
    def in_place(x, padding):
        out = np.pad(x, padding)
        x[0, 0] = 99
        return out

    assert "x came back changed: work on a copy" in words(PAD, in_place)


def test_a_wrong_result_is_told_before_a_changed_argument():
    def both(x, padding):
        x[0, 0] = 99
        return x

    text = words(PAD, both)
    assert "at [0, 0]: expected 1, got 99" in text
    assert "Your code also changed x" in text


def test_none_a_model_and_a_list_for_a_function_are_told_apart():
    assert "got None: is there a `return`?" in words(PAD, lambda x, padding: None)
    assert "got no data: a function is neither a number nor an array" in words(PAD, lambda x, padding: len)[
        :200
    ].replace("builtin_function_or_method", "function")
    with pytest.raises(NotRight, match="asks for a function, and this is a list"):
        check("ch02.pad", [[0]])


@pytest.mark.parametrize("cheat", [np.array([object()]), np.array(["a"]), np.array([1j]), {1}, object(), b"x"])
def test_what_is_no_data_is_refused(cheat):
    with pytest.raises(NotPlain):
        to_plain(cheat)


def test_an_object_that_is_equal_to_everything_is_not_right():
    class Yes:
        def __eq__(self, other):
            return True

        __hash__ = None

    assert not examine(PAD, lambda x, padding: Yes()).passed
    assert not examine(SIZES, lambda *sizes: Yes()).passed


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (np.zeros(2), np.array([0.0, np.nan])),
        (np.zeros(2), np.array([np.inf, 0])),
        (np.zeros((2, 1)), np.zeros(2)),
        (np.zeros(2), ((0.0,), (0.0, 1.0))),
        (np.array([True]), np.array([1])),
        (1.0, True),
        (True, 1),
        ("same", "valid"),
        ((1, 2), (1, 2, 3)),
        ({"a": 1}, {"b": 1}),
        (1e-9 * np.ones(3), np.zeros(3)),
        (np.zeros(3), 1e-3 * np.ones(3)),
    ],
)
def test_differences_that_must_be_seen(expected, got):
    assert difference(expected, got)


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (np.ones(2), (1, 1)),
        (np.ones(2), np.ones(2, np.float32) + 1e-6),
        (np.array([np.nan, 1]), np.array([np.nan, 1])),
        (3, np.int64(3).item()),
        ((np.ones(2), 1.0), (np.ones(2), 1)),
        ({"a": 1.0}, {"a": 1.0, "more": 2}),
        (np.zeros(3), 1e-16 * np.ones(3)),
        (0.5, to_plain(Fraction(1, 2))),
        (np.array([0.5, 1.0]), to_plain(np.array([Fraction(1, 2), Fraction(1)]))),
    ],
)
def test_differences_that_do_not_count(expected, got):
    assert difference(expected, got) is None


def test_the_answer_is_copied_before_it_can_change():
    shared = np.zeros(3)
    kept = try_case(SIZES, lambda *sizes: shared, (5, 3, 1, 0, 1), 1).value
    shared[:] = 1
    assert not kept.any()


def test_every_task_has_an_id_of_its_own_a_chapter_and_a_section_that_the_page_has():
    for name, one in tasks().items():
        page, _, anchor = one.section.partition("#")
        assert re.fullmatch(r"ch\d\d\.[a-z0-9_]+", name)
        assert page[2:4] == name[2:4]
        headings = re.findall(r"^#+ (.+)$", (ROOT / "book" / f"{page}.md").read_text(encoding="utf-8"), re.MULTILINE)
        slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
        for section in {one.section, *(m.section for m in one.misconceptions if m.section)}:
            chapter, _, anchor = section.partition("#")
            assert chapter == page
            assert anchor in slugs, f"{name}: no heading for {section}"


def test_the_book_is_linked_by_its_heading_where_it_is_served_and_named_in_words_elsewhere(monkeypatch):
    verdict = examine(PAD, lambda x, padding: 0)
    words = "chapter 2, “What lies beyond the edge: padding”"
    monkeypatch.delenv("CNNCOURSE_BOOK", raising=False)
    assert address(PAD.section) == ""
    assert f"<p>See {words}.</p>" in as_html(verdict)
    assert as_text(verdict).endswith(f"See {words}")
    monkeypatch.setenv("CNNCOURSE_BOOK", "https://example.org/cnn/")
    link = "https://example.org/cnn/book/ch02_convolution.html#what-lies-beyond-the-edge-padding"
    assert f'<p>See <a href="{link}">{words}</a>.</p>' in as_html(verdict)


def test_a_task_that_asks_for_a_value_takes_a_function_that_returns_it():
    assert returns(4)() == 4


@pytest.mark.slow
def test_a_task_may_ask_for_a_trained_model():
    def separates(answer, seed):
        x = np.random.default_rng(seed).normal(size=(200, 2)).astype("float32")
        return bool(np.mean((answer().predict(x, verbose=0)[:, 0] > 0.5) == (x[:, 0] > x[:, 1])) > 0.9)

    def model(weights):
        network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="sigmoid")])
        network.set_weights([np.array(weights, "float32").reshape(2, 1), np.zeros(1, "float32")])
        return network

    trained = Task(
        id="ch02.trained",
        asks="a model that tells which of two numbers is larger",
        section=PAD.section,
        reference=lambda: model([5, -5]),
        cases=lambda rng: [(int(rng.integers(1000)),)],
        misconceptions=(Misconception("the sign is turned", lambda: model([-5, 5]), "Class 1 is the first number."),),
        probe=separates,
    )
    assert examine(trained, lambda: model([3, -3.1])).passed
    wrong = examine(trained, lambda: model([-1, 1]))
    assert not wrong.passed
    assert wrong.misconception.name == "the sign is turned"
    assert "expected True, got False" in as_text(wrong)


def test_a_whole_number_that_no_float_can_hold_is_wrong_and_no_accident():
    assert difference(2.5, 10**400).words.startswith("expected 2.5, got 1000")
