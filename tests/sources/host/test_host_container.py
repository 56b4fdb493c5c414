from pathlib import Path

import pytest

from perftui.sources.host import container
from perftui.sources.host.container import Limits, memory_used, read_limits

GIB = 2**30


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(container, "CGROUP", tmp_path)
    inner = tmp_path / "kubepods" / "pod1"
    inner.mkdir(parents=True)
    return inner


def test_the_tightest_limit_on_the_way_up_counts(group: Path) -> None:
    (group / "cpu.max").write_text("max 100000\n")
    (group.parent / "cpu.max").write_text("150000 100000\n")
    (group / "memory.max").write_text(f"{GIB}\n")
    (group.parent / "memory.max").write_text(f"{2 * GIB}\n")
    limits = read_limits(group, cores=8, memory_bytes=16 * GIB)
    assert limits == Limits(1.5, GIB)
    assert limits.words() == "limited to 1.5 CPUs and 1,024 MB of memory"


def test_limits_above_the_machine_are_none(group: Path) -> None:
    (group / "cpu.max").write_text("1600000 100000\n")
    (group / "memory.max").write_text(f"{64 * GIB}\n")
    assert read_limits(group, cores=8, memory_bytes=16 * GIB) == Limits(None, None)
    assert Limits().words() is None


def test_memory_used_leaves_out_the_file_cache_that_can_go(group: Path) -> None:
    (group / "memory.current").write_text("1000\n")
    (group / "memory.stat").write_text("anon 300\ninactive_file 600\nactive_file 100\n")
    assert memory_used(group) == 400


@pytest.mark.parametrize("text", ["", "garbage", "max max", "1 0", "-1 100000"])
def test_odd_files_set_no_limit(group: Path, text: str) -> None:
    (group / "cpu.max").write_text(text)
    (group / "memory.max").write_text(text)
    assert read_limits(group, 4, GIB) == Limits(None, None)


def test_our_own_group_is_read_from_proc(tmp_path: Path) -> None:
    (tmp_path / "user.slice").mkdir()
    membership = tmp_path / "cgroup"
    membership.write_text("0::/user.slice\n")
    assert container.own_group(tmp_path, membership) == tmp_path / "user.slice"
    membership.write_text("0::/gone\n")
    assert container.own_group(tmp_path, membership) == tmp_path
