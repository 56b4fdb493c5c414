"""A voting member is down: creating an index is not refused out of hand, its commit quorum can be chosen."""

from pathlib import Path
from typing import Any

import pytest
from advice_samples import recommendation
from fakes import FakeFeed, full_snapshots, replace_target
from frames import text
from helpers.waiting import wait_until
from pymongo import MongoClient

from perftui.model.settings import Settings
from perftui.servers import MongodProcess, PrivateServers
from perftui.targets import connect_to
from perftui.tui.app import PerftuiApp
from perftui.tui.dialogs import confirm
from perftui.tui.dialogs.confirm import ConfirmDialog
from perftui.tui.dialogs.create import open_create

Client = MongoClient[dict[str, Any]]
NS = "shop.prompts"


@pytest.fixture
def crippled(private_servers: PrivateServers) -> list[MongodProcess]:
    """A set of three whose third member was killed."""
    members = private_servers.start_replica_set("rs0")
    client: Client
    with MongoClient(members[0].uri, replicaSet="rs0") as client:
        prompts: Any = client.shop.prompts
        prompts.insert_many([{"category": number % 7, "active": True} for number in range(500)])
        members[2].kill()
        wait_until(
            lambda: any(
                one["health"] == 0 and one["name"].endswith(f":{members[2].port}")
                for one in client.admin.command("replSetGetStatus")["members"]
            )
        )
    return members


def names(member: MongodProcess) -> set[str]:
    client: Client
    with MongoClient(member.direct_uri) as client:
        return set(client.shop.prompts.index_information())


async def test_the_quorum_is_chosen_knowingly(
    crippled: list[MongodProcess], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirm, "DEAF_S", 0.0)
    hosts = ",".join(member.address for member in crippled)
    connection = connect_to(f"mongodb://{hosts}/?replicaSet=rs0")
    settings = Settings(utc=True, connections=(connection,))
    snapshot = replace_target(full_snapshots(1)[0], "mongodb", target=connection.target)
    app = PerftuiApp(FakeFeed([snapshot], settings=settings), settings)
    wanted = recommendation(ns=NS, supersedes=())
    async with app.run_test(size=(120, 40)) as pilot:

        async def until(condition: Any) -> None:
            for _ in range(1_200):
                if condition():
                    return
                await pilot.pause(0.05)
            raise AssertionError(f"never true; the screen is:\n{text(app)}")

        await until(lambda: app.view is not None)
        state: Any = app.view.target("mongodb") if app.view is not None else None
        open_create(app, state, [wanted])
        await until(lambda: isinstance(app.screen, ConfirmDialog) and app.screen._hears_from is not None)
        shown = text(app)
        assert "for ever" in shown
        assert 'commitQuorum: "majority"' in shown
        assert "(•) majority" in shown
        await pilot.press("up")
        await until(lambda: "(•) votingMembers" in text(app))
        assert 'commitQuorum: "votingMembers"' in text(app)
        await pilot.press("down")
        await pilot.press("y")
        await until(lambda: not app.running_actions and not isinstance(app.screen, ConfirmDialog))
    assert wanted.name in names(crippled[0])
