"""Which submissions are alike: `cnncourse similar ASSIGNMENT` writes a page and a table for a person to look at.

Likeness is no proof. `winnowing` says what is compared, and how. Nothing that was handed in is executed, and a file
that cannot be read costs its student a line in the report, nobody else anything.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import cnncourse
from cnncourse.checks.handing_in import declared
from cnncourse.grading.cohort.coursefolder import NoSuchCourse, course_here, folders, one_name
from cnncourse.grading.judge.untrusted import Damaged, cells_of, read_file
from cnncourse.grading.reports.same_weights import read_networks, same_weights
from cnncourse.grading.reports.similarity_page import similarity_page
from cnncourse.grading.reports.spreadsheet import harmless
from cnncourse.grading.reports.winnowing import Work, released, work_of

MOST_CODE = 200_000  # characters of code that are compared, of each student
FEWEST = 4  # shared fingerprints that make a pair
# A fingerprint that more of the class has than this is what everybody writes; in a small class nothing is
COMMON_SHARE, COMMON_STUDENTS = 0.3, 10
SEEDS = "(The same code with the same seed can give the same weights: ask what was trained, and with which seed.)"
BLOCK = 4096  # columns of the table of students and fingerprints that are in memory at once


@dataclass(frozen=True)
class Pair:
    """Two works and what they share."""

    first: Work
    second: Work
    shared: int  # fingerprints
    share: float  # of the fingerprints of the smaller one; of the student's, if the other one is the library


def code_cells(path):
    """The sources of the code cells of a notebook that may hold anything.

    >>> code_cells(Path("nowhere.ipynb"))
    Traceback (most recent call last):
    ...
    cnncourse.grading.judge.untrusted.Damaged: nowhere.ipynb cannot be opened
    """
    return [cell.source for cell in cells_of(read_file(path)) if cell.kind == "code" and cell.source.strip()]


def cut(cells, most):
    """The cells up to so many characters.

    >>> cut(["abc", "def", "g"], 5)
    ['abc', 'de']
    """
    kept = []
    for cell in cells:
        if most <= 0:
            break
        kept.append(cell[:most])
        most -= len(cell)
    return kept


def read_class(submitted, given):
    """The works of a class, and what could not be read, as sentences.

    >>> read_class({}, released([]))
    ([], [])
    """
    works, remarks = [], []
    for student, folder in submitted.items():
        cells = []
        for path in sorted(folder.glob("*.ipynb")):
            try:
                cells += code_cells(path)
            except Damaged as why:
                remarks.append(f"{student}: {why}: left out.")
        if not cells:
            remarks.append(f"{student}: there is no code to compare.")
            continue
        short = cut(cells, MOST_CODE)
        if sum(map(len, short)) < sum(map(len, cells)):
            remarks.append(f"{student}: only the first {MOST_CODE} characters of code were compared.")
        works.append(work_of(student, short, given))
    return works, remarks


def drop_common(works, share=COMMON_SHARE, students=COMMON_STUDENTS):
    """Forget the fingerprints that more than that share of the class has, and more students than that.

    >>> works = [Work(name, [], places={1: [(0, 0)], ord(name): [(0, 0)]}) for name in "abc"]
    >>> drop_common(works, share=0.5, students=2)
    >>> [list(work.places) for work in works]
    [[97], [98], [99]]
    """
    keys, counts = np.unique(np.array([key for work in works for key in work.places], np.uint64), return_counts=True)
    common = set(keys[counts > max(share * len(works), students)].tolist())
    for work in works:
        work.places = {key: places for key, places in work.places.items() if key not in common}


def shared_counts(works):
    """How many fingerprints each two works share, as a symmetric table with how many each one has on its diagonal.

    >>> shared_counts([Work("ada", [], places={1: [], 2: []}), Work("bo", [], places={2: [], 3: [], 4: []})])
    array([[2, 1],
           [1, 3]])
    """
    counts = np.zeros((len(works), len(works)), int)
    owners = np.repeat(np.arange(len(works)), [len(work.places) for work in works])
    keys = np.array([key for work in works for key in work.places], np.uint64)
    _, columns = np.unique(keys, return_inverse=True)
    order = np.argsort(columns, kind="stable")
    owners, columns = owners[order], columns[order]
    for first in range(0, int(columns[-1]) + 1 if len(columns) else 0, BLOCK):
        here = slice(*np.searchsorted(columns, [first, first + BLOCK]))
        table = np.zeros((len(works), BLOCK), np.float32)  # whole numbers up to BLOCK are exact
        table[owners[here], columns[here] - first] = 1
        counts += (table @ table.T).astype(int)
    return counts


def pairs_of(works):
    """The pairs that share something, the largest share first.

    >>> pairs_of([Work("ada", []), Work("bo", [])])
    []
    """
    counts = shared_counts(works)
    smaller = np.minimum.outer(np.diag(counts), np.diag(counts))
    found = [
        Pair(works[i], works[j], int(counts[i, j]), float(counts[i, j] / smaller[i, j]))
        for i, j in zip(*np.nonzero(np.triu(counts >= FEWEST, 1)))
    ]
    return sorted(found, key=lambda pair: (-pair.share, -pair.shared, pair.first.name, pair.second.name))


def pairs_with(works, sources):
    """For each work the source of which it holds most, ordered as `pairs_of`.

    >>> pairs_with([Work("ada", [])], [])
    []
    """
    found = []
    for work in works:
        counts = [len(work.places.keys() & source.places.keys()) for source in sources]
        best = max(range(len(sources)), key=counts.__getitem__, default=None)
        if best is not None and counts[best] >= FEWEST:
            found.append(Pair(work, sources[best], counts[best], counts[best] / len(work.places)))
    return sorted(found, key=lambda pair: (-pair.share, -pair.shared, pair.first.name))


def library(given):
    """The course's own code, file by file.

    >>> "cnncourse/convolution/direct.py" in {work.name for work in library(released([]))}
    True
    """
    top = Path(cnncourse.__file__).parent
    names = sorted(path.relative_to(top) for path in top.rglob("*.py"))
    return [
        work_of(str(Path("cnncourse", name)), [(top / name).read_text(encoding="utf-8")], given)
        for name in names
        if name.parts[0] != "grading"
    ]


def notebooks_in(folder):
    """The code of the course's own notebooks in a folder: the release, or the solutions.

    >>> notebooks_in(Path("nowhere"))
    []
    """
    return [cell for path in sorted(folder.glob("*.ipynb")) for cell in code_cells(path)]


def as_rows(pairs, kind):
    """The pairs as rows for the table.

    >>> as_rows([Pair(Work("=ada", []), Work("bo", []), 5, 0.5)], "submissions")
    [['submissions', "'=ada", 'bo', '0.500', 5, 0, 0]]
    """
    return [
        [
            kind,
            harmless(pair.first.name),
            harmless(pair.second.name),
            f"{pair.share:.3f}",
            *(pair.shared, len(pair.first.places), len(pair.second.places)),
        ]
        for pair in pairs
    ]


def command(arguments):
    """`cnncourse similar ASSIGNMENT [--to FOLDER]`, in the folder of a course.

    >>> from types import SimpleNamespace as Arguments
    >>> command(Arguments(assignment="ch99_nothing", to="reports"))  # doctest: +ELLIPSIS
    'nobody has handed in ch99_nothing: there is no .../submitted/*/ch99_nothing'
    """
    try:
        course, assignment = course_here(), one_name(arguments.assignment)
    except NoSuchCourse as why:
        return str(why)
    submitted = folders(course, "submitted", assignment)
    if not submitted:
        where = Path(course.root, course.submitted_directory, "*", assignment)
        return f"nobody has handed in {assignment}: there is no {where}"
    out = Path(arguments.to)
    out.mkdir(parents=True, exist_ok=True)
    code = notebooks_in(Path(course.root, course.release_directory, assignment))
    given = released(code)
    works, remarks = read_class(submitted, given)
    if not code:
        remarks.insert(0, f"There is no release of {assignment}, so that the code that was given counts as shared.")
    networks, unread = read_networks(submitted, [one for source in code for one in declared(source)])
    same = same_weights(networks)
    remarks = [*(pair.words for pair in same), *([SEEDS] if same else []), *remarks, *unread]
    sources = library(given)
    answers = notebooks_in(Path(course.root, course.source_directory, assignment))
    sources.append(work_of(f"{course.source_directory}/{assignment}", answers, given))
    taken = pairs_with(works, sources)  # first: what half the class has copied from there is not what everybody writes
    drop_common(works)
    pairs = pairs_of(works)
    page, table = out / f"{assignment}-similarity.html", out / f"{assignment}-similarity.csv"
    page.write_text(similarity_page(assignment, len(works), pairs, taken, remarks), encoding="utf-8")
    with table.open("w", newline="", encoding="utf-8-sig") as file:
        head = ["with", "first", "second", "share", "shared", "fingerprints_first", "fingerprints_second"]
        rows = [*as_rows(pairs, "submission"), *as_rows(taken, "course")]
        rows += [["weights", harmless(one.first.student), harmless(one.second.student), one.how] for one in same]
        csv.writer(file).writerows([head, *rows])
    print(f"compared {len(works)} submissions of {assignment}: {page} and {table}")
    for remark in remarks:
        print(remark)
    return 0
