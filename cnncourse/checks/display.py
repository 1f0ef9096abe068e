"""A verdict in words and small tables: HTML in a notebook, plain text elsewhere, and as data for programs."""

import os
import re
from html import escape
from pathlib import Path

import numpy as np

from cnncourse.checks.verdict import Status

DATA = "application/vnd.cnncourse.verdict+json"  # beside HTML and text in a notebook, for `cnncourse check`
LARGEST = 9  # rows and columns of an array that are shown
KERNELS = ("kernel", "weights", "dw")  # what arrays of weights are called, with rows and columns first

STYLE = "border:1px solid color-mix(in srgb, currentColor 30%, transparent);padding:.15em .5em;text-align:right"
MARKED = STYLE + ";outline:3px solid #bb5566;outline-offset:-3px;font-weight:bold"


def section_of(task, misconception=None):
    """The page and the anchor where the book deals with a mistake, or with the task.

    >>> from cnncourse.checks import task
    >>> section_of(task("ch02.output_size"))
    'ch02_convolution#how-large-is-the-result'
    """
    return (misconception and misconception.section) or task.section


def address(section):
    """Where the reader's copy of the book has that section: the published one, the one built here, or "".

    >>> import os; os.environ["CNNCOURSE_BOOK"] = "https://example.org/cnn"
    >>> address("ch02_convolution#holes-dilation")
    'https://example.org/cnn/book/ch02_convolution.html#holes-dilation'
    >>> del os.environ["CNNCOURSE_BOOK"]
    """
    page, _, anchor = section.partition("#")
    book = os.environ.get("CNNCOURSE_BOOK", "").rstrip("/")
    if book:
        return f"{book}/book/{page}.html#{anchor}"
    built = Path(__file__).resolve().parents[2] / "_build" / "html" / "book" / f"{page}.html"
    return f"{built.as_uri()}#{anchor}" if built.exists() else ""


def title(section):
    """A section in words.

    >>> title("ch02_convolution#holes-dilation")
    'chapter 2, “holes dilation”'
    """
    page, _, anchor = section.partition("#")
    return f"chapter {int(page[2:4])}, “{anchor.replace('-', ' ')}”"


def plane(array, index, is_kernel=False):
    """A 1-D or 2-D part of an array that holds the number at `index`, its name, and the index in that part.

    >>> plane(np.zeros((2, 4, 5, 3)), (1, 2, 3, 0))[1:]
    ('[1, :, :, 0]', (2, 3))
    >>> plane(np.zeros((2, 1, 1, 3)), (1, 0, 0, 2))[1:]  # there is nothing beside the part
    ('', (1, 2))
    """
    index = index or (0,) * array.ndim
    long = [axis for axis, n in enumerate(array.shape) if n > 1] or [0]
    if array.ndim <= 2:
        return array, "", index
    if len(long) <= 2:
        return array.reshape([array.shape[axis] for axis in long]), "", tuple(index[axis] for axis in long)
    # rows and columns: kernels are (KH, KW, C, F), images (H, W, C) or (N, H, W, C)
    shown = (0, 1) if is_kernel else (array.ndim - 3, array.ndim - 2)
    cut = tuple(slice(None) if axis in shown else i for axis, i in enumerate(index))
    name = ", ".join(":" if axis in shown else str(i) for axis, i in enumerate(index))
    return array[cut], f"[{name}]", (index[shown[0]], index[shown[1]])


