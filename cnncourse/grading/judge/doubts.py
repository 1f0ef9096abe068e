"""Doubts about what was measured: signs that a network has seen what it was tried on.

A doubt takes the points of the lines that name it, and tells the instructor why; the student is told in neutral words.
"""

import ast
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from cnncourse.grading.judge import evidence

NUMBER, MOST = 4, 20_000  # bytes that a number counts for, and that a notebook's constants may have
SEEN = Path(__file__).with_name("hard_digits.json")


@dataclass(frozen=True)
class Doubt:
    """What is told to whom."""

    to_instructor: str
    to_student: str


@cache
def hard_digits():
    """The test images of MNIST that honest networks get wrong: `images`, `labels`, `most` (right), and the evidence.

    >>> sorted(hard_digits())[:3]
    ['evidence', 'images', 'labels']
    """
    return json.loads(SEEN.read_text(encoding="utf-8"))


def seen(known, notebook):
    """A doubt where too many of the images are right that networks get wrong which have not been trained on them.

    `known["ch07.mnist_accuracy"]` holds the `classes` of the test images, in their order.

    >>> seen({}, None)
    """
    if "ch07.mnist_accuracy" not in known:
        return None
    hard = hard_digits()
    classes = np.asarray(known["ch07.mnist_accuracy"]["classes"])
    right = int((classes[hard["images"]] == np.array(hard["labels"])).sum())
    if right <= hard["most"]:
        return None
    return Doubt(
        f"{right} of {len(hard['images'])} test images are right that honest networks get wrong ({hard['most']} is the "
        "most that is believed): has the network been trained on test images, or does it hold their labels?",
        "the result on the test images is not what a network reaches that has never seen them. It is not counted; your "
        "instructor looks at it.",
    )


def constants(source):
    """How many bytes the constants in some code hold, texts and numbers alike; what documents a function is none.

    >>> constants("x = [1, 2.5, 'abc']"), constants("def f():" + chr(10) + "    'It does.'")
    (11, 0)
    """
    tree = evidence.tree_of(source)
    if tree is None:
        return 0
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in told]
    return sum(len(one) if isinstance(one, (str, bytes)) else NUMBER for one in found if one is not None)


def written(known, notebook):
    """A doubt where the code itself holds so much that weights or labels may be hidden in it.

    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> written({}, new_notebook(cells=[new_code_cell("x = 1")]))
    """
    held = sum(constants(cell.source) for cell in notebook.cells if cell.cell_type == "code")
    if held <= MOST:
        return None
    return Doubt(
        f"the code holds constants of {held:,} bytes: are there weights or labels among them?",
        f"the code holds constants of {held:,} bytes, and up to {MOST:,} are taken for code: keep the numbers of the "
        "network in its weights.",
    )


DOUBTS = {"seen": seen, "written": written}


def doubt_about(name, known, notebook):
    """The doubt of that name, or None.

    >>> doubt_about("seen", {}, None)
    """
    return DOUBTS[name](known, notebook)
