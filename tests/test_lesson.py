"""The parts of a lesson (book/_ext): head, quiz, map, links to the source, and the page as a notebook."""

import io
import os
from functools import partial
from pathlib import Path

import nbclient
import nbformat
import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

pytestmark = pytest.mark.sampled

ROOT = Path(__file__).resolve().parents[1]
EXT = ROOT / "book" / "_ext"
FRONT = "---\nkernelspec:\n  display_name: Python 3\n  language: python\n  name: python3\nfile_format: mystnb\n---\n"
ORPHAN = "---\norphan: true\n---\n"
QUIZ = """
:::{quiz} How many?
- ( ) two

  Because of *this*.
- (x) `three`

  It is so.

  Twice.
:::
"""


def book(folder, pages, extensions=("lesson",), **settings):
    """Build the given pages as a small book: book(folder, {"index": "# Title"}) -> the site and what Sphinx warned of.

    The extension `sources` makes a page of every module, so only those ask for it that look at one.
    """
    for name, text in {"conf.py": "", **pages}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        alone = name.endswith(".md") and name != "index.md" and not text.startswith("---")
        path.write_text(ORPHAN + text if alone else text)
    out, warnings = folder / "_build" / "html", io.StringIO()
    settings = {
        "extensions": ["myst_nb", *extensions],
        "myst_enable_extensions": ["colon_fence", "dollarmath"],
        "nb_execution_mode": "off",
        "suppress_warnings": ["config.cache"],
        **settings,
    }
    with docutils_namespace():
        app = Sphinx(folder, folder, out, folder / "_trees", "html", settings, io.StringIO(), warnings)
        app.build()
    return out, warnings.getvalue()


@pytest.fixture(scope="module", autouse=True)
def extensions():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(EXT))
        yield


@pytest.fixture
def build(tmp_path):
    return partial(book, tmp_path)


def warned_of(folder, pages, **options):
    """Build pages that are each wrong as one book; what was said of each, in their order."""
    names = [f"page{number}" for number in range(len(pages))]
    files = {f"{name}.md": text for name, text in zip(names, pages)}
    contents = "\n".join(["# T", "", ":::{toctree}", *names, ":::"])
    _, warned = book(folder, {"index.md": contents, **files}, **options)
    said = [[line for line in warned.splitlines() if f"{name}.md" in line] for name in names]
    return ["\n".join(lines) for lines in said]


def page(out, name="index"):
    return BeautifulSoup((out / f"{name}.html").read_text(encoding="utf-8"), "html.parser")


# The quiz


def test_a_quiz_is_radio_buttons_each_with_its_reason(build):
    out, warned = build({"index.md": f"# T\n{QUIZ}"})
    quiz = page(out).find("cnn-quiz")
    assert warned == ""
    assert quiz.legend.get_text() == "How many?"
    assert [radio["data-right"] for radio in quiz.find_all("input", type="radio")] == ["false", "true"]
    assert len({radio["name"] for radio in quiz.find_all("input")}) == 1
    assert [label.get_text().strip() for label in quiz.find_all("label")] == ["two", "three"]
    reasons = [" ".join(reason.get_text().split()) for reason in quiz.find_all(class_="cnn-reason")]
    assert reasons == ["Because of this.", "It is so. Twice."]


def test_two_quizzes_on_a_page_do_not_share_their_buttons(build):
    out, _ = build({"index.md": f"# T\n{QUIZ}\n{QUIZ}"})
    first, second = page(out).find_all("cnn-quiz")
    assert first.input["name"] != second.input["name"]


def test_a_quiz_that_cannot_be_answered_is_a_warning_that_says_what_is_wrong(tmp_path):
    broken = {
        QUIZ.replace("(x)", "( )"): "0 are marked",
        QUIZ.replace("( )", "(x)"): "2 are marked",
        QUIZ.replace("( ) two", "two"): "an option starts with",
        QUIZ.replace("  Because of *this*.\n", ""): "has no reason",
        ":::{quiz} How many?\nthree\n:::": "one list of options",
    }
    for complaint, said in zip(broken.values(), warned_of(tmp_path, [f"# T\n{text}" for text in broken])):
        assert complaint in said


@pytest.fixture(scope="module")
def quiz_in_html(tmp_path_factory):
    out, _ = book(tmp_path_factory.mktemp("quiz"), {"index.md": f"# T\n{QUIZ}"})
    return str(page(out).find("cnn-quiz"))


