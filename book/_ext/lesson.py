"""The parts of a lesson that Markdown has no word for: the head of a chapter, a quiz, the way to the exercises."""

import re
from math import ceil
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

log = logging.getLogger(__name__)

WORDS_A_MINUTE = 150  # of technical prose, which is read with a pencil in the hand
MINUTES = {"cell": 0.5, "figure": 0.5, "quiz": 1, "widget": 3}  # beside the words


class chapter(nodes.General, nodes.Element):
    """The head of a chapter; its minutes are counted when the whole page is there."""


class quiz(nodes.General, nodes.Element):
    """One question."""


class quiz_question(nodes.Part, nodes.TextElement):
    """What is asked."""


class quiz_option(nodes.Part, nodes.Element):
    """One answer, with the reason why it is right or wrong."""


class quiz_answer(nodes.Part, nodes.TextElement):
    """The words of an answer."""


class quiz_reason(nodes.Part, nodes.Element):
    """Why that answer is right or wrong."""


class Quiz(SphinxDirective):
    """A question with one right answer: `( )` stands before a wrong option, `(x)` before the right one.

    Each option is followed by its reason, in a paragraph of its own.
    """

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self):
        words, messages = self.state.inline_text(self.arguments[0], self.lineno)
        question = quiz(name=f"quiz-{self.env.new_serialno('quiz')}")
        question += quiz_question("", "", *words)
        body = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, body)
        if len(body) != 1 or not isinstance(body[0], nodes.bullet_list):
            raise self.error("a quiz holds one list of options and nothing else: '- ( ) wrong' and '- (x) right'")
        question += [self.option(item) for item in body[0]]
        right = sum(option["right"] for option in question[1:])
        if right != 1 or len(question) < 3:
            raise self.error(f"a quiz needs two options or more and one right one '(x)', but {right} are marked so")
        return [question, *messages]

    def option(self, item):
        words = item[0] if len(item) and isinstance(item[0], nodes.paragraph) else nodes.paragraph()
        mark = re.match(r"\(([ x])\)\s+", words.astext())
        if not mark or not isinstance(words[0], nodes.Text):
            raise self.error(f"an option starts with '( )' or '(x)', but this one is {words.astext()!r}")
        if len(item) < 2:
            raise self.error(
                f"the option {words.astext()!r} has no reason: write it below, indented, after an empty line"
            )
        words[0] = nodes.Text(words[0].removeprefix(mark[0]))
        option = quiz_option(right=mark[1] == "x")
        option += quiz_answer("", "", *words.children)
        option += quiz_reason("", *item[1:])
        return option


class Chapter(SphinxDirective):
    """The head of a chapter: its time, what it needs, what the reader will be able to do, and what goes with it."""

    option_spec: ClassVar = {"needs": str}
    has_content = True

    def run(self):
        able = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, able)
        needs, messages = self.state.inline_text(self.options.get("needs", ""), self.lineno)
        if not needs or len(able) != 1 or not isinstance(able[0], nodes.bullet_list):
            raise self.error("a chapter head has the option :needs: and one list of what the reader will be able to do")
        rows = nodes.definition_list(classes=["chapter-head"])
        rows += row("Time", nodes.paragraph("", "", chapter()))
        rows += row("You need", nodes.paragraph("", "", *needs))
        rows += row("Afterwards you can", able[0])
        rows += row("Take it along", nodes.paragraph("", "", *taken_along(self.env)))
        exercise = to_the_exercise(self.env)
        if exercise:
            rows += row("Exercises", nodes.paragraph("", "", *exercise))
        return [rows, *messages]


class Assignment(SphinxDirective):
    """The way to the graded notebook of the chapter; nothing, while it has none."""

    def run(self):
        exercise = to_the_exercise(self.env)
        return [nodes.paragraph("", "The graded notebook of this chapter: ", *exercise)] if exercise else []


class CourseMap(SphinxDirective):
    """Question, chapter, exercises and code side by side, from lines `slug | question | modules`.

    A chapter that is not written yet has its question there, and no link.
    """

    has_content = True

    def run(self):
        folder = Path(self.env.doc2path(self.env.docname)).parent
        rows = [[part.strip() for part in line.split("|")] for line in self.content]
        notebooks = {slug: f"exercises/{slug}/{slug}.ipynb" for slug, _, _ in rows}
        notebooks = {slug: file for slug, file in notebooks.items() if Path(self.env.srcdir, file).exists()}
        table = [["Question", *(["Exercises"] if notebooks else []), "Code"]]
        for number, (slug, question, modules) in enumerate(rows, start=1):
            there = (folder / f"{slug}.md").exists()
            chapter = f"[{number}. {question}]({slug}.md)" if there else f"{number}\\. {question}"  # not a list of one
            exercise = f"{{download}}`notebook </{notebooks[slug]}>`" if slug in notebooks else ""
            code = ", ".join(f"{{src}}`{name.removeprefix('cnncourse.')} <{name}>`" for name in modules.split())
            table.append([chapter, *([exercise] if notebooks else []), code])
        lines = ["```{list-table}", ":header-rows: 1", ""]
        lines += [f"{'* -' if first else '  -'} {cell}" for row in table for first, cell in zip([1, 0, 0], row)]
        parsed = nodes.Element()
        self.state.nested_parse(StringList([*lines, "```"], source=self.env.docname), self.content_offset, parsed)
        return parsed.children


