"""Grading one notebook: its cells run in the sandbox, its answers are tried there, and the verdict falls here."""

import hashlib
import hmac
import time

import numpy as np
from nbformat.v4 import new_output

from cnncourse.checks import task as task_of
from cnncourse.checks.display import as_html, as_text, headline
from cnncourse.checks.verdict import judge
from cnncourse.grading import evidence, mounts, sandbox
from cnncourse.grading.blueprint import asked, chapter_of
from cnncourse.grading.kernels import Kernel
from cnncourse.grading.rebuilding import rebuild

CELL_SECONDS = 60.0
NOTEBOOK_SECONDS = 600.0
RESTARTS = 12
ENDS = {
    "dead": "Python was ended here: by the code itself, by its crash, or by the system because it used too much memory",
    "stopped": "it was not finished in time and was stopped",
    "flooded": "it printed without end and was stopped",
}


def seed_of(secret, student, task):
    """The seed of a student's cases: nobody can foretell it without the secret, and a regrade has the same.

    >>> seed_of("secret", "ada", "ch02.pad") == seed_of("secret", "ada", "ch02.pad")
    True
    """
    text = f"{student}\n{task}".encode()
    return int.from_bytes(hmac.new(secret.encode(), text, hashlib.sha256).digest()[:16], "big")


def packages_of(blueprint):
    """The frameworks that the assignment itself imports, and that are therefore there.

    >>> packages_of({"cells": [{"cell_type": "code", "source": "import keras"}]})
    ('keras', 'tensorflow')
    """
    used = set()
    for cell in blueprint["cells"]:
        if cell["cell_type"] == "code":
            used |= {name.split(".")[0] for name in evidence.imports(cell["source"])}
    return ("keras", "tensorflow") if used & {"keras", "tensorflow"} else ()


def grade_notebook(blueprint, text, student, secret, files=None):
    """A submitted notebook, rebuilt, run and judged; see the metadata of its cells for what was found.

    >>> grade_notebook({"cells": [], "kernelspec": None}, b"PK", "ada", "secret")
    Traceback (most recent call last):
    ...
    cnncourse.grading.rebuilding.Damaged: the file is not a notebook: it holds no JSON
    """
    notebook, remarks = rebuild(blueprint, text)
    return Grading(blueprint, notebook, remarks, student, secret, files).run()


