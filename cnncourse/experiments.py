"""Experiments that take too long to be run for every reader: run once, recorded in a file, and spot-checked.

An experiment is a function of one case, such as a seed, that returns plain data: numbers, texts, lists and dicts.

    def right_answers(seed): ...

    shares = recorded("experiments/ch01_shuffle.json", right_answers, cases=(0, 1, 2))

A record counts only for the code it was made with: the call, the function, and all that the cells before it define for
the function. So a notebook whose code you have changed runs everything itself. It says so, for that may take hours.
"""

import ast
import hashlib
import json
import os
import platform
import symtable
import sys
import time
from datetime import date
from functools import partial
from importlib import metadata
from pathlib import Path

RECORDING = "CNNCOURSE_RECORD"  # when set in the environment, everything is run and recorded: see tools/experiments.py

FRAMEWORKS = ("Keras", "TensorFlow", "JAX")

BOOK = Path(__file__).parents[1] / "book"  # beside the package, in the repository and in the students' bundle

DEFINITIONS = (ast.FunctionDef, ast.ClassDef)
REPLACING = (ast.Assign, ast.Import, ast.ImportFrom, *DEFINITIONS)  # after these a name is what they make of it


class Results(list):
    """One result for each case. `about` says in a sentence where they come from, and `made_with` on what."""

    about = made_with = ""


class ContradictionError(Exception):
    """What an experiment gives now is not what its record says."""


def recorded(record, experiment, cases, within=0.02, timings=()):
    """The results of an experiment, one for each case: from its record, of which the first case is run again.

    While it is recorded, what is finished is kept beside the record, in a file that ends in `.part`: when a long
    experiment was interrupted, recording it again goes on where it stopped, as long as the code is the same.

    Parameters
    ----------
    record : the file, written as a text in the call itself: beside the notebook, or in the folder of the book. Without
        one of this code, every case is run.
    experiment : a function of one case that returns plain data.
    cases : for example seeds.
    within : how far a number of the first case may be from its record. Other processors round differently, and training
        makes such differences larger.
    timings : names under which the results hold seconds; they depend on the machine, and are not compared.

    Returns
    -------
    Results

    >>> recorded("experiments/doubles.json", lambda case: {"double": 2 * case}, cases=(1, 2))
    [{'double': 2}, {'double': 4}]
    """
    cases, path, code = list(cases), Path(record), _code_so_far(record)
    recording = RECORDING in os.environ
    kept = (_read(path) or _read(BOOK / path)) if not recording else {}
    if code is not None and kept.get("code") == code:
        now, then = _untimed(_plain(experiment(cases[0])), timings), _untimed(kept["results"][0], timings)
        if not agree(now, then, within):
            raise ContradictionError(
                f"{record} says {then} for the case {cases[0]!r}, but now it is {now}: find out why, and record it "
                f"again with `make experiments`"
            )
        return _told(kept, f"recorded on {_day(kept)}; 1 run of {len(cases)} repeated for this page")
    if not recording:
        if code is not None:
            print(f"{record} holds nothing for this code, so all its runs are made here: {len(cases)}")
        made = _run(experiment, cases, code, {}, keep=lambda made: None)
        return _told(made, f"{len(cases)} runs made for this page")
    part = path.with_suffix(".part")
    path.parent.mkdir(exist_ok=True)
    made = _run(experiment, cases, code, _read(part), keep=partial(_write, part))
    part.replace(path)
    return _told(made, f"{len(cases)} runs made for this page")


def _run(experiment, cases, code, begun, keep):
    """Run the cases, and after each `keep` what there is; those that were `begun` with this code are not run again."""
    same = begun and begun["code"] == code and begun["versions"] == {name: _version(name) for name in begun["versions"]}
    results, before = (begun["results"], begun["seconds of one core"]) if same else ([], 0)
    start = time.process_time()
    while True:
        made = {
            "recorded": date.today().isoformat(),
            "seconds of one core": before + round(time.process_time() - start),
            "machine": _machine(),
            "versions": {**(begun["versions"] if same else {}), **_versions()},
            "cases": _plain(cases),
            "code": code,
            "results": results,
        }
        keep(made)
        if len(results) == len(cases):
            return made
        results = [*results, _plain(experiment(cases[len(results)]))]


def _read(path):
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _write(path, made):
    """Written beside and moved into place, so that an interrupt leaves the old file or the new one."""
    beside = path.with_name(path.name + "~")
    beside.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    beside.replace(path)


def _untimed(value, timings):
    """Plain data without what depends on the machine."""
    if isinstance(value, dict):
        return {name: _untimed(inner, timings) for name, inner in value.items() if name not in timings}
    return [_untimed(inner, timings) for inner in value] if isinstance(value, list) else value


def _versions():
    """Of Python and NumPy, and of the frameworks that the experiment has imported."""
    names = "Python", "NumPy", *(name for name in FRAMEWORKS if name.lower() in sys.modules)
    return {name: _version(name) for name in names}


def _version(name):
    return platform.python_version() if name == "Python" else metadata.version(name)


