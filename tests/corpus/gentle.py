"""Honest oddities: right work in a shape that nobody foresaw. Each must get full marks."""

import copy
import json
from textwrap import indent

import nbformat

from corpus import ALL, ASSIGNMENT, POINTS, ROOT, answer, as_bytes, cell, check, solution, with_cell, with_work

PAD = """
    H, W = x.shape
    out = np.zeros((H + 2 * padding, W + 2 * padding), x.dtype)
    out[padding:padding + H, padding:padding + W] = x
    return out
""".strip("\n")
honest = with_work(keeps=ALL)


def raw(notebook):
    return json.loads(as_bytes(notebook))


def written(plain, **options):
    return json.dumps(plain, **options).encode()


@honest
def as_asked(notebook, folder):
    """Every task is answered as it was asked, and nothing else is changed."""


# Cells


@honest
def cells_of_their_own(notebook, folder):
    """Notes, trials and drawings stand between the tasks."""
    with_cell(notebook, "pad(np.ones((2, 2)), 1)", after="check-pad")
    with_cell(notebook, "## My notes\n\nPadding is *per side*.", after="check-pad", kind="markdown")
    with_cell(notebook, "", after="check-conv2d")
    with_cell(notebook, "%timeit -n 1 -r 1 correlate(np.ones((9, 9)), np.ones((3, 3)), 1)", after="check-correlate")
    with_cell(notebook, "!echo hello\nimport os\nos.getcwd()", after="start")


@honest
def a_cell_that_fails(notebook, folder):
    """A forgotten trial fails; it belongs to no task."""
    with_cell(notebook, "1 / 0", after="check-pad")
    with_cell(notebook, "pad(undefined", after="check-pad")
    with_cell(notebook, "assert conv2d is None", after="end")


@honest
def a_cell_that_fails_before_everything(notebook, folder):
    """The first cell installs what is not needed here and fails, as there is no network."""
    with_cell(
        notebook,
        "%pip install -q cnncourse\nfrom google.colab import drive\ndrive.mount('/content/drive')",
        after="start",
    )


@honest
def split_cells(notebook, folder):
    """A cell was split in JupyterLab, which gives both halves the same metadata: the helper above, the answer below."""
    original = solution(notebook, "ch02.correlate")
    half = copy.deepcopy(original)
    half.id = "half"
    half.source = "def at(x, i, j, KH, KW):\n    return x[i:i + KH, j:j + KW]"
    notebook.cells.insert(notebook.cells.index(original), half)
    source = "def correlate(x, kernel, stride):\n    (H, W), (KH, KW) = x.shape, kernel.shape\n"
    source += "    return np.array([[(at(x, i, j, KH, KW) * kernel).sum() for j in range(0, W - KW + 1, stride)]\n"
    answer(notebook, "ch02.correlate", source + "                     for i in range(0, H - KH + 1, stride)])")


@honest
def split_the_other_way(notebook, folder):
    """A cell was split below the answer: the second half, with the same name, holds a trial or nothing."""
    for task, source in {
        "ch02.pad": "pad(np.eye(2), 1)",
        "ch02.conv2d": "",
        "ch02.im2col": "# I checked this by hand",
    }.items():
        original = solution(notebook, task)
        half = copy.deepcopy(original)
        half.id, half.source = f"half-{original.id}", source
        notebook.cells.insert(notebook.cells.index(original) + 1, half)


@honest
def split_check(notebook, folder):
    """The cell that checks was split, and copied further down as well."""
    original = check(notebook, "ch02.pad")
    for place, source in ((0, ""), (5, original.source)):
        twin = copy.deepcopy(original)
        twin.id, twin.source = f"twin-{place}", source
        notebook.cells.insert(notebook.cells.index(original) + place, twin)


