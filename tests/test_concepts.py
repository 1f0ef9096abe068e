"""Every concept of the course is taught: the index leads to a passage, and without it something would fail.

`tests/concepts/<slug>.yml` lists the concepts that a chapter owns, each with its entry of the index and the proof:

    task      a graded task of that page: ch02.conv2d
    quiz      a question of that page, by its first words
    guard     a claim of the same section that the page checks while it is built, by words of its error
    number    a number that the prose of the same section gets from a cell, by its name
    figure    a figure of the same section, by its name
    mentioned no proof: why it is enough that the concept is named

`page` names the page where it is taught, if that is not the chapter's core page: a depth page of the chapter, or a page
of an earlier chapter. A chapter without a page owns its concepts without a proof.
"""

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from shipped import tasks

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "book"
LISTS = {path.stem: path for path in sorted(ROOT.glob("tests/concepts/*.yml"))}
PAGES = sorted(path.stem for path in BOOK.glob("ch[0-9][0-9]_*.md"))
WRITTEN = [slug for slug in LISTS if slug in PAGES]
GENINDEX = ROOT / "_build" / "html" / "genindex.html"
MENTIONED_AT_MOST = 8


@dataclass
class Section:
    """What stands between a heading and the next: the prose, and the cells with their options."""

    level: int
    prose: str = ""
    cells: list = field(default_factory=list)

    @property
    def entries(self):
        return {entry or name for name, entry in re.findall(r"\{index\}`([^`<]*?)(?: <([^`>]*)>)?`", self.prose)}


def sections_of(text):
    """The sections of a page."""
    sections, cell = [Section(0)], None
    for line in text.splitlines():
        heading = re.match(r"(#+) ", line)
        if cell is not None and line == "```":
            cell = None
        elif cell is not None:
            cell.append(line)
        elif line.startswith("```"):
            cell = []
            if line.startswith("```{code-cell}"):
                sections[-1].cells.append(cell)
        elif heading:
            sections.append(Section(len(heading[1])))
        else:
            sections[-1].prose += f"{line}\n"
    return sections


def passages(sections, entry):
    """The sections with that entry, each with the sections below it; the top of a page has none of these."""
    for start, section in enumerate(sections):
        if entry in section.entries:
            end = start + 1
            while section.level > 1 and end < len(sections) and sections[end].level > section.level:
                end += 1
            yield sections[start:end]


def code(sections):
    """The cells as Python has them, without the options above."""
    cells = ["\n".join(cell).lstrip("\n") for section in sections for cell in section.cells]
    return ast.parse("\n".join(re.sub(r"\A(:.*\n)+", "", cell) for cell in cells))


