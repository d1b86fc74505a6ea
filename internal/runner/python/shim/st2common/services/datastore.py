"""The datastore, as actions and sensors see it."""

import logging
import os
from typing import Any, Dict, List, Optional

from st2common.constants.keyvalue import DATASTORE_KEY_SEPARATOR, SYSTEM_SCOPE

__all__ = ["BaseDatastoreService", "ActionDatastoreService", "SensorDatastoreService"]


class BaseDatastoreService:
    """Reads and writes keys. Local ones belong to one class of one pack."""

    DATASTORE_NAME_SEPARATOR = DATASTORE_KEY_SEPARATOR

    def __init__(self, logger: logging.Logger, pack_name: str, class_name: str) -> None:
        self._logger = logger
        self._pack_name = pack_name
        self._class_name = class_name
        self._client: Any = None

    def get_user_info(self) -> Dict[str, Any]:
        """Returns who asks, and with which rights."""
        info: Dict[str, Any] = self.get_api_client().get_user_info()
        return info

    def list_values(
        self, local: bool = True, prefix: Optional[str] = None, limit: Optional[int] = None, offset: Optional[int] = 0
    ) -> List[Any]:
        """Returns the keys whose names begin with a prefix, as objects with name and value."""
        found: List[Any] = self.get_api_client().keys.get_all(
            prefix=self._get_full_key_prefix(local, prefix), limit=limit or 100, offset=offset or 0
        )
        return found

    def get_value(
        self, name: str, local: bool = True, scope: str = SYSTEM_SCOPE, decrypt: bool = False
    ) -> Optional[str]:
        """Returns the value of a key, or None if there is none or it can't be had."""
        name = self._name(name, local, scope)
        try:
            pair = self.get_api_client().keys.get_by_id(
                id=name, params={"decrypt": str(decrypt).lower(), "scope": scope}
            )
        except Exception as problem:
            self._logger.exception("cannot read the key %s: %s", name, problem)
            return None
        return pair.value if pair else None

    def set_value(
        self,
        name: str,
        value: Any,
        ttl: Optional[int] = None,
        local: bool = True,
        scope: str = SYSTEM_SCOPE,
        encrypt: bool = False,
    ) -> bool:
        """Sets a key, for ttl seconds if that is given, and in secret with encrypt."""
        from st2client.models import KeyValuePair

        pair = KeyValuePair(name=self._name(name, local, scope), value=str(value), scope=scope)
        if encrypt:
            pair.secret = True
        if ttl:
            pair.ttl = ttl
        self.get_api_client().keys.update(instance=pair)
        return True

    def delete_value(self, name: str, local: bool = True, scope: str = SYSTEM_SCOPE) -> bool:
        """Deletes a key, and says whether that worked."""
        from st2client.models import KeyValuePair

        name = self._name(name, local, scope)
        try:
            self.get_api_client().keys.delete(instance=KeyValuePair(name=name), params={"scope": scope})
        except Exception as problem:
            self._logger.exception("cannot delete the key %s: %s", name, problem)
            return False
        return True

    def get_api_client(self) -> Any:
        """Returns a client of the server."""
        raise NotImplementedError

    def _name(self, name: str, local: bool, scope: str) -> str:
        if scope != SYSTEM_SCOPE:
            raise ValueError("Scope %s is unsupported." % scope)
        return self._get_full_key_name(name, local)

    def _get_full_key_name(self, name: str, local: bool) -> str:
        return self._get_key_name_with_prefix(name) if local else name

    def _get_full_key_prefix(self, local: bool, prefix: Optional[str] = None) -> Optional[str]:
        return self._get_key_name_with_prefix(prefix or "") if local else prefix

    def _get_key_name_with_prefix(self, name: str) -> str:
        return "%s.%s%s%s" % (self._pack_name, self._class_name, self.DATASTORE_NAME_SEPARATOR, name)


class ActionDatastoreService(BaseDatastoreService):
    """The datastore of an action, which asks with the token of its execution."""

    def __init__(
        self, logger: logging.Logger, pack_name: str, class_name: str, auth_token: Optional[str] = None
    ) -> None:
        super().__init__(logger, pack_name, class_name)
        self._auth_token = auth_token or os.environ.get("ST2_ACTION_AUTH_TOKEN")

    def get_api_client(self) -> Any:
        if self._client is None:
            from st2client.client import Client

            self._client = Client(api_url=os.environ.get("ST2_ACTION_API_URL"), token=self._auth_token)
        return self._client


class SensorDatastoreService(ActionDatastoreService):
    """The datastore of a sensor, whose token the server renews in the environment."""

    def __init__(
        self, logger: logging.Logger, pack_name: str, class_name: str, api_username: Optional[str] = None
    ) -> None:
        super().__init__(logger, pack_name, class_name)
        self._api_username = api_username

    def get_api_client(self) -> Any:
        token = os.environ.get("ST2_AUTH_TOKEN")
        if token != self._auth_token:
            self._auth_token, self._client = token, None
        return super().get_api_client()
