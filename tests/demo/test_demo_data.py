import asyncio
import json
import time
from datetime import UTC, datetime
from itertools import islice
from types import SimpleNamespace

import pytest

from perftui.demo import load
from perftui.demo.documents import CATEGORIES, PATTERNS, email, prompts, slug, users
from perftui.demo.load import Call, Visitors, visit
from perftui.demo.seeding import DATABASE, profile_everything, prompt_count, seed_documents
from perftui.servers import MongodProcess, PrivateServers

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def test_the_same_seed_makes_the_same_documents() -> None:
    first = list(prompts(100, 50, seed=1, now=NOW))
    assert first == list(prompts(100, 50, seed=1, now=NOW))
    assert first != list(prompts(100, 50, seed=2, now=NOW))
    assert list(users(0, 50, seed=1, now=NOW)) == list(users(0, 50, seed=1, now=NOW))


def test_prompts_are_spread_so_that_filters_choose_some() -> None:
    made = list(prompts(0, 5_000, seed=1, now=NOW))
    assert {prompt["category"] for prompt in made} == set(CATEGORIES)
    assert {prompt["pattern"] for prompt in made} == set(PATTERNS)
    assert len({prompt["slug"] for prompt in made}) == 5_000
    assert 0.75 < sum(prompt["active"] for prompt in made) / 5_000 < 0.85
    assert 0 < sum(prompt["featured"] for prompt in made) < 150
    assert 300 < sum(not prompt["template"].endswith("}") for prompt in made) < 500
    assert all(prompt["createdAt"] <= NOW for prompt in made)


@pytest.mark.parametrize("documents", [7, 2_000, 9_001])
def test_seeding_inserts_exactly_as_many_without_indexes(mongod: MongodProcess, documents: int) -> None:
    heard: list[float] = []
    with mongod.client() as client:
        client.drop_database(DATABASE)
        seed_documents(client, documents, seed=1, now=NOW, progress=heard.append)
        database = client[DATABASE]
        counts = database.prompts.count_documents({}), database.users.count_documents({})
        indexes = [*database.prompts.index_information(), *database.users.index_information()]
        client.drop_database(DATABASE)
    assert counts == (prompt_count(documents), documents - prompt_count(documents))
    assert indexes == ["_id_", "_id_"]
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_everything_is_profiled_in_sixteen_megabytes(private_servers: PrivateServers) -> None:
    with private_servers.start_mongod().client() as client:
        profile_everything(client)
        profile_everything(client)
        database = client[DATABASE]
        database.prompts.find_one({"slug": "none"})
        assert database.command("profile", -1)["was"] == 2
        assert database.command("collStats", "system.profile")["maxSize"] == 16 * 1024 * 1024
        assert database["system.profile"].count_documents({"ns": f"{DATABASE}.prompts", "op": "query"}) == 1


def test_the_same_seed_makes_the_same_visitors() -> None:
    calls = list(islice(Visitors(2_000, 7).calls(), 300))
    assert calls == list(islice(Visitors(2_000, 7).calls(), 300))
    assert calls != list(islice(Visitors(2_000, 8).calls(), 300))


def test_visitors_ask_for_documents_that_exist() -> None:
    existing = {slug(number) for number in range(prompt_count(2_000))}
    addresses = {email(number) for number in range(2_000 - prompt_count(2_000))}
    calls = list(islice(Visitors(2_000, 1).calls(), 3_000))
    asked = [call.path.split("/")[3] for call in calls if call.path.endswith(("/favorite", "/render"))]
    assert asked
    assert set(asked) <= existing
    assert {call.path.partition("=")[2] for call in calls if "email=" in call.path} <= addresses


def test_popular_prompts_are_asked_for_more_often() -> None:
    calls = [call for call in islice(Visitors(2_000, 1).calls(), 20_000) if call.path.endswith("/favorite")]
    counts = sorted((calls.count(call) for call in set(calls)), reverse=True)
    assert counts[0] > 10 * counts[len(counts) // 2]
    assert Call("POST", f"/api/prompts/{slug(0)}/favorite") in calls


async def test_so_many_calls_and_no_more_are_sent() -> None:
    visits = await visit("http://127.0.0.1:1", Visitors(2_000, 1), 1000.0, calls=7)
    assert json.loads(visits.to_json()) == {"answered": 0, "failed": 7, "given_up": 0}


async def test_those_who_would_have_come_while_the_machine_slept_do_not_come_all_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept = iter([0.0])
    monkeypatch.setattr(load, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + next(slept, 3600.0)))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(visit("http://127.0.0.1:1", Visitors(2_000, 1), 20.0, calls=200), 1.0)


def test_arrivals_have_the_rate_asked_for_outside_bursts_and_more_in_them() -> None:
    pauses = list(islice(Visitors(2_000, 1).pauses(20.0), 20_000))
    clock, started = 0.0, [0, 0]
    for pause in pauses:
        clock += pause
        started[clock % 25.0 > 22.0] += 1
    assert 19 < started[0] / (clock * 22 / 25) < 21
    assert 45 < started[1] / (clock * 3 / 25) < 55
