"""From R on the Redis tab to an empty slow log on a real Redis."""

import pytest
import redis
from frames import text
from test_kill_with_keys import answer_yes, until_it_hears, until_slowly

from perftui.model.settings import Settings
from perftui.monitor.live import Monitor
from perftui.servers import PrivateServers
from perftui.targets import connect_to
from perftui.tui.app import PerftuiApp
from perftui.tui.dialogs.confirm import ConfirmDialog


@pytest.mark.parametrize("choice", ["slowlog", "stats"])
async def test_clears_what_was_chosen_and_nothing_else(choice: str, private_servers: PrivateServers) -> None:
    server = private_servers.start_redis(arguments=("--slowlog-log-slower-than", "0"))
    with redis.Redis.from_url(server.uri) as client:
        client.set("kept", "1")
        for _ in range(60):
            client.get("kept")
        client.config_set("slowlog-log-slower-than", 10_000_000)
        settings = Settings(connections=(connect_to(server.uri),), interval_s=0.2)
        app = PerftuiApp(Monitor(settings), settings)
        async with app.run_test(size=(100, 30)) as pilot:
            await until_slowly(pilot, lambda: app.view is not None and app.view.target("redis") is not None)
            await pilot.press("5", "R")
            await until_slowly(pilot, lambda: isinstance(app.screen, ConfirmDialog))
            await until_it_hears(app, pilot)
            while app.screen.choice != choice:  # type: ignore[attr-defined]
                await pilot.press("down")
                await pilot.pause(0.02)
            assert {"slowlog": "SLOWLOG RESET", "stats": "CONFIG RESETSTAT"}[choice] in text(app)
            await answer_yes(app, pilot)
            await until_slowly(pilot, lambda: not isinstance(app.screen, ConfirmDialog))
            done = {"slowlog": "of the slow log are gone", "stats": "The statistics start again"}[choice]
            await until_slowly(pilot, lambda: done in text(app))
        assert client.get("kept") == b"1"
        assert (client.slowlog_len() == 0) is (choice == "slowlog")
