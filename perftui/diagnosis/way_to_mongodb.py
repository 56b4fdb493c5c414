"""Whether what requests wait for MongoDB is lost on the way to it, as far as all its servers are watched."""

import re

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.words import milliseconds
from perftui.model.snapshot import TargetState

_FEW_TIMES = 3.0
_LOOPBACK = re.compile(r"^(127(\.\d{1,3}){3}|\[?::1\]?|0\.0\.0\.0)(?=:|$)")


def lost_on_the_way(moment: Moment, state: TargetState, waited_ms: float) -> str:
    """All that MongoDB did in this time is far less than what these requests alone waited for it, in milliseconds a
    second."""
    servers = servers_asked(moment, state)
    worked = [moment.lately(server, "work_ms") for server in servers]
    known = [one for one in worked if one is not None]
    if not known or len(known) < len(worked) or waited_ms < _FEW_TIMES * sum(known):
        return ""
    answers = [one for server in servers if (one := moment.lately(server, "latency_ms")) is not None]
    average = f", while MongoDB answers in {milliseconds(max(answers))} on average" if answers else ""
    return f"{average}: the rest is lost on the way to it and back"


def servers_asked(moment: Moment, state: TargetState) -> list[TargetState]:
    """Those that the application asks; empty unless all of them are watched."""
    queries = None if state.application is None else state.application.queries
    watched = {_place(one.target.address): one for one in moment.fresh("mongodb", "mongodb")}
    found = [watched.get(_place(pool.address)) for pool in (queries.pools if queries is not None else ())]
    return [] if None in found else [one for one in found if one is not None]


def _place(address: str) -> str:
    place = address.rpartition("://")[2].partition("/")[0].partition("?")[0]
    return _LOOPBACK.sub("localhost", place.lower())
