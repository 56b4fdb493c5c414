"""Who may read and who may clear, asked of the one core that every server stands on."""

import json

import pytest

from perftui.instrument import CacheMonitor, Registry, build_document
from perftui.instrument.serve.exchange import Answer, Peer, Request
from perftui.instrument.serve.rights import Rights
from perftui.instrument.serve.service import CLEAR_PATH, DOCUMENT_PATH, LARGEST_BODY, MetricsService

TOKEN = "correct horse battery"
HERE = Peer("127.0.0.1")
BEARS = {"authorization": f"Bearer {TOKEN}"}
JSON = {"content-type": "application/json"}


def ask(
    rights: Rights,
    path: str = "/internal" + DOCUMENT_PATH,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    peer: Peer = HERE,
    body: bytes = b"",
    registry: Registry | None = None,
) -> Answer:
    service = MetricsService(registry or Registry("shop"), rights)
    sent = {"host": "localhost:8000"} | (headers or {})
    path, _, query = path.partition("?")
    answer = service.begin(Request(method, path, query, sent, peer))
    return service.finish(body) if answer is None else answer


@pytest.mark.parametrize(
    "peer",
    [HERE, Peer("127.8.9.1"), Peer("::1"), Peer("::ffff:127.0.0.1"), Peer("::1%lo"), Peer(None, unix_socket=True)],
    ids=str,
)
def test_this_machine_reads_without_a_token(peer: Peer) -> None:
    assert ask(Rights(), peer=peer).status == 200


@pytest.mark.parametrize(
    "peer",
    [Peer("10.1.2.3"), Peer("::ffff:10.1.2.3"), Peer("testclient"), Peer(""), Peer(None), Peer("0.0.0.0"),
     Peer("localhost")],
    ids=str,
)  # fmt: skip
def test_no_other_peer_does(peer: Peer) -> None:
    refused = ask(Rights(), peer=peer)
    assert refused.status == 403
    assert "no token was set" in json.loads(refused.body)["error"]
    assert ask(Rights(TOKEN), peer=peer).status == 401
    assert ask(Rights(TOKEN), peer=peer, headers=BEARS).status == 200
    assert ask(Rights(loopback_only=False), peer=peer).status == 200


@pytest.mark.parametrize(
    "header",
    ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via", "cf-connecting-ip",
     "true-client-ip", "fastly-client-ip", "x-client-ip", "x_forwarded_for", "cdn-loop"],
)  # fmt: skip
def test_what_a_proxy_handed_on_did_not_come_from_here(header: str) -> None:
    for peer in (HERE, Peer(None, unix_socket=True)):
        assert ask(Rights(), headers={header: "127.0.0.1"}, peer=peer).status == 403
    assert ask(Rights(TOKEN), headers={header: "127.0.0.1"} | BEARS).status == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost", 200), ("localhost:8000", 200), ("LOCALHOST.", 200), ("app.localhost:1", 200),
     ("127.0.0.1:8000", 200),
     ("[::1]:8000", 200), ("[::1]", 200), ("", 200), ("metrics.internal:80", 200), ("evil.example", 403),
     ("localhost.evil.example", 403), ("127.0.0.1.evil.example", 403), ("10.0.0.1", 403), ("evil.example:127", 403),
     ("localhost, evil.example", 403), ("[evil", 403), ("127.0.0.1@evil.example", 403)],
)  # fmt: skip
def test_a_page_whose_name_was_pointed_here_reads_nothing(host: str, status: int) -> None:
    rights = Rights(hosts=["Metrics.internal"])
    assert ask(rights, headers={"host": host}).status == status
    assert ask(Rights(TOKEN), headers={"host": host} | BEARS).status == 200


@pytest.mark.parametrize(
    "given",
    ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}",
     f"Bearer {TOKEN}, Bearer {TOKEN}", "Bearer \udcff", "Bearer é"],
)  # fmt: skip
def test_nothing_but_the_token_is_the_token(given: str) -> None:
    assert ask(Rights(TOKEN), peer=Peer("10.1.2.3"), headers={"authorization": given}).status == 401
    refused = ask(Rights(TOKEN), CLEAR_PATH, "POST", {"authorization": given} | JSON, body=b'{"type": "all"}')
    assert refused.status == 401
    assert ("www-authenticate", 'Bearer realm="perftui"') in refused.headers


