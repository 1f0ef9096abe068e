"""A verdict in words and small tables: HTML in a notebook, plain text elsewhere, and as data for programs."""

import os
import re
from html import escape

import numpy as np

from cnncourse.checks.course import heading
from cnncourse.checks.verdict import Status

DATA = "application/vnd.cnncourse.verdict+json"  # beside HTML and text in a notebook, for `cnncourse check`
SHOWN = 60  # an array of so many numbers is shown as a whole: who has to recompute it needs all of them
LARGEST = 9  # rows and columns that are shown of a larger one
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
    """Where a browser finds that section: in the book at the address CNNCOURSE_BOOK, which `cnncourse lab` sets; or "".

    A link to a file would not do: JupyterLab refuses it.

    >>> import os; os.environ["CNNCOURSE_BOOK"] = "https://example.org/cnn"
    >>> address("ch02_convolution#holes-dilation")
    'https://example.org/cnn/book/ch02_convolution.html#holes-dilation'
    >>> del os.environ["CNNCOURSE_BOOK"]
    """
    page, _, anchor = section.partition("#")
    book = os.environ.get("CNNCOURSE_BOOK", "").rstrip("/")
    return f"{book}/book/{page}.html#{anchor}" if book else ""


def title(section):
    """A section in words: its chapter and its heading.

    >>> title("ch02_convolution#how-large-is-the-result")
    'chapter 2, “How large is the result?”'
    """
    return f"chapter {int(section[2:4])}, “{heading(section)}”"


def planes(array, index=None, is_kernel=False):
    """The 1-D and 2-D parts of an array that are shown: (name, part, where the number at `index` is in it, or None).

    Of an array of more than SHOWN numbers it is only the part that holds the number.

    >>> [(name, where) for name, _, where in planes(np.zeros((2, 4, 5, 1)), (1, 2, 3, 0))]
    [('[0, :, :, 0]', None), ('[1, :, :, 0]', (2, 3))]
    >>> [(name, where) for name, _, where in planes(np.zeros((2, 4, 5, 3)), (1, 2, 3, 0))]
    [('[1, :, :, 0]', (2, 3))]
    >>> [(name, where) for name, _, where in planes(np.zeros((2, 1, 1, 3)), (1, 0, 0, 2))]  # one part is all of it
    [('', (1, 2))]
    """
    long = [axis for axis, n in enumerate(array.shape) if n > 1] or [0]
    if array.ndim <= 2:
        return [("", array, index)]
    if len(long) <= 2:
        part = array.reshape([array.shape[axis] for axis in long])
        return [("", part, index and tuple(index[axis] for axis in long))]
    # rows and columns: kernels are (KH, KW, C, F), images (H, W, C) or (N, H, W, C)
    in_part = (0, 1) if is_kernel else (array.ndim - 3, array.ndim - 2)
    found = []
    for place in np.ndindex(*(1 if axis in in_part else n for axis, n in enumerate(array.shape))):
        marked = index and all(axis in in_part or i == index[axis] for axis, i in enumerate(place))
        if marked or array.size <= SHOWN or not (index or any(place)):
            name = ", ".join(":" if axis in in_part else str(i) for axis, i in enumerate(place))
            part = array[tuple(slice(None) if axis in in_part else i for axis, i in enumerate(place))]
            found.append((f"[{name}]", part, tuple(index[axis] for axis in in_part) if marked else None))
    return found


