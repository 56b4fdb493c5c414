import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from helpers.processes import processes_in
from helpers.waiting import process_exists, wait_until
from pymongo import AsyncMongoClient

from perftui.demo.documents import PATTERNS, TOPICS, Document, email, slug
from perftui.demo.library import Library
from perftui.demo.session import DemoOptions, DemoSession
from perftui.servers import MongodProcess, ServerStartFailed


@pytest.fixture
def visitor(demo: DemoSession) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=demo.application_url, timeout=60.0) as client:
        yield client


@pytest.mark.parametrize(
    "path",
    [
        "/api/prompts",
        "/api/prompts?category=code",
        "/api/prompts/popular",
        "/api/prompts/featured",
        f"/api/prompts/search?q={TOPICS[0][:3]}",
        "/api/prompts/statistics",
        "/api/prompts/tagged?tag=gpt-easy&tag=chat-easy",
        f"/api/prompts/pattern/{PATTERNS[0]}",
        f"/api/prompts/{slug(1)}",
        "/api/users?role=author",
        f"/api/users/by-email?email={email(3)}",
        "/api/users/recent",
        "/api/prompts/export?category=code",
    ],
)
def test_every_endpoint_answers_with_documents_twice(visitor: httpx.Client, path: str) -> None:
    first, second = visitor.get(path), visitor.get(path)
    assert first.status_code == second.status_code == 200
    assert first.json()
    assert first.headers["content-type"] == "application/json"


def test_lists_are_filtered_sorted_and_short(visitor: httpx.Client) -> None:
    listed = visitor.get("/api/prompts?category=code").json()
    assert len(listed) == 20
    assert {prompt["category"] for prompt in listed} == {"code"}
    assert listed == sorted(listed, key=lambda prompt: prompt["createdAt"], reverse=True)
    favorites = [prompt["favorites"] for prompt in visitor.get("/api/prompts/popular").json()]
    assert favorites == sorted(favorites, reverse=True)


def test_what_is_missing_or_wrong_is_told(visitor: httpx.Client) -> None:
    assert visitor.get("/api/prompts/none").status_code == 404
    assert visitor.get("/api/prompts/none/render").status_code == 404
    assert visitor.post("/api/prompts/none/favorite").status_code == 404
    assert visitor.get("/api/users/by-email?email=none").status_code == 404
    assert visitor.post("/api/users/seen?email=none").status_code == 404
    assert visitor.get("/api/prompts/search?q=x").status_code == 400


def test_broken_templates_fail_as_500_and_others_render(visitor: httpx.Client, demo: DemoSession) -> None:
    with demo.mongod.client() as client:
        templates = {prompt["slug"]: prompt["template"] for prompt in client.library.prompts.find().limit(200)}
    broken = next(name for name, template in templates.items() if not template.endswith("}"))
    sound = next(name for name, template in templates.items() if template.endswith("}"))
    assert visitor.get(f"/api/prompts/{broken}/render").status_code == 500
    assert visitor.get(f"/api/prompts/{sound}/render").json()["text"].startswith("As an engineer: ")


def test_a_favorite_counts_and_empties_the_prompt_from_the_cache(visitor: httpx.Client) -> None:
    path = f"/api/prompts/{slug(5)}"
    before = visitor.get(path).json()["favorites"]
    assert visitor.post(f"{path}/favorite").json()["favorites"] > before
    assert visitor.get(path).json()["favorites"] > before


RELOAD = {"Cache-Control": "no-cache"}


def test_an_active_user_who_is_seen_leads_the_recent_ones(visitor: httpx.Client, demo: DemoSession) -> None:
    with demo.mongod.client() as client:
        address = next(client.library.users.find({"active": True}))["email"]
    assert visitor.post(f"/api/users/seen?email={address}").json() == {"seen": True}
    recent = visitor.get("/api/users/recent", headers=RELOAD).json()
    assert address in [user["email"] for user in recent["users"]]