@honest
def merged_cells(notebook, folder):
    """Answer and check were merged into one cell, and two answers into another."""
    first = solution(notebook, "ch02.pad")
    first.source += "\n\n" + check(notebook, "ch02.pad").source
    notebook.cells.remove(check(notebook, "ch02.pad"))
    second = solution(notebook, "ch02.correlate")
    second.source += "\n\n" + solution(notebook, "ch02.convolve").source
    notebook.cells.remove(solution(notebook, "ch02.convolve"))


@honest
def merged_into_a_copy_of_the_check(notebook, folder):
    """Answer and check were merged upwards, so that the answer stands in the cell that is locked."""
    source = solution(notebook, "ch02.window_sum").source
    notebook.cells.remove(solution(notebook, "ch02.window_sum"))
    with_cell(notebook, source, after="t-window")


@honest
def answer_in_a_new_cell(notebook, folder):
    """The stub was left as it is, and the answer written into a new cell under it."""
    stub = solution(notebook, "ch02.conv2d")
    source, head = stub.source, stub.source.splitlines()[0]
    stub.source = f"{head}\n    # YOUR CODE HERE\n    raise NotImplementedError()"
    with_cell(notebook, source, after="conv2d")


@honest
def answers_further_up(notebook, folder):
    """All answers stand in one cell at the top, and the cells for the answers are deleted."""
    sources = [solution(notebook, task).source for task in POINTS]
    for task in POINTS:
        notebook.cells.remove(solution(notebook, task))
    with_cell(notebook, "\n\n\n".join(sources))


@honest
def tasks_in_another_order(notebook, folder):
    """The tasks were solved, and moved, in another order."""
    last, check_last = solution(notebook, "ch02.conv_transpose"), check(notebook, "ch02.conv_transpose")
    for each in (check_last, last):
        notebook.cells.remove(each)
        notebook.cells.insert(2, each)


@honest
def checks_deleted(notebook, folder):
    """The cells that check were deleted when everything was right."""
    for task in POINTS:
        notebook.cells.remove(check(notebook, task))


@honest
def checks_edited(notebook, folder):
    """A check was called twice, commented out, or given a line of its own, to look closer."""
    check(notebook, "ch02.pad").source += "\nprint(pad(np.eye(2), 1))"
    check(notebook, "ch02.conv2d").source = "# check('ch02.conv2d', conv2d)  # right at last"
    check(notebook, "ch02.im2col").source = "1 / 0"


@honest
def checks_as_text(notebook, folder):
    """By the key M a check became a text, another one a raw cell, and an answer is still code."""
    for task, kind in (("ch02.pad", "markdown"), ("ch02.im2col", "raw")):
        each = check(notebook, task)
        each.cell_type = kind
        del each["outputs"], each["execution_count"]


@honest
def all_metadata_lost(notebook, folder):
    """Another editor has thrown away all metadata of cells; sources and order are whole."""
    for each in notebook.cells:
        each.metadata = nbformat.NotebookNode()


@honest
def metadata_of_answers_lost(notebook, folder):
    """The cells of answers have lost their metadata, as after cut and paste between two notebooks."""
    for number, task in enumerate(POINTS):
        each = solution(notebook, task)
        each.metadata, each.id = nbformat.NotebookNode(), f"pasted-{number}"


@honest
def no_ids(notebook, folder):
    """The notebook was saved by a program that does not know the ids of cells (format 4.4)."""
    plain = raw(notebook) | {"nbformat_minor": 4}
    for each in plain["cells"]:
        each.pop("id", None)
    return written(plain)


@honest
def the_same_id_twice(notebook, folder):
    """A program has given all cells the same id."""
    plain = raw(notebook)
    for each in plain["cells"]:
        each["id"] = "cell"
    return written(plain)


@honest
def setup_deleted(notebook, folder):
    """The first cell was replaced by one that imports NumPy alone, since the checks were not used."""
    cell(notebook, "setup").source = "import numpy as np"


@honest
def texts_deleted(notebook, folder):
    """All texts of the exercise were deleted, and the experiment too."""
    keep = [each for each in notebook.cells if each.cell_type == "code" and each.id != "experiment"]
    notebook.cells = [*keep, cell(notebook, "answer-written")]


