"""The built book in a real browser, from the disk, with the network closed: it needs nobody else's server."""

import gzip
import os
import re
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from conftest import CHROMIUM
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html") if "_static" not in path.parts)
PAGES = [name for name in PAGES if name != "index.html"]  # which leads to the landing page and is empty
MISSING = [
    what for what, there in [("the book: make book", PAGES), ("Chromium: apt install chromium", CHROMIUM)] if not there
]


def sampled(listings):
    """The listings to look at. One template makes them all, so: the longest, the shortest, a package's own, and as many
    more as it takes to see every kind of word that a listing colours."""
    texts = {name: (SITE / name).read_text(encoding="utf-8") for name in listings}
    longest_first = sorted(listings, key=lambda name: -len(texts[name]))
    taken = {*longest_first[:1], *longest_first[-1:], *({"code/cnncourse.layers.html"} & set(listings))}
    seen = set()
    for name in longest_first:
        kinds = set(re.findall(r'<span class="(\w+)">', texts[name]))
        if name in taken or kinds - seen:
            taken.add(name)
            seen |= kinds
    return taken


LISTINGS = [name for name in PAGES if name.startswith("code/")]
SEEN = [name for name in PAGES if name not in LISTINGS or name in sampled(LISTINGS)]
# A page is opened as on a telephone in the dark, and then shown in the other views
VIEWS = [(390, "dark"), (1280, "dark"), (390, "light"), (1280, "light")]
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
# What is to be seen of the text, and in which colours
COLOURED = """[...document.querySelectorAll("article *:not(.katex *)")].filter(e => e.checkVisibility()).map(e => {
    const style = getComputedStyle(e);
    return [e.tagName, e.className, style.color, style.backgroundColor].join(" ");
})"""
KILOBYTES = 700


def test_the_book_is_built_and_chromium_is_there():
    if MISSING and not os.environ.get("CI"):
        pytest.skip(f"the site is not tested, for want of {' and of '.join(MISSING)}")
    assert not MISSING


def file_of(url):
    return Path(unquote(urlparse(url).path))


def lay_out_everything(tab):
    """As if the reader had been everywhere: what is far from sight is not laid out, not fetched and not built."""
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    tab.add_style_tag(content="section { content-visibility: visible !important }")
    tab.eval_on_selector_all("img", "all => all.forEach(figure => figure.loading = 'eager')")
    tab.wait_for_function("[...document.images].every(figure => figure.complete)")
    tab.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def show(tab, width, scheme):
    tab.set_viewport_size({"width": width, "height": 900})
    tab.emulate_media(color_scheme=scheme)
    tab.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=scheme)
    tab.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    tab.evaluate("Promise.all(document.getAnimations().map(fade => fade.finished))")


@pytest.fixture(scope="module", params=[] if MISSING else SEEN)
def page(request, browser):
    """A page, opened once and shown in every view; what it asked for and complained of; by how much it was too wide."""
    width, scheme = VIEWS[0]
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
    tab = context.new_page()
    tab.asked, tab.complaints, tab.too_wide, tab.colours = [], [], {}, {}
    tab.on("request", lambda request: tab.asked.append(request.url))
    tab.on("requestfailed", lambda request: tab.complaints.append(f"not found: {request.url}"))
    tab.on("console", lambda said: tab.complaints.append(said.text) if said.type in ("error", "warning") else None)
    tab.on("pageerror", lambda error: tab.complaints.append(str(error)))
    tab.goto((SITE / request.param).as_uri(), wait_until="load")
    lay_out_everything(tab)
    for view in VIEWS:
        show(tab, *view)
        tab.too_wide[view] = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        tab.colours[view] = tab.evaluate(COLOURED)
    yield tab
    context.close()


def test_a_page_asks_no_other_host_for_anything(page):
    assert page.asked
    assert [url for url in page.asked if not url.startswith(("file:", "data:"))] == []


def test_a_page_has_nothing_to_complain_of(page):
    assert page.complaints == []


def test_a_page_is_light_on_the_wire(page):
    weight = 0
    for url in {url.split("?")[0].split("#")[0] for url in page.asked if url.startswith("file:")}:
        content = file_of(url).read_bytes()
        packed = url.endswith((".woff2", ".png", ".jpg", ".jpeg"))
        weight += len(content if packed else gzip.compress(content))
    assert weight <= 1000 * KILOBYTES


def test_pictures_are_there_and_say_what_they_show(page):
    assert page.eval_on_selector_all("img", "all => all.filter(i => !i.naturalWidth).map(i => i.src)") == []
    assert page.eval_on_selector_all("article img", "all => all.filter(i => !i.alt.trim()).map(i => i.src)") == []


def test_formulas_are_rendered(page):
    assert page.locator(".katex-error").count() == 0
    assert page.locator(".math").count() == page.locator(".math .katex").count()


def test_widgets_are_alive(page):
    assert page.eval_on_selector_all(":not(:defined)", "all => all.map(e => e.tagName)") == []


def test_nothing_reaches_over_the_edge_of_the_screen(page):
    assert page.too_wide == dict.fromkeys(VIEWS, 0)


def test_the_colours_of_a_text_depend_on_the_theme_and_not_on_the_width(page):
    for theme in ("dark", "light"):
        assert page.colours[390, theme]
        assert page.colours[390, theme] == page.colours[1280, theme]


