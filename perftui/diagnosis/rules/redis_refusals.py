"""Commands that Redis refuses whatever they ask: by the codes of its answers."""

from collections.abc import Iterator

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.redis_figures import REFUSALS
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.words import name, per_second
from perftui.model.snapshot import TargetState

_LOOKS_BACK_S = 5.0
_LEAST_PER_S, _LEAST_LOGINS_PER_S = 2.0, 5.0
_TIMES = 3.0
_LOGINS = {"NOAUTH", "WRONGPASS", "NOPERM"}
"""A checker or a monitor without rights gets these all day."""
_WHY = {
    "READONLY": "writes reach a replica",
    "NOAUTH": "clients do not log in",
    "WRONGPASS": "clients log in with a wrong user or password",
    "NOPERM": "a user lacks the right for what it sends",
    "OOM": "its memory is full",
    "MISCONF": "its last save failed",
    "NOREPLICAS": "too few replicas follow",
    "MASTERDOWN": "its link to the primary is down",
    "CLUSTERDOWN": "a part of the cluster is down",
    "LOADING": "it loads its data from disk",
    "BUSY": "a script runs on and on",
}
_HELP = {
    "READONLY": "have the application find the primary anew, or make this one the primary",
    "NOAUTH": "give the application the password",
    "WRONGPASS": "see whether user or password were changed",
    "NOPERM": "see what its user may do: ACL GETUSER",
    "NOREPLICAS": "bring replicas back, or lower min-replicas-to-write",
    "CLUSTERDOWN": "see which slots nobody serves: CLUSTER INFO",
    "BUSY": "end the script: SCRIPT KILL",
}


def find_refusals(moment: Moment) -> Iterator[Suspicion]:
    """For seconds, and far more than usual. Errors of single commands, such as a wrong type, are the application's."""
    for state in moment.fresh("redis", "redis"):
        refused = moment.least(state, "refusals", _LOOKS_BACK_S, 3)
        usual = moment.usual(state, "refusals", "redis-refuses")
        by_code = {} if state.redis is None else state.redis.errors_per_s
        code = max(REFUSALS, key=lambda one: by_code.get(one, 0.0))
        least = _LEAST_LOGINS_PER_S if code in _LOGINS else _LEAST_PER_S
        if refused >= max(least, _TIMES * (usual or 0.0) + 1.0) and by_code.get(code):
            yield _refuses(moment, state, code, usual)


def _refuses(moment: Moment, state: TargetState, code: str, usual: float | None) -> Suspicion:
    now = moment.lately(state, "refusals") or 0.0
    return Suspicion(
        code="redis-refuses",
        target_id=state.target.id,
        severity="critical",
        what=f"Redis refuses commands ({name(code)})",
        cost=f"{per_second(now)} are refused" + (f", usually {per_second(usual)}" if usual else ""),
        cause=_WHY[code],
        help=_HELP.get(code, "see what else is wrong with it"),
        command="redis-cli info errorstats",
        page="Redis",
        figures={"refusals": now} | ({} if usual is None else {"usual refusals": usual}),
    )


RULES = (Rule(codes=("redis-refuses",), find=find_refusals, holds_s=2.0),)
