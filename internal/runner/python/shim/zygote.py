"""The zygote: an interpreter that forks one child for each piece of work.

The server starts one zygote for each Python environment and talks to it over a
socket of packets, its file descriptor 3:

* The server sends ``NUMBER MARK`` with three file descriptors: the child's
  standard output, its standard error, and a stream for the request and the
  answer (see :mod:`nightshift.child`).
* The zygote answers ``NUMBER exited CODE`` when that child has ended, where a
  negative code is minus the number of a signal, or ``NUMBER refused REASON`` when
  there could be none.

The end of the socket is the end of the zygote, and the end of the zygote is the
end of its children. It has one thread and reads nothing of what it passes on.
"""

import array
import gc
import os
import select
import signal
import socket
import sys
from typing import Dict, List, Tuple

sys.path.append(os.path.join(sys.path[0], "client"))  # behind what a pack has installed itself

from nightshift import child, lessons, system  # noqa: E402  the path comes first
import nightshift.action  # noqa: E402, F401  what nearly all children need
import st2common.runners.base_action  # noqa: E402, F401

PACKET = 4096
FILES = 3
ROOM = socket.CMSG_LEN(FILES * array.array("i").itemsize)


class Zygote:
    """Forks children for the server at the other end of a socket."""

    def __init__(self, server: socket.socket) -> None:
        self.server = server
        self.children: Dict[int, str] = {}  # process to number
        self.wake, self.alarm = os.pipe()
        self.lesson, self.teacher = os.pipe()
        for fd in (self.wake, self.alarm, self.lesson, self.teacher):
            os.set_blocking(fd, False)

    def serve(self) -> None:
        """Serves until the server closes its end."""
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to be woken
        signal.set_wakeup_fd(self.alarm, warn_on_full_buffer=False)
        poller = select.poll()
        for fd in (self.server.fileno(), self.wake, self.lesson):
            poller.register(fd, select.POLLIN)
        gc.collect()
        self.settle()
        while True:
            ready = {fd for fd, _ in poller.poll()}
            if self.wake in ready:
                os.read(self.wake, 65536)  # at most what a pipe holds
                self.reap()
            if self.lesson in ready:
                lessons.learn(os.read(self.lesson, 65536))
                self.settle()
            if self.server.fileno() in ready:
                packet, files = receive(self.server)
                if not packet:
                    return
                self.fork(packet, files)

    def settle(self) -> None:
        """Is ready for children, as it is now."""
        child.settle()
        gc.freeze()  # so that the collector leaves pages alone that children share

    def fork(self, packet: str, files: List[int]) -> None:
        """Forks a child that does what the server asks it for."""
        number, _, mark = packet.partition(" ")
        system.mark(mark.encode())  # the child is born with it
        try:
            pid = os.fork()
            if pid == 0:
                self.forget()
                child.live(mark, files, self.teacher)  # does not return
            self.children[pid] = number
        except OSError as problem:
            self.tell("%s refused fork: %s" % (number, problem.strerror))
        finally:
            system.mark(system.OWN)
            for fd in files:
                os.close(fd)

    def forget(self) -> None:
        """Closes in a child what is the zygote's."""
        signal.set_wakeup_fd(-1)
        self.server.close()
        for fd in (self.wake, self.alarm, self.lesson):
            os.close(fd)

    def reap(self) -> None:
        """Tells the server of the children that have ended."""
        while self.children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            number = self.children.pop(pid, None)
            if number is not None:
                code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
                self.tell("%s exited %d" % (number, code))

    def tell(self, text: str) -> None:
        self.server.sendall(text.encode())


def receive(server: socket.socket) -> Tuple[str, List[int]]:
    """Returns the next packet with its file descriptors. Empty is the end."""
    files = array.array("i")
    try:
        packet, ancillary, _, _ = server.recvmsg(PACKET, ROOM)
    except ConnectionError:
        return "", []
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            files.frombytes(data[: len(data) - len(data) % files.itemsize])
    for fd in files:
        os.set_inheritable(fd, False)
    return packet.decode(), list(files)




if __name__ == "__main__":
    system.die_with_parent()
    Zygote(socket.socket(fileno=3)).serve()
