"""The built file on a system without Python, without a C library, without anything: docs/installing.md.

Building takes a minute and a package index, so these run where they are asked to:
`python executable/build.py && PERFTUI_SINGLE_FILE=dist/perftui-linux-x86_64 pytest tests/executable`. Where
PERFTUI_OLD_SYSTEM names the root of another release, as debootstrap makes it, it is run there, too.
"""

import json
import os
import shlex
import shutil
import signal
import subprocess
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from helpers.single_file import packing
from helpers.terminal import Terminal
from helpers.waiting import wait_until

from perftui import __version__
from perftui.servers import MongodProcess, RedisProcess
from perftui.servers.binaries import find_redis

ROOT = Path(__file__).parents[2]
BUILT = os.environ.get("PERFTUI_SINGLE_FILE")
OLD_SYSTEM = os.environ.get("PERFTUI_OLD_SYSTEM")
UNPACKED = "perftui-unpacked-*"
# What start.py does before perftui runs.
FIND = """
import sys
from pathlib import Path
sys.path.insert(0, str(Path(sys.executable).parents[1] / "lib"))
from start import Unpacked
sys.meta_path.insert(0, Unpacked(Path(sys.executable).parents[1] / "lib" / "unpacked"))
"""
STARTS_REDIS = """
import redis
from perftui.servers import PrivateServers
with PrivateServers() as servers:
    print(redis.from_url(servers.start_redis().uri).ping())
"""
# What applications bring that embed the library.
OF_APPLICATIONS = {"dogpile"}
# Imports every module in there but the demo's, whose requirements are not; then what is compiled, and draws a chart.
INSIDE = """
import pkgutil
from importlib import import_module
import perftui
names = [found.name for found in pkgutil.walk_packages(perftui.__path__, "perftui.") if ".demo" not in found.name]
names = [name for name in names if not name.endswith("__main__")]
missing = set()
for name in names:
    try:
        import_module(name)
    except ModuleNotFoundError as error:
        missing.add(error.name.partition(".")[0])
import bson, msgspec, psutil, pymongo, ssl, zstandard
assert bson.has_c() and pymongo.has_c() and zstandard.backend == "cext"
from perftui.tui.widgets.chart import draw_chart
assert len(draw_chart([0.0, 1.0, 2.0], [1.0, 3.0, 2.0], 60, 12, show=str)) > 8
assert ssl.create_default_context().get_ca_certs() is not None
print(len(names), *sorted(missing))
"""

pytestmark = pytest.mark.skipif(not BUILT, reason="no file is named by PERFTUI_SINGLE_FILE: docs/installing.md")


@pytest.fixture(scope="module")
def program() -> Path:
    assert BUILT
    return Path(BUILT).absolute()


@dataclass(frozen=True)
class System:
    """A root with this file in /srv, and what a test may look into from outside."""

    root: Path
    temporary: Path
    mounts: str = ""

    def alone(self, *arguments: str, mounts: str = "") -> list[str]:
        """The command of the file in that root, with an empty PATH and no other variable."""
        unshare, chroot, environment = (shutil.which(name) for name in ("unshare", "chroot", "env"))
        clean = f'exec {environment} -i PATH= TERM=xterm {chroot} "$0" /srv/perftui "$@"'
        inner = f'set -e; {self.mounts} {mounts} mount -t proc proc "$0/proc"; {clean}'
        return [str(unshare), "--mount", "--pid", "--fork", "/bin/sh", "-c", inner, str(self.root), *arguments]


