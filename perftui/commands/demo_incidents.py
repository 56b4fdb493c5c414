"""`perftui demo --incident NAME` and `--list-incidents`: fire drills on the demo's own servers."""

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from perftui.commands import DONE, FOUND, say
from perftui.model.errors import UserError

if TYPE_CHECKING:
    from perftui.demo.incidents.incident import Incident
    from perftui.demo.session import DemoOptions, DemoSession

DEFAULT_DELAY_S = 30.0
_NAME_WIDTH = 20


def list_incidents(*, as_json: bool) -> int:
    """Print every drill, what happens in it and which verdict is expected."""
    import msgspec

    from perftui.demo.incidents.catalogue import INCIDENTS

    if as_json:
        found = [{"name": kind.name, "words": kind.words, "verdicts": kind.verdicts} for kind in INCIDENTS.values()]
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        return DONE
    for kind in INCIDENTS.values():
        print(f"{kind.name:<{_NAME_WIDTH}}{kind.words}")
    say("Cause one: perftui demo --incident missing-index. It begins after half a minute, or --after SECONDS.")
    return DONE


def chosen_incident(name: str) -> "Incident":
    """Raises `UserError` with the nearest name for one that is none."""
    from perftui.demo.incidents.catalogue import incident_named

    try:
        return incident_named(name)
    except ValueError as error:
        raise UserError(f"{error} All of them: perftui demo --list-incidents.") from None


def drill_options(incident: "Incident", given: "DemoOptions", *, documents_given: bool) -> "DemoOptions":
    """A healthy demo with what the incident needs; fewer documents than usual, unless a number was given."""
    from dataclasses import replace

    from perftui.demo.incidents.incident import DOCUMENTS, healthy_options

    sized = given if documents_given else replace(given, documents=DOCUMENTS)
    return incident.options(healthy_options(sized))


def run_drill(
    incident: "Incident",
    session: "DemoSession",
    after_s: float,
    watch: Callable[[], int],
    progress: Callable[[str, float], None],
    *,
    on_screen: bool,
) -> int:
    """Watch while the incident is caused and ended; its exit code, or 1 where the incident could not be caused."""
    from perftui.demo.incidents.drill import FireDrill

    progress("Preparing the drill", 0.0)
    # While the screen is shown nothing may be printed.
    with FireDrill(incident, session, after_s, _unheard if on_screen else say) as running:
        say(f"{incident.name}: {incident.words}. It begins at {_clock(running.due_at)}.")
        code = watch()
        say("Ending the incident")
    if running.began_at is not None and running.failure is None:
        say(f"{incident.name} began at {_clock(running.began_at)} and ended at {_clock(running.ended_at)}.")
    elif running.failure is not None and on_screen:
        say(running.failure)
    return FOUND if running.failure is not None else code


def _unheard(_words: str) -> None:
    return


def _clock(at: float | None) -> str:
    return "-" if at is None else time.strftime("%H:%M:%S", time.localtime(at))
