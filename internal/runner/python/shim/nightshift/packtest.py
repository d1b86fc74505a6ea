"""Runs the unit tests of a pack: ``python -m nightshift.packtest PACK [TEST…]``.

With pytest where that is installed, else with unittest. A test is a file in ``tests``, or
what pytest calls a node: ``test_it.py::ItTestCase::test_this``.
"""

import os
import sys
import unittest
from typing import List


def main(pack: str, tests: List[str]) -> int:
    pack = os.path.abspath(pack)
    folder = os.path.join(pack, "tests")
    for part in ("etc", os.path.join("actions", "lib"), "actions", "sensors", "lib"):
        path = os.path.join(pack, part)
        if os.path.isdir(path):
            sys.path.insert(0, path)
    os.chdir(pack)
    try:
        import pytest
    except ImportError:
        return with_unittest(folder, tests)
    # What the pack keeps for its own development (coverage, other folders) is not for here.
    options = ["-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", pack]
    code = int(pytest.main(options + ([os.path.join(folder, test) for test in tests] or [folder])))
    return 0 if code == pytest.ExitCode.NO_TESTS_COLLECTED and not tests else code


def with_unittest(folder: str, tests: List[str]) -> int:
    loader = unittest.TestLoader()
    sys.path.insert(0, folder)
    if tests:
        names = [test.replace("::", ".").replace(".py", "") for test in tests]
        suite = loader.loadTestsFromNames(names)
    else:
        suite = loader.discover(folder, pattern="test*.py", top_level_dir=folder)
    return 0 if unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
