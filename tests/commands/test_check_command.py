"""`perftui check` from outside: real applications, servers, sessions and bench results, exit codes, files and words."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from helpers.applications import ITEM, Application, send
from helpers.checked_shop import TOKEN, Shop, checked_shop, query_items
from helpers.waiting import wait_until
from redis import Redis

from perftui import BenchmarkResult, Budget, save_benchmarks
from perftui.model.schemas import schema
from perftui.servers import MongodProcess, PrivateServers

ITEMS = (
    '[[endpoint]]\nmatch = "GET /items/*"\nlimits = ["p(95)<60s", "p(99.9)<60s", "error_rate<50%", "in_flight<50"]\n'
)
TOO_FAST = '[[endpoint]]\nmatch = "GET /items/*"\nlimits = ["p(95)<1us", "max<60s"]\nwindow = "1m"\n'


def perftui(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "perftui", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=100, check=False, env={**os.environ, **environment}
    )


def verdicts(printed: str) -> dict[str, list[str]]:
    """Limits by how each line begins."""
    found: dict[str, list[str]] = {}
    for line in printed.splitlines():
        if match := re.match(r"  (FAIL|pass|\?|-) +.*?(\S+[<>]\S+)  ", line):
            found.setdefault(match[1], []).append(match[2])
    return found


@pytest.fixture
def shop(mongod: MongodProcess) -> Iterator[Shop]:
    """One that carries no budget, with requests, queries and a cache; of this test, for its windows are minutes."""
    with checked_shop() as opened:
        opened.visit()
        opened.visit("/other", 3)
        opened.get_from_cache(hits=80, misses=20)
        query_items(mongod, opened.registry)
        yield opened


@pytest.fixture
def budgets(tmp_path: Path) -> Path:
    return tmp_path / "budgets.toml"


def test_endpoints_shapes_and_caches_within_their_budgets(shop: Shop, budgets: Path) -> None:
    shapes = '[[query]]\nmatch = "checked_shop.items find*"\nlimits = ["p(90)<60s", "error_rate<1%"]\n'
    caches = '[[cache]]\nmatch = "items"\nlimits = ["hit_rate>79%", "p(95)<2ms", "count>=100"]\nwindow = "30m"\n'
    budgets.write_text(ITEMS + shapes + caches, "utf-8")
    done = perftui("check", shop.metrics, "--budgets", budgets)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert sorted(verdicts(done.stdout)) == ["pass"]
    assert len(verdicts(done.stdout)["pass"]) == 9
    assert "9 limits: 9 passed." in done.stdout


def test_what_is_beyond_its_limit_fails_with_by_how_much_and_what_was_counted(shop: Shop, budgets: Path) -> None:
    caches = '[[cache]]\nmatch = "items"\nlimits = "hit_rate>90%"\n'
    budgets.write_text(TOO_FAST + caches, "utf-8")
    done = perftui("check", shop.metrics, PERFTUI_BUDGETS=str(budgets))
    assert done.returncode == 1
    assert verdicts(done.stdout) == {"FAIL": ["p(95)<1us", "hit_rate>90%"], "pass": ["max<60s"]}
    assert re.search(
        r"GET /items/\{id\} +p\(95\)<1us +[\d,.]+ times the limit: [\d.]+ [mu]?s; \d+ requests in", done.stdout
    )
    assert re.search(r"cache items +hit_rate>90% +10 points below: 80%; 100 gets in .*\(of 5 min\)", done.stdout)


def test_budgets_of_the_settings_file_count_too(shop: Shop, tmp_path: Path) -> None:
    config = tmp_path / "perftui.toml"
    config.write_text('[[budgets.endpoint]]\nmatch = "GET /items/*"\nlimits = "max<1us"\n', "utf-8")
    done = perftui("check", shop.metrics, "--config", config)
    assert (done.returncode, verdicts(done.stdout)) == (1, {"FAIL": ["max<1us"]})


def test_a_budget_that_holds_nothing_fails_and_says_why(shop: Shop, budgets: Path) -> None:
    wrong = '[[endpoint]]\nmatch = "GET /item/{id}"\nlimits = "p(95)<60s"\n'
    budgets.write_text(ITEMS + wrong, "utf-8")
    done = perftui("check", shop.metrics, "--budgets", budgets)
    assert done.returncode == 1
    assert verdicts(done.stdout)["FAIL"] == ["p(95)<60s"]
    assert "not judged: it fits none of the endpoints that were seen: " in done.stdout
    assert "Did you mean GET /items/{id}? Check the pattern" in done.stdout
    allowed = perftui("check", shop.metrics, "--budgets", budgets, "--allow-unjudged")
    assert (allowed.returncode, verdicts(allowed.stdout)["?"]) == (0, ["p(95)<60s"])


def test_too_few_requests_fail_only_where_the_budget_judged_nothing_at_all(shop: Shop, budgets: Path) -> None:
    budgets.write_text('[[endpoint]]\nmatch = "*"\nlimits = "p(95)<60s"\n', "utf-8")
    every = perftui("check", shop.metrics, "--budgets", budgets)
    assert every.returncode == 0, every.stdout
    assert verdicts(every.stdout) == {"?": ["p(95)<60s"], "pass": ["p(95)<60s"]}
    budgets.write_text('[[endpoint]]\nmatch = "GET /other"\nlimits = "p(95)<60s"\n', "utf-8")
    alone = perftui("check", shop.metrics, "--budgets", budgets)
    assert (alone.returncode, verdicts(alone.stdout)) == (1, {"FAIL": ["p(95)<60s"]})
    assert "not judged: 3 requests, 20 are needed. Have more requests before the check" in alone.stdout
    assert "samples = 3" in alone.stdout


def test_budgets_for_others_are_left_out_and_told(shop: Shop, budgets: Path) -> None:
    other = '[[endpoint]]\nmatch = "*"\nlimits = "max<1us"\nservice = "billing*"\n'
    redis = '[[redis]]\nmatch = "*"\nlimits = "hit_rate>90%"\n'
    budgets.write_text(ITEMS + other + redis, "utf-8")
    done = perftui("check", shop.metrics, "--budgets", budgets)
    assert done.returncode == 0, done.stdout
    assert verdicts(done.stdout)["-"] == ["max<1us", "hit_rate>90%"]
    assert "left out: it is for service 'billing*', and here is 127.0.0.1:" in done.stdout
    assert "left out: no source here has Redis servers." in done.stdout
    budgets.write_text(redis, "utf-8")
    nothing = perftui("check", shop.metrics, "--budgets", budgets)
    assert nothing.returncode == 1
    assert "So nothing was judged." in nothing.stdout


def test_the_budgets_that_the_application_carries(budgets: Path) -> None:
    with checked_shop([Budget("GET /items/*", "p(95)<1us", "error_rate<50%")]) as shop:
        shop.visit()
        done = perftui("check", shop.metrics)
        assert (done.returncode, verdicts(done.stdout)) == (1, {"FAIL": ["p(95)<1us"], "pass": ["error_rate<50%"]})
        budgets.write_text('[[endpoint]]\nmatch = "GET /items/*"\nlimits = ["p(95)<1us", "max<60s"]\n', "utf-8")
        both = json.loads(perftui("check", shop.metrics, "--budgets", budgets, "--json").stdout)
        origins = {(check["limit"], check["origin"]) for check in both["checks"]}
        assert origins == {("p(95)<1us", "given"), ("max<60s", "given"), ("error_rate<50%", "carried")}


def test_without_any_budget_nothing_passes(shop: Shop) -> None:
    done = perftui("check", shop.metrics)
    assert (done.returncode, done.stdout) == (2, "")
    assert "carries none, and none was given" in done.stderr
    assert "--suggest" in done.stderr


def test_every_form_says_the_same(shop: Shop, budgets: Path, tmp_path: Path) -> None:
    budgets.write_text(TOO_FAST, "utf-8")
    files: list[str | Path] = ["--junit", tmp_path / "check.xml", "--markdown", tmp_path / "check.md"]
    done = perftui("check", shop.metrics, "--budgets", budgets, "--json", *files)
    document = json.loads(done.stdout)
    jsonschema.validate(document, schema("check-1"))
    assert done.returncode == 1
    assert (document["schema"], document["ok"]) == ("perftui.check/1", False)
    over = next(check for check in document["checks"] if check["verdict"] == "fail")
    assert (over["limit"], over["limit_value"], over["window_s"], over["on"]) == ("p(95)<1us", 1e-6, 60.0, "endpoint")
    assert over["value"] > 1e-6
    assert over["samples"] >= 30
    suite = ElementTree.parse(tmp_path / "check.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "0")
    failure = suite.find(".//failure")
    assert failure is not None
    assert failure.get("message") == over["message"]
    table = (tmp_path / "check.md").read_text("utf-8")
    assert "| **fail** | `GET /items/{id}` | `p(95)<1us` | " in table
    assert "2 limits: 1 failed, 1 passed." in table
    assert "perftui: 2 limits: 1 failed, 1 passed." in done.stderr


def test_suggested_budgets_are_read_again_and_hold(shop: Shop, budgets: Path) -> None:
    printed = perftui("check", shop.metrics, "--suggest")
    assert (printed.returncode, printed.stderr) == (0, "")
    assert "# No budget for endpoint GET /other: 3 are too few, 20 are needed." in printed.stdout
    assert re.search(r"# observed: p95 [\d.]+ [mu]?s, errors 0 %, \d+ requests in", printed.stdout)
    read = tomllib.loads(printed.stdout)
    assert [one["match"] for one in read["endpoint"]] == ["GET /items/{id}"]
    assert [one["match"] for one in read["query"]] == ["checked_shop.items find {slug: ?} limit ?"]
    assert read["cache"] == [{"match": "items", "limits": ["p(95)<600us", "hit_rate>70%"], "window": "5m"}]
    assert perftui("check", shop.metrics, "--suggest", "--output", budgets).returncode == 0
    done = perftui("check", shop.metrics, "--budgets", budgets)
    assert (done.returncode, list(verdicts(done.stdout))) == (0, ["pass"]), done.stdout


def test_a_file_is_overwritten_only_when_told(shop: Shop, budgets: Path) -> None:
    budgets.write_text("mine", "utf-8")
    refused = perftui("check", shop.metrics, "--suggest", "--output", budgets)
    assert refused.returncode == 2
    assert "budgets.toml exists; choose another name, or --force to overwrite it." in refused.stderr
    assert budgets.read_text("utf-8") == "mine"
    assert perftui("check", shop.metrics, "--suggest", "--output", budgets, "--force").returncode == 0
    assert "[[endpoint]]" in budgets.read_text("utf-8")


def record(file: Path, url: str, wanted: str) -> Path:
    """A session of this target in which its source said what is wanted, however busy the machine is."""
    for seconds in ("3", "10", "30"):
        perftui("record", file, url, "--seconds", seconds, "--interval", "500ms", "--force")
        last = json.loads(perftui("replay", file, "--json").stdout.splitlines()[-1])
        if any(wanted in json.dumps(one["sources"]) for one in last["targets"] if one["target"]["kind"] != "host"):
            break
    return file


def test_a_recorded_session(shop: Shop, budgets: Path, tmp_path: Path) -> None:
    session = record(tmp_path / "session", shop.metrics, '"read_at"')
    assert perftui("check", session, "--suggest", "--output", budgets).returncode == 0
    held = perftui("check", session, "--budgets", budgets)
    assert (held.returncode, list(verdicts(held.stdout))) == (0, ["pass"]), held.stdout
    budgets.write_text(TOO_FAST, "utf-8")
    over = perftui("check", session, "--budgets", budgets, "--json")
    assert over.returncode == 1
    checks = {check["limit"]: check for check in json.loads(over.stdout)["checks"]}
    assert checks["p(95)<1us"]["verdict"] == "fail"
    assert checks["p(95)<1us"]["subject"] == "GET /items/{id}"
    assert checks["max<60s"]["verdict"] == "pass"


def test_a_session_in_which_a_target_was_never_reached(budgets: Path, tmp_path: Path) -> None:
    session = record(tmp_path / "session", "http://127.0.0.1:1/metrics", "Nothing listens")
    budgets.write_text(ITEMS, "utf-8")
    done = perftui("check", session, "--budgets", budgets)
    assert done.returncode == 3
    assert "Nothing listens on 127.0.0.1:1" in done.stderr


def test_a_bench_result(budgets: Path, tmp_path: Path) -> None:
    run = tmp_path / "run.json"
    (tmp_path / "speed.py").write_text("def bench_sort():\n    sorted(range(100))\n", "utf-8")
    few = ["--iterations", "40", "--warmup", "2"]
    assert perftui("bench", "run", tmp_path / "speed.py", *few, "--json", run).returncode == 0
    assert perftui("check", run, "--suggest", "--output", budgets).returncode == 0
    assert tomllib.loads(budgets.read_text("utf-8"))["benchmark"][0]["match"] == "sort"
    assert perftui("check", run, "--budgets", budgets).returncode == 0
    budgets.write_text('[[benchmark]]\nmatch = "so*"\nlimits = ["p(95)<0.001us", "rate>1/s", "count>=40"]\n', "utf-8")
    done = perftui("check", run, "--budgets", budgets)
    assert (done.returncode, verdicts(done.stdout)) == (
        1, {"FAIL": ["p(95)<0.001us"], "pass": ["rate>1/s", "count>=40"]},
    )  # fmt: skip
    assert "; 40 samples\n" in done.stdout


def test_files_of_pyperf_and_of_pytest_benchmark(budgets: Path, tmp_path: Path) -> None:
    pyperf = {"benchmarks": [{"runs": [{"values": [0.2] * 30}]}], "metadata": {"name": "slow"}, "version": "1.0"}
    pytest_run = {"benchmarks": [{"name": "bare", "fullname": "bare", "stats": {"mean": 0.1, "iterations": 1}}]}
    (tmp_path / "pyperf.json").write_text(json.dumps(pyperf), "utf-8")
    (tmp_path / "pytest.json").write_text(json.dumps(pytest_run), "utf-8")
    budgets.write_text('[[benchmark]]\nmatch = "slow"\nlimits = "avg<100ms"\n', "utf-8")
    slow = perftui("check", tmp_path / "pyperf.json", "--budgets", budgets)
    assert (slow.returncode, verdicts(slow.stdout)) == (1, {"FAIL": ["avg<100ms"]})
    assert "100 % over: 200 ms; 30 samples" in slow.stdout
    budgets.write_text('[[benchmark]]\nmatch = "bare"\nlimits = "avg<100ms"\n', "utf-8")
    bare = perftui("check", tmp_path / "pytest.json", "--budgets", budgets)
    assert bare.returncode == 1
    assert "not judged: it was saved without its samples. Give pytest-benchmark --benchmark-save-data." in bare.stdout


def test_benchmarks_that_are_named_like_endpoints_are_held_as_such(budgets: Path, tmp_path: Path) -> None:
    saved = BenchmarkResult(name="GET /items/7?page=2", blocks=((0.25,) * 30,))
    save_benchmarks([saved], tmp_path / "http.json")
    budgets.write_text('[[endpoint]]\nmatch = "GET /items/*"\nlimits = ["p(95)<200ms", "error_rate<1%"]\n', "utf-8")
    done = perftui("check", tmp_path / "http.json", "--budgets", budgets)
    assert (done.returncode, verdicts(done.stdout)) == (1, {"FAIL": ["p(95)<200ms", "error_rate<1%"]})
    assert "25 % over: 250 ms; 30 requests" in done.stdout
    assert "not judged: this source does not tell what error_rate<1% needs." in done.stdout


def test_redis_and_mongodb_themselves_are_watched(
    mongod: MongodProcess, private_servers: PrivateServers, budgets: Path
) -> None:
    server = private_servers.start_redis()
    budgets.write_text('[[redis]]\nmatch = "*"\nlimits = "hit_rate>90%"\nsamples = 1\n', "utf-8")
    silent = perftui("check", server.uri, "--budgets", budgets)
    assert silent.returncode == 1
    assert "nobody asked Redis for a key while it was watched. Watch it longer: --for 30s." in silent.stdout
    with Redis.from_url(server.uri) as client:
        asking = threading.Event()
        thread = threading.Thread(target=_ask, args=(client, asking))
        thread.start()
        try:
            over = perftui("check", server.uri, mongod.uri, "--budgets", budgets, "--for", "6s")
        finally:
            asking.set()
            thread.join(20)
    assert (over.returncode, verdicts(over.stdout)) == (1, {"FAIL": ["hit_rate>90%"]})
    assert "90 points below: 0%" in over.stdout


def test_what_bench_http_saved_is_held_by_the_endpoints_budgets(shop: Shop, budgets: Path, tmp_path: Path) -> None:
    run = tmp_path / "http.json"
    load: list[str | Path] = ["--rate", "40", "--duration", "1s", "--warm-for", "100ms", "--json", run]
    measured = perftui("bench", "http", f"{shop.url}/items/7", *load)
    assert measured.returncode == 0, measured.stderr
    budgets.write_text('[[endpoint]]\nmatch = "GET /items/*"\nlimits = ["p(95)<60s", "max<1us"]\n', "utf-8")
    done = perftui("check", run, "--budgets", budgets)
    assert (done.returncode, verdicts(done.stdout)) == (1, {"FAIL": ["max<1us"], "pass": ["p(95)<60s"]}), done.stdout


def _ask(client: Redis, ended: threading.Event) -> None:
    while not ended.wait(0.005):
        client.get("missing")


def test_out_of_reach_is_3_and_an_error_in_the_report(shop: Shop, budgets: Path, tmp_path: Path) -> None:
    budgets.write_text(ITEMS, "utf-8")
    junit = tmp_path / "check.xml"
    gone = "http://127.0.0.1:1/perftui/v1/metrics"
    done = perftui("check", shop.metrics, gone, "--budgets", budgets, "--junit", junit)
    assert done.returncode == 3
    assert "Nothing listens on 127.0.0.1:1" in done.stderr
    assert "Not reached: 127.0.0.1:1" in done.stdout
    assert len(verdicts(done.stdout)["pass"]) == 4
    suite = ElementTree.parse(junit).getroot()
    assert suite.get("errors") == "1"
    assert suite.find(".//error") is not None


def test_a_wrong_token_is_told_without_it(budgets: Path) -> None:
    budgets.write_text(ITEMS, "utf-8")
    with checked_shop(token=TOKEN) as shop:
        shop.visit()
        right = perftui("check", shop.metrics, "--budgets", budgets, PERFTUI_APP_TOKEN=TOKEN)
        assert right.returncode == 0, right.stderr
        for environment in ({"PERFTUI_APP_TOKEN": "guessed-by-someone"}, {}):
            wrong = perftui("check", shop.metrics, "--budgets", budgets, "--json", **environment)
            assert wrong.returncode == 3
            assert "(401)" in wrong.stderr
            assert "guessed-by-someone" not in wrong.stdout + wrong.stderr
            assert ("does not take the token" in wrong.stderr) == bool(environment)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.json"], "There is no file nothing.json."),
        (["tests"], "tests is a folder"),
        (["README.md"], "README.md is neither a recording nor a bench result"),
        (["--for", "2h"], 'must be a duration from "100ms" to "1h"'),
        (["x", "--output", "y"], "--output and --force go with --suggest."),
        (["x", "--suggest", "--json"], "--suggest writes budgets, and nothing else"),
        (["x", "--junit", "-", "--json"], "Only one of"),
        (["x", "--junit", "nowhere/check.xml"], "there is no folder nowhere"),
        (["no-such-profile"], "There is no profile 'no-such-profile'"),
        (["http://localhost:1", "--budgets", "nothing.toml"], "nothing.toml: cannot be read"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_usage_is_one_sentence(arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    done = perftui("check", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_application_without_the_library(private_servers: PrivateServers, budgets: Path) -> None:
    application = Application(private_servers, "fastapi_instrumentator_app")
    asyncio.run(send(application.url, {("GET", ITEM): 60}))
    limits = '["p(95)<60s", "p(99.9)<1us", "in_flight<9"]'
    budgets.write_text(f'[[endpoint]]\nmatch = "GET /items/*"\nlimits = {limits}\nwindow = "1m"\n', "utf-8")
    done = perftui("check", application.url, "--budgets", budgets, "--for", "1s")
    assert done.returncode == 1
    assert verdicts(done.stdout) == {"FAIL": ["p(99.9)<1us", "in_flight<9"], "pass": ["p(95)<60s"]}
    assert re.search(r"times the limit: [\d.]+ m?s; \d+ requests since its start", done.stdout)
    assert "what in_flight<9 needs. Check it against perftui's own metrics document." in done.stdout
    assert "percentiles other than 50, 95 and 99 are known by their neighbours only" in done.stdout


def test_ctrl_c_while_it_watches_ends_it_without_a_word(shop: Shop, budgets: Path) -> None:
    budgets.write_text(ITEMS, "utf-8")
    command = [sys.executable, "-m", "perftui", "check", shop.metrics, "--budgets", str(budgets), "--for", "60s"]
    asked = len(shop.reads)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        wait_until(lambda: len(shop.reads) > asked, timeout_s=60)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == 130
