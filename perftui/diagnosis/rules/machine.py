"""The machine itself: CPU, memory and open files, and which process takes them."""

from collections.abc import Iterator

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.signals import share
from perftui.diagnosis.words import name, percent, size
from perftui.model.host import HostMetrics, Process
from perftui.model.snapshot import TargetState

_LOOKS_BACK_S = 6.0
_OWN_LOOKS_BACK_S, _OWN_HOLDS_S = 7.0, 7.0
"""For what the databases and the application do themselves: a burst of work is nothing. It is suspected early, so that
who looks for some seconds only knows that he has to look on."""
_BESIDE = 0.35
_STOLEN = 0.2
_REAL_PART = 0.2
"""Of what the busiest process of that name takes."""
_LEAST_MEMORY, _OPEN_FILES = 0.05, 0.9
_LITTLE_MEMORY, _THRASHES = 0.15, 0.1


def find_taken_cpu(moment: Moment) -> Iterator[Suspicion]:
    """By what neither is a database nor the application, or by the hypervisor."""
    return (one for one in _busy(moment, _LOOKS_BACK_S, 4) if one.code != "cpu-saturated")


def find_own_saturation(moment: Moment) -> Iterator[Suspicion]:
    """By the databases and the application themselves."""
    return (one for one in _busy(moment, _OWN_LOOKS_BACK_S, 5) if one.code == "cpu-saturated")


def _busy(moment: Moment, seconds: float, readings: int) -> Iterator[Suspicion]:
    """For seconds without a pause, by those that do not yield."""
    for state in moment.fresh("host", "host"):
        if state.host is None or moment.least(state, "unyielding", seconds, readings) < moment.thresholds.cpu_share:
            continue
        stolen = moment.lately(state, "steal") or 0.0
        busy = moment.least(state, "cpu", seconds, readings)
        yield _stolen(state, stolen) if stolen >= _STOLEN else _saturated(state, state.host, busy)


def _saturated(state: TargetState, host: HostMetrics, busy: float) -> Suspicion:
    used = _used_cores(host, busy)
    ours = [one for one in host.processes if one.role not in ("other", "perftui")]
    beside = used - sum(one.cpu_share or 0.0 for one in host.processes if one.role != "other")
    if beside >= _BESIDE * used and used > 0:
        return _beside(state, host, busy, beside)
    top = max(ours, key=lambda one: one.cpu_share or 0.0, default=None)
    return Suspicion(
        code="cpu-saturated",
        target_id=state.target.id,
        severity="warning",
        what="the machine's CPU is saturated",
        cost=_of_cores(host, busy),
        cause="" if top is None else f"{name(top.name)} takes {top.cpu_share or 0.0:.1f} cores",
        help="see what it works on",
        page="Host",
        row=None if top is None else str(top.pid),
        figures={"of_mongodb": _cores([one for one in ours if one.role == "mongod"]) / max(used, 0.01)},
    )


def _used_cores(host: HostMetrics, busy: float) -> float:
    """Within a limit of its own a container is busy by itself, however many cores the machine has."""
    seen = sum(one.cpu_share or 0.0 for one in host.processes)
    return seen if _is_limited(host) else busy * (len(host.cores) or 1)


def _is_limited(host: HostMetrics) -> bool:
    return host.container is not None and "CPUs" in host.container


def _of_cores(host: HostMetrics, busy: float) -> str:
    return f"{percent(busy)} of {'what this container may take' if _is_limited(host) else f'{len(host.cores)} cores'}"


def _beside(state: TargetState, host: HostMetrics, busy: float, beside: float) -> Suspicion:
    groups: dict[str, list[Process]] = {}
    for one in host.processes:
        if one.role == "other":
            groups.setdefault(one.name, []).append(one)
    top = _with_a_part(max(groups.values(), key=_cores, default=[]))
    known = _cores(top) >= beside / 3
    what = _who(top) if known else "processes beside the databases and the application"
    return Suspicion(
        code="cpu-beside",
        target_id=state.target.id,
        severity="warning",
        what=f"{what} {'saturates' if known and len(top) == 1 else 'saturate'} the machine's CPU",
        cost=f"{_of_cores(host, busy)} are busy, {beside:.1f} of them beside the databases and the application",
        cause=f"{name(top[0].command, 60)}" if known else "",
        help="stop it, or give it less: renice" if known else "see which processes they are: top",
        command=f"renice 19 {' '.join(str(one.pid) for one in top[:5])}" if known else "top",
        page="Host",
        row=str(top[0].pid) if known else None,
    )


