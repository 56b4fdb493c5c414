"""Keys that change what is read or shown of a real replica set."""

from frames import text
from helpers.waiting import wait_until_async
from textual.pilot import Pilot

from perftui.model.settings import Settings
from perftui.model.snapshot import TargetState
from perftui.monitor.live import Monitor
from perftui.servers import PrivateServers
from perftui.targets import connect_to, this_machine
from perftui.tui.app import PerftuiApp


async def test_m_goes_round_the_members_and_i_shows_noise(private_servers: PrivateServers) -> None:
    members = private_servers.start_replica_set("rs0", 3)
    uri = f"mongodb://127.0.0.1:{members[0].port}/"
    settings = Settings(connections=(connect_to(uri), this_machine()), interval_s=0.25)
    app = PerftuiApp(Monitor(settings), settings)
    async with app.run_test(size=(160, 45)) as pilot:
        await wait_until_async(lambda: len(roles(app)) == 3 and None not in roles(app))
        await pilot.press("2")
        seen = [await pressed_m(pilot, app) for _ in range(4)]
        assert len({state.target.id for state in seen[:3]}) == 3
        assert seen[3].target.id == seen[0].target.id
        roles_seen = sorted(state.mongodb.role or "" for state in seen[:3] if state.mongodb is not None)
        assert roles_seen == ["PRIMARY", "SECONDARY", "SECONDARY"]
        await wait_until_async(lambda: seen[3].target.name in text(app))
        await pilot.press("i")
        await wait_until_async(lambda: "(internal)" in text(app))
        await pilot.press("i")
        await wait_until_async(lambda: "(internal)" not in text(app))


def roles(app: PerftuiApp) -> list[str | None]:
    states = app.view.targets("mongodb") if app.view is not None else ()
    return [state.mongodb.role if state.mongodb is not None else None for state in states]


async def pressed_m(pilot: Pilot[None], app: PerftuiApp) -> TargetState:
    """The member in view after the key."""
    await pilot.press("m")
    await pilot.pause()
    assert app.view is not None
    state = app.view.target("mongodb")
    assert state is not None
    return state
