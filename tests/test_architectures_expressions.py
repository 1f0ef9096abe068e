"""The arithmetic of specs: Python's own, as far as it goes, and nothing else."""

import pytest

from cnncourse.architectures.expressions import evaluate, round8


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("64", 64),
        ("3x3", (3, 3)),
        ("1x7", (1, 7)),
        ("yes", True),
        ("not(no)", True),
        ("4*f", 256),
        ("f/4", 16),
        ("f/3", 64 / 3),
        ("C//2+1", 129),
        ("f-C%3", 63),
        ("-f", -64),
        ("1.1*f", 70.4),
        ("ceil(1.1*2)", 3),
        ("max(1,int(0.25*3))", 1),
        ("s == 1 and C == f", False),
        ("s > 1 or C != 4*f", False),
        ("s >= 1 and not C < f", True),
        ("k", (5, 5)),
    ],
)
def test_an_expression_has_the_value_that_arithmetic_gives_it(text, value):
    result = evaluate(text, {"f": 64, "C": 256, "s": 1, "k": (5, 5)})
    assert result == value
    assert type(result) is type(value)  # a filter count of 16.0 would be refused later


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("g*2", "'g' is not known here; known are f"),
        ("4*", "'4\\*' is no expression"),
        ("2**9", "means nothing in a spec"),
        ("f.real", "means nothing in a spec"),
        ("open(1)", "means nothing in a spec"),
        ("'a'", "means nothing in a spec"),
        ("1 < f < 3", "means nothing in a spec"),
        ("f/0", "division by zero"),
        ("f*k", "can't multiply"),
        ("ceil(1e999)", "infinity"),
        ("__import__('os')", "means nothing in a spec"),
    ],
)
def test_what_is_no_arithmetic_is_refused_with_its_text(text, message):
    with pytest.raises(ValueError, match=message):
        evaluate(text, {"f": 64} if "k" not in text else {"f": 1.5, "k": (3, 3)})


def test_widths_are_rounded_to_eight_and_never_lose_more_than_a_tenth():
    for width in range(1, 2000):
        rounded = round8(width)
        assert rounded % 8 == 0
        assert rounded >= max(8, 0.9 * width)
        assert rounded - width < 8 or rounded == 8
        assert abs(rounded - width) <= 4 or rounded == 8 or rounded - 8 < 0.9 * width  # the nearest, if it is near
    assert [round8(width) for width in (188, 187, 196, 195.9)] == [192, 184, 200, 192]
    assert [round8(32 * width) for width in (1.1, 1.2, 1.4, 1.6, 1.8, 2.0)] == [32, 40, 48, 48, 56, 64]  # EfficientNet
