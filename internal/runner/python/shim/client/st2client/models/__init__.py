"""The kinds of things that the server has. Each has whatever attributes the server sends."""

import json
from typing import Any, Dict, Optional


class Resource:
    """A thing with attributes."""

    _url_path: Optional[str] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        for name, given in kwargs.items():
            setattr(self, name, given)

    def to_dict(self, exclude_attributes: Any = None) -> Dict[str, Any]:
        """Returns the attributes, less some."""
        return {k: v for k, v in self.__dict__.items() if not k.startswith("__") and k not in (exclude_attributes or [])}

    def serialize(self) -> Dict[str, Any]:
        """Returns what goes to the server."""
        return {k: v for k, v in self.__dict__.items() if not k.startswith("_")}

    @classmethod
    def deserialize(cls, doc: Any) -> Any:
        """Makes one of what came from the server."""
        return cls(**(doc if isinstance(doc, dict) else json.loads(doc)))

    @classmethod
    def get_url_path_name(cls) -> str:
        """Returns where such things are in the API."""
        return cls._url_path or cls.__name__.lower() + "s"

    def __repr__(self) -> str:
        shown = ("%s=%s" % (k, getattr(self, k)) for k in ("id", "name", "ref", "status") if hasattr(self, k))
        return "<%s %s>" % (type(self).__name__, ",".join(shown))


def _named(name: str, path: str) -> Any:
    return type(name, (Resource,), {"_url_path": path, "__doc__": "One of /%s." % path, "__module__": __name__})


Action = _named("Action", "actions")
ActionAlias = _named("ActionAlias", "actionalias")
ActionAliasExecution = _named("ActionAliasExecution", "aliasexecution")
ActionAliasMatch = _named("ActionAliasMatch", "actionalias")
ApiKey = _named("ApiKey", "apikeys")
Config = _named("Config", "configs")
ConfigSchema = _named("ConfigSchema", "config_schemas")
Execution = LiveAction = _named("Execution", "executions")
Inquiry = _named("Inquiry", "inquiries")
Pack = _named("Pack", "packs")
Policy = _named("Policy", "policies")
PolicyType = _named("PolicyType", "policytypes")
Rule = _named("Rule", "rules")
RuleEnforcement = _named("RuleEnforcement", "ruleenforcements")
RunnerType = _named("RunnerType", "runnertypes")
Sensor = _named("Sensor", "sensortypes")
Timer = _named("Timer", "timers")
Token = _named("Token", "tokens")
Trace = _named("Trace", "traces")
Trigger = _named("Trigger", "triggers")
TriggerInstance = _named("TriggerInstance", "triggerinstances")
TriggerType = _named("TriggerType", "triggertypes")
Webhook = _named("Webhook", "webhooks")


class KeyValuePair(Resource):
    """An entry of the datastore, whose id is its name."""

    _url_path = "keys"
    name: str

    @property
    def id(self) -> str:
        return self.name

    @id.setter
    def id(self, _: str) -> None:
        pass