@pytest.fixture
def quiz(quiz_in_html, widget):
    return widget("cnn-quiz", quiz_in_html)


def test_a_choice_shows_its_reason_and_no_other(quiz):
    quiz.get_by_label("two").check()
    assert quiz.get_by_role("status").inner_text() == "Not this one. Because of this."
    quiz.get_by_label("three").check()
    assert " ".join(quiz.get_by_role("status").inner_text().split()) == "Right. It is so. Twice."
    assert quiz.locator("cnn-quiz").get_attribute("data-state") == "right"


def test_a_quiz_is_answered_by_keyboard(quiz):
    quiz.keyboard.press("Tab")
    quiz.keyboard.press("Space")
    assert quiz.get_by_role("status").inner_text().startswith("Not this one.")
    quiz.keyboard.press("ArrowDown")
    quiz.keyboard.press("Enter")
    assert quiz.get_by_role("status").inner_text().startswith("Right.")


@pytest.mark.parametrize("answers", ["Enter", "Space"])
def test_the_arrow_keys_read_the_options_and_give_no_answer_away(quiz, answers):
    quiz.keyboard.press("Tab")
    for _ in range(2):  # once round: no option is marked, and no reason is there
        quiz.keyboard.press("ArrowDown")
        assert quiz.get_by_role("status").inner_text() == "Enter answers."
        assert quiz.locator("[data-chosen], [data-state]").count() == 0
    quiz.keyboard.press("ArrowDown")
    quiz.keyboard.press(answers)
    assert quiz.get_by_role("status").inner_text().startswith("Right.")
    quiz.keyboard.press("ArrowDown")
    assert quiz.locator("[data-chosen], [data-state]").count() == 0


def test_reasons_are_hidden_until_one_is_asked_for(quiz):
    assert not quiz.locator(".cnn-reason").first.is_visible()
    assert quiz.get_by_role("status").inner_text() == ""


# The head of a chapter, the assignment, the map

HEAD = ":::{chapter}\n:needs: [the start](index.md) and $x$\n\n- count\n- weigh\n:::\n"


def test_the_head_of_a_chapter_counts_its_minutes(build):
    words = "word " * 1000
    out, warned = build({"index.md": "# T", "ch.md": f"# C\n\n{HEAD}\n{words}\n{QUIZ}"})
    head = page(out, "ch").find("dl", class_="chapter-head")
    assert warned == ""
    assert "about 10 minutes" in head.dd.get_text()  # 1000 words / 150 and one quiz: 7.7, rounded up to fives
    assert [term.get_text() for term in head.find_all("dt")] == [
        *("Time", "You need", "Afterwards you can", "Take it along"),
    ]
    assert head.find("a", href="index.html")


def test_a_chapter_leads_to_its_exercises_once_it_has_some(build):
    text = f"# C\n\n{HEAD}\n:::{{assignment}}\n:::\n"
    out, _ = build({"index.md": "# T", "ch.md": text})
    assert "Exercises" not in page(out, "ch").get_text()
    assert "graded notebook" not in page(out, "ch").get_text()
    out, warned = build(
        {"index.md": "# T", "ch.md": text + "\n", "exercises/ch/ch.ipynb": "{}"}, exclude_patterns=["exercises"]
    )
    links = page(out, "ch").find_all("a", class_="download")
    assert warned == ""
    assert len(links) == 2 and all((out / link["href"]).read_text() == "{}" for link in links)
    assert "Colab" not in page(out, "ch").get_text()


def test_colab_is_offered_where_the_public_address_is_known(build, tmp_path):
    (tmp_path / "x.html").touch()
    files = {"index.md": "# T", "ch.md": f"# C\n\n{HEAD}", "exercises/ch/ch.ipynb": "{}"}
    theme = {"repository_url": "https://github.com/org/course", "repository_branch": "main"}
    out, _ = build(files, exclude_patterns=["exercises"], html_theme="sphinx_book_theme", html_theme_options=theme)
    link = page(out, "ch").find("a", string="open in Colab")
    assert link["href"] == "https://colab.research.google.com/github/org/course/blob/main/exercises/ch/ch.ipynb"


def test_a_head_without_a_list_is_a_warning(build):
    assert "a chapter head has" in build({"index.md": "# T\n\n:::{chapter}\n:needs: x\n\nnothing\n:::\n"})[1]


