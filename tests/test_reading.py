"""How the built book reads: the place, the figures, the search, on paper, with a keyboard and without scripts."""

import os
import re
from pathlib import Path

import pytest
import tinycss2
from bs4 import BeautifulSoup
from conftest import CHROMIUM

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
CSS = ROOT / "book" / "_static" / "css"
CHAPTER = "book/ch02_convolution.html"

BUILT = (SITE / CHAPTER).exists() and CHROMIUM
pytestmark = pytest.mark.skipif(not BUILT and not os.environ.get("CI"), reason="the book is not built, or no Chromium")

# What somebody types, and the section that a teacher would open: it comes first.
QUERIES = {
    "im2col": "book/ch02_convolution.html#slices-become-one-matrix-product",
    "stride": "book/ch02_convolution.html#how-far-to-move-stride",
    "padding": "book/ch02_convolution.html#what-lies-beyond-the-edge-padding",
    "same padding": "book/ch02_convolution.html#what-lies-beyond-the-edge-padding",
    "dilation": "book/ch02_convolution.html#holes-dilation",
    "transposed convolution": "book/ch02_convolution.html#backwards-the-transposed-convolution",
    "Transposed Convolutions": "book/ch02_convolution.html#backwards-the-transposed-convolution",
    "depthwise separable": "book/ch02_convolution.html#keeping-channels-apart",
    "receptive field": "book/ch02_convolution.html#stacks-of-convolutions-a-first-look",
    "kernel flip": "book/ch02_convolution.html#turned-or-not",
    "sobel": "book/ch02_convolution.html#nine-weights-and-a-photograph",
    "winograd": "book/ch02_convolution.html#fewer-multiplications-winograd",
    "fft": "book/ch02_convolution.html#large-kernels-fourier",
    "weight sharing": "book/ch01_why_convolution.html#in-two-dimensions-with-the-weights-counted",
    "equivariance": "book/ch01_why_convolution.html#equivariant-is-not-invariant",
    "translation invariance": "book/ch01_why_convolution.html#it-has-to-learn-every-position-anew",
    "imagenet": "book/ch01_why_convolution.html#why-it-took-from-1980-to-2012",
    "max pooling": "book/ch03_pooling.html#one-number-for-each-window",
    "global average pooling": "book/ch03_pooling.html#one-number-for-each-channel",
    "adaptive pooling": "book/ch03_pooling.html#regions-that-do-not-come-out-even",
    "stochastic pooling": "book/ch03_pooling.html#chance-in-the-winner",
    "backpropagation": "book/ch04_backpropagation.html",
    "chain rule": "book/ch04_backpropagation.html#used-twice-means-added",
    "gradient check": "book/ch04_backpropagation.html#ask-the-forward-pass-gradient-checking",
    "vanishing gradients": "book/ch04_backpropagation.html#thirty-layers-down",
    "learning rate": "book/ch04_backpropagation.html#from-slopes-to-a-step",
    "batch normalization": "book/ch05_layers.html#by-hand",
    "dropout": "book/ch05_layers.html#dropout-and-four-ways-to-get-it-wrong",
    "cross-entropy": "book/ch05_layers.html#cross-entropy-and-the-number-to-expect-before-training",
    "dying relu": "book/ch05_layers.html#zeros-and-units-that-die",
    "label smoothing": "book/ch05_layers.html#a-drawer-of-other-losses",
    "learning-rate finder": "book/ch07_training.html#the-learning-rate",
    "mixup": "book/ch07_augmentation.html#parts-hidden-images-mixed",
    "rmsprop": "book/ch07_optimisers.html#one-weight-by-hand",
    "submit": "book/guide_students.html#submit",
}


@pytest.fixture
def open_page(browser):
    """A page of the built book, from the disk, with the network closed: open_page(name, width=390) -> tab."""
    contexts = []

    def open_page(name, width=1280, **options):
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, offline=True, **options))
        tab = contexts[-1].new_page()
        tab.complaints = []
        tab.on("pageerror", lambda error: tab.complaints.append(str(error)))
        tab.on("console", lambda said: tab.complaints.append(said.text) if said.type == "error" else None)
        name, _, rest = name.partition("#")
        tab.goto((SITE / name).as_uri() + (rest and f"#{rest}"), wait_until="load")
        return tab

    yield open_page
    for context in contexts:
        context.close()


def measured(tab):
    tab.wait_for_selector("html[data-measured]", state="attached")