def test_with_token_only_this_machine_sends_it_too() -> None:
    rights = Rights(TOKEN, token_only=True, loopback_only=False)
    assert ask(rights).status == 401
    assert ask(rights, headers=BEARS).status == 200
    with pytest.raises(ValueError, match="token_only needs a token"):
        Rights(token_only=True)


@pytest.mark.parametrize("token", ["", " ", "a\n", " a", "a ", "é", "a\x00b"])
def test_a_token_that_cannot_be_sent_is_refused_when_it_is_set(token: str) -> None:
    with pytest.raises(ValueError, match="token"):
        Rights(token)


def test_an_empty_bearer_never_clears() -> None:
    for given in ("Bearer ", "Bearer", ""):
        refused = ask(Rights(), CLEAR_PATH, "POST", {"authorization": given} | JSON, body=b'{"type": "all"}')
        assert (refused.status, b"no token was set" in refused.body) == (403, True)


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (JSON, b'{"type": "cache"}', 200),
        ({"content-type": "Application/JSON; charset=utf-8"}, b'{"type": "all", "more": 1}', 200),
        ({}, b'{"type": "all"}', 415),
        ({"content-type": "text/plain"}, b'{"type": "all"}', 415),
        ({"content-type": "application/x-www-form-urlencoded"}, b"type=all", 415),
        (JSON, b"", 400),
        (JSON, b"\xff", 400),
        (JSON, b'["all"]', 400),
        (JSON, b'{"type": "system"}', 400),
        (JSON, b'{"type": ["all"]}', 400),
        (JSON, b'{"a":' * 700, 400),
        (JSON, b'{"type": "all", "x": "' + b"x" * LARGEST_BODY + b'"}', 413),
        (JSON | {"content-length": "99999"}, b"", 413),
        (JSON | {"content-length": "9" * 400}, b"", 413),
        (JSON | {"content-length": "-1"}, b"", 400),
    ],
)
def test_clearing(headers: dict[str, str], body: bytes, status: int) -> None:
    registry = Registry("shop")
    CacheMonitor("pages", registry).hit("a")
    answer = ask(Rights(TOKEN), CLEAR_PATH, "POST", headers | BEARS, Peer("10.1.2.3"), body, registry)
    assert answer.status == status, answer.body
    cache = build_document(registry).cache
    left = cache["pages"].hits if cache and "pages" in cache else 0
    assert left == (0 if status == 200 else 1)
    if status != 200:
        assert len(json.loads(answer.body)["error"]) > 10


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("POST", DOCUMENT_PATH, 405, "GET, HEAD, OPTIONS"),
        ("BREW", DOCUMENT_PATH, 405, "GET, HEAD, OPTIONS"),
        ("DELETE", "/perftui/metrics", 405, "GET, HEAD, OPTIONS"),
        ("OPTIONS", DOCUMENT_PATH, 204, "GET, HEAD, OPTIONS"),
        ("GET", CLEAR_PATH, 405, "POST, OPTIONS"),
        ("HEAD", CLEAR_PATH, 405, "POST, OPTIONS"),
        ("OPTIONS", CLEAR_PATH, 204, "POST, OPTIONS"),
        ("HEAD", DOCUMENT_PATH, 200, None),
        ("GET", DOCUMENT_PATH + "/", 200, None),
        ("GET", DOCUMENT_PATH + "/schema", 200, None),
        ("GET", "/", 404, None),
        ("GET", "/perftui/v2/metrics", 404, None),
        ("GET", "/api/performance/metrics", 404, None),
        ("GET", "/xperftui/metrics/x", 404, None),
    ],
)
def test_methods_and_paths(method: str, path: str, status: int, allow: str | None) -> None:
    answer = ask(Rights(), path, method)
    headers = dict(answer.headers)
    assert (answer.status, headers.get("allow")) == (status, allow)
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("window=5", "window must be"), ("window=0s", "window must be"), ("window=61m", "window must be"),
        ("window=2h", "window must be"), ("window=", "window must be"), ("window=%00", "window must be"),
        ("window=1e3s", "window must be"), ("window=-5m", "window must be"), ("window=nan", "window must be"),
        ("type=apis", "unknown type"), ("type=", "unknown type"), ("type=api,,query", "unknown type"),
        ("top=0", "top must be"), ("top=1001", "top must be"), ("top=%D9%A1", "top must be"),
        ("top=1.5", "top must be"),
        ("what=1", "unknown parameter"), ("window=1m&window=2m", "given twice"), ("a&b&" * 20, "20 parameters"),
        ("window=" + "5" * 2000, "longer than"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_words(query: str, words: str) -> None:
    answer = ask(Rights(), f"{DOCUMENT_PATH}?{query}")
    assert answer.status == 400
    assert words in json.loads(answer.body)["error"]
    assert len(answer.body) < 300


@pytest.mark.parametrize(
    "query", ["", "window=1s", "window=60m", "window=1h", "type=api,query&top=1", "type=all&type=all"]
)
def test_what_can_be_read(query: str) -> None:
    document = json.loads(ask(Rights(), f"{DOCUMENT_PATH}?{query}").body)
    assert document["schema"] == "perftui.metrics/1"
    assert (document["system"] is None) == ("api,query" in query)


@pytest.mark.parametrize(
    ("path", "accept", "content_type"),
    [
        (DOCUMENT_PATH, "", "application/json"),
        (DOCUMENT_PATH, "*/*", "application/json"),
        (DOCUMENT_PATH, "text/html, application/xml;q=0.9, */*;q=0.8", "application/json"),
        (DOCUMENT_PATH, "application/json, text/plain;version=0.0.4;q=0.9, */*;q=0.1", "application/json"),
        (DOCUMENT_PATH, "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
         "application/openmetrics-text"),
        (DOCUMENT_PATH, "text/plain;version=0.0.4", "text/plain"),
        (DOCUMENT_PATH, "text/plain;q=junk, application/json;q=0.1", "application/json"),
        ("/perftui/metrics", "", "application/openmetrics-text"),
        ("/perftui/metrics", "application/json", "application/openmetrics-text"),
        ("/perftui/metrics", "text/plain;version=0.0.4;q=1,*/*;q=0.1", "text/plain"),
        ("/perftui/metrics", "application/openmetrics-text;q=0.6,text/plain;q=0.3,*/*;q=0.2",
         "application/openmetrics-text"),
    ],
)  # fmt: skip
def test_the_form_is_the_one_that_is_wanted_most(path: str, accept: str, content_type: str) -> None:
    answer = ask(Rights(), path, headers={"accept": accept})
    assert answer.status == 200
    assert answer.content_type.partition(";")[0] == content_type


def test_raw_keys_are_for_who_holds_the_token_and_of_caches_that_allow_it() -> None:
    registry = Registry("shop")
    CacheMonitor("hidden", registry).hit("user:HIDDEN:x")
    CacheMonitor("shown", registry, show_keys=True).hit("user:SHOWN:x")
    path, raw = DOCUMENT_PATH + "?keys=raw", DOCUMENT_PATH + "?keys=raw&type=cache"
    assert ask(Rights(), path, registry=registry).status == 403
    assert ask(Rights(TOKEN), path, registry=registry).status == 401
    assert b"SHOWN" not in ask(Rights(TOKEN), registry=registry, headers=BEARS).body
    answer = ask(Rights(TOKEN), raw, registry=registry, headers=BEARS)
    assert (answer.status, b"user:SHOWN:x" in answer.body, b"HIDDEN" in answer.body) == (200, True, False)
    assert ask(Rights(), DOCUMENT_PATH + "?keys=all").status == 400


def test_a_fault_inside_is_an_answer_and_tells_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry("shop")

    def broken() -> None:
        raise RuntimeError("mongodb://user:secret@host")

    monkeypatch.setattr(registry, "read", broken)
    answer = ask(Rights(), registry=registry)
    assert (answer.status, b"RuntimeError" in answer.body, b"secret" in answer.body) == (500, True, False)
    assert registry.faults["serve"] == 1
