"""The files that were handed in beside one notebook, as far as its assignment asks for them."""

import hashlib

from cnncourse.checks.handing_in import wrong_size


class HandedInFiles:
    """What there is of the declared files, and why there is not more.

    >>> from cnncourse.checks.handing_in import HandedIn
    >>> one = HandedIn("a.npz", "weights", 4)
    >>> HandedInFiles({"a.npz": one}, {"a.npz": b"12345", "b.npz": b"1"}).troubles
    {'a.npz': 'a.npz has 5 bytes, and 4 bytes are the most: it is not read.'}
    """

    def __init__(self, declared, given):
        self.usable, self.troubles = {}, {}  # name -> bytes; name -> a sentence
        for name, about in declared.items():
            data = given.get(name)
            if isinstance(data, bytes):
                trouble = wrong_size(name, len(data), about.most)
            else:
                trouble = data or f"{name} was not handed in."
            if not trouble:
                self.usable[name] = data
            elif data is not None or about.needed:  # else nobody misses it
                self.troubles[name] = trouble

    def trouble_with(self, names):
        """Why a task that needs these files cannot be tried, or "".

        >>> HandedInFiles({}, {}).trouble_with(("a.npz",))
        'a.npz is no file that this assignment asks for.'
        """
        for name in names:
            if name not in self.usable:
                return self.troubles.get(name, f"{name} is no file that this assignment asks for.")
        return ""

    def digest(self, names):
        """A number for the bytes of some files; "" for none.

        >>> HandedInFiles({}, {}).digest(())
        ''
        """
        parts = [f"{name} {hashlib.sha256(self.usable[name]).hexdigest()}" for name in sorted(names)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest() if parts else ""
