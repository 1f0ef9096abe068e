"""Each solution with one small slip in it must be rejected: an operator, a comparison, a number, a range, an axis.

The wrong answers of the bank are those that somebody thought of; these are the others.
"""

import ast
import copy
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from shipped import chapters, tasks

from cnncourse.checks.probing import try_cases
from cnncourse.checks.verdict import expectations, passes

ROOT = Path(__file__).resolve().parents[1]
TASKS = tasks()
# Slips that change no result, each with the reason: {task: {slip: reason}}
HARMLESS = {}
for path in (ROOT / "tests" / "harmless_slips").glob("*.yml"):
    HARMLESS |= yaml.safe_load(path.read_text(encoding="utf-8"))

OTHERS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.FloorDiv: ast.Div}
OTHERS |= {ast.MatMult: ast.Mult, ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult}
TURNED = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}


def slips_of(node):
    """The slips one can make at a node, each as a function that makes it in a copy."""
    if isinstance(node, ast.BinOp) and type(node.op) in OTHERS:
        yield lambda copied: setattr(copied, "op", OTHERS[type(copied.op)]())
    if isinstance(node, ast.AugAssign) and type(node.op) in OTHERS:
        yield lambda copied: setattr(copied, "op", OTHERS[type(copied.op)]())
    if isinstance(node, ast.Compare) and type(node.ops[0]) in TURNED:
        yield lambda copied: copied.ops.__setitem__(0, TURNED[type(copied.ops[0])]())
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield lambda copied: setattr(copied, "op", ast.UAdd())
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield lambda copied: setattr(copied, "value", copied.value + 1)
        yield lambda copied: setattr(copied, "value", copied.value - 1)
    if isinstance(node, ast.Constant) and type(node.value) is bool:
        yield lambda copied: setattr(copied, "value", not copied.value)
    if isinstance(node, ast.Tuple) and len(node.elts) == 2 and isinstance(node.ctx, ast.Load):
        yield lambda copied: copied.elts.reverse()
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and node.slice.step:
        yield lambda copied: setattr(copied.slice, "step", None)


def slips(source):
    """(what was changed, the changed source) for every slip one can make in a function."""
    tree = ast.parse(source)
    for number, node in enumerate(ast.walk(tree)):
        for kind, slip in enumerate(slips_of(node)):
            changed = copy.deepcopy(tree)
            target = list(ast.walk(changed))[number]
            slip(target)
            text = ast.unparse(ast.fix_missing_locations(changed))
            before, after = ast.unparse(tree).splitlines(), text.splitlines()
            lines = [f"{old.strip()} -> {new.strip()}" for old, new in zip(before, after) if old != new]
            if lines:
                yield f"{lines[0]} ({kind})" if kind else lines[0], text


def solutions():
    """(task id, the source of the set-up, the solution) for each function task of the notebooks."""
    for chapter in chapters():
        notebook = json.loads((ROOT / "solutions" / chapter / f"{chapter}.ipynb").read_text(encoding="utf-8"))
        cells = [(cell["id"], "".join(cell["source"])) for cell in notebook["cells"] if cell["cell_type"] == "code"]
        setup = next(source for name, source in cells if name == "setup")
        for (_, answer), (_, checked) in zip(cells, cells[1:]):
            if checked.startswith("check("):
                call = ast.parse(checked).body[0].value
                if TASKS[call.args[0].value].measure:  # no answer is right or wrong there
                    continue
                yield call.args[0].value, call.args[1].id, setup, answer


@pytest.mark.parametrize(
    ("task", "name", "setup", "answer"), list(solutions()), ids=lambda text: text if "." in text else ""
)
def test_every_slip_in_a_solution_is_rejected(task, name, setup, answer):
    namespace = {}
    exec(setup, namespace)
    hurried = replace(TASKS[task], seconds=1.0)
    cases = [case for seed in (0, 1, 2) for case in hurried.cases(np.random.default_rng(seed))]
    expected = expectations(hurried, cases)
    survivors, tried = set(), 0
    for what, text in slips(answer):
        own = dict(namespace)
        exec(compile(text, "slip", "exec"), own)
        tried += 1
        with np.errstate(all="ignore"):
            outcomes = (outcome for case in cases for outcome in try_cases(hurried, own[name], [case]))
            if passes(hurried, cases, outcomes, expected):
                survivors.add(what)
    assert tried
    assert survivors == set(HARMLESS.get(task, {}))