def text_at_the_top(tab):
    """The words under the upper edge of the window, and how far their block has moved out of it."""
    return tab.evaluate("""() => {
        const under = document.elementsFromPoint(500, 120).find(e => e.matches(".bd-article section > *"));
        return [under.textContent.slice(0, 60), Math.round(under.getBoundingClientRect().top)];
    }""")


# The reader's place


@pytest.mark.parametrize("anchor", ["", "#holes-dilation"])
def test_a_reload_comes_back_to_the_same_words(open_page, anchor):
    tab = open_page(CHAPTER + anchor)
    measured(tab)
    paragraph = tab.locator("#making-it-fast p").nth(6)
    paragraph.scroll_into_view_if_needed()
    tab.evaluate("scrollBy(0, 333)")
    tab.wait_for_timeout(300)
    words, top = text_at_the_top(tab)
    tab.reload(wait_until="load")
    measured(tab)
    again, now = text_at_the_top(tab)
    assert again == words and abs(now - top) <= 3


def test_a_reload_before_everything_is_measured_comes_back_too(open_page):
    tab = open_page(CHAPTER)
    measured(tab)
    tab.evaluate("document.querySelector('#learning-the-kernel').scrollIntoView()")
    tab.wait_for_timeout(300)
    words, top = text_at_the_top(tab)
    for _ in range(3):
        tab.reload(wait_until="commit")
        tab.wait_for_timeout(50)
    measured(tab)
    again, now = text_at_the_top(tab)
    assert again == words and abs(now - top) <= 3


def test_the_way_back_leads_to_where_one_came_from(open_page):
    tab = open_page(CHAPTER)
    measured(tab)
    tab.evaluate("document.querySelector('#rank-one').scrollIntoView()")
    tab.wait_for_timeout(300)
    words, top = text_at_the_top(tab)
    tab.locator("nav.page-toc a", has_text="Summary").click()
    tab.wait_for_timeout(300)
    assert text_at_the_top(tab)[0] != words
    tab.go_back()
    tab.wait_for_timeout(300)
    assert text_at_the_top(tab) == [words, pytest.approx(top, abs=3)]
    tab.goto((SITE / "book/ch03_pooling.html").as_uri())
    tab.go_back(wait_until="load")
    measured(tab)
    assert text_at_the_top(tab) == [words, pytest.approx(top, abs=3)]


@pytest.mark.parametrize("name", [CHAPTER, "book/guide_instructors.html"])
def test_the_scroll_bar_tells_how_long_a_page_is(open_page, name):
    tab = open_page(name)
    measured(tab)
    claimed = tab.evaluate("document.documentElement.scrollHeight")
    tab.add_style_tag(content="section { content-visibility: visible !important }")
    assert abs(tab.evaluate("document.documentElement.scrollHeight") - claimed) <= 0.01 * claimed


def test_a_page_is_not_laid_out_at_once(open_page):
    """It would hold the reader up: sections that are far away wait until the browser has nothing else to do."""
    tab = open_page("book/intro.html")
    tab.goto((SITE / CHAPTER).as_uri(), wait_until="domcontentloaded")
    styles = tab.eval_on_selector_all(
        ".bd-article section section",
        "all => all.map(e => e.style.contentVisibility || getComputedStyle(e).contentVisibility)",
    )
    assert styles.count("auto") > 10


def test_the_contents_at_the_side_follow_the_reader(open_page):
    tab = open_page(CHAPTER)
    measured(tab)
    for section in ("turned-or-not", "rank-one", "summary", "one-dimension-by-hand"):
        # somewhere in the section, where no heading is in sight
        tab.evaluate("id => { document.getElementById(id).scrollIntoView(); scrollBy(0, 50) }", section)
        tab.wait_for_timeout(150)
        link = tab.locator("nav.page-toc a[aria-current]")
        assert link.get_attribute("href") == f"#{section}"
        box = link.bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= 900
        # the theme marks what is current by a colour of its own
        other = tab.locator("nav.page-toc a:not([aria-current])").first
        colours = [place.evaluate("e => getComputedStyle(e).color") for place in (link, other)]
        assert colours[0] != colours[1]


# Figures


