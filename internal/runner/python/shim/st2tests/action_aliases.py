"""Tests of aliases."""

import os
from typing import Any, Dict, List, Optional

from st2common.exceptions.content import ParseException
from st2common.models.utils.action_alias_utils import extract_parameters, extract_parameters_for_action_alias_db
from st2tests.pack_resource import BasePackResourceTestCase

__all__ = ["BaseActionAliasTestCase"]


class Alias:
    """An alias as its file has it."""

    def __init__(self, fields: Dict[str, Any]) -> None:
        self.__dict__.update({"enabled": True, "formats": [], "ack": None, "result": None, **fields})
        self.name: str = fields["name"]
        self.formats: List[Any] = fields.get("formats") or []

    def get_format_strings(self) -> List[str]:
        """Returns the formats that commands are matched with."""
        found: List[str] = []
        for given in self.formats:
            if isinstance(given, dict):
                shown = given.get("representation") or []
                found.extend([shown] if isinstance(shown, str) else shown)
            else:
                found.append(given)
        return found


class BaseActionAliasTestCase(BasePackResourceTestCase):
    """A test of the alias ``action_alias_name``."""

    action_alias_name: Optional[str] = None
    action_alias_db: Any = None

    def setUp(self) -> None:
        super().setUp()
        if not self.action_alias_name:
            raise ValueError('"action_alias_name" class attribute needs to be provided')
        self.action_alias_db = self._get_action_alias_db_by_name(self.action_alias_name)

    def assertCommandMatchesExactlyOneFormatString(self, format_strings: List[str], command: str) -> None:  # noqa: N802
        """Fails unless a command is meant by one of the formats and no other."""
        matched = [text for text in format_strings if self._matches(text, command)]
        if not matched:
            raise AssertionError('Command "%s" didn\'t match any of the provided format strings' % command)
        if len(matched) > 1:
            raise AssertionError('Command "%s" matched multiple format strings: %s' % (command, ", ".join(matched)))

    def assertExtractedParametersMatch(  # noqa: N802
        self, format_string: str, command: str, parameters: Dict[str, Any]
    ) -> None:
        """Fails unless a format of the alias gets these parameters from a command."""
        got = extract_parameters_for_action_alias_db(self.action_alias_db, format_string, command)
        self.assertEqual(got, parameters, "parameters of %r by the format %r" % (command, format_string))

    @staticmethod
    def _matches(format_string: str, command: str) -> bool:
        try:
            extract_parameters(format_string, command)
        except ParseException:
            return False
        return True

    def _get_action_alias_db_by_name(self, name: str) -> Alias:
        import yaml

        folder = os.path.join(self._get_base_pack_path(), "aliases")
        for file in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            if file.endswith((".yaml", ".yml")):
                with open(os.path.join(folder, file)) as text:
                    fields = yaml.safe_load(text)
                if isinstance(fields, dict) and fields.get("name") == name:
                    return Alias(fields)
        raise ValueError('Alias with name "%s" not found' % name)
