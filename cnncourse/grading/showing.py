"""What students wrote, on a page that an instructor opens: it runs nothing there, fetches nothing and leads nowhere.

nbconvert turns graded notebooks into the pages of formgrader and into the feedback, and puts what stands in them on
the page as it is. These filters replace its own (see `nbgrader_config.py`). A link or a picture is enough to do harm:
`/formgrader?path=FOLDER` has the server execute the `nbgrader_config.py` of that folder, which may be a student's.
"""

import re

from bleach.css_sanitizer import CSSSanitizer
from bleach.html5lib_shim import Filter
from bleach.sanitizer import Cleaner
from jinja2 import pass_context
from jinja2.filters import do_float, do_round
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from cnncourse.grading.judge import verdicts

TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2", "h3"),
    *("h4", "h5", "h6", "hr", "i", "img", "kbd", "li", "ol", "p", "pre", "s", "small", "span", "strong", "sub", "sup"),
    *("table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul"),
}
PROPERTIES = CSSSanitizer(  # none that takes an address, or that lets a box lie over another one
    allowed_css_properties=[
        *("border", "border-collapse", "display", "flex-wrap", "font-weight", "margin", "outline", "outline-offset"),
        *("padding", "text-align"),
    ]
)
PICTURE = re.compile(
    r"data:image/(png|jpeg|gif);base64,[\w+/=\s]*|(?!\w+:)[\w-][\w .-]*(/[\w-][\w .-]*)*\.(png|jpe?g|gif)"
)
# Commands of MathJax that make links, or that give an element of the page a name or a look
COMMANDS = re.compile(r"\\(?=(href|url|cssId|class|style|require|unicode|bbox)\b)")


def allowed(tag, name, value):
    """Whether an attribute may stay: a picture comes from the text itself or lies beside the notebook.

    >>> allowed("img", "src", "plots/one.png"), allowed("img", "src", "/formgrader?path=.png"), allowed("b", "id", "x")
    (True, False, False)
    """
    if name == "src":
        return tag == "img" and PICTURE.fullmatch(value) is not None
    if name == "class":  # formgrader hangs its buttons on classes; these are the colours of code
        return tag in ("div", "span") and re.fullmatch(r"cnn-verdict|highlight|[a-z]{1,2}\d?", value) is not None
    return name in {"img": ("alt", "title"), "a": ("href",), "td": ("colspan", "rowspan", "style")}.get(tag, ("style",))


class Addresses(Filter):
    """In place of a link its words and its address, to be read or copied but not to be followed."""

    def __iter__(self):
        address = words = ""
        for token in super().__iter__():
            if token.get("name") != "a":
                words += token["data"] if token["type"] == "Characters" else ""
                yield token
            elif token["type"] == "StartTag":
                address, words = token["data"].get((None, "href"), ""), ""
            elif token["type"] == "EndTag" and address not in words:
                yield {"type": "Characters", "data": f" ({address})"}


def cleaner(*filters):
    """What takes everything but words, tables and pictures out of HTML.

    >>> cleaner().clean('<b onclick="x()">1</b><script>x()</script>')
    '<b>1</b>x()'
    """
    rules = {"attributes": allowed, "css_sanitizer": PROPERTIES, "protocols": {"http", "https", "data"}}
    return Cleaner(tags=TAGS, strip=True, filters=filters, **rules)


def without_links(html):
    """HTML from a student, harmless.

    >>> without_links('<a href="https://example.org">this paper</a>')
    'this paper (https://example.org)'
    """
    return COMMANDS.sub(r"\\ ", cleaner(Addresses).clean(html))


def with_links(html):
    """HTML from the judge or from a person who grades; a link leads to another host, not to a file or to this one.

    >>> with_links('<a href="https://example.org">one</a> <a href="file:///root/book.html">2</a> <a href="/x">3</a>')
    '<a href="https://example.org">one</a> <a>2</a> <a>3</a>'
    """
    return re.sub(r'<a href="(?!https?://)[^"]*">', "<a>", cleaner().clean(html))


class Renderer(IPythonRenderer):
    """nbconvert's own, for which a pasted picture that is not there is no reason to give up the whole page."""

    def image(self, text, url, title=None):
        """A picture, or the words that stand for it."""
        if url.startswith("attachment:") and url.removeprefix("attachment:") not in self.attachments:
            return f"[a picture that is not here: {self.escape_html(text)}]"
        return super().image(text, url, title)


class Words(str):
    """What the feedback shows in the place of a score."""


def as_number(value, default=0.0):
    """The filter `float` of nbgrader's pages, which leaves words for a score as they are.

    >>> as_number("2"), as_number(Words("not read yet"))
    (2.0, 'not read yet')
    """
    return value if isinstance(value, Words) else do_float(value, default)


def rounded(value, precision=0, method="common"):
    """The filter `round` of nbgrader's pages, which leaves words for a score as they are.

    >>> rounded(2.345, 1), rounded(Words("not read yet"), 2)
    (2.3, 'not read yet')
    """
    return value if isinstance(value, Words) else do_round(value, precision, method)


@pass_context
def clean_html(context, html):
    """The filter for HTML that a cell shows: a verdict of the judge, or whatever a student's code made.

    >>> clean_html({}, "<i>1</i>")
    '<i>1</i>'
    """
    text = html.decode(errors="replace") if isinstance(html, bytes) else str(html)
    cell = context.get("cell")
    return (without_links if verdicts.read(cell) is None else with_links)(text)


@pass_context
def markdown2html(context, source):
    """The filter for Markdown: of a student, or a comment, which nbgrader's templates show outside of any cell.

    >>> markdown2html({"cell": {}}, "*one* <script> [two](http://x.y)")
    '<p><em>one</em>  two (http://x.y)</p>'
    """
    cell = context.get("cell")
    renderer = Renderer(escape=False, attachments=(cell or {}).get("attachments"), exclude_anchor_links=True)
    html = MarkdownWithMath(renderer=renderer).render(source).strip()
    return (with_links if cell is None else without_links)(html)
