"""What a child of a fork begins anew: locks that a thread of its parent held, and calls that nobody ends there."""

import os
import weakref
from typing import Protocol


class Forked(Protocol):
    """It has threads, or waits for them."""

    def begin_anew(self) -> None:
        """Called in the child, where the thread that forked is the only one."""


_KNOWN: "list[weakref.ref[Forked]]" = []


def begin_anew_in_child(one: Forked) -> None:
    """For as long as it lives. A list that is appended to is whole at any moment, which a `WeakSet` is not."""
    _KNOWN.append(weakref.ref(one, _forget))


def _forget(gone: "weakref.ref[Forked]", known: "list[weakref.ref[Forked]]" = _KNOWN) -> None:
    known.remove(gone)


def _in_child() -> None:
    for known in tuple(_KNOWN):
        one = known()
        if one is not None:
            one.begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
