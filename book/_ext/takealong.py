"""Every page with code as a notebook that runs by itself: plain Markdown, the numbers of the text written in.

A page has words that only the book understands (directives and roles), and cells that only serve the book (the
numbers of the prose, the data of the widgets). The notebook gets the first in plain words and leaves the second out.

Its name ends in `_page`: the graded notebook has the chapter's name, and a browser calls a second file of one name
`name (1)`.
"""

import ast
import builtins
import json
import re
from pathlib import Path

import nbformat
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook
from pybtex.database import parse_file
from sphinx.util import logging

log = logging.getLogger(__name__)

BIBLIOGRAPHY = Path(__file__).resolve().parents[1] / "references.bib"
FENCE = re.compile(r"^(:{3,}|`{3,})\{([\w:-]+)\} ?(.*)$")
OPTION = re.compile(r"^:([\w-]+): ?(.*)$")


class NoWordsError(ValueError):
    """The page holds something that no notebook could show or run."""


class Words:
    """Turns the Markdown of one page into Markdown that any notebook shows."""

    def __init__(self, numbers, titles):
        self.numbers, self.titles = numbers, titles
        self.papers = parse_file(BIBLIOGRAPHY, "bibtex").entries if BIBLIOGRAPHY.exists() else {}

    def blocks(self, text):
        """The text with its directives spelled out."""
        lines, done = text.splitlines(), []
        while lines:
            line = lines.pop(0)
            fence = FENCE.match(line)
            if not fence:
                done.append(line)
                continue
            marks, name, title = fence.groups()
            body = []
            while lines and lines[0].strip() != marks:
                body.append(lines.pop(0))
            if lines:
                lines.pop(0)
            options = {}
            while body and (option := OPTION.match(body[0])):
                options[option[1]] = option[2]
                body.pop(0)
            done += ["", self.directive(name, title, options, self.blocks("\n".join(body)).strip("\n")), ""]
        return "\n".join(done)

    def directive(self, name, title, options, body):
        if name == "chapter":
            return f"**You need:** {options['needs']}\n\n**Afterwards you can**\n\n{body}"
        if name == "quiz":
            question, reasons = f"**{title}**\n", []
            for part in re.split(r"^- (?=\()", body, flags=re.MULTILINE)[1:]:
                option, _, reason = part.partition("\n")
                question += f"\n- {option[4:]}"
                reasons.append(f"*{option[4:]}* {'Right.' if option[1] == 'x' else 'No.'} " + " ".join(reason.split()))
            return question + "\n\n" + hidden("Answers", "\n\n".join(reasons))
        if name == "assignment":
            return ""
        if name == "course-map":
            return "\n".join(f"- {line.split('|')[1].strip()}" for line in body.splitlines())
        if name == "math":
            return f"$$\n{body}\n$$"
        if name in ("admonition", "note", "tip", "warning", "important", "seealso", "margin", "dropdown"):
            title = title or name.capitalize()
            if "dropdown" in (name, *options.get("class", "").split()):
                return hidden(title, body)
            return "\n".join(f"> {line}".rstrip() for line in [f"**{title}**", "", *body.splitlines()])
        raise NoWordsError(f"there are no words for the directive {{{name}}}: teach book/_ext/takealong.py some")

    def inline(self, text):
        """The text with its roles and its links to other pages spelled out."""
        text = re.sub(r"^\([\w-]+\)=\n", "", text, flags=re.MULTILINE)
        text = re.sub(r"(\$\$)\s*\([\w-]+\)$", r"\1", text, flags=re.MULTILINE)
        text = re.sub(r"(?<!!)\[([^\]]*)\]\(([\w./-]+\.md)?(#[\w.-]+)?\)", self.link, text)
        return re.sub(r"\{([\w:]+)\}`([^`]+)`", self.role, text)

    def link(self, found):
        words, page, _ = found.groups()
        return words or self.titles.get(Path(page or "").stem, "")

    def role(self, found):
        name, text = found.groups()
        if name == "glue:text":
            key, _, pattern = text.partition(":")
            return format(self.numbers[key], pattern)
        if name in ("cite:p", "cite:t", "cite"):
            return ", ".join(self.paper(key.strip(), name) for key in text.split(","))
        if name == "src":
            return f"`{text}`"
        if name in ("index", "ref", "doc", "numref", "term", "download"):
            return re.sub(r"\s*<[^>]+>$", "", text)
        if name == "eq":
            return "above"
        raise NoWordsError(f"there are no words for the role {{{name}}}: teach book/_ext/takealong.py some")

    def paper(self, key, name):
        entry = self.papers[key]
        people = [" ".join(person.prelast_names + person.last_names) for person in entry.persons["author"]]
        people = [re.sub(r"[{}\\'\"`^]", "", person) for person in people]
        who = " and ".join(people) if len(people) < 3 else f"{people[0]} et al."
        return f"({who}, {entry.fields['year']})" if name == "cite:p" else f"{who} ({entry.fields['year']})"


