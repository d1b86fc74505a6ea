"""The classes that sensors inherit from."""

import abc
import time
from typing import Any, Dict, Optional

__all__ = ["Sensor", "PollingSensor"]

Trigger = Dict[str, Any]  # id, ref, pack, name, type, parameters, uid


class BaseSensor(abc.ABC):
    """What all sensors have. Not for packs: they inherit from one of the classes below."""

    def __init__(self, sensor_service: Any, config: Optional[Dict[str, Any]] = None) -> None:
        self.sensor_service = self._sensor_service = sensor_service
        self.config = self._config = config or {}

    @abc.abstractmethod
    def setup(self) -> None:
        """Runs once, before :meth:`run`."""

    @abc.abstractmethod
    def run(self) -> None:
        """Runs until the sensor has nothing more to do."""

    @abc.abstractmethod
    def cleanup(self) -> None:
        """Runs before the sensor ends."""

    @abc.abstractmethod
    def add_trigger(self, trigger: Trigger) -> None:
        """Hears of a trigger of the sensor's types, also of each that there is at the start."""

    @abc.abstractmethod
    def update_trigger(self, trigger: Trigger) -> None:
        """Hears of a change of a trigger."""

    @abc.abstractmethod
    def remove_trigger(self, trigger: Trigger) -> None:
        """Hears that a trigger is gone."""


class Sensor(BaseSensor):
    """A sensor that waits for what comes, in its own :meth:`run`."""


class PollingSensor(BaseSensor):
    """A sensor that looks again and again."""

    def __init__(
        self, sensor_service: Any, config: Optional[Dict[str, Any]] = None, poll_interval: Optional[float] = 5
    ) -> None:
        super().__init__(sensor_service=sensor_service, config=config)
        self._poll_interval = poll_interval

    @abc.abstractmethod
    def poll(self) -> None:
        """Looks once."""

    def run(self) -> None:
        while True:
            self.poll()
            time.sleep(self._poll_interval or 0)

    def get_poll_interval(self) -> Optional[float]:
        """Returns the seconds between two looks."""
        return self._poll_interval

    def set_poll_interval(self, poll_interval: float) -> None:
        """Sets the seconds between two looks."""
        self._poll_interval = poll_interval
