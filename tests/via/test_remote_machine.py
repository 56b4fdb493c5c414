"""The machine at the other end, read through a real ssh connection, compared with what psutil says of it."""

import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
from helpers.bastions import TestBastion
from helpers.waiting import wait_until_async

from perftui import targets
from perftui.model.host import HostMetrics
from perftui.model.sample import Sample
from perftui.model.settings import Settings
from perftui.sources.base import Source
from perftui.sources.host import open_system
from perftui.sources.host.pressure import read_stalls
from perftui.via.opening import way_through

_READERS = ("proc", "psutil")


@pytest.fixture(params=_READERS)
def reader(request: pytest.FixtureRequest, bastion: TestBastion, tmp_path: Path) -> str:
    """Which program reads over there: its Python has psutil, or has not."""
    folder = tmp_path / "bin"
    folder.mkdir()
    python = folder / "python3"
    python.write_text(
        f'#!/bin/sh\nexec {sys.executable} "$@"\n' if request.param == "psutil" else "#!/bin/sh\nexit 1\n"
    )
    python.chmod(0o755)
    bastion.stop()
    # Not by sshd's SetEnv: the login shell's own files may put other folders before it.
    bastion.options = [f'ForceCommand PATH={folder}:$PATH; export PATH; eval "$SSH_ORIGINAL_COMMAND"']
    bastion.start()
    chosen: str = request.param
    return chosen


@pytest.fixture
async def source(bastion: TestBastion) -> AsyncIterator[Source]:
    """What reads the machine behind the bastion."""
    way = way_through("bastion", str(bastion.ssh_config))
    (source,) = open_system(targets.machine_behind(way), Settings()).sources()
    yield source
    await source.close()


def payload(sample: Sample) -> HostMetrics:
    assert sample.failure is None, sample.failure
    assert isinstance(sample.payload, HostMetrics)
    return sample.payload


async def test_its_figures_are_those_of_psutil(bastion: TestBastion, reader: str, source: Source) -> None:
    await source.poll()
    await asyncio.sleep(0.3)
    found = payload(await source.poll())
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    assert ("psutil" if reader == "psutil" else "/proc") in source.capabilities[0].shows
    assert len(found.cores) == psutil.cpu_count()
    assert all(0 <= share <= 1 for share in found.cores)
    assert found.cpu_share is not None
    assert found.memory.total_bytes == memory.total
    assert found.memory.available_bytes == pytest.approx(memory.available, rel=0.2)
    assert found.swap.total_bytes == swap.total
    assert found.load is not None
    assert found.load[2] == pytest.approx(os.getloadavg()[2], rel=0.2, abs=1)
    assert found.uptime_s == pytest.approx(_uptime_s(), abs=10)
    assert found.disk.read_bytes_per_s is not None
    assert found.network.received_bytes_per_s is not None
    assert (found.io_pressure is not None) == (found.memory_pressure is not None) == (read_stalls().io_us is not None)


async def test_its_counters_are_those_of_psutil(bastion: TestBastion, reader: str) -> None:
    """What rates are made of, asked for directly: a share of a busy moment cannot be asked for twice."""
    from perftui.sources.host.machine import Traffic
    from perftui.sources.host.network import read_interfaces
    from perftui.sources.host.remote_answer import Answer
    from perftui.sources.host.remote_session import start_session

    session = await start_session(way_through("bastion", str(bastion.ssh_config)))
    before = read_interfaces()
    answer = Answer(await session.ask("now"))
    disks = {name for name in psutil.disk_io_counters(perdisk=True, nowrap=False) if Traffic()._is_whole_disk(name)}
    assert session.reader == reader
    assert set(answer.disks()) == disks
    stalls = read_stalls()
    assert list(answer.stalls()) == [pytest.approx(value, abs=5e6) for value in stalls]
    interfaces = answer.interfaces()
    assert {name: one.is_physical for name, one in interfaces.items()} == {
        name: one.is_physical for name, one in before.items()
    }
    assert all(interfaces[name].received_bytes >= one.received_bytes for name, one in before.items())
    local = [sum(core[:8]) for core in psutil.cpu_times(percpu=True)]
    assert [total for total, *_ in answer.cores()] == pytest.approx(local, abs=10)
    await session.close()


async def test_file_systems_and_processes_are_those_of_this_machine(
    bastion: TestBastion, reader: str, source: Source
) -> None:
    found = payload(await source.poll())
    root = next(one for one in found.filesystems if one.mount == "/")
    here = psutil.disk_usage("/")
    assert root.total_bytes == pytest.approx(here.total, rel=0.001)
    assert root.free_bytes == pytest.approx(here.free, rel=0.1)


