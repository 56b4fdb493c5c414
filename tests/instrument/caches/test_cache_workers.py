"""Four real processes that share a folder, one of them killed."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from helpers.waiting import wait_until

from perftui.instrument import Registry, build_document
from perftui.model.metrics import CacheDocument

WORKERS, HITS = 4, 3000
PROGRAM = """
import sys
from perftui.instrument import CacheMonitor, Registry
folder, number, hits = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
registry = Registry("shop", shared=folder)
monitor = CacheMonitor("pages", registry)
for one in range(hits):
    monitor.hit(f"page:{one}", 0.001)
    monitor.miss(f"worker{'abcd'[number]}:{one}")
monitor.hold(keys=10)
print("ready", flush=True)
sys.stdin.read()
"""


def start(folder: Path, number: int) -> Any:
    arguments = [sys.executable, "-c", PROGRAM, str(folder), str(number), str(HITS)]
    return subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_nothing_is_lost_when_a_worker_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "figures"
    registry = Registry("shop", shared=folder)

    def pages() -> CacheDocument:
        return (build_document(registry, sections=("cache",)).cache or {}).get("pages", CacheDocument())

    workers = [start(folder, number) for number in range(WORKERS)]
    try:
        for worker in workers:
            assert worker.stdout.readline() == "ready\n"
        assert (pages().hits, pages().misses, pages().get.count) == (WORKERS * HITS, WORKERS * HITS, WORKERS * HITS)
        expected = {"page:*": WORKERS * HITS, **{f"worker{letter}:*": HITS for letter in "abcd"}}
        wait_until(lambda: {key.key: key.count for key in pages().top_keys} == expected)
        wait_until(lambda: pages().keys == 10 * WORKERS)
        workers[0].send_signal(signal.SIGKILL)
        workers[0].wait(timeout=60)
        wait_until(lambda: pages().keys == 10 * (WORKERS - 1))
        assert (pages().hits, pages().misses, pages().get.count) == (WORKERS * HITS, WORKERS * HITS, WORKERS * HITS)
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()
