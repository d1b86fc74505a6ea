"""Traces: what belongs to one story."""

from typing import Any, Optional

__all__ = ["TraceContext"]


class TraceContext:
    """Names a trace by its id or its tag."""

    def __init__(self, id_: Optional[str] = None, trace_tag: Optional[str] = None) -> None:
        self.id_ = id_
        self.trace_tag = trace_tag

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, TraceContext) and (self.id_, self.trace_tag) == (other.id_, other.trace_tag)

    def __hash__(self) -> int:
        return hash((self.id_, self.trace_tag))

    def __str__(self) -> str:
        return "{id: %s, trace_tag: %s}" % (self.id_, self.trace_tag)
