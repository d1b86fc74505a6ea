"""What the services of actions and of sensors have in common."""

from typing import Any, Dict, List, Optional

from st2common.constants.keyvalue import SYSTEM_SCOPE

__all__ = ["DatastoreUser"]


class DatastoreUser:
    """Lets pack code use the datastore. Which one it is says ``datastore_service``."""

    @property
    def datastore_service(self) -> Any:
        raise NotImplementedError

    def get_user_info(self) -> Dict[str, Any]:
        """Returns on whose behalf the code runs, and with which rights."""
        info: Dict[str, Any] = self.datastore_service.get_user_info()
        return info

    def list_values(
        self, local: bool = True, prefix: Optional[str] = None, limit: Optional[int] = None, offset: Optional[int] = None
    ) -> List[Any]:
        """Returns keys of the datastore. Local ones are the code's own."""
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
