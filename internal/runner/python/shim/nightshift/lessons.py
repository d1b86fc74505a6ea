"""What the zygote learns from its children: the modules that they imported, and the files that they ran.

What many children import, the zygote imports once. It does so for the standard
library, for what is beside this package, and for a few libraries that are known
to do nothing at their import but define things: no threads, no connections, no
patches.
"""

import importlib
import itertools
import os
import sys
from typing import Iterable, Set

from nightshift import loader

KNOWN = frozenset(
    "nightshift st2actions st2client st2common st2reactor "
    "certifi charset_normalizer chardet dateutil dns eventlet greenlet idna jinja2 markupsafe pytz requests simplejson six urllib3 yaml".split()
)
STDLIB = frozenset(
    getattr(sys, "stdlib_module_names", ()) or (name.partition(".")[0] for name in os.listdir(os.path.dirname(os.__file__)))
) - frozenset("antigravity idlelib this tkinter turtle turtledemo".split())  # windows, browsers and poems
HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MOST = 4096  # bytes that a pipe takes at once or not at all

_tried: Set[str] = set()


def harmless(name: str) -> bool:
    """Whether the zygote may import a module. ``six.moves`` and the like are no modules to import."""
    top = name.partition(".")[0]
    if top == "six":
        return name == "six"
    return top in STDLIB or top in KNOWN


def teach(teacher: int, imported: Iterable[str]) -> None:
    """Tells the zygote what a child had to import itself, and which files it had to read."""
    size, names = 0, []
    for name in itertools.chain(loader.missed(), filter(importable, imported)):
        if not name.isprintable():
            continue
        size += len(name.encode()) + 1
        if size > MOST - 1:
            break
        names.append(name)
    if names:
        try:
            os.write(teacher, ("\n".join(names) + "\n").encode())
        except OSError:
            pass  # the pipe is full: another child will say it


def importable(name: str) -> bool:
    """Whether the zygote can and may import a module that is imported here."""
    module = sys.modules.get(name)
    if not harmless(name) or getattr(module, "__spec__", None) is None:
        return False
    origin = getattr(module, "__file__", None)
    return not origin or standard(origin)  # else it is a pack's own module of the same name


def standard(path: str) -> bool:
    """Whether a file belongs to the interpreter, to what is installed for it, or to us."""
    return path.startswith(HOME) or "site-packages" in path or "dist-packages" in path or path.startswith(os.path.dirname(os.__file__))


def learn(said: bytes) -> None:
    """Imports what children have named."""
    for name in said.decode(errors="replace").split("\n"):
        if name.startswith("/"):
            try:
                loader.keep(name)
            except Exception:  # the children that run it say what is wrong
                pass
        elif name and name not in _tried and name not in sys.modules and harmless(name):
            _tried.add(name)
            try:
                importlib.import_module(name)
            except BaseException:  # it works for children only, so they go on importing it
                pass
