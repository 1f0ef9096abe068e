"""What the gradebook knows of a notebook, and which of its cells ask for a task."""

import pytest
from classroom import ASSIGNMENT, gradebook_in

from cnncourse.grading.judge.blueprint import asked, blueprint_of


def test_a_blueprint_has_the_cells_of_the_gradebook_with_their_points(tmp_path):
    with gradebook_in(tmp_path) as gradebook:
        about = {"cell_type": "code", "source": 'check("ch02.pad", pad)', "locked": True, "checksum": "c0"}
        gradebook.add_source_cell("check-pad", ASSIGNMENT, ASSIGNMENT, **about)
        gradebook.add_solution_cell("pad", ASSIGNMENT, ASSIGNMENT)
        about = {"cell_type": "code", "source": "def pad(): ...", "locked": False, "checksum": "c1"}
        gradebook.add_source_cell("pad", ASSIGNMENT, ASSIGNMENT, **about)
        found = blueprint_of(gradebook, ASSIGNMENT, ASSIGNMENT)
    cells = {cell["name"]: cell for cell in found["cells"]}
    assert cells.keys() == {"check-pad", "pad"}
    assert (cells["check-pad"]["points"], cells["check-pad"]["grade"], cells["check-pad"]["solution"]) == (
        2.0,
        True,
        False,
    )
    assert (cells["pad"]["points"], cells["pad"]["grade"], cells["pad"]["solution"]) == (0.0, False, True)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('check("ch02.pad", pad)', ("ch02.pad", "pad")),
        ('# by hand\ncheck("ch05.x", net.forward)\n', ("ch05.x", "net.forward")),
        ('check("ch02.pad", pad)\nprint(1)', None),
        ('check("ch02.pad", answer=pad)', None),
        ("check(name, pad)", None),
        ('verify("ch02.pad", pad)', None),
        ("check(", None),
        ("", None),
    ],
)
def test_only_a_cell_that_checks_and_does_nothing_else_asks_for_a_task(source, found):
    assert asked(source) == found
