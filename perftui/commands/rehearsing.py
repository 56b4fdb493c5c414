"""`perftui analyze --rehearse`: says what is copied where, asks, and has the advice tried."""

import asyncio
from typing import TYPE_CHECKING

from perftui.commands import say
from perftui.commands.index.showing import can_ask, prompt
from perftui.model.errors import UserError

if TYPE_CHECKING:
    from perftui.analysis.study import Study
    from perftui.model.analysis import Analysis
    from perftui.model.target import Connection


def check_terminal(*, yes: bool) -> None:
    """Raises `UserError` where nobody could be asked."""
    if not yes and not can_ask():
        raise UserError("--rehearse copies documents to this machine and asks first: without a terminal add --yes.")


def rehearsed(study: "Study", connection: "Connection", *, yes: bool) -> "Analysis":
    """The analysis with the measured figures; as it was where the answer is no."""
    from perftui.commands.progress import Progress
    from perftui.rehearsal.announcement import announcement
    from perftui.rehearsal.rehearse import rehearse

    for sentence in announcement(study, connection):
        say(sentence)
    if not yes and prompt("Rehearse the advice? [y/N] ").lower() not in ("y", "yes"):
        say("Nothing was rehearsed: all figures are the model's estimate.")
        return study.analysis
    with Progress("rehearsing") as progress:
        return asyncio.run(rehearse(study, connection, tell=lambda doing: progress.entries_read(doing, 0)))
