"""`perftui bench TARGET ...` without an action: the queries and endpoints of the targets in one report."""

import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import httpx
import jsonschema
import pytest
from helpers.loaded_site import Site
from helpers.serving import asgi_server
from helpers.terminal import Terminal

from perftui import load_benchmarks
from perftui.cli import main
from perftui.commands.bench.overall_endpoints import endpoints_of
from perftui.commands.bench.report_html import page
from perftui.commands.bench.report_parts import Line, Part, Table
from perftui.demo.documents import slug
from perftui.demo.session import DemoSession
from perftui.model.schemas import schema
from perftui.targets import connect_to

QUICK = ("--max-time", "200ms", "--duration", "500ms", "--warm-for", "0", "--timeout", "60s")


class Elements(HTMLParser):
    """The elements of a page, each opened and closed, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.names: list[str] = []
        self.text = ""
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.links += [value or "" for name, value in attributes if name in ("src", "href", "action")]
        if tag not in ("meta", "rect"):
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag != "rect":
            assert self.opened.pop() == tag

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def visited(demo: DemoSession) -> DemoSession:
    """The demo after some visits, so that its metrics name endpoints and its server remembers queries."""
    pages = ["prompts", "prompts?category=code", "prompts/popular", "prompts/statistics", "users?role=author"]
    pages += [f"prompts/{slug(1)}", f"prompts/{slug(2)}", "prompts/search?q=write"]
    with httpx.Client(base_url=demo.application_url, timeout=60.0) as client:
        for page_of_demo in pages:
            assert client.get(f"/api/{page_of_demo}").status_code == 200
    return demo


def bench(*arguments: str) -> int:
    return main(["bench", *arguments])


def test_queries_and_endpoints_come_in_one_report(
    visited: DemoSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    files = ["--json", "run.json", "--markdown", "run.md", "--html", "run.html"]
    mongodb, _, application = visited.uris
    few = ["--endpoints", "3", "--top", "2", "--path", "/api/users?role=author"]
    code = bench(mongodb, application, *QUICK, *few, *files)
    printed = capsys.readouterr()
    assert code in (0, 1), printed.err  # a busy machine may let a request fail
    assert re.findall(r"^[A-Z ]+$", printed.out, re.MULTILINE) == ["QUERIES", "ENDPOINTS", "LEFT OUT"]
    assert "GET /api/users?role=author" in printed.out
    assert "GET /api/prompts/{slug} needs a value: give one by --path" in " ".join(printed.out.split())
    whole = json.loads(Path("run.json").read_text("utf-8"))
    jsonschema.validate(whole, schema("bench-1"))
    document = whole["report"]
    jsonschema.validate(document, schema("bench-report-1"))
    assert document["schema"] == "perftui.bench-report/1"
    (queries,), http = document["queries"], document["http"]
    assert len(queries["questions"]) == 2
    assert 1 <= len(http["endpoints"]) <= 3
    names = [query["name"] for question in queries["questions"] for query in question["queries"]]
    assert [one.name for one in load_benchmarks("run.json")] == [*names, *(one["name"] for one in http["endpoints"])]
    markdown, elements = Path("run.md").read_text("utf-8"), Elements(Path("run.html").read_text("utf-8"))
    assert re.findall("^## .*", markdown, re.MULTILINE) == ["## Queries", "## Endpoints", "## Left out"]
    assert (elements.opened, elements.links) == ([], [])
    assert "script" not in elements.names
    assert all(name in elements.text for name in names)
    assert main(["bench", "compare", "run.json", "run.json"]) == 0


def test_a_list_measures_nothing(visited: DemoSession, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(visited.uris[2], "--list", "--endpoints", "2") == 0
    assert re.fullmatch(r"(GET /\S+\n){1,2}", capsys.readouterr().out)


async def test_the_costliest_endpoints_are_chosen_after_the_given_ones(visited: DemoSession) -> None:
    connection = connect_to(visited.uris[2])
    found = await endpoints_of(connection, 2, ["/api/prompts?category=code"])
    assert found.places[0].url.reveal() == f"{visited.application_url}/api/prompts?category=code"
    assert len(found.places) == 2
    assert not found.unreachable
    urls = [place.url.reveal() for place in (await endpoints_of(connection, 50, [])).places]
    assert len(urls) == len(set(urls)) > 2
    assert not any("{" in url or url.endswith("/metrics") for url in urls)


def test_another_host_is_refused_before_anything_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("http://192.0.2.1/metrics") == 2
    assert "is not this machine" in capsys.readouterr().err


def test_what_cannot_be_reached_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("http://127.0.0.1:1/metrics", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=300") == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "endpoints of 127.0.0.1:1/metrics: Nothing listens on 127.0.0.1:1" in printed.err
    assert "queries of 127.0.0.1:1" in printed.err
    assert "perftui: Nothing was measured." in printed.err


def test_an_application_without_metrics_is_measured_by_its_given_paths(capsys: pytest.CaptureFixture[str]) -> None:
    with asgi_server(Site().app) as url:
        assert bench(f"{url}/", *QUICK, "--path", "/plain", "--path", "/no", "--rate", "40") == 3
    printed = capsys.readouterr()
    assert "GET /plain\n  20 good answers" in printed.out
    words = " ".join(printed.out.split())
    assert "GET /no (" in words
    assert "answered with status 404, so it was not measured" in words
    assert "serves metrics at none of" in words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["redis://localhost:1"], "Name what to measure"),
        ([], "Name what to measure"),
        (
            ["http://localhost:1", "--junit", "x"],
            "--junit goes with perftui bench compare, not with",
        ),
        (["http://localhost:1", "--with-index", "{a: 1}"], "--with-index goes with perftui bench mongo, not with"),
        (["http://localhost:1", "--path", "api"], "--path is a path on the application"),
        (["http://localhost:1", "--path", "//elsewhere/x"], "--path is a path on the application"),
        (["rnu", "file.py"], "There is no action 'rnu'; did you mean 'run'?"),
        (
            ["compare", "a", "b", "--html", "x.html"],
            "--html goes with perftui bench http and perftui bench without an action",
        ),
    ],
)
def test_wrong_usage(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("perftui.targets.USUAL_PORTS", {})
    assert bench(*arguments) == 2
    assert words in capsys.readouterr().err


def test_a_profile_names_the_targets(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with asgi_server(Site().app) as url:
        (home / "own.toml").write_text(f'[profiles.shop]\ntargets = ["{url}/"]\n', "utf-8")
        assert bench("--config", str(home / "own.toml"), "shop", *QUICK, "--path", "/plain", "--rate", "40") == 3
    assert "GET /plain\n  20 good answers" in capsys.readouterr().out


def test_ctrl_c_writes_what_was_measured(tmp_path: Path) -> None:
    with asgi_server(Site().app) as url:
        command = [sys.executable, "-m", "perftui", "bench", f"{url}/", "--path", "/plain", "--duration", "300s"]
        with Terminal([*command, "--html", "run.html"], columns=100, lines=40, cwd=tmp_path) as terminal:
            terminal.wait_for(r"\d/s  p95 ")
            terminal.send("\x03")
            assert terminal.exit_code() == 130
            assert re.search(r"^  \d+ good answers", terminal.screen_text(), re.MULTILINE)
    assert "stopped by Ctrl-C" in (tmp_path / "run.html").read_text("utf-8")


@pytest.mark.timeout(400)
@pytest.mark.long
def test_ctrl_c_while_queries_are_measured_writes_those_that_were(visited: DemoSession, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "perftui", "bench", *visited.uris, "--iterations", "20", "--warmup", "0"]
    slow = ["--top", "2", "--max-time", "300s", "--markdown", "run.md"]
    with Terminal([*command, *slow, "--duration", "300s"], columns=100, lines=60, cwd=tmp_path) as terminal:
        terminal.wait_for(r"\d/s  p95 ", 150)
        terminal.send("\x03")
        assert terminal.exit_code() == 130
    assert re.findall("^## .*", (tmp_path / "run.md").read_text("utf-8"), re.MULTILINE)[:2] == [
        "## Queries",
        "## Endpoints",
    ]
    with Terminal([*command[:-4], "--max-time", "300s"], columns=100, lines=200, cwd=tmp_path) as terminal:
        terminal.wait_written(r"\] +\d+% [2-9]/\d ", 150)
        terminal.send("\x03")
        assert terminal.exit_code() == 130
        assert re.search("^QUERIES\n", terminal.screen_text(), re.MULTILINE)
        assert "ENDPOINTS" not in terminal.screen_text()


def test_everything_on_a_page_is_escaped() -> None:
    evil = '<script>alert("1")</script>&amp;\x1b[31m\u202e\ud800'
    part = Part(evil, [Table((evil,), [(evil, evil)])], [Line(evil, evil, (1.0, None, 0.0, 2.0))], [evil])
    text = page(evil, [evil], [part]).decode("utf-8")
    elements = Elements(text)
    assert elements.opened == []
    assert "script" not in elements.names
    assert elements.names.count("rect") == 2
    assert elements.text.count('<script>alert("1")</script>&amp;') == 10
    assert "\x1b" not in text
    assert "\u202e" not in text
