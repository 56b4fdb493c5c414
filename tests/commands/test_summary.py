"""A Snapshot in words."""

from msgspec.structs import replace

from perftui.commands.summary import summarize
from perftui.model.host import HostMetrics
from perftui.model.snapshot import Snapshot, TargetState
from perftui.model.target import Target

MACHINE = Target(id="host", kind="host", name="web-1", address="web-1")


def machine(host: HostMetrics) -> Snapshot:
    state = TargetState(target=MACHINE, host=host)
    return Snapshot(sequence=1, taken_at=1_800_000_000.0, interval_s=1.0, window_s=300.0, targets=(state,))


def test_cores_that_are_not_known_yet_are_not_counted_as_none() -> None:
    first = HostMetrics(hostname="web-1", container="2 CPUs")
    words = summarize(machine(first))
    assert words.startswith("host web-1  2 CPUs\n")
    assert "0 cores" not in words
    later = summarize(machine(replace(first, cores=(0.25, 0.75), cpu_share=0.5)))
    assert later.startswith("host web-1  2 cores, 2 CPUs\n")
    assert "50% of 2 cores" in later
