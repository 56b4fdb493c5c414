"""The form of every action: check, describe, run, verify, undo. Only this package changes a monitored server."""

from collections.abc import Callable
from typing import Literal, Protocol, runtime_checkable

from perftui.actions.undo_data import UndoData
from perftui.model.base import Model
from perftui.model.target import Connection, Target

UNDO_COMMAND = "perftui index undo"
"""A description's `undo` begins with it where it is the way back; in the monitor the key `u` does the same."""


class Description(Model, frozen=True, kw_only=True):
    """What the user confirms."""

    title: str
    """Such as `Kill operation 4711`."""
    command: str
    """The exact command that will be sent, in the system's own notation."""
    host: str
    role: str | None = None
    consequences: tuple[str, ...] = ()
    """Sentences: what happens, what cannot be undone."""
    undo: str | None = None
    """How to take it back; `None`: it cannot be."""
    items: tuple[str, ...] = ()
    """What it concerns one by one, a line each, where it is more than one thing."""
    choices: tuple[str, ...] = ()
    """What the user may choose between, such as the types of metrics to clear."""
    typed_confirmation: str | None = None
    """What the user must type, such as an index's name, before it may run; `None`: a plain yes is enough."""
    would: str = ""
    """What a dry run says, such as `would create index a_1 on shop.orders`."""


class Problem(Model, frozen=True, kw_only=True):
    """What the check found."""

    blocking: bool
    message: str
    help: str = ""


class Outcome(Model, frozen=True, kw_only=True):
    state: Literal["done", "refused", "failed", "unverified"]
    message: str
    """One sentence in words."""


class ActionProgress(Model, frozen=True, kw_only=True):
    """How far a long action is. Without `total` only the phase is known."""

    done: int | None = None
    total: int | None = None
    message: str
    """One short sentence, such as `scanning shop.orders`."""
    phase: str
    """`starting`, `scanning`, `inserting`, `draining`, `waiting for the commit quorum`, `verifying`, `reconnecting`.

    Of kills: `killing`, `verifying`.
    """
    waits_for_quorum: bool = False
    """It is built here and waits for other members: with one of them down, for ever."""


TellProgress = Callable[[ActionProgress], None]


class Action(Protocol):
    name: str
    target: Target
    connection: Connection

    async def check(self) -> tuple[Problem, ...]:
        """Read only: may it run, and is it still the same thing it was asked for?"""
        ...

    def describe(self) -> Description: ...

    async def run(self) -> Outcome:
        """Send the command, then verify its effect by reading again. Called only through `actions.runner`."""
        ...

    def explain(self, error: BaseException) -> str:
        """What `check` or `run` raised, in sentences without secrets."""
        ...


class ChoosableAction(Action, Protocol):
    """An action of one of several kinds: each of `describe().choices` is another command."""

    def choose(self, choice: str) -> "ChoosableAction":
        """The same action for another choice. Raises `ValueError` for one that is not offered."""
        ...


@runtime_checkable
class ReportingAction(Protocol):
    """An action that takes long and tells how far it is while `run` is awaited."""

    def report_to(self, tell: TellProgress) -> None:
        """Have `tell` called on the event loop, about twice a second."""
        ...

    def interrupted(self) -> str:
        """What it means that nobody waits for `run` any more, in sentences."""
        ...


@runtime_checkable
class StoppableAction(Protocol):
    """An action of many steps that may be ended between them."""

    def stop(self) -> None:
        """Begin nothing more; `run` then returns with what was done."""
        ...


@runtime_checkable
class AbortableAction(Protocol):
    """An action whose work at the server can be ended as a whole, which is an action of its own."""

    def abort_action(self) -> Action | None:
        """What ends it now; `None`: nothing of it is under way."""
        ...


@runtime_checkable
class UndoableAction(Protocol):
    """An action whose journal entries hold what its undo needs.

    Asked after `check` and written before `run`, then asked and written again after `run`.
    """

    def undo_data(self) -> UndoData | None: ...
