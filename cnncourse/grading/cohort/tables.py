"""What an instructor reads on the terminal: who earned what, and who would change."""

import textwrap
from collections import Counter
from dataclasses import dataclass

from cnncourse.grading.cohort.scores import in_one_line
from cnncourse.grading.judge.quoting import plain


@dataclass
class Row:
    """One student's line of the final table."""

    student: str
    standing: object = None  # what the gradebook says, if it says anything
    remarks: tuple = ()
    state: str = "graded before"


def lateness(standing):
    """How late a submission is, and what that costs.

    >>> from types import SimpleNamespace as Standing
    >>> lateness(Standing(seconds_late=93600, penalty=2.5))
    '1 d 2 h (-2.5)'
    >>> lateness(Standing(seconds_late=0, penalty=0))
    ''
    """
    if not standing.seconds_late:
        return ""
    minutes = max(1, round(standing.seconds_late / 60))
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [f"{count} {unit}" for count, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if count]
    return " ".join(parts[:2]) + (f" (-{standing.penalty:g})" if standing.penalty else "")


def by_hand(standing):
    """What a person has scored, in words.

    >>> from types import SimpleNamespace as Standing
    >>> by_hand(Standing(by_hand=2))
    ['2 scores given by hand are kept']
    """
    kept = standing.by_hand
    return [f"{kept} score{'s' * (kept > 1)} given by hand {'are' if kept > 1 else 'is'} kept"] if kept else []


def columns(heads, rows):
    """Rows of texts under their heads; the last column is wrapped.

    >>> print(columns(["student", "score", "remark"], [["ada", "3 / 4", "late"]]))
    student  score  remark
    ada      3 / 4  late
    """
    rows = [[plain(text) for text in row] for row in rows]
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads) - 1)]
    lines = []
    for row in [heads, *rows]:
        first, *more = textwrap.wrap(row[-1], 80) or [""]
        lines.append("  ".join([*(text.ljust(width) for text, width in zip(row, widths)), first]).rstrip())
        lines += [" " * (sum(widths) + 2 * len(widths)) + line for line in more]
    return "\n".join(lines)


def final(rows):
    """The table of all students.

    >>> print(final([Row("ada", None, ("not JSON",))]))
    student  score  late  remark
    ada      -            not JSON
    """
    body = []
    for row in rows:
        standing = row.standing
        score = f"{standing.total:g} / {standing.points:g}" if standing and standing.scored else "-"
        remarks = [*row.remarks, *(by_hand(standing) if standing else [])]
        body.append([row.student, score, lateness(standing) if standing else "", "; ".join(remarks)])
    return columns(["student", "score", "late", "remark"], body)


def summary(rows):
    """The class in one line.

    >>> summary([Row("ada", None, (), "not graded")])
    '1 submission: 1 not graded'
    """
    counts = Counter(row.state for row in rows)
    parts = [f"{counts[state]} {state}" for state in ("graded", "graded before", "not graded") if counts[state]]
    standings = [row.standing for row in rows if row.standing]
    line = f"{len(rows)} submission{'s' * (len(rows) != 1)}: {', '.join(parts)}"
    return line + (f"; {in_one_line(standings)}" if standings else "")


def changes(pairs):
    """Who changes, and by how much: `pairs` are (student, standing before or None, standing after).

    >>> from types import SimpleNamespace as Standing
    >>> one, two = (Standing(total=total, penalty=0, by_hand=0) for total in (3, 5))
    >>> print(changes([("ada", one, two), ("bob", one, one)]))
    student  before  after  change
    ada      3       5      +2
    1 other does not change
    """
    rows, same = [], 0
    for student, before, after in pairs:
        old, new = (standing and standing.total - standing.penalty for standing in (before, after))
        if before and old == new:
            same += 1
            continue
        change = f"{new - old:+g}" if before else "new"
        words = "; ".join([change, *by_hand(after)])
        rows.append([student, f"{old:g}" if before else "-", f"{new:g}", words])
    lines = [columns(["student", "before", "after", "change"], rows)] if rows else []
    if same:
        lines.append(f"{same} other{'s' * (same > 1)} {'do' if same > 1 else 'does'} not change")
    return "\n".join(lines)
