"""What a sensor is given in a test."""

import logging
from typing import Any, Dict, List, Optional
from unittest.mock import Mock

from st2common.models.api.trace import TraceContext
from st2common.services.sensor import SensorService
from st2tests.mocks.datastore import MockDatastoreService

__all__ = ["MockSensorWrapper", "MockSensorService"]


class MockSensorWrapper:
    """Says which sensor it is."""

    def __init__(self, pack: str, class_name: str) -> None:
        self._pack = pack
        self._class_name = class_name


class MockSensorService(SensorService):
    """A service with a datastore in memory that remembers what is told and logged."""

    def __init__(self, sensor_wrapper: Any) -> None:
        self._sensor_wrapper = sensor_wrapper
        self._logger = Mock(spec=logging.RootLogger)
        self.dispatched_triggers: List[Dict[str, Any]] = []
        self._datastore_service = MockDatastoreService(
            logger=self._logger, pack_name=sensor_wrapper._pack, class_name=sensor_wrapper._class_name
        )

    def get_logger(self, name: str) -> Any:
        return self._logger

    def dispatch(self, trigger: str, payload: Any = None, trace_tag: Optional[str] = None) -> Any:
        context = TraceContext(trace_tag=trace_tag) if trace_tag else None
        return self.dispatch_with_context(trigger, payload, context)

    def dispatch_with_context(self, trigger: str, payload: Any = None, trace_context: Any = None) -> Any:
        told = {"trigger": trigger, "payload": payload, "trace_context": trace_context}
        self.dispatched_triggers.append(told)
        return told
