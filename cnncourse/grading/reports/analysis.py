"""What a class found hard: `cnncourse analyse ASSIGNMENT` writes a page and a table, task by task.

It reads the verdicts that the judge left in `autograded/*/ASSIGNMENT/*.ipynb` and the scores in the gradebook.
"""

import csv
import math
import statistics
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from nbgrader.api import MissingEntry

from cnncourse.checks.verdict import Status
from cnncourse.grading.cohort.coursefolder import NoSuchCourse, course_here, folders, one_name
from cnncourse.grading.cohort.scores import cell_scores, in_one_line, open_gradebook, standings
from cnncourse.grading.judge import verdicts
from cnncourse.grading.judge.untrusted import Damaged, cells_of, read_file
from cnncourse.grading.judge.verdicts import CellVerdict
from cnncourse.grading.reports.analysis_page import analysis_page
from cnncourse.grading.reports.spreadsheet import harmless, number

LARGEST = 100_000_000  # bytes of a graded notebook: its outputs are capped, so that none comes near
FEWEST = 20  # students for a discrimination: with fewer it swings by more than 0.2 from chance alone (1 / sqrt(n))


@dataclass(frozen=True)
class Answer:
    """What the judge found out about one answer."""

    student: str
    notebook: str
    cell: str
    verdict: CellVerdict


@dataclass(frozen=True)
class Item:
    """One graded cell of an assignment, as a class did it. None: there is nothing to tell it from."""

    notebook: str
    cell: str
    task: str
    points: float
    handed_in: int  # submissions that have the cell
    judged: int  # of these, answers with a verdict; none where a person reads
    written: int  # of these, those that were more than the stub
    passed: int  # of these, right ones
    scored: int
    mean: float | None  # points
    median: float | None  # seconds
    slow: float | None  # seconds that 90 % of the answers did not take longer than
    discrimination: float | None
    misconceptions: tuple = ()  # (name, how many, section), the most frequent first
    section: str = ""

    @property
    def rate(self):
        """The share of right answers among those with a verdict."""
        return self.passed / self.judged if self.judged else None


def read_graded(path, student):
    """The answers in a graded notebook, and what a person should look at, as (task or "", sentence).

    >>> read_graded(Path("nowhere.ipynb"), "ada")
    Traceback (most recent call last):
    ...
    cnncourse.grading.judge.untrusted.Damaged: nowhere.ipynb cannot be opened
    """
    notebook = read_file(path, LARGEST)
    attention = [("", one) for one in verdicts.read_remarks(notebook).attention]
    answers = []
    for cell in cells_of(notebook):
        verdict = verdicts.read(cell)
        if verdict:
            answers.append(Answer(student, path.stem, cell.name, verdict))
            attention += [(verdict.task, one) for one in verdict.attention]
    return answers, attention


def read_class(graded):
    """The answers of a class, what a person should look at as (student, task, sentence), and what could not be read.

    >>> read_class({})
    ([], [], [])
    """
    answers, attention, remarks = [], [], []
    for student, folder in graded.items():
        for path in sorted(folder.glob("*.ipynb")):
            try:
                found, looks = read_graded(path, student)
            except Damaged as why:
                remarks.append(f"{student}: {why}: no verdicts.")
                continue
            answers += found
            attention += [(student, task, sentence) for task, sentence in looks]
    return answers, sorted(set(attention)), remarks


def point_biserial(passed, rest):
    """How well a task tells those who do well elsewhere from those who do not: -1 to 1, or None for too few students.

    It is the correlation between passing the task (1 or 0) and the points of all other tasks. The points of the task
    itself are left out, because they would correlate with themselves (Sten Henrysson, "Correction of item-total
    correlations in item analysis", Psychometrika 28, 1963). Where all pass, or none does, there is none.

    >>> round(point_biserial([True] * 10 + [False] * 10, [9.0] * 10 + [3.0] * 9 + [9.0]), 2)
    0.9
    >>> point_biserial([True, False], [9.0, 3.0])
    """
    if len(passed) < FEWEST or np.ptp(np.array(passed, int)) == 0 or np.ptp(rest) < 1e-9:
        return None
    return float(np.corrcoef(passed, rest)[0, 1])


def items_of(scores, answers):
    """The items of an assignment in the order of the notebook, from the gradebook's scores and the judge's answers.

    >>> items_of([], [])
    []
    """
    by_cell, totals, verdict = {}, Counter(), {}
    for answer in answers:
        verdict[answer.notebook, answer.cell, answer.student] = answer.verdict
    order = {(answer.notebook, answer.cell): None for answer in answers}
    for one in scores:
        by_cell.setdefault((one.notebook, one.cell), []).append(one)
        totals[one.student] += one.earned or 0.0
    # a cell that the judge saw stands where it stood in the first notebook, one that a person reads at the end
    names = [name for name in order if name in by_cell] + sorted(by_cell.keys() - order.keys())
    return [item_of(name, by_cell[name], totals, verdict) for name in names]


