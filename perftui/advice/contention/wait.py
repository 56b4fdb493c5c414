"""What somebody waits for."""

from typing import Literal

from perftui.advice.contention.holders import Holder
from perftui.model.base import Model
from perftui.model.operation import Operation

Kind = Literal["lock", "write conflict", "ticket", "flow control", "write concern", "other"]


class Wait(Model, frozen=True, kw_only=True):
    """One resource, who waits for it, and who has it."""

    kind: Kind
    resource: str
    """`collection shop.orders`, `write tickets`, `flow control`, ..."""
    mode: str = ""
    """How the first of them wants it, in words."""
    waiters: tuple[Operation, ...] = ()
    """Those whom a holder excludes, then those behind them, the longest first. Empty where the server only counts."""
    count: int = 0
    longest_s: float | None = None
    holders: tuple[Holder, ...] = ()
    behind: int = 0
    """Of the waiters, those that only wait because an earlier one does."""
    untold: str = ""
    """What cannot be told of it, and why; a sentence."""

    @property
    def sure(self) -> bool:
        """The only holder, or each of them, is known to hold it."""
        return bool(self.holders) and all(holder.sure for holder in self.holders)


def waited_s(operation: Operation) -> float | None:
    """At least that long, where the server counts it; else as long as it runs."""
    return operation.running_s if operation.lock_wait_ms is None else operation.lock_wait_ms / 1000
