"""Loads the classes of packs, from where packs expect to find what they import.

An interpreter takes longer to find and read a file than to run what most files of actions say. So the zygote keeps the
code of files that its children have run, which runs nothing, and gives it to those that come later.
"""

import os
import stat
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import CodeType, ModuleType
from typing import Any, Dict, Iterable, List, Tuple

MOST = 1000  # files
LARGEST = 1 << 20  # bytes of one
_kept: Dict[str, Tuple[int, int, CodeType]] = {}  # by path: time, size and code
_read: List[str] = []  # whose code was not kept


def use_paths(first: List[str], last: List[str]) -> None:
    """Puts folders on the import path, before and behind all others."""
    sys.path[:0] = first
    sys.path += [folder for folder in last if folder not in sys.path]


def load(path: str) -> ModuleType:
    """Runs a file as a module that nobody can import by its name."""
    if not path.endswith(".py"):
        raise ImportError("the file %s is no Python module: its name must end in .py" % path)
    try:
        state = os.stat(path)
    except OSError:
        raise FileNotFoundError("the file %s does not exist" % path) from None
    name = os.path.basename(path)[:-3]
    loader = SourceFileLoader(name, path)
    module = ModuleType(name)
    module.__file__ = path
    module.__package__ = ""
    module.__loader__ = loader
    module.__spec__ = ModuleSpec(name, loader, origin=path)
    when, size, code = _kept.get(path, (0, 0, None))
    if (when, size) != (state.st_mtime_ns, state.st_size):
        _read.append(path)
        code = loader.get_code(name)
    assert code is not None  # a file has some
    exec(code, module.__dict__)
    return module


def missed() -> List[str]:
    """Returns the files whose code this process had to read."""
    return _read


def keep(path: str) -> None:
    """Keeps the code of a file."""
    before = os.stat(path)
    if not stat.S_ISREG(before.st_mode) or before.st_size > LARGEST:
        return  # the zygote must not wait for what a child names
    code = SourceFileLoader("", path).get_code("")
    after = os.stat(path)
    if code is None or before.st_mtime_ns != after.st_mtime_ns or before.st_size != after.st_size:
        return  # it is being written
    if len(_kept) >= MOST:
        _kept.clear()
    _kept[path] = after.st_mtime_ns, after.st_size, code


def classes(module: ModuleType, methods: Iterable[str]) -> List[Any]:
    """Returns the classes that a module defines and that have all the methods, by name.

    What they inherit from does not matter, as long as the methods are not abstract.
    """
    wanted = list(methods)
    return [
        member
        for _, member in sorted(vars(module).items())
        if isinstance(member, type)
        and member.__module__ == module.__name__
        and all(has(member, name) for name in wanted)
    ]


def has(cls: Any, name: str) -> bool:
    method = next((base.__dict__[name] for base in cls.__mro__ if name in base.__dict__), None)
    if isinstance(method, (staticmethod, classmethod)):
        method = method.__func__
    return callable(method) and not getattr(method, "__isabstractmethod__", False)
