"""What only Linux can do: marks that others can read, and death with one's parent.

Elsewhere these do nothing; processes are then found by their group alone.
"""

import contextlib
import ctypes
import os
import signal
import sys
from typing import Iterator, Optional

MARK = "NIGHTSHIFT_PROCESS"  # what package process of the server looks for
PR_SET_PDEATHSIG = 1


def _libc() -> Optional[ctypes.CDLL]:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    libc.getenv.restype = ctypes.c_void_p
    libc.getenv.argtypes = [ctypes.c_char_p]
    return libc


class _Mark:
    """The place where the kernel keeps the mark that this process was started with.

    The kernel shows a process's first environment, wherever that lies in its
    memory, and a forked child has its parent's. So the mark is written over where
    it lies; it keeps its length.
    """

    def __init__(self, libc: Optional[ctypes.CDLL]) -> None:
        self.own = os.environ.get(MARK, "").encode()
        self.place = libc.getenv(MARK.encode()) if libc and self.own else None

    def write(self, mark: bytes) -> None:
        if self.place:
            padded = mark[: len(self.own)].ljust(len(self.own), b"\0")
            ctypes.memmove(self.place, padded, len(padded))


LIBC = _libc()
_mark = _Mark(LIBC)


@contextlib.contextmanager
def marked(mark: str) -> Iterator[None]:
    """Has what is forked meanwhile born with a mark."""
    _mark.write(mark.encode())
    try:
        yield
    finally:
        _mark.write(_mark.own)


def die_with_parent() -> None:
    """Has the kernel kill this process when its parent dies."""
    if LIBC:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
