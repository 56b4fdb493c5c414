"""The processes of interest: databases, the application, perftui, and whatever else takes the CPU."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from perftui.model.host import Process
from perftui.model.redaction import beginning, mask_arguments
from perftui.model.text import safe_text

if TYPE_CHECKING:
    import psutil

LONGEST_COMMAND, _MOST_ARGUMENTS = 2000, 100
BUSIEST_OTHERS = 6
_OPEN_FILES_INTERVAL_S = 10.0
_SCAN_INTERVAL_S = 10.0
_SCAN_SHARE = 0.002
_SOONEST_S, _SOONER_SHARE = 3.0, 0.01
"""The same while nobody knows who keeps a busy machine busy."""
_LISTENERS_INTERVAL_S = 60.0
_DATABASES = {"mongod": "mongod", "mongos": "mongod", "redis-server": "redis", "valkey-server": "redis"}


class _Watched:
    """One process and its CPU time at the last look."""

    def __init__(self, process: psutil.Process, role: str) -> None:
        self.process, self.role = process, role
        self.name = safe_text(process.name())
        # A process title, such as Redis's, is padded with blanks.
        arguments = [beginning(part.strip(), LONGEST_COMMAND) for part in process.cmdline()[:_MOST_ARGUMENTS]]
        # Arguments are bytes: what is no UTF-8 comes as text that can neither be drawn nor recorded.
        self.command = safe_text(mask_arguments(arguments or [self.name])[:LONGEST_COMMAND].strip())
        self.started_at = process.create_time()
        self.user = _user(process)
        self.nice = _nice(process)
        self._cpu: tuple[float, float] | None = None
        self._open_files: int | None = None
        self._open_files_limit: int | None = None
        self._open_files_due = 0.0

    def read(self) -> Process:
        """Raises psutil.Error when the process is gone or hidden."""
        now = time.monotonic()
        with self.process.oneshot():
            times = self.process.cpu_times()
            resident, threads = self.process.memory_info().rss, self.process.num_threads()
        used = times.user + times.system
        before, self._cpu = self._cpu, (now, used)
        share = max(0.0, (used - before[1]) / (now - before[0])) if before and now > before[0] else None
        return Process(
            pid=self.process.pid,
            name=self.name,
            command=self.command,
            role=self.role,
            user=self.user,
            cpu_share=share,
            resident_bytes=resident,
            threads=threads,
            open_files=self._count_open_files(now),
            open_files_limit=self._open_files_limit,
            started_at=self.started_at,
            nice=self.nice,
        )

    def _count_open_files(self, now: float) -> int | None:
        """Counted rarely: a database has thousands, and each is listed for it."""
        if self.role != "other" and now >= self._open_files_due:
            self._open_files_due = now + _OPEN_FILES_INTERVAL_S
            self._open_files = _open_files(self.process)
            self._open_files_limit = _open_files_limit(self.process)
        return self._open_files


class Processes:
    """Watches a few processes closely and looks for new ones rarely.

    A look over all processes is repeated so rarely that it takes at most a fifth of a percent of one core.
    """

    def __init__(self, application_ports: tuple[int, ...] = ()) -> None:
        self.ports = application_ports
        self._watched: dict[int, _Watched] = {}
        self._cpu_before: dict[tuple[int, float], float] = {}
        self._next_scan = self._soonest_scan = 0.0
        self._listeners: set[int] = set()
        self._listeners_due = 0.0

    def scan_is_due(self) -> bool:
        return time.monotonic() >= self._next_scan

    def scan(self) -> None:
        """Look over all processes; takes long on a machine with many, so it belongs in a thread."""
        import psutil

        started = time.thread_time()
        application = self._application_pids()
        found: dict[int, str] = {}
        cpu: dict[tuple[int, float], float] = {}
        for process in psutil.process_iter(["name", "cpu_times", "create_time"]):
            details = process.info
            role = _role(process.pid, details["name"] or "", application)
            if role is not None:
                found[process.pid] = role
            elif details["cpu_times"] is not None:
                key = (process.pid, details["create_time"])
                cpu[key] = details["cpu_times"].user + details["cpu_times"].system
        steps = {pid: used - self._cpu_before.get((pid, born), used) for (pid, born), used in cpu.items()}
        for pid in sorted(steps, key=lambda pid: -steps[pid])[:BUSIEST_OTHERS]:
            if steps[pid] > 0:
                found[pid] = "other"
        self._cpu_before = cpu
        self._watched = {pid: watched for pid, role in found.items() if (watched := self._watch(pid, role))}
        cost, now = time.thread_time() - started, time.monotonic()
        self._next_scan = now + max(_SCAN_INTERVAL_S, cost / _SCAN_SHARE)
        self._soonest_scan = now + max(_SOONEST_S, cost / _SOONER_SHARE)

    def look_sooner(self) -> None:
        """Something unknown takes the CPU: find out who it is."""
        self._next_scan = min(self._next_scan, self._soonest_scan)

    def read(self) -> tuple[Process, ...]:
        """The watched processes, the busiest first."""
        import psutil

        processes = []
        for pid, watched in list(self._watched.items()):
            try:
                processes.append(watched.read())
            except psutil.Error:
                self._watched.pop(pid, None)
                self._next_scan = min(self._next_scan, time.monotonic() + 1)
        return tuple(sorted(processes, key=lambda process: -(process.cpu_share or 0)))

    def _watch(self, pid: int, role: str) -> _Watched | None:
        import psutil

        known = self._watched.get(pid)
        try:
            if known is not None and known.role == role and known.process.is_running():
                return known
            return _Watched(psutil.Process(pid), role)
        except psutil.Error:
            return None

    def _application_pids(self) -> set[int]:
        """Processes that listen on the applications' ports; looked for again when one ended, else rarely.

        Finding them reads every process's open files.
        """
        import psutil

        if not self.ports:
            return set()
        now = time.monotonic()
        if now >= self._listeners_due or not all(psutil.pid_exists(pid) for pid in self._listeners):
            self._listeners = self._find_listeners()
            self._listeners_due = now + (_LISTENERS_INTERVAL_S if self._listeners else _SCAN_INTERVAL_S)
        return self._listeners

    def _find_listeners(self) -> set[int]:
        import psutil

        try:
            sockets = psutil.net_connections("tcp")
        except (psutil.Error, OSError):
            return set()
        listening = {
            socket.pid
            for socket in sockets
            if socket.pid and socket.status == psutil.CONN_LISTEN and socket.laddr and socket.laddr.port in self.ports
        }
        return listening - {os.getpid()}


def _role(pid: int, name: str, application: set[int]) -> str | None:
    if pid == os.getpid():
        return "perftui"
    if pid in application:
        return "application"
    return database_role(name)


def database_role(name: str) -> str | None:
    """What a program of this name is, where it is a database."""
    return _DATABASES.get(name)


def _user(process: psutil.Process) -> str | None:
    import psutil

    try:
        return safe_text(process.username())
    except (psutil.Error, KeyError):
        return None


def _nice(process: psutil.Process) -> int | None:
    """Elsewhere than on Unix it is another scale."""
    import psutil

    try:
        return int(process.nice()) if os.name == "posix" else None
    except (psutil.Error, OSError):
        return None


def _open_files(process: psutil.Process) -> int | None:
    import psutil

    try:
        return process.num_fds()
    except (psutil.Error, AttributeError):
        return None


def _open_files_limit(process: psutil.Process) -> int | None:
    """Linux tells it of one's own processes, and the superuser of all."""
    import psutil

    try:
        soft = int(process.rlimit(psutil.RLIMIT_NOFILE)[0])
    except (psutil.Error, AttributeError, OSError):
        return None
    return soft if soft > 0 else None
