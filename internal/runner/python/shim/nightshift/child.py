"""The life of a child of the zygote: one action, or one sensor.

On its stream it says its process number (4 bytes), reads a request, and may write
answers: texts of JSON, each behind its length (8 bytes). Numbers are big-endian.
Nothing of the work begins before the request has been read.
"""

import atexit
import gc
import importlib
import json
import os
import signal
import socket
import struct
import sys
import threading
import traceback
from types import TracebackType
from typing import Any, Callable, Dict, List, NoReturn, Optional

from nightshift import lessons, system

HERE = os.path.dirname(os.path.abspath(__file__))


class Stream:
    """The child's end of its stream."""

    def __init__(self, fd: int, teach: Callable[[], None]) -> None:
        self.socket = socket.socket(fileno=fd)
        self.teach = teach  # tells the zygote what has been imported so far

    def hello(self) -> None:
        self.socket.sendall(struct.pack(">I", os.getpid()))

    def read(self) -> bytes:
        """Returns the next text. The end of the stream is an EOFError."""
        (size,) = struct.unpack(">Q", self._exactly(8))
        return self._exactly(size)

    def write(self, text: bytes) -> None:
        self.socket.sendall(struct.pack(">Q", len(text)))
        self.socket.sendall(text)

    def _exactly(self, size: int) -> bytes:
        data = bytearray(size)
        view = memoryview(data)
        while view:
            n = self.socket.recv_into(view)
            if n == 0:
                raise EOFError("the server closed the stream")
            view = view[n:]
        return bytes(data)


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
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    stdout, stderr, control = files
    null = os.open(os.devnull, os.O_RDWR)
    for source, target in ((null, 0), (stdout, 1), (stderr, 2)):
        os.dup2(source, target)
    for fd in (null, stdout, stderr):
        os.close(fd)
    before = set(sys.modules)
    stream = Stream(control, lambda: lessons.teach(teacher, set(sys.modules) - before))
    stream.hello()
    request: Dict[str, Any] = json.loads(stream.read())
    set_environment({**request["env"], system.MARK: mark})
    os.chdir(request.get("cwd") or "/")
    gc.enable()
    job = importlib.import_module("nightshift." + request["job"])  # action or sensor
    try:
        job.run(request, stream)
        return 0
    except BaseException as problem:
        return report(problem)
    finally:
        stream.teach()


def set_environment(wanted: Dict[str, str]) -> None:
    """Makes the environment what is wanted. Most of it is there already, and setting costs more than looking."""
    for name in [name for name in os.environ if name not in wanted]:
        del os.environ[name]
    for name, text in wanted.items():
        if os.environ.get(name) != text:
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
        threading._shutdown()  # type: ignore[attr-defined]  # waits for threads that are no daemons
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # whatever a pack has left there
        traceback.print_exc()
    finally:
        os._exit(code)