def _with_a_part(processes: list[Process]) -> list[Process]:
    """The busiest first, without namesakes that take next to nothing."""
    ordered = sorted(processes, key=lambda one: -(one.cpu_share or 0.0))
    return [one for one in ordered if (one.cpu_share or 0.0) >= _REAL_PART * (ordered[0].cpu_share or 0.0)]


def _cores(processes: list[Process]) -> float:
    return sum(one.cpu_share or 0.0 for one in processes)


def _who(processes: list[Process]) -> str:
    first = processes[0]
    return f"{name(first.name)} (pid {first.pid})" if len(processes) == 1 else f"{len(processes)} {name(first.name)}"


def _stolen(state: TargetState, stolen: float) -> Suspicion:
    return Suspicion(
        code="cpu-stolen",
        target_id=state.target.id,
        severity="critical",
        what="the hypervisor takes this machine's CPU",
        cost=f"{percent(stolen)} of the CPU time is given to other machines",
        help="ask for a larger or quieter machine",
        page="Host",
    )


def find_short_memory(moment: Moment) -> Iterator[Suspicion]:
    """Hardly any is left, and the next process that asks may be killed; or so little that processes wait for it."""
    for state in moment.fresh("host", "host"):
        left = moment.lately(state, "memory")
        if state.host is None or left is None or left >= _LITTLE_MEMORY:
            continue
        waiting = moment.least(state, "memory_pressure", _LOOKS_BACK_S, 4)
        if left < _LEAST_MEMORY or waiting >= _THRASHES:
            yield _short_memory(state, state.host, left, waiting if waiting >= _THRASHES else None)


def _short_memory(state: TargetState, host: HostMetrics, left: float, waiting: float | None) -> Suspicion:
    top = max(host.processes, key=lambda one: one.resident_bytes or 0, default=None)
    thrashes = "" if waiting is None else f"; {percent(waiting)} of the time nothing runs, for want of memory"
    return Suspicion(
        code="memory-short",
        target_id=state.target.id,
        severity="critical",
        what="the machine runs out of memory",
        cost=f"{percent(left)} of {size(host.memory.total_bytes or 0)} are left{thrashes}",
        cause="" if top is None else f"{name(top.name)} (pid {top.pid}) takes {size(top.resident_bytes or 0)}",
        help="stop what is not needed, or give its cache a limit",
        page="Host",
        row=None if top is None else str(top.pid),
    )


def find_open_files(moment: Moment) -> Iterator[Suspicion]:
    """A process near its limit soon refuses connections."""
    for state in moment.fresh("host", "host"):
        for one in () if state.host is None else state.host.processes:
            used = share(one.open_files, one.open_files_limit)
            if used is not None and used >= _OPEN_FILES:
                yield Suspicion(
                    code="open-files",
                    target_id=state.target.id,
                    subject=str(one.pid),
                    severity="critical",
                    what=f"{name(one.name)} (pid {one.pid}) runs out of file descriptors",
                    cost=f"{one.open_files:,} of {one.open_files_limit:,} are open; beyond that it refuses connections",
                    help="raise its limit: LimitNOFILE, or ulimit -n",
                    command=f"prlimit --pid {one.pid} --nofile",
                    page="Host",
                    row=str(one.pid),
                )


RULES = (
    Rule(codes=("cpu-beside", "cpu-stolen"), find=find_taken_cpu, holds_s=2.0, ends_s=6.0),
    Rule(codes=("cpu-saturated",), find=find_own_saturation, holds_s=_OWN_HOLDS_S, ends_s=6.0),
    Rule(codes=("memory-short",), find=find_short_memory, holds_s=3.0),
    Rule(codes=("open-files",), find=find_open_files, holds_s=1.0),
)
