"""What the monitor's polling costs the servers, from the kernel's own accounts of their processes."""

import subprocess
import sys
import time

import psutil

from perftui.servers import PrivateServers

_WINDOW_S = 20.0


def cost_of_polling() -> dict[str, float]:
    """CPU milliseconds a second, with the monitor less without it, of a quiet mongod and a quiet Redis."""
    with PrivateServers() as servers:
        mongod, redis = servers.start_mongod(replica_set="rs0"), servers.start_redis()
        time.sleep(5)
        processes = {"mongod": psutil.Process(mongod.pid), "redis": psutil.Process(redis.pid)}
        quiet = _cpu(processes)
        watcher = subprocess.Popen(
            [sys.executable, "-m", "perftui", "record", "/dev/null", "--force", mongod.uri, redis.uri],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            time.sleep(5)
            watched = _cpu(processes)
        finally:
            watcher.terminate()
            watcher.wait(10)
    costs = {name: max(0.0, watched[name] - quiet[name]) for name in processes}
    return costs | {"all servers": sum(costs.values())}


def _cpu(processes: dict[str, psutil.Process]) -> dict[str, float]:
    before = {name: process.cpu_times() for name, process in processes.items()}
    time.sleep(_WINDOW_S)
    costs = {}
    for name, process in processes.items():
        now = process.cpu_times()
        used = now.user + now.system - before[name].user - before[name].system
        costs[name] = used * 1000 / _WINDOW_S
    return costs
