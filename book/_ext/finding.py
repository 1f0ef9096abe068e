"""What the search page looks through: every section of the book, with its place, its titles and its words.

Sphinx's own search knows pages only, and fetches each page that it found, which a browser refuses without a server.
Here one script holds the text of all sections. book/_static/search.js, which ranks them, needs nothing else.
"""

import json
from pathlib import Path

from docutils import nodes
from sphinx import addnodes

SILENT = (nodes.section, nodes.title, nodes.math_block, nodes.raw, nodes.comment, nodes.system_message)


def words_below(node):
    """Pairs (is it code?, words) of a section itself: no title, no section in it, no long formula, no widget."""
    for child in node.children:
        if isinstance(child, nodes.Text):
            yield isinstance(node, nodes.literal_block), child.astext()
        elif isinstance(child, nodes.math):
            yield False, child.astext() if child.astext().isalnum() else "…"
        elif not isinstance(child, SILENT):
            yield from words_below(child)
            if not isinstance(child, nodes.Inline):
                yield isinstance(child, nodes.literal_block), " "  # the words of two paragraphs are not one word


def entries_below(node):
    """What the index of the book says is taught in a section itself."""
    for child in node.children:
        if isinstance(child, addnodes.index):
            yield from (entry[1].replace(";", " ") for entry in child["entries"])
        elif not isinstance(child, nodes.section):
            yield from entries_below(child)


def titles_above(section):
    """The titles from the page down to a section."""
    titles = []
    while isinstance(section, nodes.section):
        titles.insert(0, section.next_node(nodes.title).astext())
        section = section.parent
    return titles


def sections_of(doctree, docname, chapter):
    """A record for each section of a page, in order: what search.js looks through."""
    for section in doctree.findall(nodes.section):
        anchor = "" if section.parent is doctree else f"#{section['ids'][0]}"
        words = list(words_below(section))
        yield {
            "place": f"{docname}.html{anchor}",
            "titles": titles_above(section),
            "chapter": chapter,
            "taught": list(entries_below(section)),
            "text": " ".join("".join(text for code, text in words if not code).split()),
            "code": " ".join("".join(text for code, text in words if code).split()),
        }


def setup(app):
    found = {}

    def collect(app, doctree, docname):
        chapter = app.env.toc_secnumbers.get(docname, {}).get("")
        found[docname] = list(sections_of(doctree, docname, chapter[0] if chapter else None))

    def write(app):
        if app.builder.format == "html":
            script = Path(app.outdir, "_static", "sections.js")
            script.parent.mkdir(parents=True, exist_ok=True)
            records = [section for page in found.values() for section in page]
            script.write_text(f"const sections = {json.dumps(records, ensure_ascii=False)};\n", encoding="utf-8")
            yield "search", {}, "search.html"

    def without_its_own(app):
        app.builder.search = False

    app.connect("builder-inited", without_its_own)
    app.connect("doctree-resolved", collect)
    app.connect("html-collect-pages", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
