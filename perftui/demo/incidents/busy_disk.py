"""Something beside the databases and the application keeps the machine's disk busy, in little space."""

import fcntl
import mmap
import os
import shutil
import sys
import threading
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from perftui.demo.incidents.incident import Incident
from perftui.demo.incidents.scene import Scene
from perftui.demo.incidents.working import say_at_work

BLOCK = 2 * 2**20
"""The larger, the less CPU for as busy a disk, and the longer it is busy while other work keeps us from the CPU."""
MOST_MB = 512
_SHARE_OF_FREE = 0.1
_READS = 3
"""Times that what was written is read: a disk is as busy with that, and an SSD wears less."""
_FEWEST, _MOST_FILES = 16, 64
_ELSEWHERE = Path("/var/tmp")  # noqa: S108 - the files have no names there
_IN_MEMORY = ("tmpfs", "ramfs")


class BusyDisk(Incident):
    name = "busy-disk"
    words = f"a backup beside the servers writes and reads {MOST_MB} MB of files of its own without a pause"
    verdicts = ("disk-beside",)

    def start(self, scene: Scene) -> None:
        folder = on_a_disk(scene.session.servers.folder)
        count, size = files_for(shutil.disk_usage(folder).free, os.cpu_count() or 1)
        scene.start_worker("busy_disk", folder, count, size)


def on_a_disk(folder: Path) -> Path:
    """The demo's folder, or another where that is in memory, as the one for temporary files often is."""
    for one in (folder, _ELSEWHERE):
        if _filesystem(one) not in _IN_MEMORY:
            return one
    raise RuntimeError(f"{folder} and {_ELSEWHERE} are in memory; let TMPDIR name a folder on a disk")


def _filesystem(folder: Path) -> str:
    import psutil

    place = folder.resolve()
    around = [one for one in psutil.disk_partitions(all=True) if place.is_relative_to(one.mountpoint)]
    nearest = max(around, key=lambda one: len(one.mountpoint), default=None)
    return "" if nearest is None else str(nearest.fstype)


def files_for(free: int, cores: int) -> tuple[int, int]:
    """How many files and the bytes of each. A share of the CPU must be seen to wait: more cores need more who do."""
    room = min(MOST_MB * 2**20, int(free * _SHARE_OF_FREE))
    count = max(_FEWEST, min(cores, _MOST_FILES, room // BLOCK))
    size = room // count // BLOCK * BLOCK
    if not size:
        raise RuntimeError(f"the disk is nearly full: {free // 2**20} MB are free")
    return count, size


def open_file(folder: Path, size: int) -> IO[bytes]:
    """It has no name, so that it goes with its process, however that ends; its space is taken at once, or refused."""
    file: IO[bytes] = TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - open as long as the process
    os.posix_fallocate(file.fileno(), 0, size)
    return file


def goes_to_the_disk(file: IO[bytes]) -> bool:
    """Past the page cache, from now on; not every filesystem can."""
    try:
        fcntl.fcntl(file.fileno(), fcntl.F_SETFL, os.O_DIRECT)
    except OSError:
        return False
    return True


def go_over(file: IO[bytes], size: int, block: mmap.mmap, *, direct: bool) -> None:
    """Write it all, and read it where that does not come out of the page cache: the CPU would be busy, not the disk."""
    places = range(0, size, BLOCK)
    for place in places:
        os.pwrite(file.fileno(), block, place)
        if not direct:
            os.fdatasync(file.fileno())
    for _ in range(_READS if direct else 0):
        for place in places:
            os.preadv(file.fileno(), [block], place)


def _work(file: IO[bytes], size: int) -> None:
    block = mmap.mmap(-1, BLOCK)  # begins with a page, as O_DIRECT wants it
    block.write(os.urandom(BLOCK))
    direct = goes_to_the_disk(file)
    while True:
        go_over(file, size, block, direct=direct)


def main(folder: Path, count: int, size: int) -> None:
    for file in [open_file(folder, size) for _ in range(count)]:
        threading.Thread(target=_work, args=(file, size)).start()
    say_at_work()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
