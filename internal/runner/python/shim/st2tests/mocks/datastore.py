"""A datastore in memory."""

from typing import Any, Dict, List, Optional

from st2common.constants.keyvalue import SYSTEM_SCOPE
from st2common.services.datastore import BaseDatastoreService

__all__ = ["MockDatastoreService"]


class MockDatastoreService(BaseDatastoreService):
    """Keeps keys until the test ends. It knows neither time nor secrets."""

    def __init__(self, logger: Any, pack_name: str, class_name: str, api_username: Optional[str] = None) -> None:
        super().__init__(logger, pack_name, class_name)
        self._username = api_username or "admin"
        self._datastore_items: Dict[str, Any] = {}

    def get_user_info(self) -> Dict[str, Any]:
        return {
            "username": self._username,
            "rbac": {"is_admin": True, "enabled": True, "roles": ["admin"]},
            "authentication": {"method": "authentication token", "location": "header"},
        }

    def list_values(
        self, local: bool = True, prefix: Optional[str] = None, limit: Optional[int] = None, offset: Optional[int] = 0
    ) -> List[Any]:
        start = self._get_full_key_prefix(local, prefix) or ""
        return [pair for name, pair in self._datastore_items.items() if name.startswith(start)]

    def get_value(
        self, name: str, local: bool = True, scope: str = SYSTEM_SCOPE, decrypt: bool = False
    ) -> Optional[str]:
        pair = self._datastore_items.get(self._get_full_key_name(name, local))
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
        from st2client.models import KeyValuePair

        name = self._get_full_key_name(name, local)
        pair = KeyValuePair(name=name, value=value)
        if ttl:
            self._logger.warning("MockDatastoreService is not able to expire keys based on ttl.")
            pair.ttl = ttl
        self._datastore_items[name] = pair
        return True

    def delete_value(self, name: str, local: bool = True, scope: str = SYSTEM_SCOPE) -> bool:
        return self._datastore_items.pop(self._get_full_key_name(name, local), None) is not None
