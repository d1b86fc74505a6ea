"""The life of a child of the zygote: one action, or one sensor.

On its stream it says its process number (4 bytes), reads a request, and may write
answers: texts of JSON, each behind its length (8 bytes). Numbers are big-endian.
Nothing of the work begins before the request has been read.

What a child costs is above all the pages that it touches: each one has to be copied, and each function and module that is
looked at lies on another one. So there is little here that calls little.
"""

import _signal  # the functions of signal without its enums, which touch many pages
import _thread
import atexit
import importlib
import itertools
import json
import os
import struct
import sys
import threading
import traceback
from types import TracebackType
from typing import Any, Callable, Dict, Iterator, List, NoReturn, Optional

from nightshift import lessons, system

HERE = os.path.dirname(os.path.abspath(__file__))
_read, _write = os.read, os.write  # as they are before anybody patches them
_decode = json.JSONDecoder().raw_decode
_inherited: Dict[str, str] = {}  # what all children have in their environment at first


class Stream:
    """The child's end of its stream."""

    def __init__(self, fd: int, teach: Callable[[], None]) -> None:
        self.fd = fd
        self.teach = teach  # tells the zygote what has been imported so far

    def hello(self) -> None:
        self._say(struct.pack(">I", os.getpid()))

    def read(self) -> bytes:
        """Returns the next text. The end of the stream is an EOFError."""
        (size,) = struct.unpack(">Q", self._exactly(8))
        return self._exactly(size)

    def write(self, text: bytes) -> None:
        self._say(struct.pack(">Q", len(text)) + text)

    def _say(self, data: bytes) -> None:
        while data:
            data = data[_write(self.fd, data) :]

    def _exactly(self, size: int) -> bytes:
        pieces: List[bytes] = []
        while size:
            piece = _read(self.fd, size)
            if not piece:
                raise EOFError("the server closed the stream")
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)


def settle() -> None:
    """Is called by the zygote when it has changed: children begin with what it is now."""
    _inherited.clear()
    _inherited.update(os.environ)


def live(mark: str, files: List[int], teacher: int) -> NoReturn:
    """Lives from the fork to the end of the process."""
    code = 1
    try:
        parent = os.getppid()
        os.setsid()
        system.die_with_parent()
        if os.getppid() != parent:
            os._exit(1)  # the zygote died before that
        code = work(mark, files, teacher)
    except BaseException as problem:  # the zygote's own code must never go on in a child
        code = report(problem)
    finally:
        end(code)


def work(mark: str, files: List[int], teacher: int) -> int:
    """Does what the server asks for, and returns the exit code."""
    _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
    stdout, stderr, control = files
    null = os.open(os.devnull, os.O_RDWR)
    for source, target in ((null, 0), (stdout, 1), (stderr, 2)):
        os.dup2(source, target)
    for fd in (null, stdout, stderr):
        os.close(fd)
    known = len(sys.modules)
    stream = Stream(control, lambda: lessons.teach(teacher, newest(len(sys.modules) - known)))
    stream.hello()
    try:
        perform(stream, mark)
        return 0
    except BaseException as problem:
        return report(problem)
    finally:
        stream.teach()


def newest(n: int) -> Iterator[str]:
    """Returns the modules that were imported last. To look at the others would touch many pages."""
    return itertools.islice(reversed(sys.modules), max(0, n))


def perform(stream: Stream, mark: str) -> None:
    """Does what the request on a stream asks for."""
    request: Dict[str, Any] = _decode(stream.read().decode())[0]
    set_environment({**request["env"], system.MARK: mark})
    os.chdir("/")
    name = "nightshift." + request["job"]  # action or sensor
    job: Any = sys.modules.get(name) or importlib.import_module(name)
    job.run(request, stream)


def set_environment(wanted: Dict[str, str]) -> None:
    """Makes the environment what is wanted. Most of it is there already, and setting costs more than looking."""
    for name in _inherited.keys() - wanted.keys():
        del os.environ[name]
    for name, text in wanted.items():
        if _inherited.get(name) != text:
            os.environ[name] = text


def report(problem: BaseException) -> int:
    """Says what an exception means as Python would at its top, and returns the exit code."""
    if isinstance(problem, SystemExit):
        if problem.code is None:
            return 0
        if isinstance(problem.code, int):
            return problem.code & 0xFF
        print(problem.code, file=sys.stderr)
        return 1
    traceback.print_exception(type(problem), problem, theirs(problem.__traceback__))
    return 1


def theirs(tb: Optional[TracebackType]) -> Optional[TracebackType]:
    """Leaves out the beginning of a traceback that is not the pack's, which may be all of it."""
    while tb is not None and tb.tb_frame.f_code.co_filename.startswith((HERE, "<frozen importlib")):
        tb = tb.tb_next
    return tb


def end(code: int) -> NoReturn:
    """Ends the process as the interpreter does, but without taking its memory apart."""
    try:
        if _thread._count() or len(threading._active) > 1:  # type: ignore[attr-defined]
            threading._shutdown()  # type: ignore[attr-defined]  # waits for threads that are no daemons
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # whatever a pack has left there
        traceback.print_exc()
    finally:
        os._exit(code)