@honest
def collapsed_and_tagged(notebook, folder):
    """Cells are collapsed, tagged, coloured and slides, by editors and extensions."""
    for each in notebook.cells:
        each.metadata |= {
            "collapsed": True,
            "tags": ["solved", "skip"],
            "jupyter": {"source_hidden": True},
            "scrolled": "auto",
        }
        each.metadata |= {
            "slideshow": {"slide_type": "slide"},
            "ExecuteTime": {"start_time": "2025"},
            "colab": {"base_uri": "x"},
        }
    notebook.metadata |= {"colab": {"provenance": []}, "accelerator": "GPU", "toc": {"base_numbering": 1}}


# The file


@honest
def another_kernel(notebook, folder):
    """The notebook names a kernel that exists at home alone."""
    notebook.metadata["kernelspec"] = {
        "name": "conda-env-cnn-py",
        "display_name": "Python [conda env:cnn]",
        "language": "python",
    }
    notebook.metadata["language_info"] |= {"version": "3.9.1", "codemirror_mode": {"name": "ipython", "version": 3}}


@honest
def no_kernel(notebook, folder):
    """The notebook names no kernel at all."""
    notebook.metadata = nbformat.NotebookNode()


@honest
def format_three(notebook, folder):
    """The notebook was saved in the format of IPython 3, with a worksheet and `input` for `source`."""
    return nbformat.writes(nbformat.convert(copy.deepcopy(notebook), 3), version=3).encode()


@honest
def windows_file(notebook, folder):
    """The file begins with a byte order mark, and its lines end as on Windows, in the sources too."""
    plain = raw(notebook)
    for each in plain["cells"]:
        each["source"] = [line.replace("\n", "\r\n") for line in each["source"]]
    return b"\xef\xbb\xbf" + written(plain, indent=1).replace(b"\n", b"\r\n")


@honest
def sources_as_texts(notebook, folder):
    """Sources are single texts, as other programs write them, and characters stand as they are."""
    plain = raw(notebook)
    for each in plain["cells"]:
        each["source"] = "".join(each["source"])
    return written(plain, ensure_ascii=False)


@honest
def saved_outputs(notebook, folder):
    """The notebook was saved with all its outputs: pictures, tables, errors, and twenty megabytes of them."""
    for number, each in enumerate(notebook.cells):
        if each.cell_type == "code":
            each.execution_count = 90 - number
            each.outputs = [
                nbformat.v4.new_output("stream", name="stderr", text="a warning\n"),
                nbformat.v4.new_output("display_data", data={"image/png": "iVBORw0KGgo=" * 50_000}),
                nbformat.v4.new_output("error", ename="NotRight", evalue="expected", traceback=["\x1b[31mx"]),
            ]


@honest
def outputs_that_are_damaged(notebook, folder):
    """Saved outputs miss a key, as programs of long ago wrote them."""
    plain = raw(notebook)
    code = [each for each in plain["cells"] if each["cell_type"] == "code"]
    code[0]["outputs"] = [{"output_type": "stream", "text": ["x"]}]
    code[1]["outputs"] = [{"output_type": "pyout", "text": ["x"]}]
    del code[2]["execution_count"]
    del code[3]["outputs"]
    return written(plain)


@honest
def pictures_and_widgets(notebook, folder):
    """A text holds an attached picture, and the notebook the state of a widget."""
    own = with_cell(notebook, "![me](attachment:me.png)", after="end", kind="markdown")
    own.attachments = {"me.png": {"image/png": "iVBORw0KGgo="}}
    widgets = "application/vnd.jupyter.widget-state+json"
    notebook.metadata["widgets"] = {widgets: {"version_major": 2, "version_minor": 0, "state": {}}}


