"""Tests of sensors."""

from typing import Any, Dict, List, Optional

from st2tests.mocks.sensor import MockSensorService, MockSensorWrapper
from st2tests.pack_resource import BasePackResourceTestCase

__all__ = ["BaseSensorTestCase"]


class BaseSensorTestCase(BasePackResourceTestCase):
    """A test of the sensor ``sensor_cls``."""

    sensor_cls: Any = None

    def setUp(self) -> None:
        super().setUp()
        wrapper = MockSensorWrapper(pack="tests", class_name=self.sensor_cls.__name__)
        self.sensor_service = MockSensorService(sensor_wrapper=wrapper)

    def get_sensor_instance(
        self, config: Optional[Dict[str, Any]] = None, poll_interval: Optional[float] = None
    ) -> Any:
        """Returns a sensor. What is not given is not passed."""
        given: Dict[str, Any] = {"sensor_service": self.sensor_service}
        if config:
            given["config"] = config
        if poll_interval is not None:
            given["poll_interval"] = poll_interval
        return self.sensor_cls(**given)

    def get_dispatched_triggers(self) -> List[Dict[str, Any]]:
        """Returns what the sensor has told, oldest first."""
        return self.sensor_service.dispatched_triggers

    def get_last_dispatched_trigger(self) -> Dict[str, Any]:
        """Returns what the sensor has told last."""
        return self.sensor_service.dispatched_triggers[-1]

    def assertTriggerDispatched(self, trigger: str, payload: Any = None, trace_context: Any = None) -> bool:  # noqa: N802
        """Fails unless the sensor has told this. What is not given may be anything."""
        for told in self.get_dispatched_triggers():
            if (
                told["trigger"] == trigger
                and (not payload or told["payload"] == payload)
                and (not trace_context or told["trace_context"] == trace_context)
            ):
                return True
        raise AssertionError('Trigger "%s" hasn\'t been dispatched' % trigger)
