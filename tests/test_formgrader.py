"""formgrader in a real browser, with the course's own configuration: what an instructor clicks and reads."""

import csv
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
import terminal
from nbgrader.api import Gradebook

ROOT = Path(__file__).resolve().parents[1]
SLUG = "ch02_convolution"
FILE = f"{SLUG}.ipynb"
SECONDS = 120_000  # milliseconds that grading one submission may take

# formgrader fetches MathJax from another host; here is as much of it as formgrader talks to.
MATHJAX = """window.MathJax = {Hub: {Config() {}, Queue() {}, Configured() {},
    Startup: {signal: {Interest: tell => window.addEventListener("load", () => setTimeout(tell, 0, "End"))}}}}"""

# Ways to have a page run something, or ask the server for something, when an instructor looks at it.
PWN = "window.pwned = 1"
MARKDOWN = f"""
<script>{PWN}</script> <img src=x onerror="{PWN}"> <svg onload="{PWN}"></svg> <b onmouseover="{PWN}">bold</b>

[a link](/formgrader?path=submitted/html/{SLUG}) [another](javascript:{PWN}) <https://example.org/cited>

![a picture](/formgrader?path=submitted/html/{SLUG}&picture) ![pasted](attachment:not-there.png)

<a href="javascript:{PWN}">third</a> <iframe srcdoc="<script>parent.{PWN}</script>"></iframe>
<form action="/formgrader/api/assignments"><button>Resolve</button></form>
<div style="position:fixed;inset:0;background:url(/formgrader?path=submitted/html/{SLUG}&style)">over all</div>
"""
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
OUTPUTS = f"""
PIXEL = {PIXEL!r}
from IPython.display import HTML, Javascript, Markdown, Image, SVG, display
text = {MARKDOWN!r}
display(HTML(text)), display(Javascript({PWN!r})), display(Markdown(text))
display({{"text/html": text}}, raw=True, metadata={{"text/html": {{"isolated": True}}}})
svg = '<svg xmlns="http://www.w3.org/2000/svg" onload="{PWN}"><script>{PWN}</script></svg>'
display({{"image/svg+xml": svg}}, raw=True)
elsewhere = {{"filenames": {{"image/png": "/formgrader?path=submitted/html/{SLUG}"}}}}
display({{"image/png": PIXEL}}, raw=True, metadata=elsewhere)
display({{"image/png": {{"no": "text"}}, "text/html": 5}}, raw=True)
display({{"text/latex": text}}, raw=True)
display({{"application/vnd.jupyter.widget-view+json": {{"model_id": "</script><script>{PWN}</script>"}}}}, raw=True)
print(text)
"""

pytestmark = pytest.mark.slow


def environment(course):
    """Nothing of the person's own configuration, and the programs of this environment."""
    places = {f"JUPYTER_{what}_DIR": str(course / ".jupyter" / what.lower()) for what in ("CONFIG", "DATA", "RUNTIME")}
    return {"PATH": "/usr/bin:/bin", "HOME": str(course), "CNNCOURSE_BOOK": "https://example.org/cnn", **places}


def nbgrader(course, *command):
    terminal.nbgrader(course, *command, variables=environment(course))


def hand_in(course, student, change=lambda cells: None):
    """The solutions, with cells (by their names) changed."""
    notebook = nbformat.read(ROOT / "solutions" / SLUG / FILE, as_version=4)
    cells = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
    change(cells)
    notebook.cells += cells.get("more", [])
    folder = course / "submitted" / student / SLUG
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / FILE)
    return folder


def with_a_named_mistake(cells):
    cells["correlate"].source = (
        "from numpy.lib.stride_tricks import sliding_window_view\n\n"
        "def correlate(x, kernel, stride):\n"
        "    windows = sliding_window_view(x, kernel.shape)[::stride, ::stride]\n"
        "    return np.einsum('ijuv,uv->ij', windows, np.flip(kernel))\n"
    )


