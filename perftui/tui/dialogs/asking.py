"""When a question may be put: one at a time, and never into the middle of typing."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from perftui.tui.keyed import KeyedScreen

if TYPE_CHECKING:
    from perftui.tui.app import PerftuiApp

_AGAIN_S = 0.05


def why_not_now(app: "PerftuiApp") -> str | None:
    """Why nothing else may be asked for now, in words; `None`: it may."""
    from perftui.tui.dialogs.modal import Dialog

    if app.checking is not None:
        return f"Still checking on {app.checking}: wait for its question, then press the key again."
    if any(isinstance(screen, Dialog) and not screen.left for screen in app.screen_stack):
        return "Another question is open: answer it first, then press the key again."
    return None


def may_ask(app: "PerftuiApp") -> bool:
    """Whether something may be asked for now; says why not."""
    reason = why_not_now(app)
    if reason is not None:
        app.say(reason, "warning")
    return reason is None


async def wait_for_turn(app: "PerftuiApp") -> None:
    """For what nobody pressed a key for: until nothing is checked and no question is open."""
    while why_not_now(app) is not None:  # noqa: ASYNC110 - screens tell nobody that they are left
        await asyncio.sleep(_AGAIN_S)


@contextmanager
def checking(app: "PerftuiApp", name: str) -> Iterator[None]:
    """Until the question is on the screen, or it is known that there will be none."""
    begin_check(app, name)
    try:
        yield
    finally:
        app.checking = None


def begin_check(app: "PerftuiApp", name: str) -> None:
    """Say it, and have every other question wait."""
    app.checking = name
    app.say(f"Checking on {name} ...")


async def until_nothing_is_typed(app: "PerftuiApp") -> None:
    """A question that appears while somebody types would be answered by what is typed."""
    while not isinstance(app.screen, KeyedScreen) or app.screen.is_typing:  # noqa: ASYNC110 - the same
        await asyncio.sleep(_AGAIN_S)
