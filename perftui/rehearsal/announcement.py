"""What a rehearsal copies where, said before it is done."""

import tempfile

from perftui.advice.words.figures import counted, size
from perftui.analysis.study import Study
from perftui.model.target import Connection
from perftui.model.text import safe_text
from perftui.rehearsal.here import runs_here
from perftui.rehearsal.limits import Limits
from perftui.rehearsal.scope import scope_of

_CACHE_MB = 256
SAME_MACHINE = (
    f"This machine also runs the monitored server: the private one takes processor time and up to {_CACHE_MB} MB of "
    "memory beside it."
)


def consequences(limits: Limits | None = None) -> tuple[str, ...]:
    """What follows, before it is known how much there is to copy."""
    limits = limits or Limits()
    return (
        "It copies a sample of the collection, and of those joined with it, to this machine: at most 10,000 documents "
        f"of each and {size(limits.sample_bytes)} in all, into a private mongod that listens here only.",
        f"It may read more by indexes: at most {limits.fetched:,} documents for each query that is tried. It writes "
        "nothing to the monitored server and scans nothing there.",
        "The documents' values stay on this machine and are deleted at the end. It takes at most "
        f"{limits.time_s:.0f} s.",
    )


def announcement(study: Study, connection: Connection, limits: Limits | None = None) -> tuple[str, ...]:
    """Sentences; blocks for DNS."""
    limits, scope = limits or Limits(), scope_of(study)
    if not scope.advised:
        return scope.left_out
    parts = [
        f"{counted(number, 'document')} of {safe_text(ns, 300)} (about {size(min(taken, limits.sample_bytes))})"
        for ns, number, taken in scope.sampled(study)
    ]
    place = safe_text(tempfile.gettempdir(), 200)
    return (
        f"A rehearsal loads {', '.join(parts)} from {safe_text(connection.target.name, 200)} into a private mongod on "
        f"this machine (in {place}), at most {size(limits.sample_bytes)}.",
        *consequences(limits)[1:],
        *((SAME_MACHINE,) if runs_here(connection) else ()),
        *scope.left_out,
    )
