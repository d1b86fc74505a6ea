"""StackStorm's place of these types."""

from st2client.models import Rule, RuleEnforcement, Sensor, Trigger, TriggerInstance, TriggerType

__all__ = ["Rule", "RuleEnforcement", "Sensor", "Trigger", "TriggerInstance", "TriggerType"]