def hidden(title, body):
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"


def serves_the_book(cell):
    """Whether a cell computes numbers for the prose, or the data of a widget, and nothing that a reader would miss."""
    tags = cell.metadata.get("tags", [])
    return "remove-cell" in tags or ("remove-input" in tags and "widget(" in cell.source)


def missing_names(cells):
    """Names that some cell uses before any cell has made them: the notebook would stop there."""
    known, missing = {*vars(builtins), "display", "get_ipython"}, []
    for cell in cells:
        tree = ast.parse(re.sub(r"^[%!].*$", "", cell.source, flags=re.MULTILINE))
        made = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                made.add(node.name)
            elif isinstance(node, ast.arg):
                made.add(node.arg)
            elif isinstance(node, ast.ExceptHandler) and node.name:
                made.add(node.name)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                made |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        known |= made
        missing += [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id not in known]
    return sorted(set(missing))


def notebook_of(path, numbers, titles):
    """The page at `path` as a notebook."""
    page = read_myst_markdown_notebook(path.read_text(encoding="utf-8"))
    words = Words(numbers, titles)
    cells = []
    for cell in page.cells:
        if cell.cell_type == "markdown":
            text = words.inline(words.blocks(cell.source)).strip("\n")
            cells.append(nbformat.v4.new_markdown_cell(re.sub(r"\n{3,}", "\n\n", text)))
        elif not serves_the_book(cell):
            cells.append(nbformat.v4.new_code_cell(cell.source))
    code = [cell for cell in cells if cell.cell_type == "code"]
    if any(re.search(r"^\s*(from|import) pages\b", cell.source, re.MULTILINE) for cell in code):
        raise NoWordsError("it would stop at `import pages`: that belongs into a cell with the tag remove-cell")
    if missing := missing_names(code):
        raise NoWordsError(f"it would stop, because only cells that are left out make {', '.join(missing)}")
    for number, cell in enumerate(cells):
        cell.id = f"{path.stem.replace('_', '-')[:50]}-{number}"  # not random: the same page, the same bytes
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": dict(page.metadata.kernelspec)})


def write_notebooks(app):
    """Put a notebook of every page that has code where the theme's download button looks for it."""
    if app.builder.format != "html":
        return []
    titles = {Path(name).name: node.astext() for name, node in app.env.titles.items()}
    for docname in sorted(app.env.found_docs):
        path = Path(app.env.doc2path(docname))
        if not has_code(path):
            continue
        kept = Path(app.outdir).parent / "jupyter_execute" / f"{docname}.glue.json"
        values = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
        numbers = {name: ast.literal_eval(value["data"]["text/plain"]) for name, value in values.items()}
        target = Path(app.outdir, "_sources", f"{docname}_page.ipynb")
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            nbformat.write(notebook_of(path, numbers, titles), target)
        except NoWordsError as error:
            log.warning("the page as a notebook: %s", error, location=docname, type="takealong")
    return []


def offer_notebook(app, pagename, templatename, context, doctree):
    """Tell the theme's download button of the notebook."""
    if pagename in app.env.found_docs and has_code(app.env.doc2path(pagename)):
        context["ipynb_source"] = f"{pagename}_page.ipynb"


def has_code(path):
    """Whether a page shows code, or only its results."""
    text = Path(path).read_text(encoding="utf-8")
    cells = read_myst_markdown_notebook(text).cells if is_myst_markdown_notebook(text) else []
    return any(
        cell.cell_type == "code" and not {"remove-cell", "remove-input"} & set(cell.metadata.get("tags", []))
        for cell in cells
    )


def setup(app):
    app.connect("html-page-context", offer_notebook)
    app.connect("html-collect-pages", write_notebooks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
