"""What screens ask of a server beyond the Snapshots: an answer or a sentence."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from perftui.model.analysis import Analysis
from perftui.model.plan import Plan
from perftui.model.target import Connection, Target

if TYPE_CHECKING:
    from perftui.analysis.explaining import Explainable

EXPLAIN_LIMIT_MS, EXECUTE_LIMIT_MS = 5_000, 30_000
"""How long the server may take to plan, and to run the read part."""

Asked = Literal["queryPlanner", "executionStats"]
"""How an explain is asked for."""
Tell = Callable[[str], None]
"""Told what is being done."""


class AdviceWish(Struct, frozen=True):
    """What advice is wanted for: a collection's whole workload, and which shape or command of it first of all."""

    ns: str
    shape_id: str | None = None
    command: str | None = None
    """A command that may not be in the profile, as extended JSON."""


class Work:
    """One object, so that a test can put another in its place. Cancelling an answer ends its server side too."""

    async def explain(
        self, connection: Connection, target: Target, asked: "Explainable", *, verbosity: Asked, max_time_ms: int
    ) -> Plan | str:
        from perftui.analysis.explaining import explain_on

        return await explain_on(connection, target, asked, verbosity=verbosity, max_time_ms=max_time_ms)

    async def advise(self, connection: Connection, wish: AdviceWish, tell: Tell) -> Analysis | str:
        from perftui.analysis.asking import advise_on

        return await advise_on(connection, ns=wish.ns, shape_id=wish.shape_id, command=wish.command, tell=tell)

    async def rehearse(self, connection: Connection, wish: AdviceWish, tell: Tell) -> Analysis | str:
        from perftui.rehearsal.asking import rehearse_on

        return await rehearse_on(connection, ns=wish.ns, shape_id=wish.shape_id, command=wish.command, tell=tell)
