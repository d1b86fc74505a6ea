"""Loads the classes of packs, from where packs expect to find what they import."""

import importlib.util
import inspect
import os
import sys
from types import ModuleType
from typing import Any, Iterable, List


def use_paths(entry_point: str, content: str) -> None:
    """Puts the folders of a pack on the import path.

    The libraries of actions go first. The folder of the file itself goes behind the
    installed libraries, so that a file called ``json.py`` does no harm, and the
    pack's other folders go last.
    """
    actions = os.path.join(content, "actions")
    front = os.path.join(actions, "lib")
    if os.path.isdir(front):
        sys.path.insert(0, front)
    here = os.path.dirname(os.path.realpath(entry_point))
    for folder in (here, actions, os.path.join(content, "lib")):
        if os.path.isdir(folder) and folder not in sys.path:
            sys.path.append(folder)


def load(path: str) -> ModuleType:
    """Runs a file as a module that nobody can import by its name."""
    if not os.path.isfile(path):
        raise FileNotFoundError("the file %s does not exist" % path)
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError("the file %s is no Python module: its name must end in .py" % path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def classes(module: ModuleType, methods: Iterable[str]) -> List[Any]:
    """Returns the classes that a module defines and that have all the methods, by name.

    What they inherit from does not matter, as long as the methods are not abstract.
    """
    wanted = list(methods)
    return [
        member
        for _, member in inspect.getmembers(module, inspect.isclass)
        if member.__module__ == module.__name__ and all(has(member, name) for name in wanted)
    ]


def has(cls: Any, name: str) -> bool:
    method = inspect.getattr_static(cls, name, None)
    if isinstance(method, (staticmethod, classmethod)):
        method = method.__func__
    return callable(method) and not getattr(method, "__isabstractmethod__", False)