def with_scripts(cells):
    cells["answer-written"].source = MARKDOWN
    cells["more"] = [nbformat.v4.new_markdown_cell(MARKDOWN), nbformat.v4.new_code_cell(OUTPUTS)]
    cells["pad"].source = f"def pad(x, padding):\n    raise ValueError({MARKDOWN!r})\n"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """One assignment, and what four students handed in."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    shutil.copytree(ROOT / "solutions" / SLUG, folder / "solutions" / SLUG)
    nbgrader(folder, "generate_assignment", SLUG)
    hand_in(folder, "right")
    hand_in(folder, "wrong", with_a_named_mistake)
    (hand_in(folder, "broken") / FILE).write_text("PK: no notebook at all")
    evil = hand_in(folder, "html", with_scripts)
    (evil / "nbgrader_config.py").write_text(f"open({str(folder / 'pwned')!r}, 'w')\nc = get_config()\n")
    return folder


@pytest.fixture(scope="module")
def server(course):
    """The address of a Jupyter server in the course's folder, with its token."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    line = [sys.executable, "-m", "jupyter_server", "--allow-root", "--no-browser", "--ServerApp.ip=127.0.0.1"]
    line += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"]
    log = course / "server.log"
    with log.open("w") as said:
        process = subprocess.Popen(
            line, cwd=course, env=environment(course), stdout=said, stderr=said, start_new_session=True
        )
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api/status?token={token}", timeout=5)
                break
            except OSError:
                assert process.poll() is None, log.read_text()
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}", token
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="module")
def tab(server, browser, course):
    """A browser's tab that is signed in; `complaints` is what the pages wrote to the console."""
    address, token = server
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=address)
    context.add_init_script("window.alert = window.confirm = () => { window.pwned = 2 }")
    tab = context.new_page()
    tab.complaints, tab.asked = [], []

    def answer(route):
        tab.asked.append(route.request.url)
        if route.request.url.startswith((address, "data:", "file:")):
            route.continue_()
        elif "mathjax" in route.request.url.lower():
            route.fulfill(body=MATHJAX, content_type="text/javascript")
        else:
            route.abort()

    context.route("**/*", answer)
    tab.on(
        "console", lambda said: tab.complaints.append(f"{said.text} {said.location}") if said.type == "error" else None
    )
    tab.on("pageerror", lambda error: tab.complaints.append(str(error)))
    tab.on("dialog", lambda dialog: dialog.dismiss())
    tab.set_default_timeout(20_000)
    tab.goto(f"/login?token={token}&next=/api/status")
    yield tab
    context.close()


def submissions(tab):
    tab.goto(f"/formgrader/manage_submissions/{SLUG}")
    tab.locator("td.student-id", has_text="wrong").wait_for()
    return tab


def row(tab, student):
    return tab.locator("tr", has=tab.locator("td.student-id", has_text=student))


def press(tab, student, button):
    """Press a button in a student's row, wait until it has done its work, and close what it says."""
    row(tab, student).locator(f"td.{button} a").click()
    tab.locator(".modal-dialog .modal-title").wait_for(timeout=SECONDS)
    said = tab.locator(".modal-dialog").inner_text()
    tab.locator(".modal-footer button").click()
    tab.locator(".modal-dialog").wait_for(state="detached")
    return said


def open_graded(tab, course, student):
    """The graded notebook of a student, as formgrader shows it."""
    with Gradebook(f"sqlite:///{course}/gradebook.db", "cnncourse") as gradebook:
        submission = gradebook.find_submission_notebook(SLUG, SLUG, student).id
    tab.goto(f"/formgrader/submissions/{submission}/")
    tab.wait_for_function("formgrader.grades?.loaded && formgrader.comments?.loaded")
    return tab


def grade_in(course, student, cell):
    with Gradebook(f"sqlite:///{course}/gradebook.db", "cnncourse") as gradebook:
        grade = gradebook.find_grade(cell, SLUG, SLUG, student)
        return grade.auto_score, grade.manual_score


# One after the other, as an instructor goes through them


def test_formgrader_lists_the_assignment_and_how_many_handed_it_in(tab):
    tab.goto("/formgrader")
    line = tab.locator("tr", has=tab.locator("td.name", has_text=SLUG))
    line.wait_for()
    assert line.locator("td.num-submissions").inner_text() == "4"


@pytest.mark.parametrize("student", ["right", "wrong", "html"])
def test_the_button_grades_a_submission(tab, course, student):
    said = press(submissions(tab), student, "autograde")
    assert "Successfully autograded" in said, said
    assert grade_in(course, student, "check-output-size") == (4, None)
    assert grade_in(course, student, "check-correlate") == (0 if student == "wrong" else 4, None)


