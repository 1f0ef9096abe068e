"""What students wrote, on the page of an instructor: words, tables and pictures, and nothing that acts."""

import pytest
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from traitlets.config import Config

from cnncourse.checks import examine_closely, task
from cnncourse.checks.display import as_html
from cnncourse.grading.judge import verdicts
from cnncourse.grading.showing import PICTURE, clean_html, markdown2html, with_links, without_links

STUDENT = {"cell": {"metadata": {}}}
HARMFUL = [
    "<script>x()</script>",
    "<ScRiPt src=//example.org/x.js></sCrIpT >",
    "<img src=x onerror=x()>",
    '<img src="/formgrader?path=submitted/eve">',
    '<img src="../../formgrader?path=submitted/eve&amp;.png">',
    '<img src="https://example.org/seen.png">',
    '<img srcset="/formgrader?path=x 1x">',
    "<svg/onload=x()>",
    "<svg><animate onbegin=x() attributeName=x></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=x()></style></mglyph></table></mtext></math>",
    "<noscript><p title='</noscript><img src=x onerror=x()>'></noscript>",
    '<iframe src="/formgrader?path=x"></iframe>',
    "<iframe srcdoc='&lt;script&gt;x()&lt;/script&gt;'></iframe>",
    '<object data="/formgrader?path=x"></object><embed src="/formgrader?path=x">',
    '<link rel=stylesheet href="/formgrader?path=x"><meta http-equiv=refresh content="0;url=/formgrader?path=x">',
    '<base href="https://example.org/"><form action="/x"><input name=x><button>Resolve</button></form>',
    '<a href="/formgrader?path=submitted/eve">look</a>',
    '<a href="javascript:x()">look</a>',
    '<a href="jav&#x09;ascript:x()">look</a>',
    '<a ping="/formgrader?path=x" href="https://example.org">look</a>',
    '<div style="background:url(/formgrader?path=x)">1</div>',
    '<div style="position:fixed;inset:0">over all</div>',
    '<div class="full-credit" id="check-pad">press here</div>',
    '<video src="/formgrader?path=x" autoplay></video><audio src="/formgrader?path=x">',
    "<!--[if IE]><script>x()</script><![endif]-->",
    "<style>@import '/formgrader?path=x'; .score { display: none }</style>",
]
ACTS = (
    "<script",
    "<svg",
    "<iframe",
    "<object",
    "<embed",
    "<link",
    "<meta",
    "<base",
    "<form",
    "<input",
    "<button",
    "<a",
)
ACTS += (
    "<video",
    "<audio",
    "<style",
    "<math",
    "srcset",
    "onerror=x",
    "onload",
    "onbegin",
    "position",
    "url(",
    'class="full',
)
ACTS += (" id=", 'src="', "ping=")


def acting(html):
    """What of it a browser would act on: attributes count inside of tags only."""
    tags = " ".join(part.split(">")[0] for part in html.split("<")[1:])
    return [words for words in ACTS if words.startswith("<") and words in html.lower()] + [
        words for words in ACTS if not words.startswith("<") and words in tags.lower()
    ]


@pytest.mark.parametrize("text", HARMFUL)
@pytest.mark.parametrize(
    "show", [without_links, lambda text: markdown2html(STUDENT, text), lambda text: clean_html(STUDENT, text)]
)
def test_nothing_of_what_a_student_wrote_acts(text, show):
    assert acting(show(text)) == []


@pytest.mark.parametrize(
    "text", ["[x](/formgrader?path=x)", "[x](javascript:x())", "![x](/formgrader?path=x)", "<http://x.y>"]
)
def test_markdown_makes_no_link_and_fetches_no_picture(text):
    assert acting(markdown2html(STUDENT, text)) == []


def test_the_address_of_a_link_can_be_read():
    assert markdown2html(STUDENT, "[a paper](https://example.org/a)") == "<p>a paper (https://example.org/a)</p>"
    assert markdown2html(STUDENT, "<https://example.org/a>") == "<p>https://example.org/a</p>"


