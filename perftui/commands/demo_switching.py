"""`perftui demo --switch`: turns caches of a running demo on and off, from another terminal."""

import argparse
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from perftui.commands import DONE, UNREACHABLE, say
from perftui.model.errors import UserError

if TYPE_CHECKING:
    from perftui.demo.running import RunningDemo
    from perftui.demo.switches import CachesState

_WHAT = {
    "read-through": "pages are kept in Redis, loaded once, given out stale while they are renewed",
    "invalidation": "a write ends the pages that show it",
    "warming": "the pages asked for most are loaded before they are missed",
    "query-cache": "results of queries on prompts are kept in memory",
}


def switch_argument(text: str) -> tuple[str, bool]:
    """An argument's type: `warming=on`."""
    from perftui.demo.switches import parse_switch

    try:
        return parse_switch(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def switch_running(changes: Mapping[str, bool], port: int | None, *, as_json: bool) -> int:
    """Switch, if anything is to be switched, and print what is on. Raises `UserError`."""
    import httpx
    import msgspec

    demo = _choose(port)
    try:
        state = demo.switch(changes) if changes else demo.state()
    except httpx.HTTPError as error:
        raise UserError(f"The demo on port {demo.port} did not answer: {error}", UNREACHABLE) from None
    sys.stdout.write((msgspec.json.encode(state).decode() if as_json else state_text(state)) + "\n")
    if changes:
        say("See it in the monitor: NOW in Caches (key 9), op/s of MONGO at the top.")
    return DONE


def state_text(state: "CachesState") -> str:
    """A line a switch."""
    import msgspec

    on = msgspec.to_builtins(state.switches)
    notes = {"query-cache": _how_results_end(state), "warming": _who_reads(state)}
    lines = []
    for name, what in _WHAT.items():
        note = notes.get(name, "") if on[name] else ""
        lines.append(f"{name:<14}{'on ' if on[name] else 'off'}  {what}{note}")
    return "\n".join(lines)


def _how_results_end(state: "CachesState") -> str:
    why = f" ({state.why})" if state.why else ""
    return f"; they end by {state.query_results_end_by}{why}"


def _who_reads(state: "CachesState") -> str:
    return "" if state.switches.read_through else "; nobody reads them while read-through is off"


def _choose(port: int | None) -> "RunningDemo":
    from perftui.demo.running import running_demos

    demos = [demo for demo in running_demos() if port in (None, demo.port)]
    if not demos:
        where = "" if port is None else f" on port {port}"
        raise UserError(f"No demo of yours runs{where}. Start one in another terminal: perftui demo", UNREACHABLE)
    if len(demos) > 1:
        ports = ", ".join(str(demo.port) for demo in demos)
        raise UserError(f"Several demos run, on the ports {ports}. Say which: --port {demos[0].port}")
    return demos[0]
