"""What a score depends on beside the submission: the course's secret, and the version of the judge."""

import hashlib
import os
import secrets
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cnncourse.checks.catalogue import file_of
from cnncourse.dependencies import ROOT, digest_of, files_behind, imported
from cnncourse.grading.judge.blueprint import packages_of, tasks_of
from cnncourse.grading.sandbox.mounts import TRAINING

# Where judging starts: out here, and in the sandbox, where modules are started by their names
JUDGE = {
    "cnncourse.grading.judge.judging",
    "cnncourse.grading.sandbox.inside.checks",
    "cnncourse.grading.sandbox.inside.forkserver",
}
WORDS = {
    "cnncourse/checks/course.json",
    "cnncourse/checks/course.py",
    "cnncourse/checks/display.py",
    "cnncourse/grading/judge/quoting.py",
}  # how a verdict is told: no score hangs on it
LIBRARIES = {"numpy", "ipython", "ipykernel"}  # which all answers run on


def course_secret(root):
    """The secret of the course in a folder, from which every student's seed is drawn; the first to ask makes it.

    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> course_secret(folder) == course_secret(folder)
    True
    """
    path = Path(root) / ".grading" / "secret"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f".secret.{os.getpid()}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # unlike a rename, it never replaces the secret of somebody who was quicker
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def judge_version(blueprints, root=ROOT):
    """A number that changes when a score in an assignment may: with the judge, with the tasks that are asked for, with
    what either imports, and with the libraries that the answers run on. Nothing else of the course is in it.

    >>> len(judge_version([{"cells": []}]))
    64
    """
    names, own = set(JUDGE), []
    for path in sorted({file_of(task) for blueprint in blueprints for task in tasks_of(blueprint)}):
        if path.is_relative_to(ROOT / "cnncourse"):
            names.add(".".join(path.relative_to(ROOT).with_suffix("").parts))
        else:  # a task of a course's own
            own.append(path.read_bytes())
            names |= {name for name in imported(own[-1].decode()) if name.startswith("cnncourse.")}
    if any(TRAINING in packages_of(blueprint) for blueprint in blueprints):
        names |= {TRAINING, "cnncourse.network"}
    behind = [path for path in files_behind(names, root) if path not in {root / name for name in WORDS}]
    digest = hashlib.sha256(digest_of(behind, root).encode())
    digest.update("python {}.{}".format(*sys.version_info).encode())
    for text in own:
        digest.update(hashlib.sha256(text).digest())
    for name in sorted(LIBRARIES | {name for blueprint in blueprints for name in packages_of(blueprint)}):
        try:
            digest.update(f"{name} {version(name)}".encode())
        except PackageNotFoundError:  # then no answer runs on it
            continue
    return digest.hexdigest()
