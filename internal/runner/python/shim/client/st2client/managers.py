"""What can be done with each kind of thing."""

import urllib.parse
from typing import Any, Dict, List, Optional, Tuple

from st2client.http import Http, fail

__all__ = ["ResourceManager"]


class ResourceManager:
    """Reads and writes one kind of thing. A ``token`` or ``api_key`` among the arguments is used for the request."""

    def __init__(self, resource: Any, client: Http) -> None:
        self.resource = resource
        self.client = client
        self.endpoint = client.root
        self.path = "/" + resource.get_url_path_name()

    def _at(self, *parts: Any) -> str:
        return "/".join([self.path] + [urllib.parse.quote(str(part), safe=":~") for part in parts])

    def _one(self, method: str, path: str, **kwargs: Any) -> Any:
        return self.resource.deserialize(self.client.json(method, path, **kwargs))

    def get_all(self, **kwargs: Any) -> List[Any]:
        """Returns all, or those that limit, offset, pack, prefix and user allow."""
        params = dict(kwargs.pop("params", None) or {})
        for name in ("limit", "pack", "prefix", "user", "offset"):
            given = kwargs.pop(name, None)
            if given:
                params[name] = given
        return [self.resource.deserialize(item) for item in self.client.json("GET", self.path, params=params, **kwargs)]

    def get_by_id(self, id: Any, **kwargs: Any) -> Any:
        """Returns one, or None."""
        response = self.client.request("GET", self._at(id), **kwargs)
        if response.status_code == 404:
            return None
        if response.status_code != 200:
            fail(response)
        return self.resource.deserialize(response.json())

    def get_by_ref_or_id(self, ref_or_id: Any, **kwargs: Any) -> Any:
        """Returns one, or None."""
        return self.get_by_id(id=ref_or_id, **kwargs)

    def get_property(self, id_: Any, property_name: str, self_deserialize: bool = True, **kwargs: Any) -> Any:
        """Returns a part of one thing, or None."""
        keys = {name: kwargs.pop(name) for name in ("token", "api_key") if name in kwargs}
        response = self.client.request("GET", self._at(id_, property_name), params=kwargs, **keys)
        if response.status_code == 404:
            return None
        if response.status_code != 200:
            fail(response)
        found = response.json()
        return [self.resource.deserialize(item) for item in found] if self_deserialize else found

    def query(self, **kwargs: Any) -> List[Any]:
        """Returns those that fit all arguments."""
        return self.query_with_count(**kwargs)[0]

    def query_with_count(self, **kwargs: Any) -> Tuple[List[Any], Optional[int]]:
        """Returns those that fit, and how many there are in all."""
        if not kwargs:
            raise Exception("Query parameter is not provided.")
        keys = {name: kwargs.pop(name) for name in ("token", "api_key") if name in kwargs}
        params = {**(kwargs.pop("params", None) or {}), **kwargs}
        response = self.client.request("GET", self.path + "/", params=params, **keys)
        if response.status_code == 404:
            return [], None
        if response.status_code != 200:
            fail(response)
        count = response.headers.get("X-Total-Count")
        return [self.resource.deserialize(item) for item in response.json()], int(count) if count else None

    def get_by_name(self, name: str, **kwargs: Any) -> Any:
        """Returns the one of a name, or None. Several are an error."""
        found = self.query(name=name, **kwargs)
        if len(found) > 1:
            raise Exception('More than one %s named "%s" are found.' % (self.resource.__name__.lower(), name))
        return found[0] if found else None

    def create(self, instance: Any, **kwargs: Any) -> Any:
        """Makes one."""
        return self._one("POST", self.path, data=instance.serialize(), **kwargs)

    def update(self, instance: Any, **kwargs: Any) -> Any:
        """Changes one."""
        return self._one("PUT", self._at(instance.id), data=instance.serialize(), **kwargs)

    def delete(self, instance: Any, **kwargs: Any) -> bool:
        """Deletes one. That there is none is fine too."""
        return bool(self.delete_by_id(instance.id, **kwargs))

    def delete_by_id(self, instance_id: Any, **kwargs: Any) -> Any:
        """Deletes one, and returns what the server says of it."""
        response = self.client.request("DELETE", self._at(instance_id), **kwargs)
        if response.status_code not in (200, 204, 404):
            fail(response)
        return (response.json() if response.status_code == 200 else None) or True


class ActionManager(ResourceManager):
    """Actions."""

    def get_entrypoint(self, ref_or_id: str, **kwargs: Any) -> str:
        """Returns the text of an action's file."""
        response = self.client.request("GET", self._at("views", "entry_point", ref_or_id), **kwargs)
        if response.status_code != 200:
            fail(response)
        return response.text


class AliasManager(ResourceManager):
    """Aliases of actions."""

    def match(self, instance: Any, **kwargs: Any) -> Tuple[Any, Any]:
        """Returns the alias that a command means, and its representation."""
        found = self.client.json("POST", self._at("match"), data=instance.serialize(), **kwargs)
        return self.resource.deserialize(found["actionalias"]), found["representation"]


