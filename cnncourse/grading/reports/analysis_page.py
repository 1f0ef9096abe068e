"""The page that shows an instructor what a class found hard."""

from html import escape

from cnncourse.checks.display import address, prose, title
from cnncourse.grading.reports.page import page, plain, table

EXPLAINED = """<p><strong>Right</strong> is the share of the submissions whose answer passed; a stub that nobody touched
counts as not right, and is counted again under "not begun". <strong>Points</strong> are the gradebook's, so that what a
person changed is in them, before any penalty for handing in late. The times are those that the judge waited for an
answer.</p>
<p><strong>Discrimination</strong> is the correlation between passing the task and the points of all other tasks. From
0.2 on a task tells students apart as the others do. Near 0 it measures something else, or luck; below 0 those who do
well elsewhere fail here: then read the task again before you blame the class. It is n/a where fewer than 20 were
judged, where everybody or nobody passed, and where all other points are equal.</p>"""


def measure(value, digits=0, unit=""):
    """A number for a table, "n/a" for None.

    >>> measure(0.25, 2), measure(None), measure(1.26, 1, "s")
    ('0.25', 'n/a', '1.3 s')
    """
    return "n/a" if value is None else f"{value:.{digits}f} {unit}".rstrip()


def where(section):
    """A link to a section of the book, its name where the book is not at hand, "" for what is no section.

    >>> where("ch99_nowhere#at-all"), where("javascript:alert(1)")
    ('chapter 99, “at all”', '')
    """
    try:
        words = plain(title(section))
    except ValueError:
        return ""
    link = address(section)
    return f'<a href="{escape(link)}">{words}</a>' if link else words


def rate(item):
    """The cell with the share of right answers, with a bar behind it.

    >>> from cnncourse.grading.reports.analysis import Item
    >>> rate(Item("ch02", "check-pad", "ch02.pad", 2.0, 4, 4, 3, 1, 4, 0.5, None, None, None))
    '<td class="n bar" style="--part:25%">25 % (1 of 4)</td>'
    """
    if item.rate is None:
        return '<td class="n">a person reads</td>'
    words = f"{100 * item.rate:.0f} % ({item.passed} of {item.judged})"
    return f'<td class="n bar" style="--part:{item.rate:.0%}">{words}</td>'


def mistakes(item):
    """The mistakes in the answers to a task.

    >>> from cnncourse.grading.reports.analysis import Item
    >>> mistakes(Item("ch02", "check-pad", "ch02.pad", 2.0, 4, 4, 3, 1, 4, 0.5, None, None, None))
    '<h3>ch02.pad</h3><p>2 answers were wrong; none of the mistakes has a name.</p>'
    """
    wrong, named = item.written - item.passed, sum(count for _, count, _ in item.misconceptions)
    see = f"<p>Section: {where(item.section)}.</p>" if where(item.section) else ""
    head = f"<h3>{plain(item.task)}</h3>"
    if not item.misconceptions:
        how_many = f"{wrong} answer{'s were' if wrong != 1 else ' was'}"
        return f"{head}<p>{how_many} wrong; none of the mistakes has a name.</p>{see}"
    rows = [[prose(words), str(count), where(section) or "n/a"] for words, count, section in item.misconceptions]
    if wrong > named:
        rows.append(["without a name", str(wrong - named), "n/a"])
    return head + table(f"Mistakes in {item.task}", ["mistake", "#answers", "section of the book"], rows) + see


def analysis_page(assignment, line, items, attention, remarks):
    """The whole page; `line` says how the class did.

    >>> "3 submissions" in analysis_page("ch02_convolution", "3 submissions", [], [], [])
    True
    """
    rows = [
        [
            plain(item.task),
            str(item.handed_in),
            str(item.judged - item.written) if item.judged else "n/a",
            rate(item),
            f"{measure(item.mean, 2)} of {item.points:g}",
            measure(item.median, 2, "s"),
            measure(item.slow, 2, "s"),
            measure(item.discrimination, 2),
        ]
        for item in items
    ]
    head = ["task", "#handed in", "#not begun", "#right", "#points on average", "#median time", "#90 % within"]
    blocks = [f"<p>{plain(line)}.</p>", table("The tasks", [*head, "#discrimination"], rows), EXPLAINED]
    if remarks:
        blocks.append(f"<h2>Not in these numbers</h2><ul>{''.join(f'<li>{plain(one)}</li>' for one in remarks)}</ul>")
    blocks.append("<h2>Which mistakes</h2>")
    blocks.append("".join(mistakes(item) for item in items if item.written > item.passed) or "<p>None.</p>")
    blocks.append("<h2>Who needs your attention</h2>")
    looks = [[plain(student), plain(task) or "the notebook", plain(sentence)] for student, task, sentence in attention]
    blocks.append(table("What the judge noticed", ["student", "task", "what"], looks) if looks else "<p>Nobody.</p>")
    return page(f"How the class did: {assignment}", "\n".join(blocks))