class Grading:
    """The grading of one notebook."""

    def __init__(self, blueprint, notebook, remarks, student, secret, files=None):
        self.notebook, self.student, self.secret, self.files = notebook, student, secret, files
        self.attention = list(remarks)
        self.chapter, self.packages = chapter_of(blueprint), packages_of(blueprint)
        self.original = {cell["source"].strip() for cell in blueprint["cells"]}
        self.ran = []  # the cells to run again after a restart
        self.kernel, self.restarts = None, 0

    def run(self):
        """Run every cell in its turn."""
        start = time.monotonic()
        self.end = start + NOTEBOOK_SECONDS
        for cell in self.notebook.cells:
            if cell.cell_type == "code":
                self.take(cell)
        if self.kernel:
            self.kernel.close()
        limits = sandbox.warm(self.chapter, self.packages).words()
        seconds = round(time.monotonic() - start, 3)
        attention = list(dict.fromkeys(self.attention))
        self.notebook.metadata["cnncourse"] = {"attention": attention, "limits": limits, "seconds": seconds}
        return self.notebook

    def ready(self):
        """A kernel that has seen the cells so far."""
        if self.kernel is not None and self.kernel.alive():
            return self.kernel
        again = self.kernel is not None
        if again:
            self.kernel.close()
            self.restarts += 1
        self.kernel = Kernel(self.chapter, self.packages, self.files)
        for source in list(self.ran) if again else ():
            if self.kernel.execute(source, CELL_SECONDS).end == "dead":  # it behaves differently now: go on without it
                self.ran.remove(source)
                return self.ready() if self.restarts <= RESTARTS else self.kernel
        return self.kernel

    def left(self):
        """The seconds that are left for the notebook; none when it had to be started again too often."""
        return self.end - time.monotonic() if self.restarts <= RESTARTS else 0.0

    def take(self, cell):
        """Run or judge one cell."""
        about = cell.metadata.get("nbgrader", {})
        graded = about.get("grade") and not about.get("solution")
        task = asked(cell.source) if graded else None
        if task:
            self.judge(cell, *task)
            return
        if not graded:
            self.look(cell)
        if self.skipped(cell, about):
            return
        if self.left() <= 0:
            self.fail(cell, "not run: the time for the whole notebook was used up", graded)
            return
        ran = self.ready().execute(cell.source, min(CELL_SECONDS, self.left()))
        cell.outputs, cell.execution_count = ran.outputs, ran.count
        if ran.end == "done":
            self.ran.append(cell.source)
        else:
            self.fail(cell, ENDS[ran.end], graded)
            self.attention.append(f"a cell: {ENDS[ran.end]}")
        if graded:
            tolerate(cell)

    def look(self, cell):
        """Note what is unusual in a cell of the student's."""
        if cell.source.strip() not in self.original:
            self.attention += [f"a cell {what}" for what in evidence.unusual(cell.source)]

    def skipped(self, cell, about):
        """Whether a cell is an experiment of the notebook itself with a part of the course that holds answers."""
        needs = evidence.closed(evidence.imports(cell.source), lambda name: mounts.is_open(name, self.packages))
        if about or not needs or "def " in cell.source:
            return False
        words = f"Not run while grading: {', '.join(needs)} is not available here.\n"
        cell.outputs = [new_output("stream", name="stdout", text=words)]
        return True

    def judge(self, cell, name, expression):
        """Try an answer and write the verdict into the cell."""
        task = task_of(name)
        cases = list(task.cases(np.random.default_rng(seed_of(self.secret, self.student, name))))
        start = time.monotonic()
        if self.left() <= 0:
            words = "not tried: the time for the whole notebook was used up"
            self.verdict(cell, name, words)
            self.fail(cell, words, True)
            return
        outcomes, end = self.ready().probe(task, expression, cases, min(task.seconds, self.left()))
        if end != "done":
            words = f"the answer was tried: {ENDS[end]}"
            self.attention.append(f"{name}: {ENDS[end]}")
            self.verdict(cell, name, words, seconds=time.monotonic() - start)
            self.fail(cell, words, True)
            return
        try:
            found = judge(task, cases, outcomes[: len(cases)])
        except ValueError as wrong:
            self.verdict(cell, name, str(wrong), attention=[str(wrong)])
            self.fail(cell, str(wrong), True)
            return
        seconds = sum(outcome.seconds for outcome in outcomes)
        cell.execution_count = None
        if found.passed:
            self.verdict(cell, name, "", passed=True, seconds=seconds)
            cell.outputs = [new_output("stream", name="stdout", text=headline(found) + "\n")]
            return
        outcome, difference = found.finding.outcome, found.finding.difference
        attention = []
        if outcome.error == "NotAvailable":
            attention = [f"calls {outcome.message.split(' ')[0]}"]
        elif outcome.error == "Garbled":
            attention = [outcome.message]
        self.attention += [f"{name} {words}" for words in attention]
        mistake = found.misconception
        section = (mistake and mistake.section) or task.section
        self.verdict(
            *(cell, name, difference.words),
            misconception=mistake.name if mistake else "",
            section=section,
            seconds=seconds,
            attention=attention,
        )
        shown = {"text/plain": as_text(found), "text/html": as_html(found)}
        cell.outputs = [new_output("display_data", data=shown), not_right(headline(found))]

    def verdict(self, cell, task, words, passed=False, misconception="", section="", seconds=0.0, attention=()):
        """Note in the cell what was found, for the gradebook and for the analysis of the class."""
        cell.metadata["cnncourse"] = {
            **{"task": task, "passed": passed, "words": words, "misconception": misconception},
            **{"section": section or task_of(task).section, "seconds": round(seconds, 3), "attention": list(attention)},
        }

    def fail(self, cell, words, graded):
        """Say in a cell what ended it."""
        cell.outputs = [*cell.outputs, not_right(words[0].upper() + words[1:] + ".")]


def not_right(words):
    """The output that earns nothing, without a traceback.

    >>> not_right("Too slow.").ename
    'NotRight'
    """
    return new_output("error", ename="NotRight", evalue=words, traceback=[words])


def tolerate(cell):
    """Show a warning of a graded cell as ordinary text: nbgrader takes any word on stderr for a failure.

    >>> from nbformat.v4 import new_code_cell
    >>> cell = new_code_cell(outputs=[new_output("stream", name="stderr", text="UserWarning")])
    >>> tolerate(cell)
    >>> cell.outputs[0].name
    'stdout'
    """
    for output in cell.outputs:
        if output.output_type == "stream":
            output.name = "stdout"
