"""Longer waits than a user has: what is asserted is that something comes, and a busy machine has it come late."""

from httpx._config import DEFAULT_TIMEOUT_CONFIG

from perftui.actions import build_verify, kill_operation, kill_operations, kill_session
from perftui.targets import connect_to

_PATIENCE_S = 60.0
_CONNECTION_S = 10.0
"""Of a connection for which a test says nothing: a server that is away is waited for, for a part of it."""


def be_patient() -> None:
    """For the whole run, in this process; what a test says itself still counts."""
    for part in ("connect", "read", "write", "pool"):
        setattr(DEFAULT_TIMEOUT_CONFIG, part, _PATIENCE_S)
    defaults = connect_to.__kwdefaults__
    assert defaults is not None
    defaults["timeout_s"] = _CONNECTION_S
    for module in (kill_operation, kill_operations, kill_session):
        setattr(module, "_WAIT_S", _PATIENCE_S)  # noqa: B010 - no name of a type that is known
    build_verify._OTHERS_WITHIN_S = _PATIENCE_S
