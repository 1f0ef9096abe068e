"""A chapter's number is that of its file: ch07 is chapter 7, whichever chapters are there."""

import re

from docutils import nodes


def number_of(docname):
    """The number in the name of a chapter's page.

    >>> number_of("book/ch07_training"), number_of("book/intro")
    (7, None)
    """
    found = re.fullmatch(r"book/ch(\d\d)_\w+", docname)
    return int(found[1]) if found else None


def renumber(app, env):
    """Sphinx counts the numbered pages as they stand; put each chapter's own number in the place of that count."""
    for docname in env.all_docs:
        number = number_of(docname)
        if number is None:
            continue
        parts = [env.titles[docname], env.longtitles[docname], *env.tocs[docname].findall(nodes.reference)]
        for node in parts:
            if node.get("secnumber"):
                node["secnumber"] = (number, *node["secnumber"][1:])
        numbers = env.toc_secnumbers.get(docname, {})  # a depth page has none, but its figures do
        numbers.update({anchor: (number, *old[1:]) for anchor, old in numbers.items() if old})
        for figures in env.toc_fignumbers.get(docname, {}).values():
            figures.update({figure: (number, *old[1:]) for figure, old in figures.items() if len(old) > 1})
    return []


def setup(app):
    app.connect("env-get-updated", renumber, priority=900)  # after Sphinx has counted
    return {"parallel_read_safe": True, "parallel_write_safe": True}