async def test_each_fourth_search_tries_the_text_index_that_is_not_there_and_falls_back(mongod: MongodProcess) -> None:
    async with AsyncMongoClient[Document](mongod.uri) as client:
        database = client["demo_search"]
        await database.prompts.insert_many([{"title": "A balgor plan", "active": True, "favorites": 1}])
        await database.command("profile", 2)
        searched = Library(database)
        found = [await searched.search("balgor") for _ in range(4)]
        await database.command("profile", 0)
        profile = database["system.profile"]
        assert [len(titles) for titles in found] == [1, 1, 1, 1]
        assert await profile.count_documents({"errCode": 27, "command.filter.$text": {"$exists": True}}) == 1
        await database.prompts.create_index({"title": "text"})
        assert await Library(database, "text").search("balgor") == found[0]
        await client.drop_database("demo_search")


def test_profiled_operations_are_of_many_kinds(demo: DemoSession) -> None:
    with demo.mongod.client() as client:
        profile = client.library["system.profile"]
        wait_until(lambda: {"query", "update", "getmore", "command"} <= set(profile.distinct("op")))


def test_responses_are_kept_in_redis_for_seconds(visitor: httpx.Client, demo: DemoSession) -> None:
    import redis

    with redis.Redis(port=demo.redis.port) as client:

        def left_s() -> int:
            visitor.get("/api/prompts/statistics")  # what was kept may end before it is looked at
            return max(int(client.ttl("library:statistics")), 0)

        assert wait_until(left_s) <= 15


def test_the_load_reaches_the_servers(demo: DemoSession) -> None:
    with demo.mongod.client() as client:
        # The profile is capped: only what is new says that somebody still asks.
        profile, asked = client.library["system.profile"], {"appName": "prompt-library"}
        since = wait_until(lambda: profile.find_one(sort=[("$natural", -1)]))
        wait_until(lambda: profile.count_documents({**asked, "ts": {"$gt": since["ts"]}}) > 20, timeout_s=60.0)
    assert demo.load.running
    assert demo.load.last_words() == ""
    assert b"Traceback" not in demo.application.log_since_start()


def test_the_monitor_is_pointed_at_everything(demo: DemoSession) -> None:
    assert [connection.target.kind for connection in demo.connections] == ["mongodb", "redis", "application", "host"]
    assert demo.uris[0] == demo.mongod.uri


def test_progress_is_told_step_by_step() -> None:
    heard: list[tuple[str, float]] = []
    with DemoSession(DemoOptions(documents=700), lambda step, done: heard.append((step, done))) as session:
        assert session.load.running
    steps = list(dict.fromkeys(step for step, _ in heard))
    assert steps[2:] == ["Inserting 700 documents", "Starting the application", "Starting the load", "Ready"]
    assert heard[-1] == ("Ready", 1.0)
    for process in (session.mongod, session.redis, session.application, session.load):
        assert not process_exists(process.pid)
    assert not session.servers.folder.exists()


def test_a_port_in_use_is_a_sentence_and_leaves_nothing(demo: DemoSession) -> None:
    port = int(demo.application_url.rpartition(":")[2])
    session = DemoSession(DemoOptions(documents=100, port=port))
    with pytest.raises(ServerStartFailed, match="address already in use"), session:
        pass
    assert not session.servers.folder.exists()


ORCHESTRATOR = """
import sys, time
from perftui.demo.session import DemoOptions, DemoSession
def progress(step, done):
    if step == sys.argv[1]:
        print(session.servers.folder, flush=True)
        time.sleep(600)
session = DemoSession(DemoOptions(documents=20_000), progress)
with session:
    print(session.servers.folder, *(p.pid for p in session.servers.processes), flush=True)
    time.sleep(600)
"""


@contextmanager
def orchestrator(stop_at: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    command = [sys.executable, "-c", ORCHESTRATOR, stop_at]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().split()
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_nothing_is_left_when_the_orchestrator_dies(number: signal.Signals) -> None:
    with orchestrator("never") as (process, (folder, *pids)):
        assert len(pids) == 4
        assert set(map(int, pids)) <= set(processes_in(folder))
        os.kill(process.pid, number)
        process.wait()
        wait_until(lambda: not Path(folder).exists())
        assert not processes_in(folder)
        assert not any(process_exists(int(pid)) for pid in pids)


@pytest.mark.parametrize("step", ["Starting MongoDB", "Inserting 20,000 documents", "Starting the load"])
def test_nothing_is_left_when_it_dies_while_setting_up(step: str) -> None:
    with orchestrator(step) as (process, (folder,)):
        assert processes_in(folder)
        process.kill()
        process.wait()
        wait_until(lambda: not Path(folder).exists())
        assert not processes_in(folder)
