"""The journal, cut off anywhere."""

import os

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from cnncourse.grading.cohort.journal import Journal, text_of, write_durably

OUTPUT = new_output("stream", text="a line\nanother\n")
NOTEBOOK = new_notebook(cells=[new_markdown_cell("héllo\n\nyou"), new_code_cell("print()\n", outputs=[OUTPUT])])


def filled(folder):
    with Journal(folder, "ps1").held() as journal:
        journal.graded("ada", {"fingerprint": "f1"}, {"one": NOTEBOOK})
        journal.written("ada", 0)
        journal.graded("bob", {"fingerprint": "f2"}, {"one": NOTEBOOK})
    return folder / "ps1.jsonl"


def state(folder):
    journal = Journal(folder, "ps1")
    entries = [journal.entry(student) for student in ("ada", "bob")]
    return [entry and (entry["fingerprint"], entry["seconds_late"]) for entry in entries]


def test_it_remembers(tmp_path):
    filled(tmp_path)
    assert state(tmp_path) == [("f1", 0), ("f2", None)]
    assert Journal(tmp_path, "ps1").notebooks("ada") == {"one": NOTEBOOK}
    assert Journal(tmp_path, "ps1").entry("cyd") is None


def test_cut_off_at_any_byte_it_knows_the_whole_lines_before_and_goes_on(tmp_path):
    path = filled(tmp_path)
    whole = path.read_bytes()
    ends = [i + 1 for i, byte in enumerate(whole) if byte == ord("\n")]
    states = [[None, None], [("f1", None), None], [("f1", 0), None], [("f1", 0), ("f2", None)]]
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        expected = states[sum(end <= length for end in ends)]
        assert state(tmp_path) == expected
        with Journal(tmp_path, "ps1").held() as journal:
            journal.graded("bob", {"fingerprint": "f3"}, {})
        assert state(tmp_path) == [expected[0], ("f3", None)]


def test_what_was_graded_again_is_to_be_written_again(tmp_path):
    filled(tmp_path)
    with Journal(tmp_path, "ps1").held() as journal:
        journal.graded("ada", {"fingerprint": "f1"}, {"one": NOTEBOOK})
    assert state(tmp_path)[0] == ("f1", None)


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_text("{}")])
def test_notebooks_that_are_not_those_of_the_journal_are_none(tmp_path, damage):
    filled(tmp_path)
    damage(tmp_path / "ps1" / "ada" / "one.ipynb")
    assert Journal(tmp_path, "ps1").notebooks("ada") is None
    assert Journal(tmp_path, "ps1").notebooks("bob") is not None


def test_only_one_process_writes(tmp_path):
    with Journal(tmp_path, "ps1").held():
        with pytest.raises(ValueError, match="ps1 is being graded by another process"), Journal(tmp_path, "ps1").held():
            pass
        with Journal(tmp_path, "ps2").held():  # another assignment may be graded beside it
            pass
    with Journal(tmp_path, "ps1").held():
        pass


def test_reading_makes_no_file(tmp_path):
    Journal(tmp_path, "ps1")
    assert not list(tmp_path.iterdir())


def test_nobody_else_may_read_it(tmp_path):
    filled(tmp_path / ".grading")
    assert (tmp_path / ".grading").stat().st_mode & 0o777 == 0o700


def test_a_file_is_whole_or_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "a"
    write_durably(path, "first")

    def full(handle):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_durably(path, "second")
    assert path.read_text() == "first"


def test_the_text_is_that_of_nbgrader():
    from nbconvert.exporters import NotebookExporter

    assert text_of(NOTEBOOK) == NotebookExporter().from_notebook_node(NOTEBOOK)[0]
