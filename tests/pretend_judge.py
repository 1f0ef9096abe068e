"""A judge that runs nothing: an answer says what becomes of it. Workers import it by its name."""

import os
import signal
import time
from pathlib import Path

from nbformat.v4 import new_output

from cnncourse.checks.verdict import Status
from cnncourse.grading.judge import verdicts
from cnncourse.grading.judge.rebuilding import rebuild

# From answer to outcome; anything else is wrong
RIGHT, PARTIAL, ODD, DEADLY, BROKEN, SLOW = "right", "partial", "odd", "deadly", "broken", "slow"


def grade_notebook(blueprint, text, student, secret, files, handed_in):
    if os.environ.get("PRETEND_LOG"):
        with open(os.environ["PRETEND_LOG"], "a") as file:
            file.write(f"{student} {blueprint['notebook']}\n")
    notebook, remarks = rebuild(blueprint, text)
    answer = ""
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell{number}"
        about = cell.metadata.get("nbgrader", {})
        if about.get("solution"):
            answer = cell.source
        if cell.cell_type == "code" and about.get("grade"):
            _judge(cell, answer)
    verdicts.write_remarks(notebook, verdicts.Remarks(tuple(remarks), seconds=0.1))
    return notebook


def _judge(cell, answer):
    if answer == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)
    if answer == BROKEN:
        raise RuntimeError("the judge stumbled")
    if answer == SLOW:
        Path(os.environ["PRETEND_LOG"] + ".slow").touch()
        time.sleep(600)
    passed = answer in (RIGHT, PARTIAL, ODD)
    found = verdicts.CellVerdict(
        "ch02." + cell.metadata.nbgrader.grade_id.removeprefix("check-"),
        Status.PASSED if passed else Status.WRONG,
        words="" if passed else "expected 3, got <b>4</b>",
        misconception="a row is lost" if answer == "known" else "",
        section="ch02_convolution#padding",
        seconds=0.01,
        attention=("calls the library's own answer",) if answer == ODD else (),
    )
    verdicts.write(cell, found)
    if answer == PARTIAL:
        cell.outputs = [new_output("execute_result", {"text/plain": "0.1"}, execution_count=1)]
    elif passed:
        cell.outputs = [new_output("stream", name="stdout", text="right")]
    else:
        shown = new_output("display_data", {"text/plain": "not right"})
        cell.outputs = [shown, new_output("error", ename="NotRight", evalue="", traceback=[])]
