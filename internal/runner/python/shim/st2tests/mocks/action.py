"""What an action is given in a test."""

import logging
from typing import Any
from unittest.mock import Mock

from st2common.services.action import ActionService
from st2tests.mocks.datastore import MockDatastoreService

__all__ = ["MockActionWrapper", "MockActionService"]


class MockActionWrapper:
    """Says which action it is."""

    def __init__(self, pack: str, class_name: str) -> None:
        self._pack = pack
        self._class_name = class_name


class MockActionService(ActionService):
    """A service with a datastore in memory and a logger that remembers its calls."""

    def __init__(self, action_wrapper: Any) -> None:
        super().__init__(action_wrapper)
        self._logger = Mock(spec=logging.RootLogger)
        self._datastore_service = MockDatastoreService(
            logger=self._logger, pack_name=action_wrapper._pack, class_name=action_wrapper._class_name
        )
