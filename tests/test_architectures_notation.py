"""Text in, plain data out; and a message with the line where it is no network."""

import json

import pytest

from cnncourse.architectures.notation import Item, read_all
from cnncourse.architectures.zoo import read

SMALL = """
network Small net      # a remark
input 8 8 1
f g = 4 2*f
block unit(k, f, s=1)
    conv k f stride=s -> relu

first: unit 3x3 f  x 2 if f > 1
add
  | unit 3x3 f
    add
      | unit 1x1 g
      | identity
  |
  | relu
"""


def test_a_text_becomes_settings_blocks_and_rows():
    spec = read_all(SMALL)["Small net"]
    assert spec.input == ("8", "8", "1")
    assert spec.settings == {"f": "4", "g": "2*f"}
    assert spec.blocks["unit"].arguments == {"k": None, "f": None, "s": "1"}
    (inside,) = spec.blocks["unit"].rows
    assert inside.items == (Item("conv", ("k", "f"), {"stride": "s"}), Item("relu"))
    first, add = spec.rows
    assert (first.label, first.times, first.condition) == ("first", "2", "f > 1")
    assert first.items == (Item("unit", ("3x3", "f")),)
    assert (add.label, add.times, add.condition, len(add.paths)) == ("", "1", "", 3)


def test_a_path_goes_on_below_its_first_word_and_may_part_again():
    _, add = read_all(SMALL)["Small net"].rows
    long, empty, short = add.paths
    assert [str(row.items[0]) for row in long] == ["unit 3x3 f", "add"]
    assert [[str(row.items[0]) for row in path] for path in long[1].paths] == [["unit 1x1 g"], ["identity"]]
    assert empty == ()
    assert [str(row.items[0]) for row in short] == ["relu"]


def test_the_first_word_of_a_path_may_stand_in_the_row_below():
    text = "network N\ninput 8 8 1\nadd\n  |\n    relu\n    tanh\n  |\n"
    (add,) = read_all(text)["N"].rows
    assert [[str(row.items[0]) for row in path] for path in add.paths] == [["relu", "tanh"], []]


def test_a_spec_is_plain_data_and_json_can_hold_it():
    spec = read_all(SMALL)["Small net"]
    data = json.loads(json.dumps(spec.data()))
    assert data["rows"][0]["items"][0] == {"word": "unit", "arguments": ["3x3", "f"], "options": {}}


def test_like_takes_over_everything_but_what_is_written_anew():
    text = SMALL + "network Other like Small net\ninput 16 16 3\ng = 7\nblock unit(k, f, s=1)\n    conv k f\n"
    small, other = read_all(text).values()
    assert other.input == ("16", "16", "3")
    assert other.settings == {"f": "4", "g": "7"}
    assert other.rows == small.rows
    assert other.blocks["unit"] != small.blocks["unit"]
    third = read_all(text + "network Third like Other\nrelu\n")["Third"]
    assert [str(row.items[0]) for row in third.rows] == ["relu"]


def test_a_reader_may_write_a_network_like_one_of_the_zoo():
    assert read("network Mine like ResNet-50\nn4 = 1").settings["n4"] == "1"


HEAD = "network N\ninput 8 8 1\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the text is empty"),
        ("conv 3x3 4", r"line 1, 'conv 3x3 4': a spec starts with a line such as 'network My-Net'"),
        ("network", "a spec starts with"),
        ("network N like Nobody\nrelu", r"line 1: there is no network 'Nobody' to be like; known are .*VGG-16"),
        ("network N\nrelu", "network N: a line such as input 224 224 3 are missing"),
        ("network N\ninput 8 8 1\n", "network N: rows are missing"),
        ("network N\ninput 8 8\nrelu", "line 2, 'input 8 8': height, width and channels are needed"),
        (HEAD + "  relu", "line 3, 'relu': only the rows of a block or a path are indented"),
        (HEAD + "a b = 1\nrelu", "line 3, 'a b = 1': 2 names, but 1 values"),
        (HEAD + "C = 1\nrelu", "line 3, 'C = 1': C is the shape that has been reached"),
        (HEAD + "block b(W)\n  relu\nb 1", "line 3, .*W is the shape"),
        (HEAD + "block b\nrelu", "line 3, 'block b': the rows of a block stand below it"),
        (HEAD + "block 3(f)\n  relu\nrelu", "line 3, .* should look like 'block unit"),
        (HEAD + "block b(3)\n  relu\nb", "line 3, .* '3' is no argument"),
        (HEAD + "add\n  relu", "line 4, 'relu': below 'add' each path starts with |"),
        (HEAD + "block b\n  | relu\nb", r"line 4, '\| relu': a path needs a row above it"),
        (HEAD + "add -> relu\n  | relu\n  | relu", "line 3, .*: paths stand below a row of one word"),
        (HEAD + "relu ->", "line 3, 'relu ->': '' is no word"),
        (HEAD + "relu -> 3x3", "'3x3' is no word"),
        (HEAD + "conv stride=2 3x3", "'3x3' stands behind stride=; options come last"),
    ],
)
def test_a_text_that_is_no_network_is_refused_with_its_line(text, message):
    with pytest.raises(ValueError, match=message):
        read(text)


def test_one_network_is_read_at_a_time_unless_asked_otherwise():
    with pytest.raises(ValueError, match="the text describes A and B"):
        read("network A\ninput 8 8 1\nrelu\nnetwork B\ninput 8 8 1\nrelu")