@pytest.mark.parametrize(
    "text", [r"$\href{/formgrader?path=x}{y}$", r"$\h&#114;ef{x}{y}$", r"\hr<!-- -->ef{x}", r"\require{html}"]
)
def test_a_formula_makes_no_link(text):
    html = without_links(text)
    assert "\\href" not in html
    assert "\\require" not in html


@pytest.mark.parametrize("source", ["plot.png", "plots/one two.jpeg", "data:image/png;base64,iVBORw0KGgo="])
def test_a_picture_of_ones_own_is_shown(source):
    assert PICTURE.fullmatch(source)
    assert f'src="{source}"' in without_links(f'<img alt="mine" src="{source}">')


@pytest.mark.parametrize(
    "source",
    ["/plot.png", "../plot.png", "a/../../x.png", "//x.org/a.png", "x.svg", "a.png?x", "data:text/html,x", "a:b.png"],
)
def test_a_picture_from_elsewhere_is_not_fetched(source):
    assert "src=" not in without_links(f'<img src="{source}">')


def test_a_pasted_picture_that_is_missing_costs_no_page():
    assert "not here: me" in markdown2html(STUDENT, "![me](attachment:me.png)")


def test_tables_formulas_and_code_of_students_look_as_they_did():
    html = markdown2html(
        STUDENT, "| a | b |\n|--:|:--|\n| 1 | 2 |\n\n$a < b$ and $$x_1 * x_2$$\n\n```python\nimport x\n```"
    )
    assert "<table>" in html and "text-align" in html and '<span class="kn">import</span>' in html
    assert "$a &lt; b$" in html and "$$x_1 * x_2$$" in html


@pytest.fixture
def verdict(monkeypatch):
    monkeypatch.setenv("CNNCOURSE_BOOK", "https://example.org/cnn")
    return as_html(examine_closely(task("ch02.pad"), lambda x, padding: x))


def test_a_verdict_keeps_its_tables_its_marks_and_its_link(verdict):
    cell = new_code_cell()
    verdicts.write(cell, verdicts.CellVerdict("ch02.pad", verdicts.Status.WRONG))
    html = clean_html({"cell": cell}, verdict)
    assert '<a href="https://example.org/cnn/book/ch02_convolution.html#' in html
    assert html.count("<td style=") == verdict.count("<td style=") > 4
    assert "color-mix(in srgb, currentColor 30%, transparent)" in html
    assert "display:flex" in html.replace(" ", "")


def test_a_comment_of_the_instructor_keeps_its_link():
    html = markdown2html({}, "See [chapter 2](https://example.org/two), *again*.")
    assert html == '<p>See <a href="https://example.org/two">chapter 2</a>, <em>again</em>.</p>'


def test_a_link_to_a_file_of_the_grader_is_left_out():
    assert with_links('<a href="file:///home/teacher/book.html">chapter 2</a>') == "<a>chapter 2</a>"


def test_what_looks_like_a_verdict_but_is_not_gets_no_link(verdict):
    assert "<a" not in clean_html({"cell": {"metadata": {}}}, verdict)


def test_a_whole_page_made_by_nbconvert_with_these_filters_holds_nothing_that_acts():
    outputs = [
        new_output("display_data", data={kind: text}) for text in HARMFUL for kind in ("text/html", "text/markdown")
    ]
    outputs.append(new_output("display_data", data={"application/javascript": "pwned()"}))
    outputs.append(new_output("stream", name="stdout", text="<script>pwned()</script>"))
    notebook = new_notebook(cells=[new_code_cell("<script>pwned()</script>", outputs=outputs)])
    notebook.cells += [new_markdown_cell(text) for text in HARMFUL]
    config = Config()
    config.HTMLExporter.template_name = "classic"
    config.HTMLExporter.sanitize_html = True
    config.HTMLExporter.filters = {
        name: f"cnncourse.grading.showing.{name}" for name in ("clean_html", "markdown2html")
    }
    html, _ = HTMLExporter(config=config).from_notebook_node(notebook)
    body = html[html.index("<body") :]
    for words in (
        "<script>x()",
        "<script>pwned",
        "onerror=x()>",
        'src="/formgrader',
        "<iframe",
        "<form",
        "javascript:x",
    ):
        assert words not in body.lower()
