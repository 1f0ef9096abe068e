"""Answers that are not the student's own: the library's, another library's, or files that lie beside the notebook."""

from corpus import ALL, answer, with_work, without_work

BORROWED = r"own answer|library|cnncourse\.|not your own|borrow|reference"
CALL = {
    "ch02.output_size": "from cnncourse.shapes import conv_output_size as output_size",
    "ch02.correlate": "from cnncourse.convolution import correlate",
    "ch02.convolve": "from cnncourse.convolution import convolve",
    "ch02.conv2d": (
        "from cnncourse.convolution import conv2d as ready\n"
        "def conv2d(x, kernel, bias, stride, padding, dilation):\n"
        "    return ready(x, kernel, bias, stride, padding, dilation)[0]"
    ),
    "ch02.im2col": (
        "from cnncourse import unfolding\ndef im2col(x, KH, KW, stride):\n"
        "    rows = np.asarray(unfolding.im2col(x[None], (KH, KW), stride))\n"
        "    return rows.reshape(-1, KH * KW * x.shape[2])"
    ),
    "ch02.conv_transpose": (
        "from cnncourse.convolution import transposed_conv2d as ready\n"
        "def conv_transpose(x, kernel, stride):\n"
        "    return np.asarray(ready(x[None, :, :, None], kernel[:, :, None, None], stride=stride)[0])[0, :, :, 0]"
    ),
}
HEAD = "def conv2d(x, kernel, bias, stride, padding, dilation):\n"


def conv2d_by(source, says=BORROWED):
    """Everything is one's own but the answer to the whole layer."""

    def decorate(make):
        def made(notebook, folder):
            make(notebook, folder)
            answer(notebook, "ch02.conv2d", source)

        made.__name__, made.__doc__, made.__module__ = make.__name__, make.__doc__, make.__module__
        return with_work(earns=ALL - {"ch02.conv2d"}, keeps=ALL - {"ch02.conv2d"}, says=says)(made)

    return decorate


@without_work(says=BORROWED)
def the_functions_of_the_course(notebook, folder):
    """Each answer is one line that calls the function of the course which the task asks to be written."""
    for task, source in CALL.items():
        answer(notebook, task, source)


@conv2d_by(
    "import importlib\n" + HEAD + "    course = importlib.import_module('cnn' + 'course.' + 'convolution'[::1])\n"
    "    return getattr(course, 'con' + 'v2d')(x, kernel, bias, stride, padding, dilation)[0]"
)
def by_a_name_put_together(notebook, folder):
    """Nobody who searches the source for the name finds it."""


@conv2d_by(
    "import inspect\nimport cnncourse.convolution as course\nspace = dict(vars(course))\n"
    "exec(inspect.getsource(course).replace('conv2d', 'own'), space)\n"
    + HEAD
    + "    return space['own'](x, kernel, bias, stride, padding, dilation)[0]"
)
def its_source_run_again(notebook, folder):
    """The source of the course's module is read where it lies and run under other names."""


@conv2d_by(
    HEAD + "    from scipy.signal import correlate2d\n"
    "    x = np.pad(x, ((0, 0), (padding,) * 2, (padding,) * 2, (0, 0)))\n"
    "    wide = np.kron(kernel.T, np.eye(dilation)[:1, :1]).T\n"
    "    maps = [[sum(correlate2d(i[..., c], wide[..., c, f], 'valid') for c in range(i.shape[2])) + bias[f]\n"
    "             for f in range(wide.shape[3])] for i in x]\n"
    "    return np.array(maps).transpose(0, 2, 3, 1)[:, ::stride, ::stride]",
    r"scipy|library|borrow|own|ModuleNotFound",
)
def by_scipy(notebook, folder):
    """SciPy does the convolution."""


@with_work(earns=ALL - {"ch02.correlate"}, keeps=ALL - {"ch02.correlate"}, says=BORROWED)
def what_is_lent_for_another_task(notebook, folder):
    """The text of one task lends the function that another task asks for; it is kept for that one."""
    answer(
        notebook,
        "ch02.correlate",
        "from cnncourse.convolution import correlate as ready\ndef correlate(*case):\n    return ready(*case)",
    )
    answer(notebook, "ch02.convolve", "def convolve(x, kernel):\n    return ready(x, kernel[::-1, ::-1])")


@conv2d_by(
    "from cnncourse.checks.ch01_why_convolution.equivariance_gap import conv2d as ready\n"
    + HEAD
    + "    x = np.pad(x, ((0, 0), (padding,) * 2, (padding,) * 2, (0, 0)))\n"
    "    return ready(x, kernel)[0][:, ::stride, ::stride] + bias"
)
def a_layer_of_another_chapters_questions(notebook, folder):
    """What asks for an answer of chapter 1 has a convolution among its layers."""
