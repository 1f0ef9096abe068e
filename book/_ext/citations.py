"""Citations by author and year: He et al. (2016a), in the prose and at the head of the list of references."""

import functools
import re
from collections import defaultdict
from dataclasses import dataclass, field

import pybtex.plugin
import sphinxcontrib.bibtex.plugin
from docutils import nodes
from pybtex.style.formatting.unsrt import Style
from sphinxcontrib.bibtex.style.referencing import BracketStyle
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle


def round_brackets():
    return BracketStyle(left="(", right=")", sep="; ")


@dataclass
class InProse(AuthorYearReferenceStyle):
    """`cite:t` gives He et al. (2016a), and `cite:p` (He et al., 2016a; Lowe, 2004)."""

    bracket_textual: BracketStyle = field(default_factory=round_brackets)
    bracket_parenthetical: BracketStyle = field(default_factory=round_brackets)
    bracket_author: BracketStyle = field(default_factory=round_brackets)
    bracket_label: BracketStyle = field(default_factory=round_brackets)
    bracket_year: BracketStyle = field(default_factory=round_brackets)


def cited_as(entry):
    """What stands in the prose: the names as far as they are given there, and the year without a letter."""
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    names = [" ".join(person.prelast_names + person.last_names) for person in people]
    return (*(names if len(names) < 3 else [names[0], "et al."]), re.sub(r"\D", "", entry.fields["year"]))


class InList(Style):
    """Sorted by what one looks for: the first author's last name, then the year."""

    default_name_style = "lastfirst"
    default_sorting_style = "author_year_title"

    def __init__(self, **options):
        super().__init__(**{"abbreviate_names": True, **options})
        by_author = self.sort
        self.sort = lambda entries: tell_apart(by_author(entries))


def tell_apart(entries):
    """Put a letter behind the year where two works would be cited alike."""
    alike = defaultdict(list)
    for entry in entries:
        alike[cited_as(entry)].append(entry)
    for (*_, year), group in alike.items():
        for entry, letter in zip(group, "abcdefgh" if len(group) > 1 else [""]):
            entry.fields["year"] = year + letter
    return entries


def open_work(translator, work):
    """An item of a plain list without a number: docutils' own markup is a list without items to a screen reader."""
    if not isinstance(work.previous_sibling(), nodes.citation):
        translator.body.append('<ul class="cnn-references">\n')
    work.remove(next(work.findall(nodes.label)))
    translator.body.append(translator.starttag(work, "li", ""))


def close_work(translator, work):
    translator.body.append("</li>\n")
    if not isinstance(work.next_node(descend=False, siblings=True), nodes.citation):
        translator.body.append("</ul>\n")


def setup(app):
    app.add_node(nodes.citation, override=True, html=(open_work, close_work))
    sphinxcontrib.bibtex.plugin.register_plugin("sphinxcontrib.bibtex.style.referencing", "in_prose", InProse)
    pybtex.plugin.register_plugin("pybtex.style.formatting", "in_list", InList)
    # Asked several times for each citation, and each time it searches every installed package (5 s for the book).
    pybtex.plugin._load_entry_point = functools.cache(pybtex.plugin._load_entry_point)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
