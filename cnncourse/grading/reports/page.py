"""A report as one page: it needs no other file, no script and no network, and follows the reader's light or dark."""

import re
from html import escape

STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, CanvasText 25%, Canvas); }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 75rem; padding: 1rem 1.25rem 4rem;
  background: Canvas; color: CanvasText; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.25rem; margin-top: 2.5rem; } h3 { font-size: 1.05rem; }
p, ul { max-width: 48rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: start; padding: .3rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .7rem; text-align: start; vertical-align: top; }
td.n, th.n { text-align: end; } td.n { white-space: nowrap; }
td.bar { background: linear-gradient(to right, color-mix(in srgb, #4477aa 30%, Canvas) var(--part), transparent 0); }
.two { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem; }
.two pre { margin: .2rem 0 0; }
pre { font: .85rem/1.45 ui-monospace, monospace; overflow-x: auto; padding: .6rem; border: 1px solid var(--line);
  unicode-bidi: plaintext; tab-size: 4; }
:focus-visible { outline: 3px solid #bb5566; outline-offset: 2px; }
@media (max-width: 45rem) { .two { grid-template-columns: minmax(0, 1fr); } }
"""

# Characters that turn the order of what is seen around, or are not seen at all: a report shows them as their number
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def plain(text):
    r"""Text from elsewhere for a page: nothing in it is markup, and nothing in it hides.

    >>> plain("<script>"), plain("a\u202eb")
    ('&lt;script&gt;', 'a\\u202eb')
    """
    return escape(UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", str(text)))


def table(caption, head, rows):
    """A table from cells of HTML: a heading that begins with "#" is that of a column of numbers.

    >>> table("Points", ["task", "#points"], [["pad", "2"]]).count("<th ")
    3
    """
    numbers = [title.startswith("#") for title in head]

    def cell(content, is_number, first):
        if first:
            return f'<th scope="row">{content}</th>'
        return content if content.startswith("<td") else f"<td{' class=n' * is_number}>{content}</td>"

    top = "".join(
        f'<th scope="col"{" class=n" * is_number}>{plain(title.lstrip("#"))}</th>'
        for title, is_number in zip(head, numbers)
    )
    body = "".join(
        "<tr>" + "".join(cell(content, is_number, not i) for i, (content, is_number) in enumerate(zip(row, numbers)))
        for row in rows
    )
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{plain(caption)}"><table>'
        f"<caption>{plain(caption)}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def page(title, body):
    """The whole page.

    >>> page("Class <3", "<p>all well</p>").count("Class &lt;3")
    2
    """
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{plain(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<style>{STYLE}</style></head>\n<body><main><h1>{plain(title)}</h1>\n{body}\n</main></body></html>\n"
    )
