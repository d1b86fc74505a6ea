"""Commands of the system."""

import os
import shlex
import subprocess
from typing import Any, Dict, List, Optional, Tuple, Union

__all__ = ["run_command", "quote_unix", "quote_windows"]


def run_command(
    cmd: Union[str, List[str], Tuple[str, ...]],
    stdin: Any = None,
    stdout: Any = subprocess.PIPE,
    stderr: Any = subprocess.PIPE,
    shell: bool = False,
    cwd: Optional[str] = None,
    env: Optional[Dict[str, str]] = None,
    close_fds: bool = True,
) -> Tuple[int, str, str]:
    """Runs a command to its end and returns its exit code, standard output and standard error."""
    if not isinstance(cmd, (str, list, tuple)):
        raise TypeError("Command must be a type of list, tuple, or string, not '%s'." % type(cmd))
    process = subprocess.Popen(
        cmd,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        shell=shell,
        cwd=cwd,
        env=env or os.environ.copy(),
        close_fds=close_fds,
    )
    out, err = process.communicate()
    return process.returncode, (out or b"").decode(), (err or b"").decode()


def quote_unix(value: str) -> str:
    """Returns a value as one word of a shell."""
    return shlex.quote(value)


def quote_windows(value: str) -> str:
    """Returns a value as one word of a command line of Windows."""
    return subprocess.list2cmdline([value])