async def test_databases_are_found_by_name_with_secrets_hidden(reader: str, source: Source, tmp_path: Path) -> None:
    program = tmp_path / "redis-server"
    program.symlink_to("/bin/sh")
    # A shell under that name, which takes any arguments after what it runs.
    database = await asyncio.create_subprocess_exec(
        str(program), "-c", "echo; read line", "--requirepass", "s3cret-word", stdin=PIPE, stdout=PIPE
    )
    try:
        assert database.stdout is not None
        await database.stdout.readline()  # it has started, and changes no more

        async def found() -> bool:
            shown = payload(await source.poll()).processes
            return any(one.pid == database.pid and one.role == "redis" for one in shown)

        assert await wait_until_async(found)
        shown = next(one for one in payload(await source.poll()).processes if one.pid == database.pid)
        local = psutil.Process(database.pid)
        assert shown.command == f"{program} -c echo; read line --requirepass ***"
        assert shown.user == local.username()
        assert shown.open_files == local.num_fds()
        assert shown.open_files_limit == local.rlimit(psutil.RLIMIT_NOFILE)[0]
        assert shown.resident_bytes == pytest.approx(local.memory_info().rss, rel=0.5)
        assert shown.threads == 1
        assert shown.started_at == pytest.approx(local.create_time(), abs=2)
    finally:
        database.kill()
        await database.wait()


async def test_whatever_a_process_is_called_with_ends_no_answer(reader: str, bastion: TestBastion) -> None:
    """Some shells' echo makes of a backslash what it is not."""
    from perftui.sources.host.remote_session import start_session

    odd = "a\\cb\\n.\\nwho 1 root 3 9 x"
    process = await asyncio.create_subprocess_exec("/bin/sh", "-c", "read line", odd, stdin=PIPE)
    session = await start_session(way_through("bastion", str(bastion.ssh_config)))
    try:
        for _ in range(2):  # an answer that ended early would give the next one its rest
            answer = await session.ask(f"who {process.pid}")
            assert answer.startswith(f"who {process.pid} ")
            assert answer.count("\n") == 1
    finally:
        await session.close()
        process.kill()
        await process.wait()


async def test_an_argument_that_is_cut_is_not_shown_in_part(reader: str, bastion: TestBastion) -> None:
    """Half of a URI does not look like one with a password."""
    from perftui.sources.host.remote_answer import Answer
    from perftui.sources.host.remote_session import start_session

    uri = "mongodb://shop:Tr0ub4dor-and-3@db1:27017/shop"
    before = ["/bin/sh", "-c", "read line", ":".join(["/srv/lib"] * 150)]
    padding = "x" * (2000 - sum(len(one) + 1 for one in before) - 1 - uri.index("-and"))
    processes = [
        await asyncio.create_subprocess_exec(*before, *rest, stdin=PIPE) for rest in ((), (padding, uri), (uri,))
    ]
    session = await start_session(way_through("bastion", str(bastion.ssh_config)))
    try:
        about = Answer(await session.ask(f"who {' '.join(str(one.pid) for one in processes)}")).about()
    finally:
        await session.close()
        for one in processes:
            one.kill()
            await one.wait()
    found = [about[one.pid].arguments for one in processes]
    assert found == [tuple(before), (*before, padding), (*before, uri)]


async def test_one_command_is_run_for_all_readings(bastion: TestBastion, source: Source) -> None:
    for _ in range(5):
        payload(await source.poll())
    await source.close()
    log = bastion.log_file.read_text()
    assert log.count("Starting session") == 1
    assert bastion.connections() == 1


async def test_what_runs_over_there_ends_with_it(bastion: TestBastion, reader: str, source: Source) -> None:
    payload(await source.poll())
    assert _children_of_sshd(bastion)
    await source.close()
    assert await wait_until_async(lambda: not _children_of_sshd(bastion))


async def test_it_is_read_again_after_the_connection_dropped(bastion: TestBastion, source: Source) -> None:
    payload(await source.poll())
    bastion.stop()
    failed = await source.poll()
    assert failed.failure is not None
    assert failed.failure.kind == "unreachable"
    bastion.start()

    async def again() -> bool:
        return (await source.poll()).failure is None

    assert await wait_until_async(again)


@pytest.mark.parametrize("bastion", ["ForceCommand echo only forwarding here >&2; exit 1"], indirect=True)
async def test_a_login_that_may_run_no_command_is_told_of_once(source: Source) -> None:
    sample = await source.poll()
    assert sample.failure is not None
    assert sample.failure.kind == "unsupported"
    assert "lets no command run there (it says: only forwarding here)" in sample.failure.message


@pytest.mark.parametrize(
    "bastion", ['ForceCommand echo "Welcome to the bastion"; eval "$SSH_ORIGINAL_COMMAND"'], indirect=True
)
async def test_a_login_that_greets_first_does_not_disturb(source: Source) -> None:
    assert payload(await source.poll()).memory.total_bytes == psutil.virtual_memory().total


def _uptime_s() -> float:
    return time.time() - psutil.boot_time()


def _children_of_sshd(bastion: TestBastion) -> list[str]:
    """The commands that logins run, without sshd's own processes."""
    server = psutil.Process(int((bastion.folder / "sshd.pid").read_text()))
    return [name for child in server.children(recursive=True) if (name := child.name()) != "sshd"]
