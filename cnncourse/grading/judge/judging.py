"""Grading one notebook: its cells run in the sandbox, its answers are tried there, and the verdict falls here."""

import hashlib
import hmac
import time
from dataclasses import replace

from nbformat.v4 import new_output

from cnncourse.checks import task as task_of
from cnncourse.checks.display import as_html, as_text, headline, section_of
from cnncourse.checks.handing_in import TRAINS
from cnncourse.checks.measuring import NothingEarlier, cases_of
from cnncourse.checks.verdict import Status, judge, judge_measured
from cnncourse.grading.judge import evidence, verdicts
from cnncourse.grading.judge.blueprint import asked, files_of, packages_of
from cnncourse.grading.judge.doubts import doubt_about
from cnncourse.grading.judge.handed_in import HandedInFiles
from cnncourse.grading.judge.rebuilding import rebuild
from cnncourse.grading.judge.verdicts import CellVerdict, Remarks
from cnncourse.grading.sandbox import sandbox
from cnncourse.grading.sandbox.inside.standins import LIBRARIES
from cnncourse.grading.sandbox.kernels import Kernel

CELL_SECONDS = 60.0
NOTEBOOK_SECONDS = 600.0
RESTARTS = 12
ENDS = {
    "dead": "Python was ended here: by the code itself, by its crash, or by the system because it used too much memory",
    "stopped": "it was not finished in time and was stopped",
    "flooded": "it printed without end and was stopped",
}


def seed_of(secret, student, task, files=""):
    """The seed of a student's cases: nobody can foretell it without the secret, and a regrade has the same.

    `files` is the digest of what was handed in beside the notebook, for a task that is tried with it.

    >>> seed_of("secret", "ada", "ch02.pad") == seed_of("secret", "ada", "ch02.pad")
    True
    >>> seed_of("secret", "ada", "ch02.pad") == seed_of("secret", "ada", "ch02.pad", "0c1d")
    False
    """
    text = "\n".join([student, task, *([files] if files else [])]).encode()
    return int.from_bytes(hmac.new(secret.encode(), text, hashlib.sha256).digest()[:16], "big")


def grade_notebook(blueprint, text, student, secret, files=None, handed_in=None):
    """A submitted notebook, rebuilt, run and judged; see the metadata of its cells for what was found.

    `files` are the teacher's, `handed_in` those of the student that the assignment asks for: name -> bytes, or the
    reason, a text, why there are none.

    >>> grade_notebook({"cells": [], "kernelspec": None}, b"PK", "ada", "secret")
    Traceback (most recent call last):
    ...
    cnncourse.grading.judge.untrusted.Damaged: the file is not a notebook: it holds no JSON
    """
    notebook, remarks = rebuild(blueprint, text)
    return Grading(blueprint, notebook, remarks, student, secret, files, handed_in).run()


