"""What the instructor should know of a submission is read from its text, however it is written."""

import sys

import pytest

from cnncourse.grading.judge.evidence import imports, tree_of, unusual
from cnncourse.grading.sandbox.inside.standins import LIBRARIES

OWN = "def f():\n    "


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import numpy", {"numpy"}),
        ("import numpy as np, scipy.signal as s", {"numpy", "scipy.signal"}),
        ("from scipy.signal import convolve2d as c", {"scipy.signal"}),
        ("from cnncourse import data, convolution", {"cnncourse.data", "cnncourse.convolution"}),
        ("from cnncourse.pooling import max_pool2d", {"cnncourse.pooling"}),
        ("import cnncourse", {"cnncourse"}),
        (OWN + "import ctypes", {"ctypes"}),
        ("from . import x", set()),
        ("x = 1", set()),
        ("", set()),
        ("this is no Python", set()),
    ],
)
def test_every_import_of_a_cell_is_found(source, found):
    assert imports(source) == found


@pytest.mark.parametrize(
    "source",
    [
        "%matplotlib inline\nimport ctypes",
        "%%time\nimport ctypes",
        "%%capture out\n\nimport ctypes",
        "!ls\nimport ctypes",
        OWN + "!ls\n    import ctypes",
        OWN + "%cd x\n    import ctypes",
        "if True:\n    !ls\nimport ctypes",
        "files = !ls\nimport ctypes",
        "speed = %timeit -o 1\nimport ctypes",
        "np.pad?\nimport ctypes",
        "?np.pad\nimport ctypes",
        "import ctypes\nnp.pad??",
        ">>> import ctypes",
        "In [1]: import ctypes",
        "    import ctypes",
        "await asyncio.sleep(0)\nimport ctypes",
        "import ctypes\nreturn_ = 1;",
        "\r\nimport ctypes\r\n%pwd",
        "import ctypes\nx = '\u2028'",
    ],
)
def test_the_notations_of_ipython_hide_nothing(source):
    assert "imports ctypes" in unusual(source)


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np\nimport matplotlib.pyplot as plt",
        "%matplotlib inline",
        "def conv2d(x, kernel):\n    return np.einsum('nijcuv,uvcf->nijf', windows(x, kernel), kernel)",
        "print(np.load('digits.npz'))",
        "x = {'eval': 1}\nmodel.eval()",
        "# import ctypes",
        "'import ctypes'",
    ],
)
def test_the_work_of_an_honest_student_is_not_unusual(source):
    assert unusual(source) == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("from os import path", "imports os"),
        ("import os.path", "imports os"),
        ("get_ipython().ast_transformers.append(x)", "uses ast_transformers"),
        ("().__class__.__base__.__subclasses__()", "uses __subclasses__"),
        ("exec(code)", "calls exec"),
        ("open('/etc/passwd')", "calls open"),
        ("__import__('os')", "calls __import__"),
    ],
)
def test_what_no_exercise_needs_is_told(source, words):
    assert unusual(source) == [words]


@pytest.mark.parametrize(
    "source",
    [
        "(" * 5000,
        "x = " + "-" * 100_000 + "1",
        "\0",
        "import ctypes\0",
        "def f(:",
        "'''",
        "\ud83d",
        "%%",
        "%",
        "!",
        "?",
        "\\",
    ],
    ids=lambda source: repr(source[:9]),
)
def test_a_text_that_is_no_python_is_no_evidence_and_no_accident(source):
    assert unusual(source) == []
    assert imports(source) == set()


def test_magic_alone_is_an_empty_program():
    assert tree_of("%matplotlib inline").body is not None


def test_no_library_of_the_standard_library_or_of_the_sandbox_is_stood_in_for():
    assert not LIBRARIES & (set(sys.stdlib_module_names) | {"numpy", "matplotlib", "IPython", "tqdm", "PIL"})
