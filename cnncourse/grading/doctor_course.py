"""What `cnncourse doctor` says about nbgrader and the course in the current folder; it needs nbgrader itself."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from jupyter_core.paths import jupyter_config_path, jupyter_path
from jupyter_server.extension.config import ExtensionConfigManager
from nbgrader.apps import NbGrader
from sqlalchemy import text

from cnncourse.grading.cohort.coursefolder import course_here
from cnncourse.grading.cohort.scores import open_gradebook
from cnncourse.grading.doctor import MISSING, NOTE, OK, Finding, install

PLUGS = {
    "Autograde.sanitize_preprocessors": "cnncourse.grading.preprocessors.Rebuild",
    "Autograde.autograde_preprocessors": "cnncourse.grading.preprocessors.Judge",
    "HTMLExporter.filters": "cnncourse.grading.showing.clean_html",
}


def formgrader():
    """Whether JupyterLab is there and has nbgrader's extensions switched on.

    >>> formgrader().what
    'formgrader'
    """
    try:
        version("jupyterlab")
    except PackageNotFoundError as why:
        return Finding(NOTE, "formgrader", str(why), install("instructors"))
    known = ExtensionConfigManager(read_config_path=jupyter_config_path()).get_jpserver_extensions()
    if not known.get("nbgrader.server_extensions.formgrader"):
        remedy = "jupyter server extension enable --sys-prefix --py nbgrader"
        return Finding(NOTE, "formgrader", "the server's extension is switched off", remedy)
    if not any((Path(path) / "@jupyter" / "nbgrader").is_dir() for path in jupyter_path("labextensions")):
        words = "JupyterLab has no menu for it: open /formgrader in the browser"
        return Finding(NOTE, "formgrader", words, "pip install --force-reinstall nbgrader")
    return Finding(OK, "formgrader", "switched on in the server and in JupyterLab")


def configuration():
    """nbgrader's settings for the course in the current folder.

    >>> "CourseDirectory" in configuration() or not Path("nbgrader_config.py").exists()
    True
    """
    app = NbGrader()
    app.log.setLevel("ERROR")
    app.load_config_file()
    return app.config


def course(config):
    """Whether the current folder is a course whose grading is ours.

    >>> course({}).state
    'MISSING'
    """
    here = Path("nbgrader_config.py").resolve()
    if not here.is_file():
        return Finding(MISSING, "course", f"no {here}", "run this in the course's folder")
    for name, plug in PLUGS.items():
        group, key = name.split(".")
        if plug not in str(config.get(group, {}).get(key, "")):
            words = f"{here} does not name {plug}"
            return Finding(MISSING, "course", words, f"put c.{name} in as the course's own file has it")
    return Finding(OK, "course", f"{here}: graded in the sandbox, judged outside, shown harmlessly")


def gradebook():
    """Whether the gradebook can be read.

    >>> gradebook().what
    'gradebook'
    """
    try:
        directory = course_here()
        with open_gradebook(directory.db_url, directory.course_id) as book:
            words = f"assignments: {len(book.assignments)}, students: {len(book.students)}"
            book.db.execute(text("select source from source_cell limit 1")).all()
    except ValueError as why:  # it is not there yet
        return Finding(NOTE, "gradebook", str(why))
    except Exception as why:  # whatever the database or its driver says
        first = str(why).splitlines()[0]
        remedy = "if it is of an older nbgrader, copy it and run `nbgrader db upgrade`"
        return Finding(MISSING, "gradebook", f"cannot be read: {first}", remedy)
    return Finding(OK, "gradebook", words)


def findings():
    """All of it.

    >>> [found.what for found in findings()]
    ['formgrader', 'course', 'gradebook']
    """
    yield formgrader()
    yield course(configuration())
    yield gradebook()