def test_a_damaged_notebook_is_an_error_of_that_student_with_a_reason(tab):
    said = press(submissions(tab), "broken", "autograde")
    assert "for student 'broken'" in said
    assert "does not appear to be JSON" in said


def test_the_graded_notebook_shows_the_diagnosis_and_its_comment(tab, course):
    open_graded(tab, course, "wrong")
    verdict = tab.locator(".cnn-verdict", has_text="ch02.correlate: not right yet")
    assert verdict.locator("table").count() >= 3
    assert "This is what comes out when" in verdict.inner_text()
    assert "border" in verdict.locator("td").first.get_attribute("style")
    assert verdict.locator("a").get_attribute("href").startswith("https://example.org/cnn/book/ch02_convolution.html#")
    comment = tab.locator("#correlate-comment").get_attribute("placeholder")
    assert comment.startswith("ch02.correlate: ") and "This is what comes out when" in comment


def test_a_score_given_by_hand_is_kept(tab, course):
    open_graded(tab, course, "wrong")
    tab.locator("#answer-written").fill("2")
    tab.locator("#check-correlate").fill("1.5")
    with tab.expect_response(lambda response: "/api/grade/" in response.url and response.request.method == "PUT"):
        tab.locator("#check-correlate").press("Tab")
    open_graded(tab, course, "wrong")
    assert tab.locator("#check-correlate").input_value() == "1.5"
    assert grade_in(course, "wrong", "check-correlate") == (0, 1.5)
    press(submissions(tab), "wrong", "autograde")
    assert grade_in(course, "wrong", "check-correlate") == (0, 1.5)
    assert grade_in(course, "wrong", "answer-written")[1] == 2


def test_a_comment_written_by_hand_replaces_the_diagnosis(tab, course):
    open_graded(tab, course, "wrong")
    tab.locator("#correlate-comment").fill("Look at [chapter 2](https://example.org/two) again.")
    with tab.expect_response(lambda response: "/api/comment/" in response.url and response.request.method == "PUT"):
        tab.locator("#correlate-comment").press("Tab")
    open_graded(tab, course, "wrong")
    assert "again" in tab.locator("#correlate-comment").input_value()


def test_feedback_is_made_by_its_button_and_tells_what_was_found(tab, course):
    for student in ("wrong", "html"):
        assert "Successfully generated" in press(submissions(tab), student, "generate-feedback")
    page = course / "feedback" / "wrong" / SLUG / f"{SLUG}.html"
    tab.goto(page.as_uri())
    assert "Score: 36.5 / 40.0" in tab.locator("h4").inner_text()
    assert tab.locator(".cnn-verdict", has_text="ch02.correlate: not right yet").locator("table").count() >= 3
    assert tab.get_by_role("link", name="chapter 2", exact=True).get_attribute("href") == "https://example.org/two"


def test_what_a_student_wrote_runs_nothing_in_the_instructors_browser(tab, course):
    before = len(tab.asked)
    open_graded(tab, course, "html")
    tab.locator("b", has_text="bold").first.hover()
    tab.wait_for_timeout(500)
    assert tab.evaluate("window.pwned") is None
    assert not [url for url in tab.asked[before:] if "path=" in url]
    assert not (course / "pwned").exists()


def test_what_a_student_wrote_runs_nothing_in_the_feedback(tab, course):
    tab.goto((course / "feedback" / "html" / SLUG / f"{SLUG}.html").as_uri())
    tab.wait_for_timeout(500)
    assert tab.evaluate("window.pwned") is None
    assert tab.locator("form, iframe, object, svg, [onerror], [onload]").count() == 0


def test_the_scores_are_exported_with_those_given_by_hand(tab, course):
    nbgrader(course, "export", "--exporter", "cnncourse.grading.exports.CanvasExport", "--to", "canvas.csv")
    with (course / "canvas.csv").open() as file:
        rows = {row["SIS Login ID"]: row[SLUG] for row in csv.DictReader(file)}
    full = float(rows.pop(""))
    assert float(rows["right"]) == full - 3  # the written answer, which nobody has read
    assert float(rows["wrong"]) == full - 3 + 2 - 4 + 1.5
    assert rows.get("broken", "") == ""


def test_the_pages_had_nothing_to_complain_of(tab):
    assert tab.complaints == []
