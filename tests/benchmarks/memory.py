"""Memory over an hour's worth of ticks, played as fast as they can be made, in this process.

Prints JSON: resident bytes when the application's parts are loaded, after the first minute's worth and after the hour.
"""

import argparse
import asyncio
import json

import psutil
from injected import MADE_UP, MadeUpOperations, MadeUpServer

from perftui.model.snapshot import Snapshot, TargetState
from perftui.monitor.frames import FrameStore
from perftui.monitor.history import History

TICKS_OF_AN_HOUR = 3600


async def run(operations: int) -> dict[str, int]:
    process = psutil.Process()
    server, listing = MadeUpServer(operations), MadeUpOperations(operations)
    history, frames = History(), FrameStore()
    sizes = {"loaded": process.memory_info().rss}
    for sequence in range(1, TICKS_OF_AN_HOUR + 1):
        server_sample, operations_sample = await server.poll(), await listing.poll()
        state = TargetState(target=MADE_UP, mongodb=server_sample.payload, operations=operations_sample.payload)  # type: ignore[arg-type]
        snapshot = Snapshot(
            sequence=sequence, taken_at=1.7e9 + sequence, interval_s=1.0, window_s=300.0, targets=(state,)
        )
        history.add(snapshot)
        frames.add(snapshot)
        if sequence == 60:
            sizes["after_a_minute"] = process.memory_info().rss
    sizes["after_an_hour"] = process.memory_info().rss
    sizes["frames_kept"] = frames.frames()[1] - frames.frames()[0] + 1
    return sizes


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--operations", type=int, default=50)
    print(json.dumps(asyncio.run(run(parser.parse_args().operations))))
