"""How long processes waited for disks and memory: the kernel's counters as shares."""

from pathlib import Path

import pytest

from perftui.sources.host.pressure import FOLDER, Pressure, Stalls, read_stalls, total_us
from perftui.sources.host.remote_answer import Answer

IO = "some avg10=1.16 avg60=1.15 avg300=1.88 total=29923424\nfull avg10=0.07 avg60=0.63 avg300=0.74 total=9642469\n"


def test_the_counters_are_of_their_line() -> None:
    assert total_us(IO, "some") == 29_923_424
    assert total_us(IO, "full") == 9_642_469


@pytest.mark.parametrize("text", ["", "some", "some avg10=1.0", "some avg10=0 total=", "some total=-1", "\0\xff"])
def test_what_is_no_counter_is_unknown(text: str) -> None:
    assert total_us(text, "some") is None


def test_a_share_is_of_the_time_between_two_readings() -> None:
    pressure = Pressure()
    pressure.take(100.0, Stalls(5_000_000.0, 0.0))
    assert (pressure.io, pressure.memory) == (None, None)
    pressure.take(102.0, Stalls(6_000_000.0, 100_000.0))
    assert (pressure.io, pressure.memory) == (0.5, 0.05)
    pressure.take(103.0, Stalls(9_000_000.0, None))
    assert (pressure.io, pressure.memory) == (1.0, None)


def test_a_kernel_without_them_tells_nothing(tmp_path: Path) -> None:
    """The files are missing, or reading them is refused, as it is where the kernel was told not to count."""
    (tmp_path / "io").mkdir()
    assert read_stalls(tmp_path) == Stalls(None, None)


@pytest.mark.skipif(not (FOLDER / "io").exists(), reason="this kernel does not count them")
def test_this_machine_counts_them() -> None:
    first, second = read_stalls(), read_stalls()
    assert first.io_us is not None
    assert first.memory_us is not None
    assert second.io_us is not None
    assert second.io_us >= first.io_us


def test_the_answer_of_another_machine_is_read() -> None:
    assert Answer("up 12.5\nstall io 29923424\nstall memory 17\n").stalls() == Stalls(29_923_424.0, 17.0)
    assert Answer("up 12.5\nstall io -\n").stalls() == Stalls(None, None)
