"""The old place of :class:`Resource`."""

from st2client.managers import ResourceManager
from st2client.models import Resource

__all__ = ["Resource", "ResourceManager"]
