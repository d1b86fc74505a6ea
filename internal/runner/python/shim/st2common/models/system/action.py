"""Commands and scripts, and how a shell is told to run them."""

import getpass
from typing import Any, Dict, List, Optional, Sequence

from st2common.util.shell import quote_unix

__all__ = ["ShellCommandAction", "ShellScriptAction"]


class ShellCommandAction:
    """A command that is run as some user."""

    def __init__(
        self,
        name: str,
        action_exec_id: str,
        command: str,
        user: Optional[str],
        env_vars: Optional[Dict[str, str]] = None,
        sudo: bool = False,
        timeout: Optional[float] = None,
        cwd: Optional[str] = None,
        sudo_password: Optional[str] = None,
    ) -> None:
        self.name = name
        self.action_exec_id = action_exec_id
        self.command = command
        self.user = user
        self.env_vars = env_vars or {}
        self.sudo = sudo
        self.timeout = timeout
        self.cwd = cwd
        self.sudo_password = sudo_password

    def get_full_command_string(self) -> str:
        """Returns the command with sudo before it, if it needs that."""
        return self._as_user(self.command, self.command)

    def get_timeout(self) -> Optional[float]:
        return self.timeout

    def get_cwd(self) -> Optional[str]:
        return self.cwd

    def _as_user(self, own: str, other: str) -> str:
        """Returns how something is run: own as the user of this process, other within a shell of sudo."""
        options = ["-S"] if self.sudo_password else []
        options.append("-E")
        if not self.sudo:
            if not self.user or self.user == getpass.getuser():
                return own
            options += ["-H", "-u", quote_unix(self.user)]
        return "sudo %s -- bash -c %s" % (" ".join(options), quote_unix(other))


class ShellScriptAction(ShellCommandAction):
    """A script with its arguments."""

    def __init__(
        self,
        name: str,
        action_exec_id: str,
        script_local_path_abs: str,
        named_args: Optional[Dict[str, Any]] = None,
        positional_args: Optional[Sequence[str]] = None,
        env_vars: Optional[Dict[str, str]] = None,
        user: Optional[str] = None,
        sudo: bool = False,
        timeout: Optional[float] = None,
        cwd: Optional[str] = None,
        sudo_password: Optional[str] = None,
    ) -> None:
        super().__init__(name, action_exec_id, "", user, env_vars, sudo, timeout, cwd, sudo_password)
        self.script_local_path_abs = script_local_path_abs
        self.named_args = named_args
        self.positional_args = positional_args

    def get_full_command_string(self) -> str:
        arguments = self._get_script_arguments(self.named_args, self.positional_args)
        command = " ".join(filter(None, [quote_unix(self.script_local_path_abs), arguments]))
        return self._as_user(command, command)

    def _get_script_arguments(
        self, named_args: Optional[Dict[str, Any]] = None, positional_args: Optional[Sequence[str]] = None
    ) -> str:
        """Returns arguments as words of a shell: name=value of those that have one, True as the name alone."""
        words: List[str] = []
        for name, value in (named_args or {}).items():
            if value is True:
                words.append(quote_unix(name))
            elif value is not None and value is not False and value != "":
                words.append("%s=%s" % (quote_unix(name), quote_unix(str(value))))
        return " ".join(words + [quote_unix(value) for value in positional_args or []])
