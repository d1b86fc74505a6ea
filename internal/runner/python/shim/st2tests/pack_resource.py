"""What all tests of packs have."""

import inspect
import os
import unittest

__all__ = ["BasePackResourceTestCase"]


class BasePackResourceTestCase(unittest.TestCase):
    """A test in the folder ``tests`` of a pack."""

    def get_fixture_content(self, fixture_path: str) -> str:
        """Returns the text of a file in ``tests/fixtures``."""
        with open(os.path.join(self._get_base_pack_path(), "tests", "fixtures", fixture_path)) as fixture:
            return fixture.read()

    def _get_base_pack_path(self) -> str:
        return os.path.abspath(os.path.join(os.path.dirname(inspect.getfile(type(self))), ".."))