def window(array, index):
    """At most LARGEST rows and columns around the number at `index`, and where they start.

    >>> part, starts = window(np.zeros((20, 5)), (12, 0))
    >>> part.shape, starts
    ((9, 5), [8, 0])
    """
    starts = [max(0, min(i - LARGEST // 2, n - LARGEST)) for i, n in zip(index, array.shape)]
    part = array[tuple(slice(start, start + LARGEST) for start in starts)]
    return part, starts


def number(x):
    """A number as short as it can be told.

    >>> number(2.0), number(np.float32(0.1)), number(True)
    ('2', '0.1', 'True')
    """
    return str(bool(x)) if isinstance(x, (bool, np.bool_)) else f"{x:.4g}"


def rows(array, index=None):
    """A small array as rows of (words, whether it is the number at `index`).

    >>> rows(np.array([1.0, 2.5]), (1,))
    [[('1', False), ('2.5', True)]]
    """
    array = np.atleast_2d(array)
    mark = None if index is None else ((0,) * (2 - len(index)) + tuple(index))
    return [
        [(number(x), mark == (r, c)) for c, x in enumerate(row)]
        for r, row in enumerate(array.tolist() if array.size else [])
    ]


def picture(name, value, index=None):
    """What is shown of a value: a heading, and rows of numbers if it is an array.

    >>> picture("x", np.zeros((1, 2)))
    ('array, shape (1, 2), float64', [[('0', False), ('0', False)]])
    >>> picture("got", 5.0)
    ('5.0', [])
    """
    if not isinstance(value, np.ndarray):
        return number(value) if isinstance(value, float) and not value.is_integer() else repr(value), []
    about = f"array, shape {value.shape}, {value.dtype}"
    if not value.size or not value.ndim:
        return f"{about}: {value.tolist()}", []
    part, shown, where = plane(value, index, is_kernel=name.startswith(KERNELS))
    part, starts = window(part, where)
    if shown or part.size != value.size:
        about += f"; shown is {shown or 'a part'}"
        about += f" from {starts}" if any(starts) else ""
    local = tuple(i - start for i, start in zip(where, starts)) if index is not None else None
    return about, rows(part, local)


def follow(value, path):
    """The part of a tuple or dictionary that a path leads to.

    >>> follow({"dx": (1, 2)}, ("dx", 1))
    2
    """
    for key in path:
        value = value[key]
    return value


def parts(finding, names, results=()):
    """What a failing case consists of: (name, value, index to mark).

    >>> from cnncourse.checks import examine, task
    >>> finding = examine(task("ch02.output_size"), lambda *sizes: 0).finding
    >>> list(parts(finding, ["size"]))[-1]
    ('got', 0, None)
    """
    yield from ((name, argument, None) for name, argument in zip(names, finding.case))
    path, index = finding.difference.path, finding.difference.index
    place = "".join(f" {results[key]}" if results else f"[{key!r}]" for key in path)
    if not finding.outcome.error:
        yield f"expected{place}", follow(finding.expected, path), index
        got = follow(finding.outcome.value, path)
        yield f"got{place}", np.array(got) if index is not None else got, index


def headline(verdict):
    """The verdict in one line.

    >>> from cnncourse.checks import examine, task
    >>> headline(examine(task("ch02.pad"), np.pad))
    'ch02.pad: right, on 6 cases (zeros around an image).'
    """
    task = verdict.task
    if verdict.passed:
        return f"{task.id}: right, on {verdict.tried} case{'s' * (verdict.tried != 1)} ({task.asks})."
    if verdict.status is Status.NOT_WRITTEN:
        return f"{task.id}: not written yet ({task.asks})."
    return f"{task.id}: not right yet ({task.asks})."


def remarks(verdict):
    """What happened beside the result, as sentences.

    >>> from cnncourse.checks import examine, task
    >>> list(remarks(examine(task("ch02.pad"), lambda x, padding: print("here"))))
    ['Your code printed: here']
    """
    outcome, names = verdict.finding.outcome, verdict.task.names()
    if outcome.changed and not verdict.finding.difference.beside:
        yield f"Your code also changed {', '.join(names[position] for position in outcome.changed)}: work on a copy"
    if outcome.printed:
        text = outcome.printed.strip()
        yield f"Your code printed: {text[:300]}{' …' * (len(text) > 300)}"
    for warning in outcome.warned:
        yield f"Your code warned: {warning}"


def as_text(verdict):
    """The verdict for a terminal.

    >>> from cnncourse.checks import examine, task
    >>> print(as_text(examine(task("ch02.output_size"), lambda n, k, s, p, d: n - k + 1)))  # doctest: +ELLIPSIS
    ch02.output_size: not right yet (the size of a map from the five numbers that decide it).
    ...
    """
    lines = [headline(verdict)]
    if verdict.status in (Status.PASSED, Status.NOT_WRITTEN):
        return lines[0]
    lines += [verdict.finding.difference.words, "The smallest case that shows it:"]
    for name, value, index in parts(verdict.finding, verdict.task.names(), verdict.task.results):
        about, table = picture(name, value, index)
        lines.append(f"  {name}: {about}")
        cells = [[f">{text}<" if marked else text for text, marked in row] for row in table]
        width = max((len(cell) for row in cells for cell in row), default=0)
        lines += ["    " + " ".join(cell.rjust(width) for cell in row) for row in cells]
    lines += list(remarks(verdict))
    if verdict.misconception:
        lines.append(f"This is what comes out when {verdict.misconception.name}. {verdict.misconception.why}")
    section = section_of(verdict.task, verdict.misconception)
    lines.append(f"See {title(section)} {address(section)}".rstrip())
    return "\n".join(lines)


def as_data(verdict):
    """The verdict for a program that reads the notebook.

    >>> from cnncourse.checks import examine, task
    >>> as_data(examine(task("ch02.output_size"), lambda *sizes: 0))["status"]
    'wrong'
    """
    finding, mistake = verdict.finding, verdict.misconception
    return {
        "status": verdict.status.value,
        "words": finding.difference.words if finding else "",
        "misconception": mistake.name if mistake else "",
    }


def table_html(rows):
    """Rows of numbers as a table, the marked one outlined and named to a screen reader.

    >>> table_html([[("1", True)]]).count("(here)")
    1
    """
    body = "".join(
        "<tr>"
        + "".join(
            f'<td style="{MARKED if marked else STYLE}">{escape(text)}{" (here)" * marked}</td>' for text, marked in row
        )
        + "</tr>"
        for row in rows
    )
    return f'<table style="border-collapse:collapse;margin:.3em 0">{body}</table>' if rows else ""


def prose(text):
    """Words for a page, with what stands between backticks as code.

    >>> prose("use `//`, if a < b")
    'use <code>//</code>, if a &lt; b'
    """
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def as_html(verdict):
    """The verdict for a notebook.

    >>> from cnncourse.checks import examine, task
    >>> "<strong>ch02.pad: not right yet" in as_html(examine(task("ch02.pad"), lambda x, padding: x))
    True
    """
    first = f"<p><strong>{escape(headline(verdict))}</strong></p>"
    if verdict.status in (Status.PASSED, Status.NOT_WRITTEN):
        return first
    blocks = [first, f"<p>{prose(verdict.finding.difference.words)}</p><p>The smallest case that shows it:</p>"]
    boxes = []
    for name, value, index in parts(verdict.finding, verdict.task.names(), verdict.task.results):
        about, table = picture(name, value, index)
        words = f"<code>{escape(name)}</code>: {escape(about)}"
        boxes.append(f'<div style="margin:0 1.5em .5em 0">{words}{table_html(table)}</div>')
    blocks.append(f'<div style="display:flex;flex-wrap:wrap">{"".join(boxes)}</div>')
    blocks += [f"<p>{escape(remark)}</p>" for remark in remarks(verdict)]
    if verdict.misconception:
        name, why = prose(verdict.misconception.name), prose(verdict.misconception.why)
        blocks.append(f"<p><strong>This is what comes out when {name}.</strong> {why}</p>")
    section = section_of(verdict.task, verdict.misconception)
    link, words = address(section), escape(title(section))
    blocks.append(f'<p>See <a href="{escape(link)}">{words}</a>.</p>' if link else f"<p>See {words}.</p>")
    return f'<div class="cnn-verdict">{"".join(blocks)}</div>'
