"""The service that a sensor is given as ``self.sensor_service``."""

import logging
from typing import Any, Optional

from st2common.services.user import DatastoreUser

__all__ = ["SensorService"]


class SensorService(DatastoreUser):
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

    def dispatch(self, trigger: str, payload: Any = None, trace_tag: Optional[str] = None) -> Any:
        """Tells of an event. It returns when the server has the event on record."""
        from st2common.models.api.trace import TraceContext

        return self.dispatch_with_context(
            trigger, payload=payload, trace_context=TraceContext(trace_tag=trace_tag) if trace_tag else None
        )

    def dispatch_with_context(self, trigger: str, payload: Any = None, trace_context: Any = None) -> Any:
        """Tells of an event that belongs to a trace."""
        return self._sensor_wrapper._dispatch(trigger, payload or {}, trace_context)
