"""Something beside the databases and the application takes the machine: its CPU, or its disk."""

import os
import sys

from perftui.demo.incidents.incident import Incident
from perftui.demo.incidents.scene import Scene

_COMPRESS = "import zlib\nwhile True: zlib.compress(bytes(range(256)) * 4096, 9)"
_WRITE = """
import os, random, threading
file = os.open("backup.part", os.O_WRONLY | os.O_CREAT | os.O_DSYNC, 0o600)
block = os.urandom(64 * 1024)
def write():
    while True:
        os.pwrite(file, block, random.randrange(2048) * len(block))
threads = [threading.Thread(target=write) for _ in range(31)]
for thread in threads:
    thread.start()
write()
"""
"""Thirty-two writers at once, each block to the disk itself, anywhere in a file of 128 MB in the demo's folder."""
_FILE = "backup.part"


class BusyProcessor(Incident):
    name = "busy-cpu"
    words = "a backup beside the servers compresses on every core"
    verdicts = ("cpu-beside",)

    def start(self, scene: Scene) -> None:
        for number in range(os.cpu_count() or 1):
            scene.start_program(f"backup-{number}", [sys.executable, "-c", _COMPRESS])


class BusyDisk(Incident):
    name = "busy-disk"
    words = "a backup beside the servers writes without a pause to their disk"
    verdicts = ("disk-beside",)

    def start(self, scene: Scene) -> None:
        scene.start_program("backup", [sys.executable, "-c", _WRITE])

    def stop(self, scene: Scene) -> None:
        (scene.session.servers.folder / _FILE).unlink(missing_ok=True)