class AliasExecutionManager(ResourceManager):
    """Executions by alias."""

    def match_and_execute(self, instance: Any, **kwargs: Any) -> Any:
        """Runs what a command means."""
        found = self.client.json("POST", self._at("match_and_execute"), data=instance.serialize(), **kwargs)
        return self.resource.deserialize(found["results"][0])


class ConfigManager(ResourceManager):
    """Configurations of packs."""

    def update(self, instance: Any, **kwargs: Any) -> Any:
        return self._one("PUT", self._at(instance.pack), data=instance.values, **kwargs)


class ExecutionManager(ResourceManager):
    """Executions."""

    def re_run(
        self,
        execution_id: str,
        parameters: Optional[Dict[str, Any]] = None,
        tasks: Optional[List[str]] = None,
        no_reset: Optional[List[str]] = None,
        delay: int = 0,
        **kwargs: Any
    ) -> Any:
        """Runs it again, a workflow from some of its tasks on."""
        again, kept = tasks or [], no_reset or []
        if set(kept) - set(again):
            raise ValueError("List of tasks to reset does not match the tasks to rerun.")
        data = {"parameters": parameters or {}, "tasks": again, "reset": sorted(set(again) - set(kept)), "delay": delay}
        return self._one("POST", self._at(execution_id, "re_run"), data=data, **kwargs)

    def get_output(self, execution_id: str, output_type: Optional[str] = None, **kwargs: Any) -> str:
        """Returns what it has printed."""
        params = {"output_type": output_type} if output_type else None
        response = self.client.request("GET", self._at(execution_id, "output"), params=params, **kwargs)
        if response.status_code != 200:
            fail(response)
        return response.text

    def pause(self, execution_id: str, **kwargs: Any) -> Any:
        """Has it stop after what runs now."""
        return self._one("PUT", self._at(execution_id), data={"status": "pausing"}, **kwargs)

    def resume(self, execution_id: str, **kwargs: Any) -> Any:
        """Has it go on."""
        return self._one("PUT", self._at(execution_id), data={"status": "resuming"}, **kwargs)

    def get_children(self, execution_id: str, **kwargs: Any) -> List[Any]:
        """Returns the executions that it has started."""
        params = {"depth": kwargs.pop("depth", -1), **(kwargs.pop("params", None) or {})}
        found = self.client.json("GET", self._at(execution_id, "children"), params=params, **kwargs)
        return [self.resource.deserialize(item) for item in found]


class InquiryManager(ResourceManager):
    """Questions to people."""

    def respond(self, inquiry_id: str, inquiry_response: Any, **kwargs: Any) -> Any:
        """Answers one."""
        return self._one("PUT", self._at(inquiry_id), data={"id": inquiry_id, "response": inquiry_response}, **kwargs)


class KeyManager(ResourceManager):
    """The datastore."""

    def get_by_name(self, name: str, **kwargs: Any) -> Any:
        """Returns a key, or an empty list as StackStorm's client does."""
        keys = {key: kwargs.pop(key) for key in ("token", "api_key") if key in kwargs}
        params = {**(kwargs.pop("params", None) or {}), **kwargs}
        found = self.get_by_id(name, params={k: str(v).lower() if v in (True, False) else v for k, v in params.items()}, **keys)
        return [] if found is None else found


class PackManager(ResourceManager):
    """Packs."""

    def install(self, packs: List[str], force: bool = False, skip_dependencies: bool = False, **kwargs: Any) -> Any:
        """Installs packs, and returns the execution that does so."""
        data = {"packs": packs, "force": force, "skip_dependencies": skip_dependencies}
        return self._one("POST", self._at("install"), data=data, **kwargs)

    def remove(self, packs: List[str], **kwargs: Any) -> Any:
        """Removes packs, and returns the execution that does so."""
        return self._one("POST", self._at("uninstall"), data={"packs": packs}, **kwargs)

    def register(self, packs: Optional[List[str]] = None, types: Optional[List[str]] = None, **kwargs: Any) -> Any:
        """Reads packs anew."""
        data = {name: given for name, given in (("types", types), ("packs", packs)) if given}
        return self._one("POST", self._at("register"), data=data, **kwargs)


class TriggerInstanceManager(ResourceManager):
    """Events."""

    def re_emit(self, trigger_instance_id: str, **kwargs: Any) -> Any:
        """Has an event happen again."""
        return self.client.json("POST", self._at(trigger_instance_id, "re_emit"), **kwargs)


class WebhookManager(ResourceManager):
    """Webhooks."""

    def post_generic_webhook(
        self, trigger: str, payload: Any = None, trace_tag: Optional[str] = None, **kwargs: Any
    ) -> Any:
        """Tells of an event."""
        headers = {"St2-Trace-Tag": trace_tag} if trace_tag else None
        data = {"trigger": trigger, "payload": payload or {}}
        return self.client.json("POST", "/webhooks/st2", data=data, headers=headers, **kwargs)


class WorkflowManager(ResourceManager):
    """Definitions of workflows."""

    def inspect(self, definition: str, **kwargs: Any) -> Any:
        """Returns the mistakes in a definition."""
        headers = {"Content-Type": "text/plain"}
        return self.client.json("POST", "/workflows/inspect", data=definition.encode(), headers=headers, **kwargs)
