"""`perftui bench http` from outside: what it asks, refuses, prints, writes and returns."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
from helpers.loaded_site import Site
from helpers.serving import asgi_server
from helpers.terminal import Terminal

from perftui import load_benchmarks
from perftui.cli import main
from perftui.model.schemas import schema

SHORT = ("--duration", "1s", "--warm-for", "0", "--rate", "40", "--timeout", "60s")


class Served:
    def __init__(self, url: str, site: Site) -> None:
        self.url, self.site = url, site


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.chdir(tmp_path)
    site = Site()
    with asgi_server(site.app) as url:
        yield Served(url, site)


def bench(*arguments: str) -> int:
    return main(["bench", "http", *arguments])


def test_one_endpoint_is_told_in_words(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(f"{served.url}/plain", *SHORT, "--histogram") == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    bars = re.findall(r"^ +>? *[\d.]+ [mu]?s [█▏▎▍▌▋▊▉]* +(\d+)$", printed.out, re.MULTILINE)
    assert sum(map(int, bars)) == 40
    lines = printed.out.splitlines()
    assert lines[:2] == [
        "GET /plain",
        "  40 good answers, 40.0/s of 40.0/s asked for, none failed; bodies of 100 B",
    ]
    assert lines[2].split() == ["p50", "p75", "p90", "p95", "p99", "max"]
    assert [line.split()[0] for line in lines[3:7]] == ["latency", "service", "answers", "slowest"]
    assert "from the moment each request was due" in printed.out
    assert "no coordinated omission" in " ".join(printed.out.split())
    assert served.site.count("/plain") == 41  # one before, to see what would be measured


def test_what_it_saved_is_compared_by_bench_compare(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("base.json", "new.json"):
        assert bench(f"{served.url}/plain", f"{served.url}/parts", *SHORT, "--json", name) == 0
    assert [(one.name, len(one.samples)) for one in load_benchmarks("new.json")] == [
        ("GET /plain", 40),
        ("GET /parts", 40),
    ]
    capsys.readouterr()
    assert main(["bench", "compare", "base.json", "new.json"]) == 0
    assert re.findall(r"^GET /\w+", capsys.readouterr().out, re.MULTILINE) == ["GET /plain", "GET /parts"]


def test_cached_is_compared_with_uncached(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--uncached-header", "Cache-Control: no-cache", "--uncached-parameter", "of"]
    long = ("--duration", "3s", "--warm-for", "0", "--rate", "40", "--timeout", "60s")
    assert bench(f"{served.url}/cached", *long, *options, "--json", "run.json", "--markdown", "run.md") == 0
    assert "compared with GET /cached (uncached)" in capsys.readouterr().out
    whole = json.loads(Path("run.json").read_text("utf-8"))
    jsonschema.validate(whole, schema("bench-1"))
    document = whole["http"]
    jsonschema.validate(document, schema("bench-http-1"))
    assert document["schema"] == "perftui.bench-http/1"
    assert [(one["name"], one["uncached"], one["good"]) for one in document["endpoints"]] == [
        ("GET /cached (uncached)", True, 120), ("GET /cached", False, 120),
    ]  # fmt: skip
    assert document["comparisons"][0]["latency"]["verdict"] == "faster"
    assert "| `GET /cached` with `GET /cached (uncached)` | latency |" in Path("run.md").read_text("utf-8")
    asked = [(target, headers.get("cache-control")) for _, target, headers, _ in served.site.seen]
    fresh = [target for target, control in asked if control == "no-cache"]
    assert len(fresh) == len(set(fresh)) == 121
    assert [target for target, control in asked if control is None] == ["/cached"] * 121


def test_failures_are_counted_and_exit_with_1(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(f"{served.url}/every-third", *SHORT, "--json", "run.json") == 1
    assert "! status 503 x 13" in capsys.readouterr().out
    (load,) = json.loads(Path("run.json").read_text("utf-8"))["http"]["endpoints"]
    assert (load["due"], load["good"], load["statuses"]) == (40, 27, {"200": 27, "503": 13})
    assert bench(f"{served.url}/no", *SHORT, "--any-status") == 0
    assert "40 good answers" in capsys.readouterr().out


def test_a_wrong_address_gets_no_load(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(f"{served.url}/plain", f"{served.url}/no", *SHORT) == 1
    assert "GET /no (" in (words := capsys.readouterr().err)
    assert "answered with status 404, so it was not measured" in words
    assert bench(f"{served.url}/away", *SHORT) == 1
    assert "gave no answer: redirect to another scheme, host or port." in capsys.readouterr().err
    assert bench("http://127.0.0.1:1/", *SHORT) == 3
    assert "gave no answer: connection refused." in capsys.readouterr().err
    assert len(served.site.seen) == 3


@pytest.mark.parametrize("host", ["192.0.2.1", "[2001:db8::1]", "10.1.2.3:8000"])
def test_another_host_is_refused(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(f"http://{host}/", *SHORT) == 2
    assert "is not this machine" in (words := capsys.readouterr().err)
    assert "--i-own-this-host" in words


def test_an_own_host_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing answers at an address that is kept for documentation: the refusal is not what stops it."""
    assert bench("http://192.0.2.1/", "--i-own-this-host", "--timeout", "100ms") == 3
    assert "gave no answer" in capsys.readouterr().err