def window(array, index):
    """At most LARGEST rows and columns around the number at `index`, and where they start.

    >>> part, starts = window(np.zeros((20, 5)), (12, 0))
    >>> part.shape, starts
    ((9, 5), (8, 0))
    """
    starts = tuple(max(0, min(i - LARGEST // 2, n - LARGEST)) for i, n in zip(index, array.shape))
    return array[tuple(slice(start, start + LARGEST) for start in starts)], starts


def number(x):
    """A number as short as it can be told.

    >>> number(2.0), number(np.float32(0.1)), number(True), number(-0.0)
    ('2', '0.1', 'True', '0')
    """
    return str(bool(x)) if isinstance(x, (bool, np.bool_)) else f"{x + 0:.4g}"


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
    """What is shown of a value: a heading, and for each part of an array its name and its rows of numbers.

    >>> picture("x", np.zeros((1, 2)))
    ('array, shape (1, 2), float64', [('', [[('0', False), ('0', False)]])])
    >>> picture("got", 5.0)
    ('5.0', [])
    """
    if not isinstance(value, np.ndarray):
        return number(value) if isinstance(value, float) and not value.is_integer() else repr(value), []
    about = f"array, shape {value.shape}, {value.dtype}"
    if not value.size or not value.ndim:
        return f"{about}: {value.tolist()}", []
    parts = planes(value, index, is_kernel=name.startswith(KERNELS))
    if value.size <= SHOWN:
        return about, [(label, rows(part, where)) for label, part, where in parts]
    [(label, whole, where)] = parts
    part, starts = window(whole, where or (0,) * whole.ndim)
    if part.size != value.size:
        about += f"; shown is {label or 'a part'}" + (f" from {list(starts)}" if any(starts) else "")
    return about, [("", rows(part, where and tuple(np.subtract(where, starts).tolist())))]


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
    if verdict.measure and verdict.passed:
        return f"{task.id}: all points. {verdict.words}"
    if verdict.passed:
        return f"{task.id}: right, on {verdict.tried} case{'s' * (verdict.tried != 1)} ({task.asks})."
    if verdict.status is Status.NOT_WRITTEN:
        return f"{task.id}: not written yet ({task.asks})."
    if verdict.measure and verdict.share:
        return f"{task.id}: {verdict.share:.0%} of the points ({task.asks})."
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
    if verdict.task.measure:  # thousands of images say nothing to a reader
        section = section_of(verdict.task)
        return "\n".join([lines[0], verdict.words, f"See {title(section)} {address(section)}".rstrip()])
    lines += [verdict.finding.difference.words, "The smallest case that shows it:"]
    for name, value, index in parts(verdict.finding, verdict.task.names(), verdict.task.results):
        about, tables = picture(name, value, index)
        lines.append(f"  {name}: {about}")
        for label, table in tables:
            cells = [[f">{text}<" if marked else text for text, marked in row] for row in table]
            width = max(len(cell) for row in cells for cell in row)
            lines += [f"   {label}"] * bool(label)
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
    mistake = verdict.misconception
    return {
        "status": verdict.status.value,
        "words": verdict.words,
        "misconception": mistake.name if mistake else "",
        "share": verdict.share,
    }


def table_html(rows, label=""):
    """Rows of numbers as a table, the marked one outlined and named to a screen reader.

    >>> table_html([[("1", True)]]).count("(here)")
    1
    >>> "<caption" in table_html([[("1", True)]], "[0, :, :, 0]")
    True
    """
    body = "".join(
        "<tr>"
        + "".join(
            f'<td style="{MARKED if marked else STYLE}">{escape(text)}{" (here)" * marked}</td>' for text, marked in row
        )
        + "</tr>"
        for row in rows
    )
    caption = f'<caption style="text-align:left">{escape(label)}</caption>' if label else ""
    return f'<table style="border-collapse:collapse;margin:.3em 0">{caption}{body}</table>'


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
    section = section_of(verdict.task, verdict.misconception)
    link, words = address(section), escape(title(section))
    see = f'<p>See <a href="{escape(link)}">{words}</a>.</p>' if link else f"<p>See {words}.</p>"
    if verdict.task.measure:  # thousands of images say nothing to a reader
        return f'<div class="cnn-verdict">{first}<p>{prose(verdict.words)}</p>{see}</div>'
    blocks = [first, f"<p>{prose(verdict.finding.difference.words)}</p><p>The smallest case that shows it:</p>"]
    boxes = []
    for name, value, index in parts(verdict.finding, verdict.task.names(), verdict.task.results):
        about, tables = picture(name, value, index)
        words = f"<code>{escape(name)}</code>: {escape(about)}"
        shown = "".join(table_html(table, label) for label, table in tables)
        boxes.append(f'<div style="margin:0 1.5em .5em 0">{words}{shown}</div>')
    blocks.append(f'<div style="display:flex;flex-wrap:wrap">{"".join(boxes)}</div>')
    blocks += [f"<p>{escape(remark)}</p>" for remark in remarks(verdict)]
    if verdict.misconception:
        name, why = prose(verdict.misconception.name), prose(verdict.misconception.why)
        blocks.append(f"<p><strong>This is what comes out when {name}.</strong> {why}</p>")
    blocks.append(see)
    return f'<div class="cnn-verdict">{"".join(blocks)}</div>'
