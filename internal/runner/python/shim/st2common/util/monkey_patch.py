"""Makes the standard library cooperate with eventlet."""

from typing import Optional

__all__ = ["monkey_patch", "use_select_poll_workaround"]


def monkey_patch(patch_thread: Optional[bool] = None) -> None:
    """Replaces what blocks by what lets others go on."""
    import eventlet

    eventlet.monkey_patch(os=True, select=True, socket=True, thread=patch_thread is not False, time=True)


def use_select_poll_workaround(nose_only: bool = True) -> None:
    """Does nothing: nothing here needs the call that eventlet takes away."""
