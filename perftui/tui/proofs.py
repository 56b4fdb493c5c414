"""Tells the feed which indexes of ours are to be proved: at the start, and whenever one comes or goes."""

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perftui.model.proof import ProofShape
    from perftui.tui.app import PerftuiApp


def renew_proofs(app: "PerftuiApp") -> None:
    """Read the journal again, in the background."""
    app.run_worker(_renew(app), group="proofs", exit_on_error=False)


def shapes_before(app: "PerftuiApp", shapes: "tuple[ProofShape, ...]") -> "tuple[ProofShape, ...]":
    """The shapes as the newest Snapshot has them: what their proof will compare with."""
    from perftui.actions.proof_starts import before_on_screen

    latest = app.latest
    return shapes if latest is None else before_on_screen(shapes, latest.targets, latest.taken_at)


async def _renew(app: "PerftuiApp") -> None:
    from perftui.actions.journal import default_journal
    from perftui.actions.proof_starts import starts_to_watch

    try:
        starts = await asyncio.to_thread(starts_to_watch, default_journal())
    except OSError:  # a journal that cannot be read proves nothing
        return
    known = {connection.target.id for connection in app.settings.connections}
    mine = [start for start in starts if start.target_id in known]
    app.feed.watch_proofs(mine)
