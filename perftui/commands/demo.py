"""`perftui demo`: real servers, a real application and its load, and the monitor on all of it."""

import argparse
import asyncio
import sys
import time
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING

from msgspec.structs import replace

from perftui.commands import DONE, FOUND, UNREACHABLE, load_settings, say
from perftui.commands.demo_arguments import add_arguments, refuse_what_does_not_fit
from perftui.commands.demo_incidents import (
    DEFAULT_DELAY_S,
    chosen_incident,
    drill_options,
    list_incidents,
    run_drill,
)
from perftui.commands.demo_switching import switch_running
from perftui.model.errors import UserError
from perftui.model.settings import Settings
from perftui.model.single_file import is_single_file
from perftui.model.snapshot import Snapshot

__all__ = ["add_arguments", "run"]

if TYPE_CHECKING:
    from perftui.demo.incidents.incident import Incident
    from perftui.demo.session import DemoOptions, DemoSession


def run(arguments: argparse.Namespace) -> int:
    from perftui.commands.monitor import require_terminal
    from perftui.demo.session import DemoOptions, DemoSession
    from perftui.demo.switches import Switches, switched
    from perftui.servers import ServerBinaryMissing, ServerStartFailed

    refuse_what_does_not_fit(arguments)
    if arguments.list_incidents:
        return list_incidents(as_json=arguments.json)
    incident = None if arguments.incident is None else chosen_incident(arguments.incident)
    if arguments.switch is not None:
        return switch_running(dict(arguments.switch), arguments.port, as_json=arguments.json)
    _require_packages()
    if arguments.headless is None and not arguments.prove:
        require_terminal("perftui demo --headless 10 prints one snapshot without a terminal.")
    settings = _settings(arguments)
    given = {
        "rate_per_s": arguments.rate,
        "port": arguments.port,
        "documents": arguments.documents,
        "seed": arguments.seed,
        "switches": switched(Switches(), dict(arguments.caches or ())),
    }
    options = DemoOptions(**{name: value for name, value in given.items() if value is not None})
    try:
        if arguments.prove:
            return _prove(options, as_json=arguments.json)
        if arguments.headless is None and incident is None:
            say("Turn its caches on and off while it runs, in another terminal: perftui demo --switch warming=on")
        if incident is not None:
            return _drill(arguments, settings, incident, options)
        with DemoSession(options, _Progress()) as session:
            code = _watch(arguments, replace(settings, connections=session.connections))
            if arguments.keep:
                _keep(session)
            return code
    except (ServerBinaryMissing, ServerStartFailed) as error:
        raise UserError(str(error), UNREACHABLE) from None


def _drill(arguments: argparse.Namespace, settings: Settings, incident: "Incident", options: "DemoOptions") -> int:
    from perftui.demo.session import DemoSession

    after_s = DEFAULT_DELAY_S if arguments.after is None else arguments.after
    chosen, progress = drill_options(incident, options, documents_given=arguments.documents is not None), _Progress()
    with DemoSession(chosen, progress) as session:
        watched = replace(settings, connections=session.connections)
        on_screen = arguments.headless is None
        return run_drill(incident, session, after_s, lambda: _watch(arguments, watched), progress, on_screen=on_screen)


def _prove(options: "DemoOptions", *, as_json: bool) -> int:
    """Exit code 1 where a claim is not beaten or a step failed."""
    import msgspec

    from perftui.demo.proof_text import proof_text
    from perftui.demo.proving import prove, proving_options
    from perftui.demo.session import DemoSession

    progress = _Progress()
    with DemoSession(proving_options(options), progress) as session:
        proof = prove(session, progress)
    progress("Proved", 1.0)
    sys.stdout.write((msgspec.json.encode(proof).decode() if as_json else proof_text(proof)) + "\n")
    return DONE if proof.holds else FOUND


def _require_packages() -> None:
    if is_single_file():
        raise UserError(
            "This single-file perftui has no demo, for the demo brings servers of its own. Where Python 3.11 is, run: "
            "pip install 'perftui[demo]'.",
            UNREACHABLE,
        )
    missing = [name for name in ("starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        raise UserError(f"The demo needs {' and '.join(missing)}. Run: pip install 'perftui[demo]'.", UNREACHABLE)


def _settings(arguments: argparse.Namespace) -> Settings:
    """Read before anything starts: a mistake in the settings file must not cost a set-up first."""
    return load_settings(arguments, with_targets=False)


def _watch(arguments: argparse.Namespace, settings: Settings) -> int:
    if arguments.headless is None:
        from perftui.commands.monitor import run_monitor

        return run_monitor(settings)
    from perftui.commands.snapshot import print_snapshot

    snapshot = asyncio.run(_last_snapshot(settings, arguments.headless))
    return print_snapshot(snapshot, as_json=arguments.json, utc=settings.utc)


async def _last_snapshot(settings: Settings, seconds: float) -> Snapshot:
    """Monitor for so long, as the screen would, and give what it would show last."""
    from perftui.monitor.live import Monitor

    monitor = Monitor(settings)
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await monitor.run(lambda _snapshot: None)
    return monitor.snapshot_now()


def _keep(session: "DemoSession") -> None:
    pid = session.keep()
    say("The demo keeps running. Look at it again: perftui " + " ".join(session.uris))
    say(f"Stop it and remove its files: kill {pid}")


class _Progress:
    """One line on stderr that fills up on a terminal, one line a step elsewhere."""

    def __init__(self) -> None:
        self._step = ""
        self._live = sys.stderr.isatty()
        self._started = time.monotonic()

    def __call__(self, step: str, done: float) -> None:
        if self._live:
            share = f" {done:4.0%}" if 0 < done < 1 else ""
            end = "" if done < 1 else "\n"
            print(f"\r\x1b[K{step}{share}{self._time(step)}", end=end, file=sys.stderr, flush=True)
        elif step != self._step:
            say(step + self._time(step))
        self._step = step

    def _time(self, step: str) -> str:
        return f" after {time.monotonic() - self._started:.1f} s" if step in ("Ready", "Proved") else ""