def test_a_name_that_does_not_resolve(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("http://nowhere.invalid/") == 3
    assert capsys.readouterr().err == "perftui: The name of nowhere.invalid does not resolve.\n"


def test_no_secret_is_printed_or_written(
    served: Served, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERFTUI_APP_TOKEN", "environment-token")
    url = f"{served.url}/every-third?api_key=url-secret-1&q=cats"
    login = served.url.replace("http://", "http://ann:url-password@")
    headers = ["-H", "X-Api-Key: header-secret", "--header", "Cookie: id=cookie-secret"]
    files = ["--json", "run.json", "--markdown", "run.md"]
    assert bench(url, f"{login}/plain", *headers, *SHORT, *files) == 1
    assert bench(f"{login}/no?token=url-secret-2", *headers) == 1
    assert bench("http://ann:url-password@192.0.2.1/?token=url-secret-3") == 2
    assert bench(url, "-H", "header-secret") == 2
    printed = capsys.readouterr()
    told = printed.out + printed.err + Path("run.json").read_text("utf-8") + Path("run.md").read_text("utf-8")
    assert re.findall(r"url-secret|url-password|header-secret|cookie-secret|environment-token", told) == []
    assert "GET /every-third?api_key=***&q=cats" in told
    sent = served.site.seen[0][2]
    assert (sent["x-api-key"], sent["cookie"]) == ("header-secret", "id=cookie-secret")
    assert sent["authorization"] == "Bearer environment-token"


def test_methods_and_bodies(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    Path("body.json").write_text('{"a": 1}', "utf-8")
    assert bench(f"{served.url}/plain", *SHORT, "--body", "@body.json", "-H", "Content-Type: application/json") == 0
    assert "POST /plain" in capsys.readouterr().out
    method, _, headers, body = served.site.seen[-1]
    assert (method, headers["content-type"], body) == ("POST", "application/json", b'{"a": 1}')
    assert bench(f"{served.url}/plain", *SHORT, "--method", "head") == 0
    assert served.site.seen[-1][0] == "HEAD"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "perftui bench http takes URL..."),
        (["redis://localhost:1"], "is no http:// or https:// URL"),
        (["localhost:8000"], "has no scheme; did you mean http://localhost:8000?"),
        (["http://localhost:1", "--rate", "5000"], "The rate must be above 0 and at most 1,000 requests a second."),
        (["http://localhost:1", "--rate", "0"], "a number of requests a second above 0"),
        (["http://localhost:1", "--duration", "1000s"], "must last more than 0 s"),
        (["http://localhost:1", "--concurrency", "501"], "The concurrency must be 1 to 500."),
        (["http://localhost:1", "--header", "no colon"], "A header is written as 'NAME: VALUE'"),
        (["http://localhost:1", "--header", "a: b\nc: d"], "A header is written as 'NAME: VALUE'"),
        (["http://localhost:1", "--method", "GE T"], "--method is the name of an HTTP method"),
        (["http://localhost:1", "--body", "@nowhere"], "--body: nowhere cannot be read: No such file"),
        (["http://localhost:1", "--method", "POST", "--read-only"], "--read-only takes that away"),
        (["http://localhost:1", "--uncached-parameter", "a=b"], "is the name of a query parameter"),
        (
            ["http://localhost:1", "--iterations", "5"],
            "--iterations goes with perftui bench run, perftui bench mongo and",
        ),
        (["http://localhost:1", "--in-turns"], "--in-turns goes with perftui bench run, not with perftui bench http."),
        (["http://localhost:1", "--junit", "x.xml"], "--junit goes with perftui bench compare, not with"),
    ],
)
def test_wrong_usage(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = bench(*arguments)
    except SystemExit as left:
        code = int(str(left.code))
    printed = capsys.readouterr()
    assert (code, printed.out, words in printed.err) == (2, "", True)


def test_ctrl_c_on_a_terminal_gives_what_was_measured(served: Served, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "perftui", "bench", "http", f"{served.url}/plain"]
    options = ["--duration", "300s", "--json", "run.json"]
    with Terminal([*command, *options], columns=100, lines=30, cwd=tmp_path) as terminal:
        terminal.wait_for(r"\[#*\.+\] +\d+% [\d.]+/s  p95 [\d.]+ [mu]?s")
        terminal.send("\x03")
        assert terminal.exit_code() == 130
        screen = terminal.screen_text()
    assert re.search(r"^  \d+ good answers", screen, re.MULTILINE)
    assert "stopped by Ctrl-C before its time" in screen
    assert "Traceback" not in screen
    document = json.loads((tmp_path / "run.json").read_text("utf-8"))["http"]
    assert document["stopped"] is True
    assert 0 < document["endpoints"][0]["good"] < 15_000


def test_ctrl_c_in_the_warm_up_says_that_nothing_was_measured(served: Served, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "perftui", "bench", "http", f"{served.url}/plain", "--warm-for", "300s"]
    with Terminal(command, columns=100, cwd=tmp_path) as terminal:
        terminal.wait_for("warming up")
        terminal.send("\x03")
        assert terminal.exit_code() == 130
        assert "stopped within the warm-up: nothing was measured." in terminal.screen_text()


def test_the_same_url_twice_is_measured_twice(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(f"{served.url}/plain", f"{served.url}/plain", *SHORT, "--json", "run.json", "--html", "-") == 0
    names = [f"GET {served.url}/plain #{number}" for number in (1, 2)]
    assert [one.name for one in load_benchmarks("run.json")] == names
    page = capsys.readouterr().out
    assert page.startswith("<!doctype html>")
    assert all(name in page for name in names)
    assert "verdict" in page


def test_a_profile_stands_for_its_applications(served: Served, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = f'[profiles.shop]\ntargets = ["mongodb://localhost:1", "{served.url}/plain"]\n'
    (home / "own.toml").write_text(text + '[profiles.data]\ntargets = ["mongodb://localhost:1"]\n', "utf-8")
    assert bench("shop", "--config", str(home / "own.toml"), *SHORT) == 0
    assert capsys.readouterr().out.startswith("GET /plain\n  40 good answers")
    assert bench("data", "--config", str(home / "own.toml")) == 2
    assert "mongodb://localhost:1 is no http:// or https:// URL" in capsys.readouterr().err


def test_redirects_that_are_not_followed_are_told(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(f"{served.url}/moved", *SHORT, "--method", "POST") == 0
    assert "40 answers were redirects, which are not followed for POST" in capsys.readouterr().out
    assert bench(f"{served.url}/moved", *SHORT) == 0
    assert "40 were redirected: what is timed is both requests" in capsys.readouterr().out


def test_passes_are_added_to_a_file(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert bench(f"{served.url}/plain", *SHORT, "--json", "run.json", "--append") == 0
    (both,) = load_benchmarks("run.json")
    assert (len(both.samples), len(both.passes)) == (80, 2)
    assert bench(f"{served.url}/plain", *SHORT, "--append") == 2
    assert "--append needs the FILE" in capsys.readouterr().err
