"""The machine's disks: saturated ones, whose work that is, and full filesystems."""

from collections.abc import Iterator

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.signals import share
from perftui.diagnosis.words import name, percent, size
from perftui.model.snapshot import TargetState

_LOOKS_BACK_S = 6.0
_BUSY_DISK, _WAITING = 0.9, 0.1
_BUSY_CPU, _PRESSURE = 0.75, 0.3
_OUR_SHARE = 0.5
_READ_AHEAD, _JOURNALED_BYTES, _CHECKPOINT_S = 16.0, 32 * 2**10, 75.0
"""How many times what a cache takes in may be read for it, what a write may put into the journal beside what was sent,
and how long ago what a checkpoint gave to the disk may still be on its way."""
_FULL_DISK, _FULLER_DISK, _NO_INODES = 0.95, 0.98, 0.98


def find_saturated_disk(moment: Moment) -> Iterator[Suspicion]:
    """Busy without a pause while processes wait for it; by something beside MongoDB, where that surely does little."""
    for state in moment.fresh("host", "host"):
        busy, wait = moment.least(state, "disk", _LOOKS_BACK_S, 4), _wait(moment, state)
        if state.host is None or busy < _BUSY_DISK or not wait:
            continue
        disk = state.host.disk
        total = (disk.read_bytes_per_s or 0.0) + (disk.written_bytes_per_s or 0.0)
        here = [one for one in moment.fresh("mongodb", "mongodb") if moment.machine_of(one) is state]
        known = [_at_most(moment, one) for one in here]
        most = sum(one for one in known if one is not None)
        beside = bool(known) and None not in known and most < _OUR_SHARE * total
        yield Suspicion(
            code="disk-beside" if beside else "disk-saturated",
            target_id=state.target.id,
            severity="critical",
            what="the disk is saturated" + (" by something beside MongoDB" if beside else ""),
            cost=f"busy {percent(busy)} of the time, {wait}",
            cause=_whose(total, sum(_traffic(one) for one in here), beside=beside) if here else f"{size(total)}/s",
            help="find who reads and writes: iotop, or pidstat -d 1",
            command="pidstat -d 1",
            page="Host",
        )


def _wait(moment: Moment, state: TargetState) -> str:
    """Who waits for it, in words. The CPU's waiting shows only while it has nothing else to do: a busy machine tells by
    its processes. On an idle one a single process that reads all day is no problem."""
    cpu, idle = moment.lately(state, "cpu") or 0.0, moment.lately(state, "iowait") or 0.0
    pressure = moment.least(state, "io_pressure", _LOOKS_BACK_S, 4)
    if idle >= _WAITING:
        return f"{percent(idle)} of the CPU waits for it"
    busy = cpu + idle >= _BUSY_CPU
    return f"processes wait for it {percent(pressure)} of the time" if busy and pressure >= _PRESSURE else ""


def _at_most(moment: Moment, state: TargetState) -> float | None:
    """Bytes a second that MongoDB may move at the disk, read-ahead, journal and checkpoints included, of which none is
    counted in its cache as it happens; `None` where that is not known, as of a secondary, which counts no writes."""
    read, writes, sent = (moment.lately(state, one) for one in ("read_into_cache", "writes", "received"))
    checkpoints = max(moment.track(state, "written_from_cache").since(moment.now - _CHECKPOINT_S), default=None)
    if read is None or checkpoints is None or state.mongodb is None or state.mongodb.role == "SECONDARY":
        return None
    return _READ_AHEAD * read + checkpoints + _JOURNALED_BYTES * (writes or 0.0) + 2 * (sent or 0.0)


def _whose(total: float, cache: float, *, beside: bool) -> str:
    if not beside and cache < _OUR_SHARE * total:
        others = "its journal, read-ahead, or another process"
        return f"{size(total)}/s, mostly not through MongoDB's cache, which moves {size(cache)}/s: {others}"
    return f"{size(total)}/s, of which MongoDB's cache moves {size(cache)}/s"


def _traffic(state: TargetState) -> float:
    cache = state.mongodb.cache if state.mongodb is not None else None
    return 0.0 if cache is None else (cache.read_bytes_per_s or 0.0) + (cache.written_bytes_per_s or 0.0)


def find_full_disks(moment: Moment) -> Iterator[Suspicion]:
    """The fullest filesystem, and one that can have no more files, whatever is free."""
    for state in moment.fresh("host", "host"):
        limit = max(_FULL_DISK, moment.thresholds.disk_share)
        yield from _without_inodes(state)
        for one in () if state.host is None else state.host.filesystems:
            used = share(one.used_bytes, one.used_bytes + one.free_bytes)
            if used is not None and used >= limit:
                yield Suspicion(
                    code="disk-full",
                    target_id=state.target.id,
                    subject=one.mount,
                    severity="critical" if used >= _FULLER_DISK else "warning",
                    what=f"the filesystem {name(one.mount)} is {'full' if used >= _FULLER_DISK else 'nearly full'}",
                    cost=f"{percent(used)} used, {size(one.free_bytes)} free; a database that cannot write stops",
                    help="free space: old logs first",
                    command=f"du -xh {name(one.mount)} | sort -h | tail",
                    page="Host",
                )
                break


def _without_inodes(state: TargetState) -> Iterator[Suspicion]:
    for one in () if state.host is None else state.host.filesystems:
        used = one.inodes_used_share
        if used is not None and used >= _NO_INODES:
            yield Suspicion(
                code="disk-full",
                target_id=state.target.id,
                subject=f"{one.mount} inodes",
                severity="critical",
                what=f"the filesystem {name(one.mount)} can have no more files",
                cost=f"{percent(used)} of its inodes are used, with {size(one.free_bytes)} free; no file can be made",
                help="find the folder with very many small files",
                command=f"du --inodes -x {name(one.mount)} | sort -n | tail",
                page="Host",
            )
            break


RULES = (
    Rule(codes=("disk-saturated", "disk-beside"), find=find_saturated_disk, holds_s=2.0, ends_s=6.0),
    Rule(codes=("disk-full",), find=find_full_disks, holds_s=1.0),
)
