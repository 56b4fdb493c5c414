"""The form of every action: check, describe, run, verify. Only this package changes a monitored server."""

from typing import Literal, Protocol

from perftui.model.base import Model
from perftui.model.target import Connection, Target


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
    choices: tuple[str, ...] = ()
    """What the user may choose between, such as the types of metrics to clear."""


class Problem(Model, frozen=True, kw_only=True):
    """What the check found."""

    blocking: bool
    message: str
    help: str = ""


class Outcome(Model, frozen=True, kw_only=True):
    state: Literal["done", "refused", "failed", "unverified"]
    message: str
    """One sentence in words."""


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
