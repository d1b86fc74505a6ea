"""The service that a sensor is given as ``self.sensor_service``."""

import logging
from typing import Any, Dict, List, Optional

from st2common.constants.keyvalue import SYSTEM_SCOPE

__all__ = ["SensorService"]


class SensorService:
    """Lets a sensor tell of events, keep what it needs in the datastore, and log."""

    def __init__(self, sensor_wrapper: Any) -> None:
        self._sensor_wrapper = sensor_wrapper
        self._logger: Any = sensor_wrapper._logger
        self._datastore_service: Any = None

    @property
    def datastore_service(self) -> Any:
        if self._datastore_service is None:
            from st2common.services.datastore import SensorDatastoreService

            self._datastore_service = SensorDatastoreService(
                logger=self._logger,
                pack_name=self._sensor_wrapper._pack,
                class_name=self._sensor_wrapper._class_name,
                api_username="sensor_service",
            )
        return self._datastore_service

    def get_logger(self, name: str) -> logging.Logger:
        """Returns a logger of the sensor."""
        return logging.getLogger("%s.%s" % (self._logger.name, name))

    def get_user_info(self) -> Dict[str, Any]:
        """Returns on whose behalf the sensor asks."""
        info: Dict[str, Any] = self.datastore_service.get_user_info()
        return info

    def dispatch(self, trigger: str, payload: Any = None, trace_tag: Optional[str] = None) -> Any:
        """Tells of an event. It returns when the server has the event on record."""
        from st2common.models.api.trace import TraceContext

        return self.dispatch_with_context(
            trigger, payload=payload, trace_context=TraceContext(trace_tag=trace_tag) if trace_tag else None
        )

    def dispatch_with_context(self, trigger: str, payload: Any = None, trace_context: Any = None) -> Any:
        """Tells of an event that belongs to a trace."""
        return self._sensor_wrapper._dispatch(trigger, payload or {}, trace_context)

    def list_values(
        self, local: bool = True, prefix: Optional[str] = None, limit: Optional[int] = None, offset: Optional[int] = None
    ) -> List[Any]:
        """Returns keys of the datastore. Local ones are the sensor's own."""
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