@pytest.mark.parametrize("name", ["book/intro.html", CHAPTER])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_figure_is_as_high_as_its_width_says(open_page, name, width):
    tab = open_page(name, width)
    tab.eval_on_selector_all("details", "all => all.forEach(closed => closed.open = true)")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    tab.eval_on_selector_all("img", "all => all.forEach(figure => figure.loading = 'eager')")
    tab.wait_for_function("[...document.images].every(figure => figure.complete)")
    measured(tab)
    sizes = tab.eval_on_selector_all(
        ".cell_output img", "all => all.map(i => [i.clientWidth, i.clientHeight, i.naturalWidth / i.naturalHeight])"
    )
    assert len(sizes) >= 2
    assert [size for size in sizes if abs(size[1] - size[0] / size[2]) > 12] == []  # dark mode's card has a rim


def test_a_declared_width_is_the_width_of_the_drawing(open_page):
    tab = open_page("book/intro.html")
    figure = tab.locator(".cell_output img").first
    figure.scroll_into_view_if_needed()
    assert figure.evaluate("i => [i.style.width, i.clientWidth]") == ["220px", 220]


# The style sheet


def names_of(sheet):
    for rule in tinycss2.parse_stylesheet(sheet.read_text(encoding="utf-8"), skip_comments=True):
        if rule.type == "qualified-rule":
            yield from re.findall(r"\.(-?[A-Za-z_][\w-]*)", tinycss2.serialize(rule.prelude))


def test_the_rules_of_every_widget_of_a_page_are_in_the_one_style_sheet():
    kept = set(names_of(SITE / "_static" / "book.css"))
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "book").glob("*.md"))
    sheets = [sheet for sheet in CSS.glob("widgets/*.css") if re.search(rf'widget\(\s*"{sheet.stem}"', pages)]
    assert len(sheets) > 10
    missing = [name for sheet in sheets for name in names_of(sheet) if name not in kept]
    assert missing == []


def test_the_arrows_of_the_shift_explorer_form_a_cross(open_page):
    tab = open_page("book/ch01_why_convolution.html")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")  # every widget is built, wherever the reader is
    tab.locator("shift-explorer").first.scroll_into_view_if_needed()
    names = ("up", "left", "right", "down")
    boxes = {name: tab.locator(f"shift-explorer button[aria-label={name}]").first.bounding_box() for name in names}
    middle = tab.locator("shift-explorer .shift-home").first.bounding_box()
    assert boxes["up"]["x"] == boxes["down"]["x"] == middle["x"]
    assert boxes["left"]["y"] == boxes["right"]["y"] == middle["y"]
    assert (
        boxes["up"]["y"] < middle["y"] < boxes["down"]["y"] and boxes["left"]["x"] < middle["x"] < boxes["right"]["x"]
    )


# The search


def test_a_query_leads_to_its_section_first_without_a_server(open_page):
    tab = open_page("search.html")
    box, first = tab.locator("#search-form input"), tab.locator("#search-results li a").first
    found = {}
    for query in QUERIES:
        box.fill(query)
        found[query] = first.get_attribute("href", timeout=2000)
    assert {query: place for query, place in found.items() if place != QUERIES[query]} == {}
    assert tab.complaints == []
    first.click()
    assert tab.url.endswith(found[query])


@pytest.mark.parametrize("query", ["conv2d", "constructor", "toString", "(", "  ", "xyzzyq"])
def test_no_query_upsets_the_search(open_page, query):
    tab = open_page("search.html")
    tab.locator("#search-form input").fill(query)
    assert tab.complaints == []
    found = tab.locator("#search-results li a")
    if query == "conv2d":
        assert "guide_instructors" not in first_place(found)
    if query == "xyzzyq":
        assert found.count() == 0 and tab.get_by_role("status").inner_text() == "No section has such a word."


def first_place(found):
    return found.first.get_attribute("href")


@pytest.mark.slow
def test_every_place_that_the_search_knows_is_there():
    script = (SITE / "_static" / "sections.js").read_text(encoding="utf-8")
    places = re.findall(r'"place": "([^"]+)"', script)
    pages = {place.partition("#")[0] for place in places}
    ids = {name: {tag["id"] for tag in soup(name).find_all(id=True)} for name in pages}
    dead = [place for place in places if "#" in place and place.partition("#")[2] not in ids[place.partition("#")[0]]]
    assert len(places) > 100 and dead == []


def test_the_search_button_of_a_page_asks_the_search_page(open_page):
    tab = open_page("book/intro.html")
    tab.keyboard.press("Control+k")
    field = tab.locator("#pst-search-dialog input[name=q]")
    field.fill("stride")
    icon, text = (
        tab.locator("#pst-search-dialog i.fa-magnifying-glass").bounding_box(),
        field.evaluate("e => e.getBoundingClientRect().left + parseFloat(getComputedStyle(e).paddingLeft)"),
    )
    assert icon["x"] + icon["width"] <= text  # the first letter is not below the icon
    field.press("Enter")
    tab.locator("#search-results li a").first.wait_for()
    assert "q=stride" in tab.url and tab.locator("#search-form input").input_value() == "stride"


