"""`B`: the last minutes that the feed keeps, as a file for colleagues to replay."""

import asyncio
import time
from typing import TYPE_CHECKING

from perftui.tui.formatting import duration

if TYPE_CHECKING:
    from perftui.tui.app import PerftuiApp


async def write_bundle(app: "PerftuiApp") -> None:
    """Take the frames up to the one that is shown; say how far it is, and where the file is."""
    from perftui.handover.bundle import LAST_S, BundleWriter
    from perftui.monitor.recording import RecordingError
    from perftui.tui.export import writable_folder

    shown = app.shown
    if shown is None:
        app.say("Nothing was read yet: there is nothing to hand over.")
        return
    path = writable_folder() / f"perftui-bundle-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(shown.taken_at))}.perftui"
    app.say("Writing the last minutes without values, hosts and users ...")
    first, _ = app.feed.frames()
    try:
        with BundleWriter(path, overwrite=True) as writer:
            since = None
            for sequence in range(first, shown.sequence + 1):
                frame = app.feed.frame(sequence)
                if frame is not None and frame.taken_at >= shown.taken_at - LAST_S:
                    since = frame.taken_at if since is None else since
                    await asyncio.to_thread(writer.add, frame)
                else:
                    await asyncio.sleep(0)
    except (RecordingError, OSError) as error:
        app.say(f"No bundle was written: {error}", "warning")
        return
    span = duration(shown.taken_at - (since or shown.taken_at))
    app.say(f"{path.name}: the last {span}, {writer.frames:,} frames, redacted; it is in {path.parent}")
