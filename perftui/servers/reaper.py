"""A process that outlives its starter only to end what the starter left behind.

Run as a script by path, so that it costs one bare interpreter and imports nothing of ours. It owns the set's folder.
Lines on its standard input name processes (`watch PID START_TIME`, `forget PID`) or change its task (`keep`: the
processes shall stay until this one gets SIGTERM). At `end`, or when the starter is gone, it kills, removes and exits.
"""

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

MARKER = "PERFTUI_SERVERS_FOLDER"
_TRIES, _PAUSE_S = 500, 0.02
_PARENT_CHECK_S = 1.0
_Watched = dict[int, str]


def start_time(pid: int) -> str:
    """When the process started, in its system's own notation; empty when it has ended. Tells a reused pid."""
    if Path("/proc/self/stat").exists():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] in "ZX" else fields[19]
    command = ["/bin/ps", "-o", "stat=", "-o", "lstart=", "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()  # noqa: S603
    return "" if not answer or answer[0].startswith("Z") else "_".join(answer[1:])


def marked(folder: str) -> list[int]:
    """Pids whose environment carries the set's folder: also those started but not yet named to us."""
    entry, found = f"{MARKER}={folder}".encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if entry in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]


def end_all(watched: _Watched, folder: str) -> None:
    """Kill every process of the set and wait until it is gone, then remove the folder."""
    for _ in range(_TRIES):
        running = [pid for pid, started in watched.items() if started and start_time(pid) == started]
        running += marked(folder)
        for pid in running:
            _kill(pid)
        if not running:
            shutil.rmtree(folder, ignore_errors=True)
            if not Path(folder).exists():
                return
        time.sleep(_PAUSE_S)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        return


def _follow(watched: _Watched) -> bool:
    """Read what the starter says until it is gone or sends `end`; whether its processes shall stay."""
    starter, keep = os.getppid(), False
    for line in _lines(starter):
        match line.split():
            case ["watch", pid, started]:
                watched[int(pid)] = started
            case ["forget", pid]:
                watched.pop(int(pid), None)
            case ["keep"]:
                keep = True
            case ["end"]:
                break
    return keep


def _lines(starter: int) -> Iterator[str]:
    """Until end of file, or until the starter is gone though something it forked still holds the pipe."""
    text = ""
    while True:
        orphaned = os.getppid() != starter
        if select.select([0], [], [], 0 if orphaned else _PARENT_CHECK_S)[0]:
            data = os.read(0, 65_536)
            if not data:
                return
            *lines, text = (text + data.decode()).split("\n")
            yield from lines
        elif orphaned:
            return


def main() -> None:
    """Make the folder, say its path, follow the starter, clean up."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    folder, watched = tempfile.mkdtemp(prefix="perftui-"), _Watched()
    try:
        sys.stdout.write(folder + "\n")
        sys.stdout.close()
        if _follow(watched):
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.sigwait({signal.SIGTERM})
    finally:
        end_all(watched, folder)


if __name__ == "__main__":
    main()