def strings(node):
    return [part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def called(node):
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else None


def only_raises(last, statements):
    """Whether a function of that many statements, a docstring among them, is `if ...: raise ...` and nothing else."""
    return statements <= 2 and isinstance(last, ast.If) and isinstance(last.body[0], ast.Raise)


def guards(passage, page):
    """What the cells of the passage raise, by themselves or through a function of the page that does nothing else."""
    functions = [node for node in ast.walk(code(page)) if isinstance(node, ast.FunctionDef)]
    checkers = {function.name for function in functions if only_raises(function.body[-1], len(function.body))}
    nodes = [node for node in ast.walk(code(passage)) if isinstance(node, ast.Raise) or called(node) in checkers]
    return [words for node in nodes for words in strings(node)]


def numbers(passage, page):
    """What the prose of the passage gets from the cells of the page."""
    said = {word.arg for node in ast.walk(code(page)) if called(node) == "say" for word in node.keywords}
    used = {name for part in passage for name in re.findall(r"\{glue:text\}`(\w+)", part.prose)}
    return used & said


def figures(passage):
    lines = [line for section in passage for cell in section.cells for line in cell]
    return [found[1] for line in lines if (found := re.match(r":\s+name: (\S+)$", line))]


def quizzes(page):
    return [question for part in page for question in re.findall(r"^:::\{quiz\} (.*)", part.prose, re.MULTILINE)]


def tasks_of(name):
    return [task.id for task in tasks().values() if task.section.split("#")[0] == name]


PROOFS = {
    "task": lambda words, name, passage, page: words in tasks_of(name),
    "quiz": lambda words, name, passage, page: any(question.startswith(words) for question in quizzes(page)),
    "guard": lambda words, name, passage, page: any(words in claim for claim in guards(passage, page)),
    "number": lambda words, name, passage, page: words in numbers(passage, page),
    "figure": lambda words, name, passage, page: words in figures(passage),
    "mentioned": lambda words, name, passage, page: True,
}


def read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def what_is_wrong(concept, name, page):
    """Why the concept is not taught on the page of that name, given as its sections; None if it is."""
    proofs = [kind for kind in concept if kind not in ("index", "page")]
    if len(proofs) != 1 or proofs[0] not in PROOFS:
        return f"one proof is needed, of {', '.join(PROOFS)}, but there is {proofs}"
    (kind,) = proofs
    if not concept[kind]:
        return f"the {kind} is not named"
    found = list(passages(page, concept["index"]))
    if not found:
        return f"no {{index}}`{concept['index']}` on {name}"
    if not any(PROOFS[kind](concept[kind], name, passage, page) for passage in found):
        return f"no {kind} {concept[kind]!r} on {name}, or not where the index leads"
    return None


def test_each_page_of_a_chapter_belongs_to_one_list():
    numbers = [slug[:4] for slug in LISTS]
    assert len(set(numbers)) == len(numbers)
    assert {page[:4] for page in PAGES} == {slug[:4] for slug in WRITTEN}


def test_no_concept_is_owned_twice():
    lines = [line for path in LISTS.values() for line in path.read_text(encoding="utf-8").splitlines()]
    owned = [line.split(":")[0] for line in lines if not line.startswith("#")]
    assert sorted({concept for concept in owned if owned.count(concept) > 1}) == []
    assert set(owned) == {concept for path in LISTS.values() for concept in read(path)}


@pytest.mark.parametrize("slug", LISTS)
def test_a_concept_stands_on_a_page_of_its_chapter_or_of_an_earlier_one(slug):
    concepts = read(LISTS[slug])
    pages = {concept["page"] for concept in concepts.values() if "page" in concept}
    assert all(concept["index"] for concept in concepts.values())
    assert [page for page in pages if page not in PAGES or page[:4] > slug[:4]] == []


@pytest.mark.parametrize("slug", WRITTEN)
def test_the_concepts_of_a_chapter_are_taught(slug):
    pages = {name: sections_of((BOOK / f"{name}.md").read_text(encoding="utf-8")) for name in PAGES}
    wrong = {}
    for concept, facts in read(LISTS[slug]).items():
        name = facts.get("page", slug)
        wrong[concept] = what_is_wrong(facts, name, pages[name])
    assert wrong
    assert {concept: why for concept, why in wrong.items() if why} == {}


def test_few_concepts_are_only_mentioned():
    concepts = {name: facts for path in LISTS.values() for name, facts in read(path).items()}
    assert len([name for name, facts in concepts.items() if "mentioned" in facts]) <= MENTIONED_AT_MOST


@pytest.mark.skipif(not GENINDEX.exists(), reason="the book is not built")
def test_the_built_index_leads_to_every_concept():
    index = BeautifulSoup(GENINDEX.read_text(encoding="utf-8"), "html.parser")
    places = set()
    for link in index.select(".indextable a[href]"):
        # an entry with several places is one item: its name leads to the first, [1] to the second
        entry = link.find_parent("li").find("a").get_text().strip()
        places.add((entry, link["href"].split("#")[0]))
    concepts = [(slug, facts) for slug in WRITTEN for facts in read(LISTS[slug]).values()]
    wanted = {(facts["index"], f"book/{facts.get('page', slug)}.html") for slug, facts in concepts}
    assert sorted(wanted - places) == []


PAGE = """
# A page

{index}`top` {glue:text}`near:.2f`

## Waves

A {index}`wave <waves>` is {glue:text}`height:.1f` high.

```{code-cell} ipython3
:tags: [remove-cell]

# not a heading {index}`comment`
def need(true, sentence):
    if not true:
        raise ArithmeticError(f"the text says: {sentence}")


need(1 < 2, "waves are high")
say(height=2.0)
```

### Deep ones

```{code-cell} ipython3
:mystnb:
:  figure:
:    name: fig-deep

if 2 < 1:
    raise ArithmeticError("deep waves are slow")
say(near=1.0)
```

## Quiz

:::{quiz} How high is a wave?
- (x) 2
:::
"""


@pytest.mark.parametrize(
    "facts",
    [
        {"index": "waves", "guard": "waves are high"},
        {"index": "waves", "guard": "deep waves"},
        {"index": "waves", "number": "height"},
        {"index": "waves", "figure": "fig-deep"},
        {"index": "waves", "quiz": "How high"},
        {"index": "waves", "mentioned": "it is only an example"},
        {"index": "top", "number": "near"},
    ],
    ids=str,
)
def test_what_stands_where_the_index_leads_is_a_proof(facts):
    assert what_is_wrong(facts, "ch01_page", sections_of(PAGE)) is None
    without = [section for section in sections_of(PAGE) if facts["index"] not in section.entries]
    assert "no {index}" in what_is_wrong(facts, "ch01_page", without)


@pytest.mark.parametrize(
    "facts",
    [
        {"index": "comment", "quiz": "How high"},  # in a cell
        {"index": "wave", "quiz": "How high"},  # what the reader sees and not the entry
        {"index": "waves", "quiz": "high is a wave"},
        {"index": "waves", "number": "near"},  # in another section
        {"index": "top", "guard": "waves are high"},
        {"index": "top", "figure": "fig-deep"},
        {"index": "waves", "guard": "not a heading"},
        {"index": "waves", "figure": "fig"},
        {"index": "waves", "task": "ch01.shift"},  # of another page
        {"index": "waves", "mentioned": ""},
        {"index": "waves", "guard": ""},
        {"index": "waves"},
        {"index": "waves", "quiz": "How high", "number": "height"},
        {"index": "waves", "word": "wave"},
    ],
    ids=str,
)
def test_what_stands_elsewhere_proves_nothing(facts):
    assert what_is_wrong(facts, "ch01_page", sections_of(PAGE))


def test_a_task_proves_what_its_own_page_teaches():
    facts = {"index": "waves", "task": "ch01.shift"}
    assert what_is_wrong(facts, "ch01_why_convolution", sections_of(PAGE)) is None


def test_a_number_that_no_prose_shows_proves_nothing():
    silent = sections_of(PAGE.replace("{glue:text}`height:.1f`", "2"))
    assert what_is_wrong({"index": "waves", "number": "height"}, "ch01_page", silent)
