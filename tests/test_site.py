"""The built book in a real browser, from the disk, with the network closed: it needs nobody else's server."""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import CHROMIUM

SITE = Path(__file__).resolve().parents[1] / "_build" / "html"
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html") if "_static" not in path.parts)
PAGES = [name for name in PAGES if name != "index.html"]  # which leads to the landing page and is empty
MISSING = [
    what for what, there in [("the book: make book", PAGES), ("Chromium: apt install chromium", CHROMIUM)] if not there
]


def test_the_book_is_built_and_chromium_is_there():
    if MISSING and not os.environ.get("CI"):
        pytest.skip(f"the site is not tested, for want of {' and of '.join(MISSING)}")
    assert not MISSING


VIEWS = [(width, scheme) for width in (1280, 390) for scheme in ("light", "dark")]
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module", params=[] if MISSING else [(name, *view) for name in PAGES for view in VIEWS], ids=str)
def page(request, browser):
    """A page, opened, and what it asked for and complained of on the way."""
    name, width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
    tab = context.new_page()
    tab.asked, tab.complaints = [], []
    tab.on("request", lambda request: tab.asked.append(request.url))
    tab.on("requestfailed", lambda request: tab.complaints.append(f"not found: {request.url}"))
    tab.on("console", lambda said: tab.complaints.append(said.text) if said.type in ("error", "warning") else None)
    tab.on("pageerror", lambda error: tab.complaints.append(str(error)))
    tab.goto((SITE / name).as_uri(), wait_until="load")
    yield tab
    context.close()


def test_a_page_asks_no_other_host_for_anything(page):
    assert page.asked
    assert [url for url in page.asked if not url.startswith(("file:", "data:"))] == []


def test_a_page_has_nothing_to_complain_of(page):
    assert page.complaints == []


def test_pictures_are_there_and_say_what_they_show(page):
    assert page.eval_on_selector_all("img", "all => all.filter(i => !i.naturalWidth).map(i => i.src)") == []
    assert page.eval_on_selector_all("article img", "all => all.filter(i => !i.alt.trim()).map(i => i.src)") == []


def test_formulas_are_rendered(page):
    assert page.locator(".katex-error").count() == 0
    assert page.locator(".math").count() == page.locator(".math .katex").count()


def test_nothing_reaches_over_the_edge_of_the_screen(page):
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def test_a_page_is_accessible(page):
    results = Axe().run(page, options={"runOnly": RULES})
    assert not results.violations_count, results.generate_report()
