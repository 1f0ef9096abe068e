"""The files in a zip or a folder that somebody else has filled: listed and read, never unpacked and never run."""

import os
import stat
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from cnncourse.grading.judge.untrusted import LARGEST, Damaged, reason_not_to_read

MOST = 100_000  # files
JUNK = {"__MACOSX", ".ipynb_checkpoints", ".DS_Store", "Thumbs.db"}  # which no student put there


@dataclass(frozen=True)
class Entry:
    """One file of an archive; its path is only looked at, and nothing is ever written under it."""

    path: str
    changed: datetime
    size: int
    refused: str = ""  # why it is not read

    @property
    def parts(self):
        """The folders and the name.

        >>> Entry("ada/ch02.ipynb", datetime(2026, 1, 1), 10).parts
        ('ada', 'ch02.ipynb')
        """
        return PurePosixPath(self.path).parts


class Archive:
    """A zip or a folder.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.txt").write_text("1")
    >>> with Archive(folder) as archive:
    ...     [(entry.path, archive.read(entry)) for entry in archive.entries]
    [('a.txt', b'1')]
    """

    def __init__(self, path):
        self.path, self._zip = Path(path), None
        if self.path.is_dir():
            found = self._in_folder()
        else:
            try:
                self._zip = zipfile.ZipFile(self.path)
            except (OSError, zipfile.BadZipFile) as why:
                raise ValueError(f"{path} is no folder and no zip that can be opened") from why
            found = map(_in_zip, (info for info in self._zip.infolist() if not info.is_dir()))
        self.entries = []
        for entry in found:
            if not set(entry.parts) & JUNK:
                self.entries.append(entry)
            if len(self.entries) > MOST:
                raise ValueError(f"{path} holds more than {MOST} files, which is no class: nothing was read")

    def __enter__(self):
        return self

    def __exit__(self, *about):
        if self._zip:
            self._zip.close()

    def read(self, entry):
        """The bytes of a file, or `Damaged` with the reason why they are not to be had."""
        if entry.refused:
            raise Damaged(entry.refused)
        try:
            with self._zip.open(entry.path) if self._zip else open(self.path / entry.path, "rb") as file:
                data = file.read(LARGEST + 1)  # a zip can lie about sizes
        except Exception as why:  # zipfile raises whatever the decompressor meets
            raise Damaged("it cannot be unpacked") from why
        if len(data) > LARGEST:
            raise Damaged(_too_large(len(data)))
        return data

    def _in_folder(self):
        for place, below, names in os.walk(self.path):
            below[:] = sorted(name for name in below if not name.startswith("."))
            for name in sorted(names):
                path = Path(place) / name
                about = path.lstat()
                changed = datetime.fromtimestamp(about.st_mtime)
                reason = reason_not_to_read(path, LARGEST)
                yield Entry(path.relative_to(self.path).as_posix(), changed, about.st_size, reason)


def _in_zip(info):
    refused = ""
    parts = PurePosixPath(info.filename).parts
    if ".." in parts or info.filename.startswith("/") or "\\" in info.filename:
        refused = "its path leads out of the zip"
    elif stat.S_ISLNK(info.external_attr >> 16):
        refused = "it is a link to another file"
    elif info.flag_bits & 1:
        refused = "it is encrypted"
    elif info.file_size > LARGEST:
        refused = _too_large(info.file_size)
    try:
        changed = datetime(*info.date_time)
    except ValueError:
        changed = datetime(1980, 1, 1)
    return Entry(info.filename, changed, info.file_size, refused)


def _too_large(size):
    return f"it has {size / 1e6:.0f} MB unpacked, and {LARGEST / 1e6:.0f} MB are the most"