def row(term, *content):
    return nodes.definition_list_item("", nodes.term("", term), nodes.definition("", *content))


def taken_along(env):
    """The page as a notebook, which takealong.py writes."""
    notebook = "../" * env.docname.count("/") + f"_sources/{env.docname}_page.ipynb"
    return [
        nodes.reference("", "this page as a notebook", refuri=notebook, internal=True),
        nodes.Text(", without its widgets"),
    ]


def to_the_exercise(env):
    """Links to the student's copy of this page's assignment, if it has one."""
    slug = Path(env.docname).name
    file = f"exercises/{slug}/{slug}.ipynb"
    if not Path(env.srcdir, file).exists():
        return []
    download = addnodes.download_reference("", "", nodes.Text("download"), reftarget=f"/{file}", refdoc=env.docname)
    links = [download]
    theme = env.config.html_theme_options
    if theme.get("repository_url"):
        place = theme["repository_url"].removeprefix("https://github.com/").strip("/")
        branch = theme.get("repository_branch") or "main"
        colab = f"https://colab.research.google.com/github/{place}/blob/{branch}/{file}"
        links += [nodes.Text(", "), nodes.reference("", "open in Colab", refuri=colab)]
    return [
        *links,
        nodes.Text(", or run "),
        nodes.literal(text="make lab"),
        nodes.Text(" and open "),
        nodes.literal(text=file),
    ]


def count_minutes(app, doctree, docname):
    """Write into the head of a chapter how long the page takes."""
    heads = list(doctree.findall(chapter))
    if not heads:
        return
    words = len(re.findall(r"\w+", " ".join(p.astext() for p in doctree.findall(nodes.paragraph))))
    cells = sum("cell" in node.get("classes", []) for node in doctree.findall(nodes.container))
    widgets = sum("cnn-widget" in node.astext() for node in doctree.findall(nodes.raw))
    figures, quizzes = len(list(doctree.findall(nodes.image))), len(list(doctree.findall(quiz)))
    minutes = words / WORDS_A_MINUTE + sum(
        MINUTES[kind] * count
        for kind, count in {"cell": cells, "figure": figures, "quiz": quizzes, "widget": widgets}.items()
    )
    for head in heads:
        head.replace_self(nodes.Text(f"about {5 * ceil(minutes / 5)} minutes to read and try, without the exercises"))


def open_quiz(translator, node):
    translator.body.append(f'<cnn-quiz class="cnn-widget" id="{node["name"]}"><fieldset>\n')
    translator.quiz_name = node["name"]


def close_quiz(translator, node):
    translator.body.append('</fieldset><div class="cnn-status" role="status"></div></cnn-quiz>\n')


def open_option(translator, node):
    translator.body.append('<div class="cnn-option">\n')
    translator.quiz_right = "true" if node["right"] else "false"


def open_answer(translator, node):
    translator.body.append(
        f'<label><input type="radio" name="{translator.quiz_name}" data-right="{translator.quiz_right}"> <span>'
    )


def setup(app):
    def tags(before, after):
        write = lambda html: lambda translator, node: translator.body.append(html)  # noqa: E731
        return {
            "html": (
                before if callable(before) else write(before),
                after if callable(after) else write(after),
            )
        }

    app.add_node(chapter)
    app.add_node(quiz, **tags(open_quiz, close_quiz))
    app.add_node(quiz_question, **tags("<legend>", "</legend>\n"))
    app.add_node(quiz_option, **tags(open_option, "</div>\n"))
    app.add_node(quiz_answer, **tags(open_answer, "</span></label>\n"))
    app.add_node(quiz_reason, **tags('<div class="cnn-reason">', "</div>\n"))
    app.add_directive("quiz", Quiz)
    app.add_directive("chapter", Chapter)
    app.add_directive("assignment", Assignment)
    app.add_directive("course-map", CourseMap)
    app.connect("doctree-resolved", count_minutes)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
