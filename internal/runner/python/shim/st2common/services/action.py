"""The service that an action is given as ``self.action_service``."""

import os
from typing import Any

from st2common.services.user import DatastoreUser

__all__ = ["ActionService"]


class ActionService(DatastoreUser):
    """Lets an action use the datastore in the name of who runs it."""

    def __init__(self, action_wrapper: Any) -> None:
        self._action_wrapper = action_wrapper
        self._datastore_service: Any = None

    @property
    def datastore_service(self) -> Any:
        if self._datastore_service is None:
            # Most actions need neither a client nor what that imports.
            from st2common.runners.utils import get_logger_for_python_runner_action
            from st2common.services.datastore import ActionDatastoreService

            wrapper = self._action_wrapper
            self._datastore_service = ActionDatastoreService(
                logger=get_logger_for_python_runner_action(wrapper._class_name, wrapper._log_level),
                pack_name=wrapper._pack,
                class_name=wrapper._class_name,
                auth_token=os.environ.get("ST2_ACTION_AUTH_TOKEN"),
            )
        return self._datastore_service
