"""This machine, really read."""

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import psutil
import pytest

from perftui.model.host import HostMetrics
from perftui.model.secret import Secret
from perftui.model.settings import Settings
from perftui.model.target import Connection, Target
from perftui.sources.base import Source
from perftui.sources.host import application_ports, open_system
from perftui.sources.host.machine import filesystems
from perftui.sources.host.processes import LONGEST_COMMAND, Processes

HOST = Target(id="host", kind="host", name="here", address="here")


def source() -> Source:
    return open_system(Connection(target=HOST, uri=Secret("")), Settings()).sources()[0]


async def metrics_of(host: Source) -> HostMetrics:
    sample = await host.poll()
    assert sample.failure is None
    assert isinstance(sample.payload, HostMetrics)
    return sample.payload


async def test_the_first_reading_has_memory_and_load_but_no_rates() -> None:
    host = source()
    metrics = await metrics_of(host)
    assert metrics.memory.total_bytes
    assert metrics.load is not None
    assert metrics.disk.read_bytes_per_s is None
    assert metrics.network.sent_bytes_per_s is None
    await host.close()


async def test_processes_and_filesystems_come_without_holding_up_a_reading() -> None:
    host = source()
    metrics = await metrics_of(host)
    async with asyncio.timeout(60):
        while not (metrics.filesystems and any(process.role == "perftui" for process in metrics.processes)):
            await asyncio.sleep(0.02)
            metrics = await metrics_of(host)
    own = next(process for process in metrics.processes if process.role == "perftui")
    assert own.pid == os.getpid()
    assert own.resident_bytes
    assert any(part.mount == "/" for part in metrics.filesystems)
    await host.close()


def test_what_nobody_can_fill_is_not_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The image of a package is mounted read-only, and is full by nature."""
    part = psutil.disk_partitions(all=True)[0]
    image = part._replace(mountpoint=str(tmp_path), opts="ro,nodev,relatime")
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_options: [image])
    assert [one.mount for one in filesystems()] == ["/"]


def test_inodes_are_those_of_df() -> None:
    told = subprocess.run(["df", "--output=ipcent", "/"], capture_output=True, text=True, check=True).stdout.split()[-1]
    share = next(one.inodes_used_share for one in filesystems() if one.mount == "/")
    assert (share is None) == (told == "-")
    assert share is None or share * 100 == pytest.approx(float(told.rstrip("%")), abs=1.5)


async def test_core_shares_are_shares() -> None:
    host = source()
    await metrics_of(host)
    async with asyncio.timeout(60):
        while not (metrics := await metrics_of(host)).cores:  # noqa: ASYNC110 - the kernel's clock sends no event
            await asyncio.sleep(0.02)
    assert len(metrics.cores) == psutil.cpu_count()
    assert all(0 <= share <= 1 for share in metrics.cores)
    await host.close()


def test_an_application_is_found_by_its_port_and_its_arguments_are_masked() -> None:
    program = (
        "import socket,sys;s=socket.socket();s.bind(('127.0.0.1',0));s.listen();"
        "print(s.getsockname()[1],flush=True);sys.stdin.read()"
    )
    uri = "mongodb://app:hunter2@db/shop"
    child = subprocess.Popen(
        [sys.executable, "-c", program, uri, "--password", "hunter3"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None
        processes = Processes((int(child.stdout.readline()),))
        processes.scan()
        application = next(process for process in processes.read() if process.role == "application")
    finally:
        child.communicate("")
    assert application.pid == child.pid
    assert "hunter" not in application.command
    assert "mongodb://app:***@db/shop" in application.command


def test_a_password_is_hidden_where_a_long_argument_is_cut_inside_of_it(tmp_path: Path) -> None:
    program = tmp_path / "mongod"
    program.write_text("#!/bin/sh\nread line\n")
    program.chmod(0o700)
    # What stands before it becomes shorter as it is masked, so that the cut is in sight.
    head = f"password={'y' * 1500},uri="
    padding = "x" * (LONGEST_COMMAND - len(f"{head} mongodb://app:hunter"))
    argument = f"{head}{padding} mongodb://app:hunter2@db/shop"
    with subprocess.Popen([program, argument], stdin=subprocess.PIPE) as process:
        watched = Processes()
        watched.scan()
        found = next(one for one in watched.read() if one.pid == process.pid)
        process.kill()
    assert found.command.endswith("xxx mongodb://app:***")


def test_a_process_that_ended_is_left_out() -> None:
    processes = Processes()
    processes.scan()
    assert processes.read()
    child = subprocess.Popen([sys.executable, "-c", "import sys;sys.stdin.read()"], stdin=subprocess.PIPE)
    watched = processes._watch(child.pid, "mongod")
    assert watched is not None
    processes._watched[child.pid] = watched
    assert any(process.pid == child.pid for process in processes.read())
    child.communicate(b"")
    assert all(process.pid != child.pid for process in processes.read())


@pytest.mark.parametrize(
    ("address", "ports"),
    [
        ("http://127.0.0.1:8000/metrics", (8000,)),
        ("https://localhost", (443,)),
        ("http://web-1:8000", ()),
        ("http://198.51.100.7:8000", ()),
        ("http://127.0.0.2:8000", (8000,)),
        (f"http://{socket.gethostname()}:8000", (8000,)),
    ],
)
def test_only_local_applications_have_ports_here(address: str, ports: tuple[int, ...]) -> None:
    target = Target(id=address, kind="application", name="app", address=address)
    settings = Settings(connections=(Connection(target=target, uri=Secret(address)),))
    assert application_ports(settings) == ports


def test_a_process_whose_arguments_are_no_text_can_be_recorded(tmp_path: Path) -> None:
    program = tmp_path / "mongod"
    program.write_text("#!/bin/sh\nread line\n")
    program.chmod(0o700)
    with subprocess.Popen([program, b"caf\xe9", b"\x1b[2J"], stdin=subprocess.PIPE) as process:
        watched = Processes()
        watched.scan()
        found = next(one for one in watched.read() if one.pid == process.pid)
        process.kill()
    assert "caf\ufffd" in found.command
    assert "\x1b" not in found.command
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=type(found)) == found


def test_what_takes_the_cpu_is_looked_for_sooner_than_else(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("perftui.sources.host.processes.time.monotonic", lambda: now[0])
    processes = Processes()
    processes.scan()
    now[0] += 9.0
    assert not processes.scan_is_due()
    processes.look_sooner()
    assert processes.scan_is_due()
