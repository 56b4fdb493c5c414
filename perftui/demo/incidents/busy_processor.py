"""Something beside the databases and the application takes the machine's CPU."""

import os
import sys

from perftui.demo.incidents.incident import Incident
from perftui.demo.incidents.scene import Scene

_COMPRESS = "import zlib\nwhile True: zlib.compress(bytes(range(256)) * 4096, 9)"


class BusyProcessor(Incident):
    name = "busy-cpu"
    words = "a backup beside the servers compresses on every core"
    verdicts = ("cpu-beside",)

    def start(self, scene: Scene) -> None:
        for number in range(os.cpu_count() or 1):
            scene.start_program(f"backup-{number}", [sys.executable, "-c", _COMPRESS])
