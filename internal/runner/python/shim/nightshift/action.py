"""Runs one action: the job ``action`` of a child."""

import sys
from typing import Any, Dict

from nightshift import loader
from nightshift.child import Stream
from nightshift.result import encode
from st2common.runners.utils import get_action_class_instance
from st2common.services.action import ActionService

INVALID_STATUS = 220  # the exit code for a status that is neither True nor False


def run(request: Dict[str, Any], stream: Stream) -> None:
    """Runs the action that a request describes and answers with its result."""
    sys.argv = [request["entry_point"]]
    loader.use_paths(request["first_paths"], request["last_paths"])
    module = loader.load(request["entry_point"])
    found = loader.classes(module, ["run"])
    if not found:
        raise ImportError("the file %s defines no class that has a method run" % request["entry_point"])
    wrapper = Wrapper(request, found[0].__name__)
    action = get_action_class_instance(found[0], config=request["config"], action_service=ActionService(wrapper))
    output = action.run(**request["parameters"])
    status, result = None, output
    if isinstance(output, tuple) and len(output) == 2:
        status, result = output
    if status is not None and not isinstance(status, bool):
        sys.stderr.write(
            "The method run returned a tuple of two items whose first is not True or False but %r. Return "
            "(True, result) or (False, result), or a list if these are two items of data.\n" % (status,)
        )
        raise SystemExit(INVALID_STATUS)
    stream.write(encode(status, result))


class Wrapper:
    """What an action finds behind ``action_service._action_wrapper``; some packs look there."""

    def __init__(self, request: Dict[str, Any], class_name: str) -> None:
        self._pack = request["pack"]
        self._file_path = request["entry_point"]
        self._config = request["config"]
        self._parameters = request["parameters"]
        self._user = request["user"]
        self._log_level = request["log_level"]
        self._class_name = class_name
