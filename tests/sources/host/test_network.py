"""Bytes that pass several interfaces are counted once, while containers come and go."""

from pathlib import Path

import psutil
import pytest

from perftui.sources.host.network import Interface, Network, counted_once, is_physical, read_interfaces
from perftui.sources.host.remote_answer import Answer

MB = 1_000_000.0


def interfaces(physical: bool | None = None, **carried: float) -> dict[str, Interface]:
    """All with this much; `eth0` and its like are `physical`, and the others are not where it is known."""
    return {
        name.replace("_", "-"): Interface(count, count / 2, 0, physical and name.startswith("eth"))
        for name, count in carried.items()
    }


@pytest.mark.parametrize("known", [True, None])
def test_what_a_container_receives_is_counted_once(known: bool | None) -> None:
    network = Network()
    network.take(100.0, interfaces(known, lo=9 * MB, eth0=0, docker0=0, br_1=0, veth1=0))
    found = network.take(
        101.0, interfaces(known, lo=99 * MB, eth0=10 * MB, docker0=10 * MB, br_1=10 * MB, veth1=10 * MB)
    )
    assert (found.received_bytes_per_s, found.sent_bytes_per_s, found.errors_per_s) == (10 * MB, 5 * MB, 0.0)


def test_a_container_that_ends_or_begins_takes_no_rate_away() -> None:
    network = Network()
    rates = [
        network.take(100.0 + number, interfaces(None, eth0=number * MB, **others)).received_bytes_per_s
        for number, others in enumerate(({"eth1": 500 * MB}, {"eth1": 502 * MB}, {}, {"eth1": 900 * MB}, {"eth1": 1.0}))
    ]
    assert rates == [None, 3 * MB, MB, MB, MB]


def test_inside_of_a_container_its_only_interface_is_shown() -> None:
    assert counted_once(interfaces(False, lo=1, eth0=1)) == ["eth0"]
    assert counted_once(interfaces(False, lo=1, eth0=1, eth1=1, docker0=1, veth1=1)) == ["eth0", "eth1"]
    assert counted_once(interfaces(False, lo=1, veth7=1)) == ["veth7"]
    silent = Network()
    silent.take(1.0, interfaces(False, lo=1))
    assert silent.take(2.0, interfaces(False, lo=5)).received_bytes_per_s == 0.0


def test_a_bond_is_counted_by_what_it_is_made_of() -> None:
    names = {"eth0": 1.0, "eth1": 1.0, "bond0": 1.0, "bond0.7": 1.0, "wg0": 1.0}
    assert counted_once(interfaces(True, **names)) == ["eth0", "eth1"]
    assert counted_once(interfaces(None, **names)) == ["eth0", "eth1"]


def test_links_in_the_system_s_folder_tell_what_is_physical(tmp_path: Path) -> None:
    for name, links in {
        "eth0": ["device"],
        "fast": ["device", "master"],
        "port": ["device", "bond"],
        "bond0": [],
    }.items():
        (tmp_path / name).mkdir()
        for link in links:
            master = {"master": "eth0", "bond": "bond0"}.get(link)
            (tmp_path / name / (link if master is None else "master")).symlink_to(tmp_path / (master or "."))
    told = {name: is_physical(name, tmp_path) for name in ("eth0", "fast", "port", "bond0", "gone")}
    assert told == {"eth0": True, "fast": False, "port": True, "bond0": False, "gone": False}
    assert is_physical("eth0", tmp_path / "nothing") is None


def test_this_machine_s_interfaces_are_those_of_psutil() -> None:
    before = psutil.net_io_counters(pernic=True, nowrap=False)
    found = read_interfaces()
    assert found.keys() == before.keys()
    assert all(found[name].received_bytes >= one.bytes_recv for name, one in before.items())


def test_another_machine_s_interfaces_are_read_from_its_words() -> None:
    answer = Answer("net eth0 10 20 0 yes\nnet veth1 1 2 3 no\nnet en0 1 2 3 -\nnet old 1 2 3\n")
    assert answer.interfaces() == {
        "eth0": Interface(10, 20, 0, True),
        "veth1": Interface(1, 2, 3, False),
        "en0": Interface(1, 2, 3, None),
    }