MAP = ":::{course-map}\nch | Why? | cnncourse.pooling cnncourse.shapes\nlater | What then? |\n:::\n"


def test_the_map_links_what_is_there_and_nothing_else(build):
    out, warned = build({"index.md": f"# T\n\n{MAP}", "ch.md": "# C"}, extensions=("lesson", "sources"))
    rows = [[cell.get_text().strip() for cell in row.find_all(["th", "td"])] for row in page(out).table.find_all("tr")]
    assert warned == ""
    assert rows == [["Question", "Code"], ["1. Why?", "pooling, shapes"], ["2. What then?", ""]]
    assert page(out).find("a", string="1. Why?")["href"] == "ch.html"
    assert page(out).find("a", string="2. What then?") is None
    assert page(out).find("a", string="shapes")["href"] == "code/cnncourse.shapes.html"


def test_the_map_has_a_column_for_exercises_once_there_are_some(build):
    files = {"index.md": f"# T\n\n{MAP}", "ch.md": "# C", "exercises/ch/ch.ipynb": "{}"}
    out, _ = build(files, exclude_patterns=["exercises"])
    assert [cell.get_text().strip() for cell in page(out).table.find_all("th")] == ["Question", "Exercises", "Code"]
    assert (out / page(out).find("a", class_="download")["href"]).exists()


# The listings of the package


LINKS = "{src}`cnncourse.pooling.max_pool2d` {src}`cnncourse.layers.Conv2D` {src}`cnncourse.shapes`"
UNKNOWN = ["cnncourse.checks.task", "cnncourse.pooling.nothing", "numpy.array", "cnncourse.layers.Conv9D"]


@pytest.fixture(scope="module")
def listings(tmp_path_factory):
    """A book with the listings, a page that links them, and one that links what is not there."""
    unknown = " ".join(f"{{src}}`{name}`" for name in UNKNOWN)
    pages = {"index.md": f"# T\n\n{LINKS}", "unknown.md": f"# T\n\n{unknown}"}
    return book(tmp_path_factory.mktemp("listings"), pages, extensions=("sources",))


def test_a_name_leads_to_the_line_where_it_is_written(listings):
    out, warned = listings
    assert "index.md" not in warned
    links = [link["href"] for link in page(out).find_all("a") if link["href"].startswith("code/")]
    assert links == [
        "code/cnncourse.pooling.windows.html#max_pool2d",
        "code/cnncourse.layers.convolutions.html#Conv2D",
        "code/cnncourse.shapes.html",
    ]
    listing = page(out, "code/cnncourse.pooling.windows")
    assert listing.find(id="max_pool2d").get_text().startswith("def max_pool2d(")


def test_the_listing_is_the_module_letter_by_letter(listings):
    out, _ = listings
    shown = page(out, "code/cnncourse.shapes").find(class_="code-page").pre.get_text()
    assert shown.strip() == (ROOT / "cnncourse" / "shapes.py").read_text(encoding="utf-8").strip()


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_name_that_is_not_in_the_package_is_a_warning(listings, name):
    assert f"there is no {name} in the package" in listings[1]


# The page as a notebook

CELL = "```{{code-cell}} ipython3\n{}\n```\n"
LESSON = f"""{FRONT}
(top)=
# Title

{HEAD}
See [](other.md), [it](other.md) and [elsewhere](https://example.org).
Also {{src}}`cnncourse.shapes` and {{index}}`strides <stride>`.

$$ x^2 $$ (eq-square)

{CELL.format(":tags: [remove-cell]" + chr(10) + "from pages import say")}
{CELL.format("import math" + chr(10) + "y = math.sqrt(16)" + chr(10) + "y")}
:::{{admonition}} Predict first
:class: tip
What is it?
:::

:::{{admonition}} What happened
:class: dropdown
It is **four**.
:::
{QUIZ}
:::{{assignment}}
:::
"""


def notebook(out, name="index"):
    return nbformat.read(out / "_sources" / f"{name}_page.ipynb", 4)


