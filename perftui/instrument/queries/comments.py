"""Sends the endpoint's comment with commands: a hook in the one function that PyMongo calls for every command.

PyMongo's listeners cannot change a command, and its `comment=` must be given at each call. `add_server_api` of its
connections sees each command of every kind, sync and async, before it is encoded. Where PyMongo has no such function
any more, nothing is sent and everything else works: `is_hooked()` tells.
"""

import inspect
import threading
import weakref
from collections.abc import Callable, MutableMapping
from importlib import import_module
from typing import Any, Final

from perftui.instrument.endpoints.current import CURRENT
from perftui.model.comment import comment_for

_COMMENTED: Final = frozenset(
    ("find", "aggregate", "count", "distinct", "insert", "update", "delete", "findAndModify", "bulkWrite")
)
_CONNECTIONS: Final = (
    ("pymongo.synchronous.pool", "Connection"),
    ("pymongo.asynchronous.pool", "AsyncConnection"),
    ("pymongo.pool", "Connection"),
)
_ALL_COMMANDS_SINCE: Final = 9
"""The wire version of MongoDB 4.4: older servers take a comment with find and aggregate only."""
_MARK: Final = "perftui_comments"
_MOST_COMMENTS: Final = 2_000
_lock = threading.RLock()
_commenting: "weakref.WeakSet[object]" = weakref.WeakSet()
_asked: "weakref.WeakKeyDictionary[object, bool]" = weakref.WeakKeyDictionary()
_comments: dict[tuple[str, str], str] = {}


def current_comment() -> str | None:
    """The comment of the request in progress, for a `comment=` of your own; `None` outside of one.

    >>> from perftui import current_comment
    >>> current_comment() is None
    True
    """
    request = CURRENT.get()
    route = None if request is None else request.route()
    if request is None or route is None:
        return None
    key = (request.method, route)
    found = _comments.get(key)
    if found is None:
        found = comment_for(*key)
        if len(_comments) < _MOST_COMMENTS:
            _comments[key] = found
    return found


def send_comments(listener: object) -> bool:
    """Have the clients of this listener send comments; False where this PyMongo offers no place for it."""
    with _lock:
        _commenting.add(listener)
        _asked.clear()
        return is_hooked() or _hook()


def is_hooked() -> bool:
    """Whether comments can be sent."""
    return any(hasattr(found.add_server_api, _MARK) for found in _connection_classes())


def _connection_classes() -> list[Any]:
    """Those that define the function; in newer versions one for sync and async clients."""
    found: list[Any] = []
    for module, name in _CONNECTIONS:
        try:
            kind = getattr(import_module(module), name)
        except (ImportError, AttributeError):
            continue
        owner = next((one for one in kind.__mro__ if "add_server_api" in vars(one)), None)
        if owner is not None and owner not in found:
            found.append(owner)
    return found


def _hook() -> bool:
    for kind in _connection_classes():
        original = kind.add_server_api
        if list(inspect.signature(original).parameters) == ["self", "command"]:
            kind.add_server_api = _commented(original)
    return is_hooked()


def _commented(original: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    def add_server_api(self: Any, command: MutableMapping[str, Any]) -> None:
        original(self, command)
        try:
            if CURRENT.get() is not None:
                _add_comment(self, command)
        except Exception:  # a fault of ours must not fail the application's query
            return

    setattr(add_server_api, _MARK, True)
    return add_server_api


def _add_comment(connection: Any, command: MutableMapping[str, Any]) -> None:
    name = next(iter(command))
    if name not in _COMMENTED or "comment" in command or not _is_asked(connection.listeners):
        return
    if connection.max_wire_version < _ALL_COMMANDS_SINCE and name not in ("find", "aggregate"):
        return
    comment = current_comment()
    if comment is not None:
        command["comment"] = comment


def _is_asked(listeners: Any) -> bool:
    found = _asked.get(listeners)
    if found is None:
        found = _asked[listeners] = any(one in _commenting for one in listeners.event_listeners())
    return found