@pytest.fixture
def nothing(tmp_path: Path, program: Path) -> System:
    """A system that holds this file, an empty /tmp and /proc, and no more."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("only root can change the root, with unshare of util-linux")
    for folder in ("proc", "tmp", "srv"):
        (tmp_path / "root" / folder).mkdir(parents=True)
    shutil.copy(program, tmp_path / "root" / "srv" / "perftui")
    return System(tmp_path / "root", tmp_path / "root" / "tmp")


@pytest.fixture(params=["nothing", "an old release"])
def system(request: pytest.FixtureRequest, nothing: System) -> System:
    """The system of nothing, then the old release where there is one, with /srv and /tmp of the first."""
    if request.param == "nothing":
        return nothing
    if not OLD_SYSTEM:
        pytest.skip("no root is named by PERFTUI_OLD_SYSTEM")
    own = [f'mount --bind {shlex.quote(str(nothing.root / name))} "$0/{name}";' for name in ("srv", "tmp")]
    return System(Path(OLD_SYSTEM), nothing.temporary, " ".join(own))


def run(command: Sequence[str | Path], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=110, check=False, env=os.environ | environment
    )


def unpacked(place: Path) -> list[Path]:
    return sorted(place.glob(UNPACKED))


def test_it_runs_where_there_is_nothing_else_and_leaves_nothing(
    system: System, mongod: MongodProcess, redis_server: RedisProcess
) -> None:
    version = run(system.alone("--version"))
    assert (version.stdout, version.stderr, version.returncode) == (f"perftui {__version__}\n", "", 0)
    snapshot = run(system.alone("snapshot", "--json", mongod.uri, redis_server.uri))
    assert snapshot.returncode == 0, snapshot.stderr
    targets = json.loads(snapshot.stdout)["targets"]
    assert not [source["failure"] for target in targets for source in target["sources"] if source.get("failure")]
    doctor = run(system.alone("doctor", mongod.uri, redis_server.uri))
    assert doctor.returncode == 0, doctor.stdout
    assert unpacked(system.temporary) == []


def test_the_screen_and_a_replay_there(system: System, mongod: MongodProcess) -> None:
    with Terminal(system.alone(mongod.uri), columns=100, lines=30) as terminal:
        terminal.wait_for(r"1 Overview.*2 Operations", 60)
        terminal.wait_for(r"MONGO")
        terminal.send("2")
        terminal.wait_for(r"RUNNINGv")
        terminal.send("q")
        assert terminal.exit_code() == 0
    recorded = run(system.alone("record", "/tmp/kept.perftui", "--seconds", "3", mongod.uri))
    assert recorded.returncode == 0, recorded.stderr
    with Terminal(system.alone("replay", "/tmp/kept.perftui"), columns=100, lines=30) as terminal:
        terminal.wait_for("MONGO", 60)
        terminal.send("q")
        assert terminal.exit_code() == 0
    (system.temporary / "kept.perftui").unlink()
    assert list((system.temporary).iterdir()) == []


def test_the_demo_says_why_it_is_not_there(nothing: System) -> None:
    result = run(nothing.alone("demo"))
    assert "This single-file perftui has no demo" in result.stderr
    assert (result.returncode, result.stdout) == (3, "")


@pytest.mark.parametrize(
    ("options", "why"), [("noexec", "mounted noexec, no program may run there"), ("size=5m", "No space left on device")]
)
def test_a_folder_that_will_not_do_is_said(nothing: System, options: str, why: str) -> None:
    result = run(nothing.alone("--version", mounts=f'mount -t tmpfs -o {options} none "$0/tmp";'))
    assert f"/tmp: {why}" in result.stderr
    assert "TMPDIR=/a/folder" in result.stderr
    assert result.returncode == 3


def test_another_folder_is_taken_where_the_first_allows_no_program(nothing: System) -> None:
    (nothing.root / "var" / "tmp").mkdir(parents=True)
    result = run(nothing.alone("--version", mounts='mount -t tmpfs -o noexec none "$0/tmp";'))
    assert (result.stdout, result.stderr) == (f"perftui {__version__}\n", "")


@pytest.mark.parametrize("kept", [0.3, 0.99])
def test_a_file_that_was_cut_off_is_told(tmp_path: Path, program: Path, kept: float) -> None:
    content = program.read_bytes()
    part = tmp_path / "perftui"
    part.write_bytes(content[: int(len(content) * kept)])
    part.chmod(0o700)
    result = run([part, "--version"])
    assert result.stderr == "perftui: This file is not whole; copy it again and compare its SHA-256.\n"
    assert result.returncode == 3


def test_a_file_with_a_damaged_part_is_told(tmp_path: Path, program: Path) -> None:
    content = bytearray(program.read_bytes())
    middle = len(content) // 20  # in the program and libraries, which stand first
    content[middle : middle + 4096] = bytes(4096)
    (tmp_path / "perftui").write_bytes(content)
    (tmp_path / "perftui").chmod(0o700)
    result = run([tmp_path / "perftui", "--version"], TMPDIR=str(tmp_path))
    assert result.stderr == "perftui: This file is not whole; copy it again and compare its SHA-256.\n"
    assert unpacked(tmp_path) == []


@pytest.fixture
def running(tmp_path: Path, program: Path) -> Iterator[Terminal]:
    """The monitor on this machine, unpacked below `tmp_path`."""
    with Terminal([str(program)], environment={"TMPDIR": str(tmp_path)}) as terminal:
        terminal.wait_for("6 Host", 60)
        yield terminal


def test_every_module_and_compiled_part_can_be_imported_in_there(running: Terminal, tmp_path: Path) -> None:
    (folder,) = unpacked(tmp_path)
    assert folder.stat().st_mode & 0o777 == 0o700
    result = run([folder / "bin" / "perftui", "-I", "-S", "-W", "error", "-c", FIND + INSIDE])
    assert result.returncode == 0, result.stderr
    count, *missing = result.stdout.split()
    assert int(count) > 400
    assert set(missing) == OF_APPLICATIONS


def test_private_servers_are_started_and_ended_from_in_there(running: Terminal, tmp_path: Path) -> None:
    """A rehearsal's servers have a watcher, which runs this interpreter without the rest of perftui."""
    (folder,) = unpacked(tmp_path)
    redis = str(find_redis().parent)
    result = run([folder / "bin" / "perftui", "-I", "-S", "-c", FIND + STARTS_REDIS], PATH=redis)
    assert (result.stdout, result.stderr) == ("True\n", "")