def item_of(name, scores, totals, verdict):
    """One item, from the scores in its cell, the students' total points and the judge's verdicts.

    >>> from cnncourse.grading.cohort.scores import CellScore
    >>> score = CellScore("ada", "ch02", "essay", "markdown", 3.0, None, 2.0, 2.0, False)
    >>> item_of(("ch02", "essay"), [score], {"ada": 2.0}, {}).mean
    2.0
    """
    judged = [(one, verdict[(*name, one.student)]) for one in scores if (*name, one.student) in verdict]
    found = [one for _, one in judged]
    written = [one for one in found if one.status is not Status.NOT_WRITTEN]
    points = [one.earned for one in scores if one.earned is not None]
    times = sorted(one.seconds for one in written if one.seconds is not None)
    named = Counter(one.misconception for one in found if one.misconception and not one.passed)
    sections = {one.misconception: one.section for one in reversed(found)}
    own = [one.section for one in found if one.section and not one.misconception]
    return Item(
        *name,
        task=found[0].task if found else name[1],
        points=scores[0].points,
        handed_in=len(scores),
        judged=len(found),
        written=len(written),
        passed=sum(one.passed for one in found),
        scored=len(points),
        mean=statistics.fmean(points) if points else None,
        median=statistics.median(times) if times else None,
        slow=times[math.ceil(0.9 * len(times)) - 1] if times else None,
        discrimination=point_biserial(
            [one.passed for one in found], [totals[one.student] - (one.earned or 0.0) for one, _ in judged]
        ),
        misconceptions=tuple(
            (words, count, sections[words]) for words, count in sorted(named.items(), key=lambda one: (-one[1], one[0]))
        ),
        section=own[0] if own else "",
    )


HEAD = ["task", "notebook", "cell", "points", "handed_in", "judged", "written", "passed", "pass_rate", "mean_points"]
HEAD += ["median_seconds", "ninety_percent_seconds", "discrimination", "misconceptions"]


def as_row(item):
    """An item as a row for the table.

    >>> as_row(Item("ch02", "check-pad", "ch02.pad", 2.0, 4, 4, 3, 1, 4, 0.5, None, None, None))[5:]
    ['4', '3', '1', '0.25', '0.5', 'n/a', 'n/a', 'n/a', '']
    """
    numbers = [item.points, item.handed_in, item.judged, item.written, item.passed, item.rate, item.mean]
    numbers += [item.median, item.slow, item.discrimination]
    named = "; ".join(f"{words}: {count}" for words, count, _ in item.misconceptions)
    return [
        *(harmless(words) for words in (item.task, item.notebook, item.cell)),
        *("n/a" if value is None else number(value) for value in numbers),
        harmless(named),
    ]


def command(arguments):
    """`cnncourse analyse ASSIGNMENT [--to FOLDER]`, in the folder of a course.

    >>> from types import SimpleNamespace as Arguments
    >>> command(Arguments(assignment="ch02/..", to="reports"))
    "'ch02/..' is no name of an assignment"
    """
    try:
        course, assignment = course_here(), one_name(arguments.assignment)
        with open_gradebook(course.db_url, course.course_id) as gradebook:
            scores = cell_scores(gradebook, assignment)
            known = list(standings(gradebook, assignment).values())
            line = f"{len(known)} submissions: {in_one_line(known)}"
    except (NoSuchCourse, ValueError) as why:
        return f"the gradebook has no assignment {assignment}" if isinstance(why, MissingEntry) else str(why)
    answers, attention, remarks = read_class(folders(course, "autograded", assignment))
    handed_in, judged = {one.student for one in scores}, {answer.student for answer in answers}
    if not handed_in:
        return f"nobody has handed in {assignment} yet, or nothing was graded: run `nbgrader autograde {assignment}`"
    missing = sorted(handed_in - judged)
    if missing:
        remarks.append(f"There are no verdicts for {', '.join(missing)}: grade these again to see them here.")
    items = items_of(scores, answers)
    out = Path(arguments.to)
    out.mkdir(parents=True, exist_ok=True)
    page, table = out / f"{assignment}-analysis.html", out / f"{assignment}-analysis.csv"
    page.write_text(analysis_page(assignment, line, items, attention, remarks), encoding="utf-8")
    with table.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows([HEAD, *map(as_row, items)])
    print(f"{assignment}: {line}", f"{page} and {table}", sep="\n")
    for remark in remarks:
        print(remark)
    return 0
