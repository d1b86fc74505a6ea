"""A client of SSH for actions that bring their own connections.

It is a thin layer over paramiko. Actions of the remote runners don't use it: they share the connections of the server.
"""

import io
import os
import posixpath
import threading
from typing import Any, Callable, List, Optional, Union

import paramiko
from st2common.util.shell import quote_unix

__all__ = ["ParamikoSSHClient", "SSHCommandTimeoutError"]


class SSHCommandTimeoutError(Exception):
    """Is raised when a command takes too long."""

    def __init__(
        self,
        cmd: str,
        timeout: Optional[float],
        ssh_connect_timeout: Optional[float],
        stdout: Optional[str] = None,
        stderr: Optional[str] = None,
    ) -> None:
        super().__init__("the command did not end in %s seconds" % timeout)
        self.cmd = cmd
        self.timeout = timeout
        self.ssh_connect_timeout = ssh_connect_timeout
        self.stdout = stdout
        self.stderr = stderr


class ParamikoSSHClient:
    """One connection to a machine.

    A machine that ``~/.ssh/known_hosts`` knows must show the key that it has there; another one is believed.
    """

    def __init__(
        self,
        hostname: str,
        port: int = 22,
        username: Optional[str] = None,
        password: Optional[str] = None,
        bastion_host: Optional[str] = None,
        key_files: Optional[Union[str, List[str]]] = None,
        key_material: Optional[str] = None,
        timeout: Optional[float] = None,
        passphrase: Optional[str] = None,
        handle_stdout_line_func: Optional[Callable[..., Any]] = None,
        handle_stderr_line_func: Optional[Callable[..., Any]] = None,
    ) -> None:
        if key_files and key_material:
            raise ValueError("key_files and key_material can't both be given")
        if passphrase and not (key_files or key_material):
            raise ValueError("a passphrase needs the private key that it is for")
        if handle_stdout_line_func or handle_stderr_line_func:
            raise NotImplementedError("lines can't be handled while a command runs: use what run() returns")
        self.hostname = hostname
        self.port = port or 22
        self.username = username
        self.password = password
        self.bastion_host = bastion_host
        self.key_files = key_files
        self.key_material = key_material
        self.timeout = timeout
        self.passphrase = passphrase
        self.client: Any = None
        self.bastion_client: Any = None
        self.sftp_client: Any = None

    def connect(self) -> bool:
        """Logs in, through the bastion if there is one."""
        channel = None
        if self.bastion_host:
            self.bastion_client = self._login(self.bastion_host, None)
            channel = self.bastion_client.get_transport().open_channel(
                "direct-tcpip", (self.hostname, self.port), ("", 0), timeout=self.timeout
            )
        self.client = self._login(self.hostname, channel)
        return True

    def close(self) -> bool:
        for open_one in (self.sftp_client, self.client, self.bastion_client):
            if open_one:
                open_one.close()
        return True

    def run(
        self, cmd: str, timeout: Optional[float] = None, quote: bool = False, call_line_handler_func: bool = False
    ) -> List[Any]:
        """Runs a command and returns its standard output, its standard error and its exit code."""
        channel = self.client.get_transport().open_session()
        terminal = cmd.startswith("sudo")  # it may ask for one
        if terminal:
            channel.get_pty()
        channel.exec_command(quote_unix(cmd) if quote else cmd)
        channel.shutdown_write()
        streams = [_Stream(channel.recv, terminal), _Stream(channel.recv_stderr, terminal)]
        ended = channel.status_event.wait(timeout)
        if not ended:
            channel.close()
        out, err = [stream.text() for stream in streams]
        if not ended:
            raise SSHCommandTimeoutError(cmd, timeout, self.timeout, out, err)
        return [out, err, channel.recv_exit_status()]

    @property
    def sftp(self) -> Any:
        if not self.sftp_client:
            self.sftp_client = self.client.open_sftp()
        return self.sftp_client

    def put(self, local_path: str, remote_path: str, mode: Any = None, mirror_local_mode: bool = False) -> Any:
        """Copies a file to the machine."""
        attributes = self.sftp.put(local_path, remote_path)
        if mirror_local_mode:
            mode = os.stat(local_path).st_mode
        if mode:
            self.sftp.chmod(remote_path, (int(mode, 8) if isinstance(mode, str) else mode) & 0o7777)
        return attributes

    def put_dir(
        self, local_path: str, remote_path: str, mode: Any = None, mirror_local_mode: bool = False
    ) -> List[Any]:
        """Copies a folder into one of the machine."""
        base = os.path.dirname(os.path.abspath(local_path))
        copied = []
        for folder, folders, files in os.walk(os.path.abspath(local_path)):
            there = posixpath.join(remote_path, *os.path.relpath(folder, base).split(os.sep))
            for name in [there] + [posixpath.join(there, name) for name in folders]:
                if not self.exists(name):
                    self.sftp.mkdir(name)
            for name in files:
                copied.append(
                    self.put(os.path.join(folder, name), posixpath.join(there, name), mode, mirror_local_mode)
                )
        return copied

    def exists(self, remote_path: str) -> bool:
        try:
            self.sftp.lstat(remote_path)
        except OSError:
            return False
        return True

    def mkdir(self, dir_path: str) -> None:
        self.sftp.mkdir(dir_path)

    def delete_file(self, path: str) -> bool:
        self.sftp.unlink(path)
        return True

    def delete_dir(self, path: str, force: bool = False, timeout: Optional[float] = None) -> Any:
        """Deletes a folder, with force also one that is not empty."""
        if force:
            return self.run("rm -rf -- " + quote_unix(path), timeout=timeout)
        return self.sftp.rmdir(path)

    def _login(self, host: str, channel: Any) -> Any:
        client = paramiko.SSHClient()
        client.load_system_host_keys()
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        own = not (self.password or self.key_files or self.key_material)  # the keys of who runs this
        client.connect(
            host,
            port=self.port,
            username=self.username,
            password=self.password,
            pkey=_key(self.key_material, self.passphrase) if self.key_material else None,
            key_filename=self.key_files,
            passphrase=self.passphrase,
            timeout=self.timeout,
            allow_agent=own,
            look_for_keys=own,
            sock=channel,
        )
        return client


class _Stream:
    """Reads a stream of a command, to its end."""

    def __init__(self, recv: Callable[[int], bytes], terminal: bool) -> None:
        self._recv = recv
        self._terminal = terminal
        self._pieces: List[bytes] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while True:
            piece = self._recv(32768)
            if not piece:
                return
            self._pieces.append(piece)

    def text(self) -> str:
        """Returns what there was, less the end of the last line.

        The command has ended: what it left running may hold the stream open, and is not waited for.
        """
        self._thread.join(2)
        text = b"".join(self._pieces).decode("utf-8", "replace")
        if self._terminal:  # which ends lines in its own way
            text = text.replace("\r\n", "\n")
        if text.endswith("\n"):
            text = text[:-1]
        return text[:-1] if text.endswith("\r") else text


def _key(text: str, passphrase: Optional[str]) -> Any:
    """Reads a private key."""
    if "PRIVATE KEY" not in text:
        raise paramiko.SSHException("key_material is no private key; the path of one goes into key_files")
    problem: Exception = paramiko.SSHException("there is no kind of key that paramiko knows")
    for kind in ("Ed25519Key", "ECDSAKey", "RSAKey"):
        try:
            return getattr(paramiko, kind).from_private_key(io.StringIO(text), password=passphrase)
        except paramiko.SSHException as other:
            problem = other
    raise problem