def test_what_a_killed_one_left_is_removed_by_a_later_start_and_what_runs_is_not(
    running: Terminal, tmp_path: Path, program: Path
) -> None:
    with Terminal([str(program)], environment={"TMPDIR": str(tmp_path)}) as second:
        second.wait_for("6 Host", 60)
        both = unpacked(tmp_path)
        second.signal(signal.SIGKILL)
        second.exit_code()
    assert len(both) == 2

    def removed() -> bool:
        assert run([program, "--version"], TMPDIR=str(tmp_path)).returncode == 0
        return len(unpacked(tmp_path)) == 1

    wait_until(removed, timeout_s=40)
    running.send("q")
    assert running.exit_code() == 0
    assert unpacked(tmp_path) == []


def test_variables_of_the_machine_s_own_python_and_loader_do_not_reach_it(tmp_path: Path, program: Path) -> None:
    (tmp_path / "encodings.py").write_text("raise SystemExit('the machine\\'s own module')", "utf-8")
    hostile = {"PYTHONPATH": str(tmp_path), "PYTHONHOME": str(tmp_path), "LD_LIBRARY_PATH": str(tmp_path)}
    result = run([program, "--version"], **hostile)
    assert (result.stdout, result.stderr) == (f"perftui {__version__}\n", "")


def test_its_size_is_kept(program: Path) -> None:
    assert sum(packing.read_table(program).values()) < 45_000_000
    assert program.stat().st_size < 30_000_000


def test_no_module_names_the_checkout_that_it_was_built_from(running: Terminal, tmp_path: Path) -> None:
    (folder,) = unpacked(tmp_path)
    (archive,) = folder.glob("lib/*.zip")
    with zipfile.ZipFile(archive) as opened:
        contents = {name: opened.read(name) for name in opened.namelist()}
    contents |= {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert len(contents) > 1_000
    assert [name for name, content in contents.items() if str(ROOT).encode() in content] == []
