"""How long Redis is busy at a time while a tag of 100,000 keys is invalidated, by the server's own slow log.

`.venv/bin/python -m tests.benchmarks.cache.tags`.
"""

from collections import defaultdict
from typing import Any, cast

from redis import Redis

from perftui import Invalidator, RedisStore
from perftui.servers import PrivateServers

KEYS, MOST_MS = 100_000, 10.0


def main() -> None:
    """Print each command's number and longest time in milliseconds."""
    with PrivateServers() as servers, Redis(port=servers.start_redis().port) as client:
        store = RedisStore(client)
        store.direct.set_many({f"product:{number}": b"x" * 200 for number in range(KEYS)}, 600, ["products"])
        client.config_set("slowlog-max-len", 100_000)
        client.config_set("slowlog-log-slower-than", 0)
        client.slowlog_reset()
        report = Invalidator(store).direct.tags("products")
        client.config_set("slowlog-log-slower-than", -1)
        longest: dict[str, list[float]] = defaultdict(list)
        for entry in cast("Any", client).execute_command("SLOWLOG GET", -1):
            longest[entry["command"].decode("utf-8", "replace").partition(" ")[0]].append(entry["duration"] / 1000)
    for name, times in sorted(longest.items()):
        print(f"{name:12} {len(times):6} commands, longest {max(times):6.2f} ms")
    worst = max(max(times) for times in longest.values())
    held = worst <= MOST_MS and report.keys == KEYS
    print(
        f"{report.keys:,} keys in {report.seconds:.2f} s; at most {worst:.2f} ms at a time: {'held' if held else 'NOT'}"
    )


if __name__ == "__main__":
    main()
