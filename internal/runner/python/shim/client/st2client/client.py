"""The client."""

import os
from typing import Any, Dict, Optional, Tuple

from st2client import managers, models
from st2client.http import Http

__all__ = ["Client"]


class Client:
    """Talks to a server.

    What is not given comes from ST2_BASE_URL, ST2_API_URL, ST2_AUTH_URL, ST2_STREAM_URL, ST2_AUTH_TOKEN,
    ST2_API_KEY and ST2_CACERT, which actions and sensors have in their environment.
    """

    def __init__(
        self,
        base_url: Optional[str] = None,
        auth_url: Optional[str] = None,
        api_url: Optional[str] = None,
        stream_url: Optional[str] = None,
        api_version: Optional[str] = None,
        cacert: Optional[str] = None,
        debug: bool = False,
        token: Optional[str] = None,
        api_key: Optional[str] = None,
        basic_auth: Optional[Tuple[str, str]] = None,
    ) -> None:
        if token and api_key:
            raise ValueError("token and api_key can't both be given")
        base = base_url or os.environ.get("ST2_BASE_URL") or "http://127.0.0.1"
        version = api_version or os.environ.get("ST2_API_VERSION") or "v1"
        # As in StackStorm's, the environment goes before base_url: packs say http://localhost and mean this server.
        api = api_url or os.environ.get("ST2_API_URL") or "%s:9101/%s" % (base, version)
        self.endpoints = {
            "base": base,
            "api": api.rstrip("/"),
            "auth": auth_url or os.environ.get("ST2_AUTH_URL") or "%s:9100" % base,
            "stream": stream_url or os.environ.get("ST2_STREAM_URL") or "%s:9102/%s" % (base, version),
        }
        self.cacert = cacert or os.environ.get("ST2_CACERT")
        self.debug = debug
        self.token, self.api_key = token, api_key
        # Other clients that are made later, by libraries, find it there.
        if token:
            os.environ["ST2_AUTH_TOKEN"] = token
        if api_key:
            os.environ["ST2_API_KEY"] = api_key

        def manager(resource: Any, kind: Any = managers.ResourceManager, endpoint: str = "api") -> Any:
            return kind(resource, Http(self.endpoints[endpoint], self.cacert, token, api_key, basic_auth))

        self.managers: Dict[str, Any] = {
            "Action": manager(models.Action, managers.ActionManager),
            "ActionAlias": manager(models.ActionAlias, managers.AliasManager),
            "ActionAliasExecution": manager(models.ActionAliasExecution, managers.AliasExecutionManager),
            "ApiKey": manager(models.ApiKey),
            "Config": manager(models.Config, managers.ConfigManager),
            "ConfigSchema": manager(models.ConfigSchema),
            "Execution": manager(models.Execution, managers.ExecutionManager),
            "Inquiry": manager(models.Inquiry, managers.InquiryManager),
            "KeyValuePair": manager(models.KeyValuePair, managers.KeyManager),
            "Pack": manager(models.Pack, managers.PackManager),
            "Policy": manager(models.Policy),
            "PolicyType": manager(models.PolicyType),
            "Rule": manager(models.Rule),
            "RuleEnforcement": manager(models.RuleEnforcement),
            "RunnerType": manager(models.RunnerType),
            "Sensor": manager(models.Sensor),
            "Timer": manager(models.Timer),
            "Token": manager(models.Token, endpoint="auth"),
            "Trace": manager(models.Trace),
            "Trigger": manager(models.Trigger),
            "TriggerInstance": manager(models.TriggerInstance, managers.TriggerInstanceManager),
            "TriggerType": manager(models.TriggerType),
            "Webhook": manager(models.Webhook, managers.WebhookManager),
            "Workflow": manager(models.Resource, managers.WorkflowManager),
        }
        self.managers["LiveAction"] = self.managers["Execution"]

    def get_user_info(self, **kwargs: Any) -> Dict[str, Any]:
        """Returns who asks, and with which rights."""
        http: Http = self.managers["Action"].client
        info: Dict[str, Any] = http.json("GET", "/user", **kwargs)
        return info

    # The names by which packs reach the managers.
    actions = property(lambda self: self.managers["Action"])
    aliases = property(lambda self: self.managers["ActionAlias"])
    apikeys = property(lambda self: self.managers["ApiKey"])
    configs = property(lambda self: self.managers["Config"])
    executions = property(lambda self: self.managers["Execution"])
    inquiries = property(lambda self: self.managers["Inquiry"])
    keys = property(lambda self: self.managers["KeyValuePair"])
    liveactions = property(lambda self: self.managers["Execution"])
    packs = property(lambda self: self.managers["Pack"])
    policies = property(lambda self: self.managers["Policy"])
    policytypes = property(lambda self: self.managers["PolicyType"])
    rules = property(lambda self: self.managers["Rule"])
    ruleenforcements = property(lambda self: self.managers["RuleEnforcement"])
    runners = property(lambda self: self.managers["RunnerType"])
    sensors = property(lambda self: self.managers["Sensor"])
    tokens = property(lambda self: self.managers["Token"])
    trace = property(lambda self: self.managers["Trace"])
    triggers = property(lambda self: self.managers["Trigger"])
    triggertypes = property(lambda self: self.managers["TriggerType"])
    triggerinstances = property(lambda self: self.managers["TriggerInstance"])
    webhooks = property(lambda self: self.managers["Webhook"])
    workflows = property(lambda self: self.managers["Workflow"])