# Chapters


def soup(name):
    return BeautifulSoup((SITE / name).read_text(encoding="utf-8"), "html.parser")


@pytest.mark.slow
def test_chapters_and_their_figures_have_the_numbers_that_the_text_calls_them_by():
    for path in sorted((ROOT / "book").glob("ch[0-9][0-9]_*.md")):
        number, page = int(path.stem[2:4]), soup(f"book/{path.stem}.html")
        if (ROOT / "solutions" / path.stem).exists():  # a depth page has no number of its own
            assert page.article.h1.get_text().startswith(f"{number}. ")
        figures = [caption.get_text().strip() for caption in page.select("figcaption .caption-number")]
        assert all(re.fullmatch(rf"Fig\. {number}\.\d+", figure) for figure in figures)


def test_a_student_finds_the_guide_before_the_first_chapter():
    links = [link["href"] for link in soup("book/intro.html").select(".bd-docs-nav a[href$='.html']")]
    assert links.index("guide_students.html") < links.index("ch01_why_convolution.html")


def test_the_entry_that_prints_does_not_promise_a_file():
    entries = soup(CHAPTER).select(".article-header-buttons [onclick='window.print()']")
    assert [entry.get_text().strip() for entry in entries] == ["print, or save as PDF"]


@pytest.mark.parametrize("width", [390, 1280])
def test_the_map_breaks_no_word(open_page, width):
    tab = open_page("book/intro.html", width)
    assert tab.locator("#the-map td").count() > 20
    broken = tab.eval_on_selector_all(
        "#the-map td code",
        """all => all.filter(code => {
        const range = document.createRange();
        range.selectNodeContents(code);
        return new Set([...range.getClientRects()].map(line => Math.round(line.bottom))).size > 1;
    }).map(code => code.textContent)""",
    )
    assert broken == []


# Paper


@pytest.fixture(scope="module")
def printed(browser, tmp_path_factory):
    """A chapter as it is printed: what the browser shows between the two events, and whether it then is as before."""
    context = browser.new_context(viewport={"width": 700, "height": 900}, offline=True)
    tab = context.new_page()
    tab.goto((SITE / CHAPTER).as_uri(), wait_until="load")
    closed = tab.locator("article details:not([open]), article .toggle-hidden").count()
    tab.emulate_media(media="print")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    yield tab
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert tab.locator("article details:not([open]), article .toggle-hidden").count() == closed > 5
    context.close()


def test_nothing_is_cut_off_on_paper(printed):
    wide = printed.eval_on_selector_all(
        "article pre", "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent.slice(0, 60))"
    )
    assert wide == []


def test_what_is_closed_on_the_screen_is_open_on_paper(printed):
    assert printed.locator("article details:not([open]), article .toggle-hidden").count() == 0
    faint = printed.eval_on_selector_all(
        "article details > *:not(summary)", "all => all.filter(e => getComputedStyle(e).opacity !== '1').length"
    )
    assert faint == 0


def test_nothing_to_press_is_printed(printed):
    assert printed.locator("article .cell summary:visible, article button:visible").count() == 0


# A keyboard, and no scripts


@pytest.mark.parametrize("button", [".primary-toggle", ".dropdown-download-buttons .dropdown-toggle", ".toggle-button"])
def test_a_button_that_has_the_focus_shows_it(open_page, button):
    tab = open_page("book/intro.html")
    tab.keyboard.press("Tab")  # the browser shows where the focus is to somebody who uses the keyboard
    place = tab.locator(f"main {button}").first
    place.focus()
    assert place.evaluate("e => [getComputedStyle(e).outlineStyle, parseFloat(getComputedStyle(e).outlineWidth)]") == [
        *("solid", 3),
    ]


def test_without_scripts_a_widget_is_a_sentence_and_no_empty_space(open_page):
    tab = open_page("book/ch01_why_convolution.html", java_script_enabled=False)
    boxes = [place.bounding_box() for place in tab.locator("shift-explorer, sharing-counter").all()]
    assert len(boxes) >= 2
    assert all(0 < box["height"] < 120 for box in boxes)
