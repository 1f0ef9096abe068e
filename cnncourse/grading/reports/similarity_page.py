"""The page that shows which submissions are alike, with what they share side by side."""

from cnncourse.grading.reports.page import page, plain, table
from cnncourse.grading.reports.winnowing import WINDOW, K, runs

ROWS = 200  # pairs in a table
SHOWN = 50  # pairs with their passages
LINES = 40  # of a passage

CAUTION = f"""<p><strong>Likeness is no proof.</strong> This page says where two submissions have the same code apart
from names, numbers, strings, comments and spaces. It does not say who wrote it, whether somebody copied, or from
where: two who learnt from the same page, or who worked together as you allowed, look the same as two who copied.
Short tasks leave little room, so that honest answers to them coincide. Read the passages, and talk with the students,
before you conclude anything.</p>
<p>And a small number clears nobody. Somebody who rewrites the code, with other loops, another order of statements or
another function of NumPy, is not seen; nor is a passage of fewer than {K} tokens, nor anything in the written answers.
Every passage of {K + WINDOW - 1} tokens that two share is found, unless it was released with the assignment or so much
of the class has it that it is what everybody writes. A share is that of the smaller submission, and means nothing
from one assignment to another.</p>"""


def lines_of_run(work, place, size):
    """Where a run is, in words, and the lines that it takes up.

    >>> from cnncourse.grading.reports.winnowing import Released, work_of
    >>> lines_of_run(work_of("ada", ["x = 1\\ny = 2\\nz = 3"], Released()), (0, 3), 2)
    ('cell of code 1, line 2', 'y = 2')
    """
    cell, index = place
    first, last = (work.tokens[cell][i].line for i in (index, index + size - 1))
    shown = work.cells[cell].split("\n")[first : last + 1]
    if len(shown) > LINES:
        shown = [*shown[:LINES], f"... and {len(shown) - LINES} more lines"]
    where = f"line {first + 1}" if first == last else f"lines {first + 1} to {last + 1}"
    return f"cell of code {cell + 1}, {where}", "\n".join(shown)


def side(work, place, size):
    """One side of a passage.

    >>> from cnncourse.grading.reports.winnowing import Released, work_of
    >>> "<pre tabindex=0>x &lt; 1</pre>" in side(work_of("ada", ["x < 1"], Released()), (0, 0), 3)
    True
    """
    where, text = lines_of_run(work, place, size)
    return f"<div>{plain(work.name)}, {where}<pre tabindex=0>{plain(text)}</pre></div>"


def section(pair, anchor):
    """The passages that a pair shares.

    >>> from cnncourse.grading.reports.similarity import Pair
    >>> from cnncourse.grading.reports.winnowing import Work
    >>> section(Pair(Work("ada", []), Work("bo", []), 5, 0.5), "pair-1")[:43]
    '<h3 id="pair-1">ada and bo: 50 %, 5 fingerp'
    """
    head = f"{plain(pair.first.name)} and {plain(pair.second.name)}: {pair.share:.0%}, {pair.shared} fingerprints"
    blocks = [f'<h3 id="{anchor}">{head.replace("%", " %")}</h3>']
    for number, run in enumerate(runs(pair.first, pair.second), 1):
        both = side(pair.first, run.first, run.size) + side(pair.second, run.second, run.size)
        blocks.append(f'<p>Passage {number}: {run.size} tokens</p><div class="two">{both}</div>')
    return "\n".join(blocks)


def listing(caption, pairs, anchor):
    """A table of pairs, and the sections of the first of them.

    >>> listing("Pairs of submissions", [], "pair")
    '<p>None.</p>'
    """
    if not pairs:
        return "<p>None.</p>"
    rows = []
    for number, pair in enumerate(pairs[:ROWS], 1):
        names = f"{plain(pair.first.name)} and {plain(pair.second.name)}"
        link = f'<a href="#{anchor}-{number}">{names}</a>' if number <= SHOWN else names
        part = f'<td class="n bar" style="--part:{pair.share:.0%}">{100 * pair.share:.0f} %</td>'
        rows.append([link, part, str(pair.shared), f"{len(pair.first.places)} and {len(pair.second.places)}"])
    blocks = [table(caption, ["who", "#share", "#shared fingerprints", "#fingerprints of each"], rows)]
    if len(pairs) > ROWS:
        blocks.append(f"<p>{len(pairs) - ROWS} more pairs are in the table beside this page.</p>")
    blocks += [section(pair, f"{anchor}-{number}") for number, pair in enumerate(pairs[:SHOWN], 1)]
    return "\n".join(blocks)


def similarity_page(assignment, count, pairs, taken, remarks):
    """The whole page.

    >>> "Likeness is no proof" in similarity_page("ch02_convolution", 2, [], [], ["ada: there is no code to compare."])
    True
    """
    blocks = [f"<p>{count} submissions were compared.</p>", CAUTION]
    if remarks:
        blocks.append(f"<h2>Not compared</h2><ul>{''.join(f'<li>{plain(remark)}</li>' for remark in remarks)}</ul>")
    blocks += ["<h2>Submissions that are alike</h2>", listing("Pairs of submissions", pairs, "pair")]
    blocks += [
        "<h2>Submissions and the course's own code</h2>",
        "<p>For each submission the file of the package, or the notebook of answers, of which it holds most. The tasks "
        "have one natural answer more often than one would think, so that the first rows need a look, not a verdict."
        "</p>",
        listing("Submissions and the code of the course", taken, "own"),
    ]
    return page(f"Likeness of submissions: {assignment}", "\n".join(blocks))
