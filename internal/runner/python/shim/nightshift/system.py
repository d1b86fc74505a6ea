"""What only Linux can do: marks that others can read, and death with one's parent.

Elsewhere these do nothing; processes are then found by their group alone.
"""

import ctypes
import os
import signal
import sys
from typing import Optional

MARK = "NIGHTSHIFT_PROCESS"  # what package process of the server looks for
PR_SET_PDEATHSIG = 1


def _libc() -> Optional[ctypes.CDLL]:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    libc.getenv.restype = ctypes.c_void_p
    libc.getenv.argtypes = [ctypes.c_char_p]
    libc.prctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong]
    return libc


LIBC = _libc()
# The kernel shows a process's first environment, wherever that lies in its memory, and a forked child has its parent's.
# So the mark that this process was started with is written over where it lies; it keeps its length.
OWN = os.environ.get(MARK, "").encode()
_PLACE = LIBC.getenv(MARK.encode()) if LIBC and OWN else None


def mark(text: bytes) -> None:
    """Has what is forked from now on born with a mark."""
    if _PLACE:
        ctypes.memmove(_PLACE, text[: len(OWN)].ljust(len(OWN), b"\0"), len(OWN))


def die_with_parent() -> None:
    """Has the kernel kill this process when its parent dies."""
    if LIBC:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