@honest
def data_beside(notebook, folder):
    """Notes, a picture and numbers lie beside the notebook, and a cell reads the numbers."""
    (folder / "numbers.csv").write_text("1,2\n3,4\n")
    (folder / "notes.txt").write_text("per side!\n")
    (folder / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with_cell(notebook, "numbers = np.loadtxt('numbers.csv', delimiter=',')\npad(numbers, 1)", after="check-pad")


@honest
def writes_a_file(notebook, folder):
    """A trial saves an array and reads it again."""
    with_cell(
        notebook,
        "np.save('mine.npy', pad(np.eye(3), 1))\nassert np.load('mine.npy').shape == (5, 5)",
        after="check-pad",
    )


# What the answers say while they work


@honest
def warnings_everywhere(notebook, folder):
    """Answers warn, log and write to the error stream, and are right."""
    source = f"""
import logging
import sys
import warnings

log = logging.getLogger("mine")
logging.basicConfig(level=logging.DEBUG)
warnings.warn("deprecated")


def pad(x, padding):
    warnings.warn("slow")
    log.debug("pad %s", padding)
    print("padding", padding, file=sys.stderr)
    np.float64(1) / np.float64(0)
{PAD}
"""
    solution(notebook, "ch02.pad").source = source


@honest
def prints_everywhere(notebook, folder):
    """Answers print what they do, a few hundred lines, and display it."""
    lines = solution(notebook, "ch02.correlate").source.splitlines()
    lines.insert(
        2, "    for number in range(50):\n        print('still here', number, '\\u2713', x.shape)\n    display(kernel)"
    )
    solution(notebook, "ch02.correlate").source = "\n".join(lines)


@honest
def warnings_are_errors(notebook, folder):
    """Warnings were turned into errors, and NumPy's into exceptions, by a careful student."""
    with_cell(
        notebook,
        "import warnings\nwarnings.simplefilter('error')\nnp.seterr(all='raise')\nnp.set_printoptions(precision=2)",
    )


@honest
def drawings(notebook, folder):
    """A map is drawn, with Matplotlib in the notebook."""
    source = """
    %matplotlib inline
    import matplotlib.pyplot as plt
    plt.imshow(pad(np.eye(4), 2))
    plt.title("Größe")
    plt.show()
    """
    with_cell(notebook, source, after="check-pad")


@honest
def progress_bars(notebook, folder):
    """An answer shows a progress bar on the error stream."""
    source = solution(notebook, "ch02.correlate").source.replace("for i in range(OH):", "for i in tqdm(range(OH)):")
    solution(notebook, "ch02.correlate").source = "from tqdm.auto import tqdm\n" + source


@honest
def tests_of_their_own(notebook, folder):
    """The answer's cell holds tests, doctests and a guard for scripts."""
    here = solution(notebook, "ch02.pad")
    here.source += (
        "\n\nassert pad(np.ones((1, 1)), 1).sum() == 1\nnp.testing.assert_allclose(pad(np.eye(2), 0), np.eye(2))"
    )
    here.source += "\nimport doctest\ndoctest.testmod()\nif __name__ == '__main__':\n    print('tested')"


@honest
def compared_with_the_course(notebook, folder):
    """After the task, the course's own function is called to compare: nothing of it is in the answer."""
    source = """
    from cnncourse.convolution import conv2d as reference
    rng = np.random.default_rng(1)
    x, kernel, bias = rng.normal(size=(2, 5, 5, 3)), rng.normal(size=(3, 3, 3, 4)), rng.normal(size=4)
    np.testing.assert_allclose(conv2d(x, kernel, bias, 1, 0, 1), reference(x, kernel, bias)[0])
    """
    with_cell(notebook, source, after="check-conv2d")


# How the answers are written


@honest
def typed(notebook, folder):
    """Every line has types, and the file starts with an import from the future."""
    source = f"""
from __future__ import annotations

from typing import TypeAlias

Array: TypeAlias = "np.ndarray[Unknown, Whatever]"


def pad(x: Array, padding: int) -> Array:
{PAD}
"""
    solution(notebook, "ch02.pad").source = source.strip()


@honest
def helpers(notebook, folder):
    """A helper stands in a cell of its own, and several answers share it."""
    with_cell(
        notebook,
        """
        def windows(x, KH, KW, stride):
            (H, W), s = x.shape[:2], stride
            return [[x[i:i + KH, j:j + KW] for j in range(0, W - KW + 1, s)] for i in range(0, H - KH + 1, s)]
        """,
    )
    answer(
        notebook,
        "ch02.correlate",
        """
        def correlate(x, kernel, stride):
            return np.array([[np.sum(w * kernel) for w in row] for row in windows(x, *kernel.shape, stride)])
        """,
    )
    answer(
        notebook,
        "ch02.im2col",
        """
        def im2col(x, KH, KW, stride):
            return np.array([w.ravel() for row in windows(x, KH, KW, stride) for w in row])
        """,
    )


@honest
def one_answer_uses_another(notebook, folder):
    """Later answers call earlier ones."""
    answer(notebook, "ch02.convolve", "def convolve(x, kernel):\n    return correlate(x, kernel[::-1, ::-1], 1)")
    answer(
        notebook,
        "ch02.correlate",
        """
        def correlate(x, kernel, stride):
            OH = output_size(x.shape[0], kernel.shape[0], stride, 0, 1)
            OW = output_size(x.shape[1], kernel.shape[1], stride, 0, 1)
            return np.array([[window_sum(x, kernel, i, j, stride) for j in range(OW)] for i in range(OH)])
        """,
    )


@honest
def objects_that_are_called(notebook, folder):
    """Answers are a class with `__call__`, a lambda, a partial, a static method and a cached function."""
    answer(
        notebook,
        "ch02.pad",
        "class Pad:\n    def __call__(self, x, padding):\n" + indent(PAD, "    ") + "\npad = Pad()",
    )
    answer(
        notebook,
        "ch02.window_sum",
        "window_sum = lambda x, k, i, j, s: (x[i * s:i * s + k.shape[0], j * s:j * s + k.shape[1]] * k).sum()",
    )
    answer(
        notebook,
        "ch02.edge_kernel",
        """
        import functools
        @functools.lru_cache
        def edge_kernel():
            return np.array([[0, 0, 0], [-1, 0, 1], [0, 0, 0]])
        """,
    )
    answer(
        notebook,
        "ch02.output_size",
        """
        import functools
        def any_size(d, s, k, size, p):
            return (size + 2 * p - d * (k - 1) - 1) // s + 1
        class Sizes:
            @staticmethod
            def of(size, kernel, stride, padding, dilation):
                return any_size(dilation, stride, kernel, size, padding)
        output_size = Sizes.of
        """,
    )
    turn = (
        "def turned(flip, x, kernel):\n    (H, W), (KH, KW) = x.shape, kernel.shape\n    k = kernel[::flip, ::flip]\n"
    )
    turn += "    windows = [[x[i:i + KH, j:j + KW] for j in range(W - KW + 1)] for i in range(H - KH + 1)]\n"
    turn += "    return np.array([[np.sum(one * k) for one in row] for row in windows])\n"
    answer(notebook, "ch02.convolve", "import functools\n" + turn + "convolve = functools.partial(turned, -1)")


@honest
def decorated(notebook, folder):
    """Answers are timed and counted by decorators of the student's own, which keep no names."""
    source = """
    import time
    def timed(function):
        def around(*arguments, **named):
            start = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                print(f"{time.perf_counter() - start:.6f} s")
        return around
    """
    with_cell(notebook, source)
    for task in ("ch02.pad", "ch02.conv2d"):
        solution(notebook, task).source = "@timed\n" + solution(notebook, task).source


@honest
def lists_and_other_dtypes(notebook, folder):
    """Results are lists, float32, whole numbers, big-endian, in Fortran's order, views, matrices and NumPy scalars."""
    answer(notebook, "ch02.pad", "def pad(x, padding):\n    return np.pad(x, padding).astype('>f8')")
    answer(notebook, "ch02.edge_kernel", "def edge_kernel():\n    return [[0, 0, 0], [-1, 0, 1], [0, 0, 0]]")
    answer(
        notebook,
        "ch02.output_size",
        """
        def output_size(size, kernel, stride, padding, dilation):
            return np.int16((size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1)
        """,
    )
    for task, change in (
        ("ch02.correlate", ".astype(np.float32)"),
        ("ch02.convolve", ".tolist()"),
        ("ch02.im2col", ".copy(order='F')"),
        ("ch02.conv_transpose", "[:]"),
    ):
        head, *lines = solution(notebook, task).source.rsplit("return ", 1)
        solution(notebook, task).source = f"{head}return {lines[0]}{change}"


@honest
def other_names_of_arguments(notebook, folder):
    """Arguments have other names than in the stub, in the same order, with defaults and stars."""
    source = PAD.replace("padding", "p").replace("x.", "bild.").replace("= x", "= bild")
    answer(notebook, "ch02.pad", f"def pad(bild, p=1, *rest, modus='null', **more):\n{source}")


@honest
def other_alphabets(notebook, folder):
    """Names and comments are in Greek, German and Chinese."""
    source = "def pad(x, padding):\n    höhe, breite = x.shape  # 填充\n    Δ = padding\n"
    source += "    结果 = np.zeros((höhe + 2 * Δ, breite + 2 * Δ), x.dtype)\n"
    source += "    结果[Δ:Δ + höhe, Δ:Δ + breite] = x\n    return 结果"
    answer(notebook, "ch02.pad", source)
    with_cell(notebook, "größe = '👍🏽 ∑ ﷽ \\u202e'\nprint(größe)", after="check-pad")


@honest
def tabs_and_semicolons(notebook, folder):
    """Lines are indented by tabs, end in semicolons and spaces, and go on behind a backslash."""
    source = "def pad(x, padding):\n\tH, W = x.shape; P = padding;\n\tout = np.zeros((H + 2 * P, \\\n"
    source += "\t\tW + 2 * P), x.dtype)   \n\tout[P:P + H, P:P + W] = x;\n\treturn out;\n\n\n"
    solution(notebook, "ch02.pad").source = source


@honest
def the_stub_is_still_there(notebook, folder):
    """`raise NotImplementedError()` and the comment were left below the answer, where nothing comes by."""
    for task in POINTS:
        solution(notebook, task).source += "\n    # YOUR CODE HERE\n    raise NotImplementedError()"


@honest
def solution_and_attempts(notebook, folder):
    """Earlier attempts stand in the same cell, commented out or defined before the last one."""
    wrong = "def pad(x, padding):\n    return np.pad(x, (0, padding))\n\n# def pad(x, padding):\n#     return x\n\n"
    solution(notebook, "ch02.pad").source = wrong + solution(notebook, "ch02.pad").source


@honest
def names_used_again(notebook, folder):
    """Names of the notebook are used for something else afterwards: `check`, `np`, `x`, `list`, and a task's own."""
    with_cell(
        notebook, "check = 'looks good'\nx = rng = kernel = None\nlist = [1, 2]\nsum = max = 3\ndel check", after="end"
    )
    with_cell(notebook, "pad = 7\npadding = pad", after="check-pad")
    with_cell(notebook, "import numpy.random as np\nimport numpy as np", after="check-conv2d")


@honest
def star_imports(notebook, folder):
    """Everything is imported from NumPy and from the mathematics module, over Python's own names."""
    with_cell(notebook, "from math import *\nfrom numpy import *")


@honest
def generators_and_async(notebook, folder):
    """A cell awaits something, and an answer collects what a generator gives."""
    with_cell(
        notebook,
        "import asyncio\nawait asyncio.sleep(0.01)\nasync def later():\n    return 1\nassert await later() == 1",
    )
    source = """
    def im2col(x, KH, KW, stride):
        def rows():
            for i in range(0, x.shape[0] - KH + 1, stride):
                for j in range(0, x.shape[1] - KW + 1, stride):
                    yield x[i:i + KH, j:j + KW].ravel()
        return np.stack([*rows()])
    """
    answer(notebook, "ch02.im2col", source)


@honest
def magics(notebook, folder):
    """Cells use magics: time, capture, who, precision, and a shell."""
    solution(notebook, "ch02.pad").source = "%%time\n" + solution(notebook, "ch02.pad").source
    with_cell(notebook, "%%capture said\nprint(1)", after="check-pad")
    with_cell(notebook, "%who\n%precision 3\n%xmode Plain\nfiles = !ls\npad?", after="check-pad")
    with_cell(
        notebook, "%load_ext autoreload\n%autoreload 2\n%config InlineBackend.figure_format = 'retina'", after="start"
    )


@honest
def settings_of_the_shell(notebook, folder):
    """The shell shows every expression, and an exception hook of the student's own prints in colour."""
    source = """
    from IPython.core.interactiveshell import InteractiveShell
    InteractiveShell.ast_node_interactivity = "all"
    get_ipython().ast_node_interactivity = "all"
    """
    with_cell(notebook, source)


@honest
def threads_and_processes(notebook, folder):
    """A trial uses a pool of threads, and ends it."""
    source = """
    from concurrent.futures import ThreadPoolExecutor
    with ThreadPoolExecutor(2) as pool:
        print(list(pool.map(lambda n: pad(np.eye(n), 1).sum(), [1, 2])))
    """
    with_cell(notebook, source, after="check-pad")


@honest
def slow_but_in_time(notebook, folder):
    """Answers take about a second, since they are loops over everything in plain Python."""
    source = """
    import time
    def conv2d(x, kernel, bias, stride, padding, dilation):
        time.sleep(0.1)
        N, H, W, C = x.shape
        KH, KW, C, F = kernel.shape
        OH = output_size(H, KH, stride, padding, dilation)
        OW = output_size(W, KW, stride, padding, dilation)
        y = np.zeros((N, OH, OW, F))
        for n in range(N):
            for i in range(OH):
                for j in range(OW):
                    for f in range(F):
                        total = bias[f]
                        for u in range(KH):
                            for v in range(KW):
                                r, s = i * stride + u * dilation - padding, j * stride + v * dilation - padding
                                if 0 <= r < H and 0 <= s < W:
                                    for c in range(C):
                                        total += x[n, r, s, c] * kernel[u, v, c, f]
                        y[n, i, j, f] = total
        return y
    """
    answer(notebook, "ch02.conv2d", source)


@honest
def random_numbers_are_seeded(notebook, folder):
    """The student seeds every generator there is, and draws from it in an answer."""
    with_cell(notebook, "import random\nrandom.seed(1)\nnp.random.seed(1)")
    head, tail = solution(notebook, "ch02.conv2d").source.split("\n", 1)
    solution(notebook, "ch02.conv2d").source = f"{head}\n    np.random.rand(3)\n{tail}"


@honest
def a_package_that_is_allowed(notebook, folder):
    """NumPy's own padding and sliding windows are used, which no task forbids."""
    answer(notebook, "ch02.pad", "def pad(x, padding):\n    return np.pad(x, padding)")
    answer(
        notebook,
        "ch02.correlate",
        """
        from numpy.lib.stride_tricks import sliding_window_view
        def correlate(x, kernel, stride):
            return np.einsum('ijuv,uv->ij', sliding_window_view(x, kernel.shape)[::stride, ::stride], kernel)
        """,
    )


@honest
def the_teachers_copy(notebook, folder):
    """The notebook with the answers is handed in as the instructor keeps it."""
    return (ROOT / "solutions" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_bytes()


@honest
def the_course_is_asked_where_it_is_allowed(notebook, folder):
    """The text allows `cnncourse.convolution.correlate` for the true convolution: an honest use of the library."""
    answer(
        notebook,
        "ch02.convolve",
        """
        from cnncourse.convolution import correlate as slide
        def convolve(x, kernel):
            return slide(x, kernel[::-1, ::-1])
        """,
    )
