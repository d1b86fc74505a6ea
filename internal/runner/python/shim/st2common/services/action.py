"""The service that an action is given as ``self.action_service``."""

import os
from typing import Any, Dict, List, Optional

from st2common.constants.keyvalue import SYSTEM_SCOPE

__all__ = ["ActionService"]


class ActionService:
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

    def get_user_info(self) -> Dict[str, Any]:
        """Returns who runs the action, and with which rights."""
        info: Dict[str, Any] = self.datastore_service.get_user_info()
        return info

    def list_values(
        self, local: bool = True, prefix: Optional[str] = None, limit: Optional[int] = None, offset: Optional[int] = None
    ) -> List[Any]:
        """Returns keys of the datastore. Local ones are the action's own."""
        found: List[Any] = self.datastore_service.list_values(local=local, prefix=prefix, limit=limit, offset=offset)
        return found

    def get_value(
        self, name: str, local: bool = True, scope: str = SYSTEM_SCOPE, decrypt: bool = False
    ) -> Optional[str]:
        """Returns the value of a key, or None."""
        value: Optional[str] = self.datastore_service.get_value(name=name, local=local, scope=scope, decrypt=decrypt)
        return value

    def set_value(
        self,
        name: str,
        value: Any,
        ttl: Optional[int] = None,
        local: bool = True,
        scope: str = SYSTEM_SCOPE,
        encrypt: bool = False,
    ) -> bool:
        """Sets the value of a key."""
        done: bool = self.datastore_service.set_value(
            name=name, value=value, ttl=ttl, local=local, scope=scope, encrypt=encrypt
        )
        return done

    def delete_value(self, name: str, local: bool = True, scope: str = SYSTEM_SCOPE) -> bool:
        """Deletes a key."""
        done: bool = self.datastore_service.delete_value(name=name, local=local, scope=scope)
        return done
