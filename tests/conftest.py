"""What all tests share."""

import itertools
import os
import shutil
import sys
from collections import Counter
from pathlib import Path

import absl.logging
import numpy as np
import pytest
from playwright.sync_api import sync_playwright

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

# Whenever traitlets sets up its log, absl (below TensorFlow) closes the stream it found: that of pytest, but for this
absl.logging.get_absl_handler().python_handler.stream = sys.__stderr__

TESTS = Path(__file__).resolve().parent
GRADING = [path.name for path in TESTS.glob("test_*.py") if "cnncourse.grading" in path.read_text(encoding="utf-8")]
collect_ignore = [] if sys.platform == "linux" else GRADING  # grading needs Linux, the rest of the course does not

STATIC = Path(__file__).resolve().parents[1] / "book" / "_static"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
LONG = 400  # lines
WORTH_TELLING = 10  # seconds
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def pytest_collection_modifyitems(items):
    """Whatever opens a browser is slow, and so is what is sampled, but for the first test of a file; then the order."""
    sampled = set()
    for item in items:
        is_sampled = item.get_closest_marker("sampled") is not None
        if "browser" in getattr(item, "fixturenames", ()) or (is_sampled and item.path in sampled):
            item.add_marker("slow")
        if is_sampled:
            sampled.add(item.path)
    items.sort(key=lambda item: item.get_closest_marker("first") is None)


def pytest_terminal_summary(terminalreporter):
    """What each file of tests cost; and a hint, no failure: a long file of the package may hold two ideas."""
    costs = Counter()
    for report in itertools.chain(*terminalreporter.stats.values()):
        if hasattr(report, "duration"):
            costs[report.location[0]] += report.duration
    for name, seconds in costs.most_common():
        if seconds >= WORTH_TELLING:
            terminalreporter.write_line(f"{seconds:6.0f} s of one worker: {name}")
    for path in sorted((TESTS.parent / "cnncourse").rglob("*.py")):
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONG:
            terminalreporter.write_line(f"hint: {path.relative_to(TESTS.parent)} has {lines} lines: is it one idea?")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def browser():
    if not CHROMIUM and not os.environ.get("CI"):
        pytest.skip("there is no Chromium here: apt install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def widget(browser):
    """Open a page with one widget on it: `tab = widget("pool-explorer")`; its functions are `cnn["pool-explorer"]`."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    tab = context.new_page()
    errors = []
    tab.on("pageerror", lambda error: errors.append(str(error)))

    def open_widget(name, html=None):
        tab.set_content(f"<!doctype html><html lang='en'><title>{name}</title><body><main></main></body></html>")
        tab.add_style_tag(path=STATIC / "css" / "cnn.css")
        scripts = STATIC / "widgets"
        for path in (scripts / "_base.js", *sorted((scripts / name).glob("*.js")), scripts / f"{name}.js"):
            tab.add_script_tag(path=path)
        # The element after its script, as on a page, where the scripts are deferred
        tab.evaluate("html => { document.querySelector('main').innerHTML = html }", html or f"<{name}></{name}>")
        tab.wait_for_function("name => document.querySelector(name).ready", arg=name)
        return tab

    yield open_widget
    context.close()
    assert errors == []