def test_a_page_becomes_a_notebook_in_plain_words(build):
    files = {"index.md": LESSON, "other.md": "# The other page"}
    out, warned = build(files, extensions=("lesson", "sources", "takealong"))
    assert warned == ""
    taken = notebook(out)
    nbformat.validate(taken)
    assert [cell.cell_type for cell in taken.cells] == ["markdown", "code", "markdown"]
    assert taken.cells[1].source == "import math\ny = math.sqrt(16)\ny"
    text = "\n".join(cell.source for cell in taken.cells)
    for stranger in ("{", ":::", "(top)=", "eq-square", "other.md"):
        assert stranger not in text
    assert "See The other page, it and [elsewhere](https://example.org).\nAlso `cnncourse.shapes` and strides." in text
    assert "> **Predict first**" in text and "<details><summary>What happened</summary>" in text
    assert "- two\n- `three`" in text and "*`three`* Right. It is so. Twice." in text
    assert not (out / "_sources" / "other_page.ipynb").exists()


def test_the_numbers_of_the_prose_are_written_in(build):
    hidden = ':tags: [remove-cell]\nfrom myst_nb import glue\nglue("share", 0.98765, display=False)'
    text = f"{FRONT}\n# T\n\n{CELL.format(hidden)}\n{CELL.format('1 + 1')}\nIt is {{glue:text}}`share:.1%`."
    out, warned = build({"index.md": text}, extensions=("takealong",), nb_execution_mode="force")
    assert warned == ""
    assert notebook(out).cells[-1].source == "It is 98.8%."


def test_a_page_that_would_stop_as_a_notebook_is_a_warning(tmp_path):
    broken = {
        CELL.format(":tags: [remove-cell]\na = 1") + CELL.format("a + 1"): "only cells that are left out make a",
        CELL.format("from pages import say"): "import pages",
        CELL.format("1") + "\n:::{tableofcontents}\n:::": "no words for the directive {tableofcontents}",
        CELL.format("1") + "\n{kbd}`x`": "no words for the role {kbd}",
    }
    pages = [f"{FRONT}\n# T\n\n{text}" for text in broken]
    for complaint, said in zip(broken.values(), warned_of(tmp_path, pages, extensions=("takealong",))):
        assert complaint in said


def test_every_way_of_making_a_name_counts(build):
    code = """
import os.path as paths
from math import pi as half_turn
def f(a, *b, c=1, **d): return a, b, c, d
class K: x = 1
try:
    [e for e in range(3)]
except ValueError as error:
    print(error, paths, half_turn, f, K, lambda g: g)
with open("x") as file: file, (h := 1)
for i, (j, *k) in []: i, j, k, h
"""
    assert build({"index.md": f"{FRONT}\n# T\n\n{CELL.format(code)}"}, extensions=("takealong",))[1] == ""


def chapters():
    return sorted((ROOT / "_build" / "html" / "_sources" / "book").glob("ch*_page.ipynb"))


# Every line that is shown runs, from top to bottom and with nothing else, but a network never sees more than so many
# images: what comes of them is the business of the book's own build, which holds the text and the records to it
A_FEW_IMAGES = """
import numpy
from cnncourse import experiments
from cnncourse.network import Network

def fit(self, x, y, *, whole=Network.fit, **options):
    return whole(self, x[:64], y[:64], **options)

def evaluate(self, x, y, *knobs, whole=Network.evaluate, **options):
    return whole(self, x[:64], y[:64], *knobs, **options)

def predict(self, x, *knobs, whole=Network.predict, **options):
    outputs = whole(self, x[:64], *knobs, **options)
    return numpy.resize(outputs, (len(x), *outputs.shape[1:]))  # as many rows as images, the first over and over

Network.fit, Network.evaluate, Network.predict = fit, evaluate, predict
experiments.agree = lambda now, then, within: True
"""
BEFORE = "import a_few_images\ndel a_few_images"  # a module by itself, so that the page finds no name of it


@pytest.mark.slow
@pytest.mark.skipif(not chapters() and not os.environ.get("CI"), reason="the book is not built")
@pytest.mark.parametrize("path", chapters(), ids=lambda path: path.stem)
def test_a_chapter_runs_as_a_notebook_outside_the_book(path, tmp_path, monkeypatch):
    startup = tmp_path / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "before.py").write_text(BEFORE)
    (tmp_path / "a_few_images.py").write_text(A_FEW_IMAGES)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{ROOT}")
    page = nbformat.read(path, as_version=4)
    nbclient.execute(page, cwd=str(tmp_path), timeout=300, kernel_name="python3", extra_arguments=["--log-level=ERROR"])
    said = "".join(output.get("text", "") for cell in page.cells for output in cell.get("outputs", []))
    assert "all its runs are made here" not in said  # the records count outside the book too