def test_a_page_is_accessible(page):
    for view in VIEWS:
        show(page, *view)
        # Formulas, thousands of elements, have the colour of the words around them: axe would spend a minute on each
        # page. It need not tell of what is right, nor fetch the styles once more, which a page on disk is refused.
        rules, left_out = RULES, [[".katex"]]
        if view not in (VIEWS[0], VIEWS[-1]):
            # The first view and the last have both widths and both themes. What is left is what depends on the two
            # together: the colours of what is around the text (those of the text do not: see above).
            rules, left_out = COLOURS, [["article"]]
        options = {"runOnly": rules, "resultTypes": ["violations"], "preload": False}
        results = Axe().run(page, context={"exclude": left_out}, options=options)
        assert not results.violations_count, f"{view}: {results.generate_report()}"


@pytest.fixture(scope="module")
def soups():
    """All pages, parsed."""
    return {SITE / name: BeautifulSoup((SITE / name).read_text(encoding="utf-8"), "html.parser") for name in PAGES}


@pytest.mark.slow
@pytest.mark.skipif(bool(MISSING), reason="the book is not built")
def test_every_link_inside_the_book_leads_somewhere(soups):
    places = {path: {tag["id"] for tag in soup.find_all(id=True)} for path, soup in soups.items()}
    dead = []
    for path, soup in soups.items():
        for link in soup.find_all("a", href=True):
            address, _, anchor = link["href"].partition("#")
            if urlparse(address).scheme:
                continue
            target = (path.parent / unquote(address)).resolve() if address else path
            anchor = unquote(anchor)
            if not target.exists() or (anchor and target in places and anchor not in places[target]):
                dead.append(f"{path.relative_to(SITE)} -> {link['href']}")
    assert soups
    assert dead == []


@pytest.mark.skipif(bool(MISSING), reason="the book is not built")
def test_a_listing_differs_from_those_that_are_looked_at_in_its_words_only(soups):
    """So what holds for these holds for all: they load the same files, and are made of the same coloured elements."""
    loaded, made_of = {}, {}
    for name in LISTINGS:
        soup = soups[SITE / name]
        loaded[name] = {tag.get("src") or tag["href"] for tag in soup.select("[src], link[href]:not([rel=canonical])")}
        made_of[name] = {(tag.name, *tag.get("class", [])) for tag in soup.article.find_all(True)}
    looked_at = sorted(set(LISTINGS) & set(SEEN))
    assert looked_at
    assert [name for name in LISTINGS if loaded[name] != loaded[looked_at[0]]] == []
    known = set().union(*(made_of[name] for name in looked_at))
    assert [name for name in LISTINGS if made_of[name] - known] == []


@pytest.mark.skipif(bool(MISSING), reason="the book is not built")
@pytest.mark.parametrize("width", [1280, 390])
def test_a_link_into_a_page_that_is_not_laid_out_yet_leads_to_its_heading(browser, width):
    context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
    tab = context.new_page()
    tab.goto((SITE / "book/ch02_convolution.html").as_uri() + "#making-it-fast", wait_until="load")
    tab.wait_for_timeout(500)
    assert 0 <= tab.locator("#making-it-fast h2").bounding_box()["y"] < 450
    figure = tab.locator("article img").last
    figure.scroll_into_view_if_needed()
    tab.wait_for_function("figure => figure.naturalWidth > 0", arg=figure.element_handle())
    context.close()


@pytest.mark.skipif(bool(MISSING), reason="the book is not built")
def test_a_listing_that_scrolls_is_reached_with_the_keyboard_and_no_other_is(browser):
    context = browser.new_context(viewport={"width": 390, "height": 900}, offline=True)
    tab = context.new_page()
    tab.goto((SITE / "book/ch02_convolution.html").as_uri(), wait_until="load")
    lay_out_everything(tab)
    tab.eval_on_selector_all("details", "all => all.forEach(closed => closed.open = true)")
    tab.wait_for_timeout(300)
    stops = tab.eval_on_selector_all("pre", "all => all.map(e => [e.scrollWidth > e.clientWidth, e.tabIndex === 0])")
    assert {wide for wide, _ in stops} == {True, False}
    assert [wide for wide, _ in stops] == [stop for _, stop in stops]
    context.close()


@pytest.mark.skipif(bool(MISSING), reason="the book is not built")
def test_the_icons_that_are_shown_are_in_the_small_font(browser):
    context = browser.new_context(offline=True)
    tab = context.new_page()
    tab.goto((SITE / "book/intro.html").as_uri(), wait_until="load")
    icons = tab.evaluate("""async () => {
        await document.fonts.load('900 16px "Font Awesome 6 Free"', "\uf002");
        return [...new Set([...document.querySelectorAll("i[class*=fa-]")]
            .map(icon => getComputedStyle(icon, "::before").content))].filter(c => c.length === 3).map(c => c[1]);
    }""")
    font = TTFont(SITE / "_static/vendor/fontawesome/webfonts/fa-solid-900.woff")
    assert len(icons) >= 8
    assert {ord(icon) for icon in icons} <= set(font.getBestCmap())
    context.close()


@pytest.mark.skipif(bool(MISSING), reason="the book is not built")
def test_the_search_finds_a_word_without_a_server(browser):
    context = browser.new_context(offline=True)
    tab = context.new_page()
    tab.goto(f"{(SITE / 'search.html').as_uri()}?q=cross-correlation")
    tab.locator("#search-results li a").first.wait_for()
    assert tab.locator("#search-results li a", has_text="convolution").count()
    context.close()