def agree(now, then, within):
    """Whether plain data are the same, numbers up to a distance.

    >>> agree({"right": [0.91, 0.9]}, {"right": [0.92, 0.9]}, within=0.02)
    True
    >>> agree([0.91], [0.91, 0.9], within=0.02)
    False
    """
    if isinstance(then, dict):
        return isinstance(now, dict) and now.keys() == then.keys() and all(agree(now[k], then[k], within) for k in then)
    if isinstance(then, list):
        return isinstance(now, list) and len(now) == len(then) and all(agree(*pair, within) for pair in zip(now, then))
    if isinstance(then, float) and isinstance(now, float):
        return abs(now - then) <= within or repr(now) == repr(then)  # nan is not nan
    return now == then


def records_in(cells):
    """The names of the records that the code of some cells asks for, in order.

    >>> records_in(["import numpy", "a = recorded('experiments/a.json', f, cases=(0, 1))"])
    ['experiments/a.json']
    """
    calls = [node for cell in cells for node in ast.walk(ast.parse(cell)) if _asks_for(node)]
    return [call.args[0].value for call in calls]


def code_behind(cells, record):
    """The code that a record stands for: the call that asks for it, and what it needs of the cells up to there.

    >>> cells = ["import os, sys", "unused = 1", "a = 2", "def f(x): return a * x"]
    >>> print(code_behind([*cells, "y = recorded('r', f, cases=(1, 2))"], "r"))
    a = 2
    <BLANKLINE>
    def f(x):
        return a * x
    recorded('r', f, cases=(1, 2))
    """
    statements = [statement for cell in cells for statement in ast.parse(cell).body]
    calls = [(n, node) for n, statement in enumerate(statements) for node in ast.walk(statement)]
    number, call = next(((n, node) for n, node in calls if _asks_for(node, record)), (0, None))
    if call is None:
        return None
    call, at_the_end, before = ast.Expr(call), set(), None
    while before != at_the_end:  # functions look their names up when they are called, so at the end
        before = set(at_the_end)
        kept, needed = [call], _names(call)[0] | before
        for statement in reversed(statements[:number]):
            part = _only(statement, needed)
            used, inside, made = _names(part)
            if made & needed:
                kept.append(part)
                needed = (needed - made if isinstance(part, REPLACING) else needed) | used | inside
                at_the_end |= inside
    return "\n".join(ast.unparse(part) for part in reversed(kept))


def fingerprint(code):
    """A hash of code that does not change with its layout, or with the version of Python.

    >>> fingerprint("x = f( 1,2 )  # two") == fingerprint("x = f(1, 2)") != fingerprint("x = f(1, 3)")
    True
    """
    return hashlib.sha256(repr(_shape(ast.parse(code))).encode()).hexdigest()


def _shape(node):
    if isinstance(node, list):
        return [_shape(item) for item in node]
    if isinstance(node, ast.AST):
        fields = [(name, _shape(value)) for name, value in ast.iter_fields(node) if value not in (None, [])]
        return type(node).__name__, [field for field in fields if field[0] != "kind"]
    return node


def _asks_for(node, record=None):
    """Whether a node is a call of `recorded` with a name written out, or with that name."""
    return (
        isinstance(node, ast.Call)
        and ast.unparse(node.func).split(".")[-1] == "recorded"
        and len(node.args) > 0
        and isinstance(node.args[0], ast.Constant)
        and record in (None, node.args[0].value)
    )


def _only(statement, needed):
    """The statement, or of an import only what is needed."""
    if not isinstance(statement, (ast.Import, ast.ImportFrom)):
        return statement
    names = [alias for alias in statement.names if (alias.asname or alias.name).split(".")[0] in needed]
    fields = dict(ast.iter_fields(statement))
    return type(statement)(**{**fields, "names": names}) if names else ast.Pass()


def _names(statement):
    """The names that a statement uses, those that only its functions use, and those that it makes or changes."""
    used, inside, made = set(), set(), set()
    tables = [symtable.symtable(ast.unparse(statement), "cell", "exec")]
    for table in tables:
        outermost = table.get_type() == "module"
        for symbol in table.get_symbols():
            if outermost and (symbol.is_assigned() or symbol.is_imported()):
                made.add(symbol.get_name())
            if symbol.is_referenced() and (outermost or symbol.is_global()):
                (used if outermost else inside).add(symbol.get_name())
        tables += table.get_children()
    if not isinstance(statement, DEFINITIONS):
        for node in ast.walk(statement):  # net.params["bias"][:] = 3 changes net
            if isinstance(node, (ast.Subscript, ast.Attribute)) and not isinstance(node.ctx, ast.Load):
                made |= {part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)}
    return used, inside, made


def _code_so_far(record):
    """The fingerprint of the code behind a record, in a notebook; elsewhere None."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    code = code_behind([cell for cell in shell.user_ns["In"] if cell], record) if shell else None
    return fingerprint(code) if code else None


def _plain(value):
    """The value as it comes back from a file."""
    return json.loads(json.dumps(value, default=lambda array: array.tolist()))


def _machine():
    """The processor, by its name where the system tells it."""
    with open("/proc/cpuinfo", encoding="utf-8") if Path("/proc/cpuinfo").exists() else open(os.devnull) as lines:
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor() or platform.machine()}, {os.cpu_count()} cores"


def _told(made, about):
    results = Results(made["results"])
    results.about = about
    *others, last = (f"{name} {version}" for name, version in made["versions"].items())
    versions = f"{', '.join(others)} and {last}"
    results.made_with = f"{versions} on {made['machine']}"
    return results


def _day(made):
    day = date.fromisoformat(made["recorded"])
    return f"{day.day} {day:%B %Y}"
