"""A course to be attacked: with files that must stay unread and unwritten, and ears that must hear nothing."""

import hashlib
import json
import os
import re
import shutil
import socket
import threading
import time
import uuid
from dataclasses import dataclass, field

import nbformat
import psutil
from nbgrader.utils import determine_grade

from cnncourse.grading.judge import verdicts
from cnncourse.grading.sandbox.kernels import PASSIVE
from corpus import ASSIGNMENT, FILE, MARKER, POINTS, ROOT, as_bytes, solved, with_cell

PEER = "peer"
PATIENCE = 300  # seconds for one notebook, whatever is in it: nothing hangs
LARGEST = 25_000_000  # bytes of a graded notebook


class Ears:
    """Sockets of the host that nobody may call: on the loopback interface, abstract, and with a path."""

    def __init__(self, folder):
        self.heard = []
        self.abstract = f"corpus-{uuid.uuid4().hex}"
        self.path = str(folder / "ear.sock")
        self.sockets = [socket.create_server(("127.0.0.1", 0)), *(socket.socket(socket.AF_UNIX) for _ in range(2))]
        self.sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.port = self.sockets[0].getsockname()[1]
        for ear, place in zip(self.sockets[1:], (f"\0{self.abstract}", self.path, ("127.0.0.1", self.port))):
            ear.bind(place)
        for ear in self.sockets[1:3]:
            ear.listen()
        os.chmod(self.path, 0o777)
        for ear in self.sockets:
            threading.Thread(target=self.listen, args=(ear,), daemon=True).start()

    def listen(self, ear):
        while True:
            try:
                self.heard.append(ear.recvfrom(99) if ear.type == socket.SOCK_DGRAM else ear.accept()[1])
            except OSError:
                return

    def close(self):
        for ear in self.sockets:
            ear.close()


class Course:
    """The folder of a course, and what is known of it."""

    def __init__(self, root):
        self.root = root
        self.canary = f"canary-{uuid.uuid4().hex}"
        root.mkdir(parents=True, exist_ok=True)
        self.ears = Ears(root)
        for kind in ("solutions", "exercises"):
            shutil.copytree(ROOT / kind / ASSIGNMENT, root / kind / ASSIGNMENT)
        shutil.copy(ROOT / "nbgrader_config.py", root)
        for name in ("canary.txt", ".canary"):
            (root / name).write_text(self.canary)
        self.hand_in_honestly(PEER)
        about = {"peer": PEER, "port": self.ears.port, "abstract": self.ears.abstract, "socket": self.ears.path}
        (root / "ground.json").write_text(json.dumps(about))

    def hand_in_honestly(self, student):
        """The work of a student who knows the canary's word, so that whoever reads this notebook knows it too."""
        notebook = solved()
        with_cell(notebook, f"# {self.canary}", after="end")
        path = self.folder(student) / FILE
        path.parent.mkdir(parents=True)
        path.write_bytes(as_bytes(notebook))

    def folder(self, student):
        """Where a student's submission lies."""
        return self.root / "submitted" / student / ASSIGNMENT

    def fingerprint(self, leave=()):
        """What every file of the course is like, by name; the folders in `leave` are left out."""
        found = {}
        for place, folders, files in os.walk(self.root):
            folders[:] = [
                name for name in folders if os.path.relpath(os.path.join(place, name), self.root) not in leave
            ]
            for name in [*files, *folders]:
                path = os.path.join(place, name)
                about = os.lstat(path)
                content = b""
                if os.path.isfile(path) and not os.path.islink(path) and about.st_size < LARGEST:
                    with open(path, "rb") as file:
                        content = file.read()
                size = about.st_size if content else 0
                found[path] = about.st_mode, about.st_ino, size, hashlib.md5(content, usedforsecurity=False).hexdigest()
        return found


@dataclass
class Tried:
    """What came of a submission."""

    scores: dict = field(default_factory=dict)  # task -> points
    told: list = field(default_factory=list)  # what the student or the instructor is told
    notebook: object = None
    seconds: float = 0.0

    @property
    def words(self):
        return "\n".join(map(str, self.told))


def scores(notebook):
    """The points of each task by the outputs of its check, as nbgrader counts them."""
    found = dict.fromkeys(POINTS, 0.0)
    for each in notebook.cells:
        about = each.metadata.get("nbgrader", {})
        if about.get("grade") and not about.get("solution"):
            task = about["grade_id"].removeprefix("check-").replace("-", "_")
            found[f"ch02.{task}"] = determine_grade(each)[0]
    return found


def told(notebook):
    """What a graded notebook tells: the notes of the judge, and the outputs of the cells that check."""
    yield from verdicts.read_remarks(notebook).attention
    for each in notebook.cells:
        found = verdicts.read(each)
        yield from [found.words, found.misconception, *found.attention] if found else []
        for output in each.get("outputs", []):
            yield from [output.get("evalue", ""), output.get("text", "")]


def descendants():
    """The processes that this one has started, and those that they have."""
    return [
        process for process in psutil.Process().children(recursive=True) if process.status() != psutil.STATUS_ZOMBIE
    ]


def marked():
    """The processes anywhere on this machine that bear the corpus's mark."""
    return [each.pid for each in psutil.process_iter(["cmdline"]) if MARKER in (each.info["cmdline"] or [])]


def settles(holds, seconds=20):
    """Whether something becomes true before long."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def dangers(notebook):
    """What in a graded notebook is a program for whoever opens it; pages are made harmless where they are shown."""
    shown = {kind for each in notebook.cells for output in each.get("outputs", []) for kind in output.get("data", {})}
    return sorted(shown - PASSIVE) + list(notebook.metadata.get("widgets", {}))


def problems(notebook):
    """Why a graded notebook could not be kept, opened or shown."""
    found = [f"dangerous: {what}" for what in dangers(notebook)]
    text = nbformat.writes(notebook)
    try:
        size = len(text.encode())
        json.loads(text, parse_constant=lambda name: found.append(f"{name} is no JSON"))
        nbformat.validate(notebook)
    except (UnicodeError, ValueError, nbformat.ValidationError) as wrong:
        return [*found, str(wrong)[:300]]
    return found + [f"{size} bytes"] * (size > LARGEST)


def controls(text):
    """Characters that a terminal would take for commands, or that turn the direction of reading."""
    return re.findall(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
