"""The package's own source in the book: a page for each module, and the role `src` that leads to a line of it."""

import ast
from html import escape
from pathlib import Path

from docutils import nodes
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from sphinx.util import logging
from sphinx.util.docutils import ReferenceRole

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "cnncourse"


def module_pages():
    """The modules by their dotted names, each with its file; without the checks, which hold answers to exercises."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.is_relative_to(PACKAGE / "checks"):
            continue
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts).removesuffix(".__init__"), path


def definitions(text):
    """The line on which each function, class and method of a module starts."""
    found = {}

    def look(body, prefix):
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                found[prefix + node.name] = node.lineno
                if isinstance(node, ast.ClassDef):
                    look(node.body, f"{prefix}{node.name}.")

    look(ast.parse(text).body, "")
    return found


def find(target):
    """The module that holds `target` and its name there; (None, None) if the package has no such thing."""
    modules = dict(module_pages())
    module = max((name for name in modules if f"{target}.".startswith(f"{name}.")), key=len, default=None)
    if module is None or target == module:
        return module, ""
    name = target.removeprefix(f"{module}.")
    text = modules[module].read_text(encoding="utf-8")
    if name in definitions(text):
        return module, name
    for node in ast.parse(text).body:  # a package offers what its modules define
        if isinstance(node, ast.ImportFrom) and name.split(".")[0] in [alias.name for alias in node.names]:
            return find(f"{node.module}.{name}")
    return None, None


class Source(ReferenceRole):
    """{src}`cnncourse.pooling.max_pool2d` or {src}`words <cnncourse.pooling>`, leading to where it is written."""

    def run(self):
        module, name = find(self.target.removesuffix("()"))
        if module is None:
            log.warning("there is no %s in the package", self.target, location=self.get_location(), type="src")
            return [nodes.literal(text=self.title)], []
        place = "../" * self.env.docname.count("/") + f"code/{module}.html" + (f"#{name}" if name else "")
        text = self.title if self.has_explicit_title else name or module
        return [nodes.reference("", "", nodes.literal(text=text), refuri=place, internal=True)], []


def pages(app):
    """One page a module, as Sphinx wants generated pages: name, context, template."""
    if app.builder.format != "html":
        return
    for module, path in module_pages():
        text = path.read_text(encoding="utf-8")
        anchors = {line: name for name, line in definitions(text).items()}
        lines = highlight(text, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)).splitlines()
        listing = "\n".join(
            f'<span id="{anchors[n]}" class="code-target">{line}</span>' if n in anchors else line
            for n, line in enumerate(lines, start=1)
        )
        title = f"{path.relative_to(ROOT)}"
        body = (
            f"<h1>{escape(title)}</h1>\n"
            f'<div class="highlight code-page" tabindex="0" role="region" aria-label="{escape(title)}">'
            f"<pre>{listing}</pre></div>"
        )
        yield f"code/{module}", {"title": title, "body": body}, "page.html"


def setup(app):
    app.add_role("src", Source())
    app.connect("html-collect-pages", pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
