"""What lies beside the notebook or in its place: files that shadow modules, links, pipes and folders.

The grader of one notebook never sees them: they are met by `nbgrader autograde` on the folder of a class.
"""
# ruff: noqa: E501 - the students' sources keep their long lines

import os

from corpus import ALL, ASSIGNMENT, FILE, POINTS, answer, blank, ground, solution, with_cell, with_work, without_work
from corpus.reaching_out import reaching


@without_work()  # nbgrader's settings ignore files of Python, and so do we
def a_numpy_of_its_own(notebook, folder):
    """A file `numpy.py` beside the notebook is imported in place of NumPy, and finds everything equal."""
    (folder / "numpy.py").write_text("def __getattr__(name):\n    return lambda *a, **k: True\n")


@without_work()  # nbgrader's settings ignore files of Python, and so do we
def a_course_of_its_own(notebook, folder):
    """A package `cnncourse` beside the notebook brings a check that is always content."""
    inside = folder / "cnncourse" / "checks"
    inside.mkdir(parents=True)
    (folder / "cnncourse" / "__init__.py").write_text("")
    (inside / "__init__.py").write_text("def check(name, answer):\n    print(f'{name}: right, on 12 cases.')\n")


@without_work()
def files_that_python_runs_at_its_start(notebook, folder):
    """Files that Python, IPython, pytest or a terminal run by themselves lie beside the notebook."""
    source = "import builtins\nbuiltins.zip = lambda *a, **k: iter(())\nprint('RAN BY ITSELF')\n"
    for name in (
        "sitecustomize.py",
        "usercustomize.py",
        "conftest.py",
        "ipython_config.py",
        "ipykernel_launcher.py",
        "own.pth",
    ):
        (folder / name).write_text("import sitecustomize\n" if name.endswith(".pth") else source)
    for name in (
        "profile_default/startup/00.py",
        ".ipython/profile_default/startup/00.py",
        "startup/00.py",
        "IPython/__init__.py",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(source)
    (folder / "json.py").write_text(source)
    (folder / "zmq.py").write_text(source)
    (folder / "ipykernel").mkdir()
    (folder / "ipykernel" / "__init__.py").write_text(source)


@without_work()
def configuration_beside_the_notebook(notebook, folder):
    """Configuration of nbgrader and Jupyter lies beside the notebook, as do kernels and a gradebook."""
    config = "c = get_config()\nc.Autograde.autograde_preprocessors = []\nprint('RAN BY ITSELF')\n"
    for name in (
        "nbgrader_config.py",
        "jupyter_config.py",
        "jupyter_nbconvert_config.py",
        "jupyter_notebook_config.py",
    ):
        (folder / name).write_text(config)
    (folder / "kernels" / "python3").mkdir(parents=True)
    (folder / "kernels" / "python3" / "kernel.json").write_text(
        '{"argv": ["touch", "started"], "display_name": "P", "language": "python"}'
    )
    (folder / "gradebook.db").write_bytes(b"SQLite format 3\0")
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = '--help'\n")
    (folder / ".env").write_text("PYTHONPATH=.\n")
    (folder / "Makefile").write_text("test:\n\ttouch made\n")


@without_work()
def answers_in_a_file(notebook, folder):
    """The answers stand in a file beside the notebook, where no rule about sources of cells reaches."""
    lines = ["from cnncourse.checks import task"]
    lines += [f"{task.split('.')[1]} = task({task!r}).reference" for task in POINTS]
    (folder / "helper.py").write_text("\n".join(lines))
    with_cell(notebook, "import sys\nsys.path.insert(0, '.')", after="start")
    for task in POINTS:
        name = task.split(".")[1]
        answer(notebook, task, f"from helper import {name}")


@without_work()
def pickled_answers(notebook, folder):
    """The answers come out of a pickle and an array of objects beside the notebook."""
    (folder / "answers.pkl").write_bytes(b"cos\nsystem\n(S'touch unpickled'\ntR.")
    with_cell(
        notebook,
        """
        import pickle
        print(pickle.load(open('answers.pkl', 'rb')))
        print(np.load('answers.pkl', allow_pickle=True))
        """,
    )


@with_work(keeps=ALL)
def strange_names_beside_the_notebook(notebook, folder):
    """Files have names with HTML, line breaks, terminal codes, commas, a formula, and bytes that are no text."""
    for name in (
        "<script>window.pwned=1</script>.csv".replace("/", "\u2215"),
        "a\nb.csv",
        "\x1b[31mred.csv",
        '=1+1,"x".csv',
        "-rf",
        "--help",
    ):
        (folder / name).write_text("x")
    (folder / "a" / ("b" * 200) / ("c" * 200)).mkdir(parents=True)
    with open(bytes(folder) + b"/\xff\xfe.csv", "w") as file:
        file.write("x")


@with_work(keeps=ALL)
def ten_thousand_files(notebook, folder):
    """Ten thousand small files, and one of three hundred megabytes that takes no space, lie beside the notebook."""
    (folder / "many").mkdir()
    for number in range(10_000):
        (folder / "many" / f"{number}.txt").touch()
    with (folder / "large.bin").open("wb") as file:
        file.truncate(300_000_000)


@with_work(keeps=ALL)
def another_notebook_beside(notebook, folder):
    """Beside the notebook lie its older copy, one with another name, and one that is broken."""
    (folder / "ch02_convolution (1).ipynb").write_text("{not json")
    (folder / "ch02_convolution-Copy1.ipynb").write_text(
        '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    )
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "ch02_convolution-checkpoint.ipynb").write_text("null")


@without_work()
def environment_of_python(notebook, folder):
    """Variables of the environment lead every later Python to files of the student's own."""
    (folder / "own").mkdir()
    (folder / "own" / "sitecustomize.py").write_text("print('RAN BY ITSELF')\n")
    source = """
    import os
    os.environ |= {"PYTHONPATH": "own", "PYTHONSTARTUP": "own/sitecustomize.py", "PYTHONINSPECT": "1", "PYTHONHOME": "own",
                   "LD_PRELOAD": "./own.so", "LD_LIBRARY_PATH": "own", "PATH": "own", "HOME": "own", "BASH_ENV": "own/x",
                   "JUPYTER_PATH": "own", "IPYTHONDIR": "own", "PYTHONBREAKPOINT": "os._exit"}
    """
    with_cell(notebook, source)
    blank(notebook)
    solution(notebook, "ch02.pad").source += "\nimport os\nos.system('python3 -c 1')"


# Links, pipes and folders


@without_work()
def escapes_through_a_link(notebook, folder):
    """Links to the gradebook, to a peer and to the root lie beside the notebook, under the names of data."""
    where = ground(folder)
    targets = {
        "data.csv": where.root / "gradebook.db",
        "images.npz": where.root / "submitted" / where.peer / ASSIGNMENT / FILE,
        "everything": "/",
        "up": "../../..",
        "loop": "loop",
        "nowhere": "/nowhere/at/all",
        "null.csv": "/dev/zero",
    }
    for name, target in targets.items():
        os.symlink(target, folder / name)
    names = [f"{name}/**" if name in ("up", "everything") else name for name in targets if name != "null.csv"]
    reaching(notebook, f"look(*{names!r})")


@without_work()
def links_to_what_must_not_be_written(notebook, folder):
    """Links lie where the grader writes its own files, so that it writes into the gradebook or a peer's work."""
    where = ground(folder)
    peer = where.root / "submitted" / where.peer / ASSIGNMENT / FILE
    for name in (f"{FILE}.graded", f"{ASSIGNMENT}.html", f".{FILE}.tmp", "timestamp.txt.new", "grades.csv"):
        os.symlink(peer, folder / name)
    os.symlink(where.root / "submitted" / where.peer, folder / ".ipynb_checkpoints")
    reaching(notebook, "open('grades.csv', 'a').write('x')")


@without_work()
def link_to_a_peer_in_place_of_the_notebook(notebook, folder):
    """The notebook itself is a link to that of another student, whose points come with it."""
    where = ground(folder)
    os.symlink(f"../../{where.peer}/{ASSIGNMENT}/{FILE}", folder / FILE)


@without_work()
def link_to_the_gradebook_in_place_of_the_notebook(notebook, folder):
    """The notebook itself is a link to the gradebook: what is written back to it destroys the class."""
    os.symlink(ground(folder).root / "gradebook.db", folder / FILE)


@without_work()
def a_pipe_in_place_of_the_notebook(notebook, folder):
    """The notebook is a named pipe, on which whoever opens it waits for ever."""
    os.mkfifo(folder / FILE)


@with_work(keeps=ALL)
def a_pipe_beside_the_notebook(notebook, folder):
    """A named pipe lies beside the notebook, under the name of a data file, and whoever copies it waits for ever."""
    os.mkfifo(folder / "data.csv")


@without_work()
def a_folder_in_place_of_the_notebook(notebook, folder):
    """The notebook is a folder that bears its name."""
    (folder / FILE).mkdir(parents=True)
    (folder / FILE / FILE).write_text("{}")
