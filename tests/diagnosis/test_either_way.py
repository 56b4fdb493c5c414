"""Two problems of which each may be the cause: their figures tell which it is."""

import pytest
from helpers.host_incidents import busy
from helpers.incidents import Change, Targets, after
from helpers.mongodb_incidents import flood
from helpers.server_incidents import squeeze, tickets, turned_over

from perftui.diagnosis.places import Places
from perftui.diagnosis.ranking import rank
from perftui.model.host import Process
from perftui.model.verdict import Evidence, Problem

MONGOD = Process(pid=10, name="mongod", command="mongod", role="mongod", cpu_share=1.8)
PYTHON = Process(pid=12, name="python", command="python web.py", role="application", cpu_share=1.8)


@pytest.mark.parametrize(
    ("process", "cause", "effect"),
    [(MONGOD, "tickets-exhausted", "cpu-saturated"), (PYTHON, "cpu-saturated", "tickets-exhausted")],
)
def test_tickets_and_cpu(process: Process, cause: str, effect: str) -> None:
    """What holds all tickets computes, or who computes beside it lets nothing that holds one end."""

    def change(targets: Targets, at: float, passed: int) -> None:
        tickets(targets, at, passed)
        busy(targets, process)

    last = after(20, change)
    assert last.problem is not None
    assert last.problem.code == cause
    assert effect in {one.code for one in last.effects}


@pytest.mark.parametrize(
    ("cache", "cause", "effect"),
    [(turned_over, "cache-squeeze", "mass-write"), (squeeze, "mass-write", "cache-squeeze")],
)
def test_many_writes_and_a_cache(cache: Change, cause: str, effect: str) -> None:
    """A cache of some megabytes bears no writes at all; one of usual size is overrun by very many."""

    def change(targets: Targets, at: float, passed: int) -> None:
        flood(targets, at, passed)
        cache(targets, at, passed)

    last = after(20, change)
    assert last.problem is not None
    assert last.problem.code == cause, last.message
    assert effect in {one.code for one in last.effects}


@pytest.mark.parametrize(
    ("few", "cause", "effect"), [(1.0, "tickets-exhausted", "full-scan"), (0.0, "full-scan", "tickets-exhausted")]
)
def test_tickets_and_what_reads_much_by_nature(few: float, cause: str, effect: str) -> None:
    """Counts wait where somebody left few tickets; of as many as ever, it is they who hold them."""
    found = [
        Problem(
            code=code,
            severity="critical",
            target_id="m1",
            what=code,
            since=100.0,
            evidence=Evidence(page="Queries"),
            figures={"few": few},
        )
        for code in ("full-scan", "tickets-exhausted")
    ]
    culprit, effects, _ = rank(found, 110.0, Places())
    assert culprit is not None
    assert (culprit.code, [one.code for one in effects]) == (cause, [effect])
