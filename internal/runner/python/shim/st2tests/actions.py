"""Tests of actions."""

from typing import Any, Dict, Optional

from st2common.runners.utils import get_action_class_instance
from st2tests.mocks.action import MockActionService, MockActionWrapper
from st2tests.pack_resource import BasePackResourceTestCase

__all__ = ["BaseActionTestCase"]


class BaseActionTestCase(BasePackResourceTestCase):
    """A test of the action ``action_cls``."""

    action_cls: Any = None

    def setUp(self) -> None:
        super().setUp()
        wrapper = MockActionWrapper(pack="tests", class_name=self.action_cls.__name__)
        self.action_service = MockActionService(action_wrapper=wrapper)

    def get_action_instance(self, config: Optional[Dict[str, Any]] = None) -> Any:
        """Returns an action with a configuration."""
        return get_action_class_instance(self.action_cls, config=config, action_service=self.action_service)
