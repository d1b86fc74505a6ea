"""Runs one sensor: the job ``sensor`` of a child.

After the request both sides send texts of JSON on the stream whenever they have something to say:

========  =====================================  ==================================================
from      kind                                   what else it has
========  =====================================  ==================================================
child     running                                (the sensor is set up)
child     event                                  number, trigger, payload, trace_tag
server    taken                                  number, error: the event is on record, or why not
server    add_trigger update_trigger             trigger
          remove_trigger
server    ping                                   token: a fresh one for the API
child     pong                                   polled: when the sensor last looked, or null
========  =====================================  ==================================================

The sensor may patch the standard library (eventlet does), so what is used here is kept from before.
"""

import inspect
import json
import logging
import os
import signal
import sys
import time
from _thread import allocate_lock, start_new_thread
from typing import Any, Dict, List, Optional

from nightshift import loader
from nightshift.child import Stream
from nightshift.result import finite, other
from st2common import log
from st2common.services.sensor import SensorService
from st2reactor.sensor.base import PollingSensor

METHODS = ["setup", "run", "cleanup", "add_trigger", "update_trigger", "remove_trigger"]
_now, _kill, _getpid, _environ = time.time, os.kill, os.getpid, os.environ


def run(request: Dict[str, Any], stream: Stream) -> None:
    """Runs the sensor that a request describes until it ends or SIGTERM comes."""
    sys.argv = [request["entry_point"]]
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    signal.signal(signal.SIGTERM, _stop)
    loader.use_paths(request["first_paths"], request["last_paths"])
    link = Link(stream)
    wrapper = Wrapper(request, link)
    sensor = make(request, wrapper)
    link.listen(sensor)
    try:
        sensor.setup()
        stream.teach()  # before the server starts the next one, which then shares it
        link.say(kind="running")
        link.begin(request["triggers"])
        sensor.run()
    finally:
        sensor.cleanup()


def _stop(*_: Any) -> None:
    raise SystemExit(0)


def make(request: Dict[str, Any], wrapper: "Wrapper") -> Any:
    """Makes the sensor."""
    cls = getattr(loader.load(request["entry_point"]), request["class_name"], None)
    if not inspect.isclass(cls):
        raise ImportError("the file %s has no class %s" % (request["entry_point"], request["class_name"]))
    missing = [name for name in METHODS if not loader.has(cls, name)]
    if missing:
        raise TypeError("the class %s has no method %s" % (request["class_name"], ", ".join(missing)))
    given: Dict[str, Any] = {"sensor_service": SensorService(wrapper), "config": request["config"]}
    if request["poll_interval"] and issubclass(cls, PollingSensor):
        given["poll_interval"] = request["poll_interval"]
    return cls(**given)


class Wrapper:
    """What a sensor finds behind ``sensor_service._sensor_wrapper``."""

    def __init__(self, request: Dict[str, Any], link: "Link") -> None:
        self._pack = request["pack"]
        self._file_path = request["entry_point"]
        # Of several instances of one class, each has keys and a logger of its own.
        self._class_name = "#".join(filter(None, [request["class_name"], request["instance"]]))
        self._poll_interval = request["poll_interval"]
        self._logger = log.getLogger("SensorWrapper.%s.%s" % (self._pack, self._class_name))
        self._link = link

    def _dispatch(self, trigger: str, payload: Any, trace_context: Any) -> None:
        refused = self._link.tell(trigger, payload, getattr(trace_context, "trace_tag", None))
        if refused:
            self._logger.warning("event of %s was not taken: %s", trigger, refused)


class Link:
    """The sensor's end of the conversation with the server."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._writing = allocate_lock()
        self._lock = allocate_lock()  # guards what follows
        self._number = 0
        self._waiting: Dict[int, List[Any]] = {}  # a lock that the answer opens, and the answer
        self._early: Optional[List[Dict[str, Any]]] = []  # changes before the sensor is set up; None afterwards
        self._polled: Optional[float] = None
        self._sensor: Any = None

    def say(self, **what: Any) -> None:
        try:
            text = json.dumps(what, default=_plain, allow_nan=False)
        except ValueError:
            text = json.dumps(finite(what), default=_plain)
        with self._writing:
            self._stream.write(text.encode())

    def tell(self, trigger: str, payload: Any, trace_tag: Optional[str]) -> Optional[str]:
        """Tells of an event and returns when it is on record, or why it is not."""
        answered = allocate_lock()
        answered.acquire()
        with self._lock:
            self._number += 1
            number = self._number
            entry = self._waiting[number] = [answered, None]
        self.say(kind="event", number=number, trigger=trigger, payload=payload, trace_tag=trace_tag)
        answered.acquire()
        return entry[1]

    def listen(self, sensor: Any) -> None:
        """Begins to hear the server, in a thread of its own."""
        self._sensor = sensor
        poll = getattr(sensor, "poll", None)
        if isinstance(sensor, PollingSensor) and poll is not None:

            def noted() -> Any:
                try:
                    return poll()
                finally:
                    self._polled = _now()

            sensor.poll = noted
        start_new_thread(self._hear, ())

    def begin(self, triggers: List[Dict[str, Any]]) -> None:
        """Tells the sensor of the triggers that there are, now that it is set up."""
        for trigger in triggers:
            self._sensor.add_trigger(trigger)
        while True:
            with self._lock:
                changes, self._early = self._early or [], [] if self._early else None
            if not changes:
                return
            for change in changes:
                self._change(change)

    def _hear(self) -> None:
        try:
            while True:
                self._answer(json.loads(self._stream.read()))
        except Exception:  # the server is gone, or ends the sensor
            _kill(_getpid(), signal.SIGTERM)

    def _answer(self, said: Dict[str, Any]) -> None:
        kind = said["kind"]
        if kind == "taken":
            with self._lock:
                entry = self._waiting.pop(said["number"], None)
            if entry:
                entry[1] = said.get("error")
                entry[0].release()
        elif kind == "ping":
            for name in ("ST2_AUTH_TOKEN", "ST2_ACTION_AUTH_TOKEN"):
                _environ[name] = said["token"]
            self.say(kind="pong", polled=self._polled)
        else:
            with self._lock:
                if self._early is not None:
                    self._early.append(said)
                    return
            self._change(said)

    def _change(self, said: Dict[str, Any]) -> None:
        try:
            getattr(self._sensor, said["kind"])(said["trigger"])
        except Exception:
            logging.getLogger("st2").exception("the sensor did not take %s", said["kind"])


def _plain(value: Any) -> Any:
    try:
        return other(value)
    except TypeError:
        return str(value)