class Grading:
    """The grading of one notebook."""

    def __init__(self, blueprint, notebook, remarks, student, secret, files=None, handed_in=None):
        self.notebook, self.student, self.secret = notebook, student, secret
        self.handed_in = HandedInFiles(files_of(blueprint), handed_in or {})
        self.files = (files or {}) | self.handed_in.usable
        self.known = {}  # what came of tasks that others build on
        self.attention = [*remarks, *self.handed_in.troubles.values()]
        self.packages = packages_of(blueprint)
        self.original = {cell["source"].strip() for cell in blueprint["cells"]}
        self.ran = []  # the cells to run again after a restart
        self.late = []  # the tasks that lend something, with their cells: what is lent must not answer another task
        self.kernel, self.restarts = None, 0

    def run(self):
        """Run every cell in its turn."""
        start = time.monotonic()
        self.end = start + NOTEBOOK_SECONDS
        try:
            for cell in self.notebook.cells:
                if cell.cell_type == "code":
                    self.take(cell)
            for late in self.late:
                self.judge(*late)
        finally:
            if self.kernel:
                self.kernel.close()
        limits = tuple(sandbox.warm(self.packages).words())
        verdicts.write_remarks(self.notebook, Remarks(tuple(self.attention), limits, time.monotonic() - start))
        return self.notebook

    def ready(self):
        """A kernel that has seen the cells so far, as many of them as there is time for."""
        while self.kernel is None or not self.kernel.alive():
            if self.kernel is not None:
                self.kernel.close()
                self.restarts += 1
            self.kernel = self.new_kernel()
            for source in list(self.ran):
                if self.left() <= 0 or not self.kernel.alive():
                    break
                if self.kernel.execute(source, min(CELL_SECONDS, self.left())).end != "done":
                    self.ran.remove(source)  # it behaves differently now: go on without it
        return self.kernel

    def new_kernel(self):
        """A kernel that has run nothing."""
        return Kernel(self.packages, self.files, self.handed_in.usable)

    def left(self):
        """The seconds that are left for the notebook; none when it had to be started again too often."""
        return self.end - time.monotonic() if self.restarts <= RESTARTS else 0.0

    def take(self, cell):
        """Run or judge one cell."""
        about = cell.metadata.get("nbgrader", {})
        graded = about.get("grade") and not about.get("solution")
        task = asked(cell.source) if graded else None
        if task and task_of(task[0]).lends:
            self.late.append((cell, *task))
            return
        if task:
            self.judge(cell, *task)
            return
        if trains(cell) and not graded:
            cell.outputs = [new_output("stream", name="stdout", text=NOT_TRAINED)]
            return
        if not graded:
            self.look(cell)
        if self.left() <= 0:
            words = "not run: the time for the whole notebook was used up"
            self.fail(cell, words)
            if graded:
                verdicts.write(cell, CellVerdict(about["grade_id"], Status.NOT_TRIED, words, seconds=0.0))
            return
        ran = self.ready().execute(cell.source, min(CELL_SECONDS, self.left()))
        cell.outputs, cell.execution_count = ran.outputs, ran.count
        if ran.end == "done":
            self.ran.append(cell.source)
        else:
            self.fail(cell, ENDS[ran.end])
            self.attention.append(f"a cell: {ENDS[ran.end]}")
        if graded:
            self.believe(cell, about["grade_id"], ran.end)
        elif not about:
            excuse(cell)

    def believe(self, cell, name, end):
        """Note what a cell of tests found out by itself, inside the student's own process."""
        errors = [output for output in cell.outputs if output.output_type == "error"]
        words = "; ".join(f"{error.ename}: {error.evalue}".removeprefix("NotRight: ") for error in errors)
        status = Status.STOPPED if end != "done" else Status.WRONG if errors else Status.PASSED
        verdicts.write(cell, CellVerdict(name, status, words, seconds=0.0))
        self.attention.append(f"{name} was judged by tests in the student's own process")
        tolerate(cell)

    def look(self, cell):
        """Note what is unusual in a cell of the student's."""
        if cell.source.strip() not in self.original:
            self.attention += [f"a cell {what}" for what in evidence.unusual(cell.source)]

    def judge(self, cell, name, expression):
        """Try an answer and write the verdict into the cell."""
        task = task_of(name)
        trouble = self.handed_in.trouble_with(task.files)
        if trouble:
            self.miss(cell, task, Status.WRONG, trouble, 0.0)
            return
        seed = seed_of(self.secret, self.student, name, self.handed_in.digest(task.files))
        try:
            cases = cases_of(task, seed, self.known)
        except NothingEarlier as why:
            self.miss(cell, task, Status.WRONG, str(why), 0.0)
            return
        except Exception as wrong:  # the cases are made of earlier values, which can be anything
            self.miss(cell, task, Status.ERROR, f"what came back earlier cannot be used: {wrong}", 0.0)
            return
        if self.left() <= 0:
            self.miss(cell, task, Status.NOT_TRIED, "not tried: the time for the whole notebook was used up", 0.0)
            return
        start = time.monotonic()
        outcomes, end = self.outcomes(task, expression, cases)
        if end != "done":
            self.attention.append(f"{name}: {ENDS[end]}")
            words = f"the answer was tried: {ENDS[end]}"
            self.miss(cell, task, Status.STOPPED, words, time.monotonic() - start)
            return
        try:
            found = self.verdict(task, cases, outcomes[: len(cases)], seed)
            shown = {} if found.passed else {"text/plain": as_text(found), "text/html": as_html(found)}
        except Exception as wrong:  # what comes back is plain data, and it can be anything
            words = f"what came back cannot be judged: {wrong}"
            self.attention.append(f"{name}: {words}")
            self.miss(cell, task, Status.ERROR, words, 0.0, attention=(words,))
            return
        seconds = time.monotonic() - start
        cell.execution_count = None
        if found.passed:
            verdicts.write(cell, CellVerdict(name, Status.PASSED, section=task.section, seconds=seconds))
            cell.outputs = [new_output("stream", name="stdout", text=headline(found) + "\n")]
            return
        if found.measure:
            self.write_measured(cell, found, shown, seconds)
            return
        outcome, difference = found.finding.outcome, found.finding.difference
        attention = ()
        called = outcome.message.split(" ")[0]
        if outcome.error == "NotAvailable" and called.split(".")[0] in LIBRARIES:  # else it is an error of their own
            attention = (f"calls {called}",)
        elif outcome.error == "Garbled":
            attention = (outcome.message,)
        self.attention += [f"{name} {words}" for words in attention]
        mistake = found.misconception.name if found.misconception else ""
        section = section_of(task, found.misconception)
        verdict = CellVerdict(name, found.status, difference.words, mistake, section, seconds, attention)
        verdicts.write(cell, verdict)
        cell.outputs = [new_output("display_data", data=shown), not_right(headline(found))]

    def outcomes(self, task, expression, cases):
        """What comes of the cases, and how it ended; what is tried alone knows nothing of the notebook."""
        if not cases:
            return [], "done"
        seconds = min(task.seconds, self.left())
        if not task.alone:
            return self.ready().probe(task, expression, cases, seconds)
        kernel = self.new_kernel()
        try:
            return kernel.probe(task, "print", cases, seconds)
        finally:
            kernel.close()

    def verdict(self, task, cases, outcomes, seed):
        """The verdict on what came of the cases; a doubt takes what was measured."""
        if not task.measure:
            return judge(task, cases, outcomes)
        found = judge_measured(task, cases, outcomes, seed, self.known)
        for name in task.doubts if found.measure else ():
            doubt = doubt_about(name, self.known, self.notebook)
            if doubt:
                self.attention.append(f"{task.id}: {doubt.to_instructor}")
                found = replace(found, measure=replace(found.measure, share=0.0, words=doubt.to_student))
        return found

    def write_measured(self, cell, found, shown, seconds):
        """Write into a cell what a measure earns that is not the whole: nbgrader reads the points off its result."""
        task = found.task
        verdict = CellVerdict(task.id, found.status, found.words, "", task.section, seconds)
        verdicts.write(cell, verdict)
        points = round(found.share * float(cell.metadata.nbgrader.points), 2)
        earned = (
            new_output("execute_result", data={"text/plain": f"{points:g}"}) if points else not_right(headline(found))
        )
        cell.outputs = [new_output("display_data", data=shown), earned]

    def miss(self, cell, task, status, words, seconds, attention=()):
        """Note in a cell that its answer could not be judged, and why."""
        verdicts.write(cell, CellVerdict(task.id, status, words, "", task.section, seconds, attention))
        self.fail(cell, words)

    def fail(self, cell, words):
        """Say in a cell what ended it."""
        cell.outputs = [*cell.outputs, not_right(words[0].upper() + words[1:] + ".")]


NOT_TRAINED = "Not run while grading: this cell trains. What it wrote is handed in beside the notebook.\n"


def trains(cell):
    """Whether a cell has the tag of those that train, which are not run while grading.

    >>> from nbformat.v4 import new_code_cell
    >>> trains(new_code_cell("model.fit()", metadata={"tags": ["trains"]}))
    True
    """
    return TRAINS in cell.metadata.get("tags", ())


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


def excuse(cell):
    """Show without alarm that an experiment beside the tasks went as far as it can where the libraries are not.

    >>> from nbformat.v4 import new_code_cell
    >>> wrong = new_output("error", ename="NotAvailable", evalue="torch.add is not available in grading: write ...")
    >>> cell = new_code_cell(outputs=[wrong])
    >>> excuse(cell)
    >>> cell.outputs[0].text
    'While grading the cell ends here: torch.add is not available.\\n'
    """
    for place, output in enumerate(cell.outputs):
        if output.output_type == "error" and output.ename == "NotAvailable":
            words = f"While grading the cell ends here: {output.evalue.partition(' in grading')[0]}.\n"
            cell.outputs[place] = new_output("stream", name="stdout", text=words)
