"""A target's text: how it is reached, named and shown."""

import socket
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui import targets
from perftui.model.errors import UserError
from perftui.model.secret import Secret
from perftui.targets import TargetError, connect_to, needs_password, parse_uri


@pytest.mark.parametrize(
    ("text", "kind", "identity", "name", "address"),
    [
        ("mongodb://db1", "mongodb", "mongodb://db1:27017", "db1:27017", "mongodb://db1"),
        ("mongodb://DB1:27017/", "mongodb", "mongodb://db1:27017", "db1:27017", "mongodb://db1:27017"),
        (
            "mongodb://u:p@a,b:27018/shop?replicaSet=rs0&appName=x&authMechanismProperties=K:V",
            "mongodb",
            "mongodb://a:27017,b:27018",
            "a:27017,b:27018",
            "mongodb://a,b:27018/shop?replicaset=rs0",
        ),
        ("mongodb+srv://u:p@x.example", "mongodb", "mongodb+srv://x.example", "x.example", "mongodb+srv://x.example"),
        ("mongodb://[::1]:27018", "mongodb", "mongodb://[::1]:27018", "[::1]:27018", "mongodb://[::1]:27018"),
        (
            "mongodb://%2Ftmp%2Fm.sock",
            "mongodb",
            "mongodb://%2ftmp%2fm.sock",
            "%2ftmp%2fm.sock",
            "mongodb://%2ftmp%2fm.sock",
        ),
        ("redis://:pw@cache/2", "redis", "redis://cache:6379", "cache:6379", "redis://cache/2"),
        (
            "rediss://cache:7000?password=pw&db=1",
            "redis",
            "rediss://cache:7000",
            "cache:7000",
            "rediss://cache:7000?db=1",
        ),
        ("valkey://cache", "redis", "redis://cache:6379", "cache:6379", "redis://cache"),
        (
            "unix://u:pw@/run/redis.sock?db=1",
            "redis",
            "unix:///run/redis.sock",
            "/run/redis.sock",
            "unix:///run/redis.sock?db=1",
        ),
        ("http://web:8000", "application", "http://web:8000", "web:8000", "http://web:8000"),
        ("https://u:p@web/a/b?api_key=1#x", "application", "https://web:443/a/b", "web:443/a/b", "https://web/a/b"),
    ],
)
def test_every_scheme(text: str, kind: str, identity: str, name: str, address: str) -> None:
    target = connect_to(text).target
    assert (target.kind, target.id, target.name, target.address) == (kind, identity, name, address)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("localhost:27017", "no scheme; did you mean mongodb://localhost:27017?"),
        ("cache:6379", "did you mean redis://cache:6379?"),
        (":8000", "did you mean http://localhost:8000?"),
        ("mongo://db", "'mongo:' is not known; did you mean 'mongodb'?"),
        ("reds://db", "did you mean 'redis'?"),
        ("mongodb:/db", "did you mean 'mongodb'?"),
        ("ann:s3cret@db", "targets start with"),
        ("mongodb://", "no valid host and port"),
        ("mongodb://u:s3cret", "no valid host and port"),
        ("mongodb://db:99999", "no valid host and port"),
        ("mongodb://a,,b", "no valid host and port"),
        ("redis://a,b", "has one host"),
        ("unix://", "has no path"),
        ("mongodb://u:s3@cret@db", "percent-encode"),
        ("mongodb://u:s3/cret@db", "percent-encode"),
        ("mongodb://u:12?s3cret@db", "percent-encode"),
        ("redis://u:s3%cret@db", "percent-encode"),
        ("http://we b/", "a space or a control character"),
        ("http://web\x1b[31m/", "a space or a control character"),
    ],
)
def test_a_mistake_is_told_without_repeating_a_secret(text: str, words: str) -> None:
    with pytest.raises(TargetError) as caught:
        parse_uri(text)
    assert words in str(caught.value)
    assert "cret" not in str(caught.value)


_SECRETS = st.text(st.characters(codec="utf-8"), min_size=6, max_size=30).map(lambda text: f"#{text}#§")
_SCHEMES = st.sampled_from(sorted(targets.SCHEMES))


@given(scheme=_SCHEMES, secret=_SECRETS, encoded=st.booleans(), form=st.integers(0, 4))
def test_no_password_is_ever_shown(scheme: str, secret: str, encoded: bool, form: int) -> None:
    """Whether the URI is good or not, neither what is shown of it nor the complaint about it holds the password."""
    written = quote(secret, safe="") if encoded else secret
    host = "/run/r.sock" if scheme == "unix" else "db1"
    forms = (
        f"{scheme}://ann:{written}@{host}",
        f"{scheme}://:{written}@{host}",
        f"{scheme}://{written}@{host}",
        f"{scheme}://{host}?password={written}",
        f"{scheme}://{host}?token=x&api_key={written}&authMechanismProperties=AWS_SESSION_TOKEN:{written}",
    )
    try:
        connection = connect_to(forms[form])
    except UserError as error:
        shown = str(error)
    else:
        shown = f"{connection!r} {connection.target.id} {connection.target.name} {connection.target.address}"
    assert secret not in shown
    assert written not in shown


@given(password=st.text(st.characters(codec="utf-8"), min_size=1, max_size=30))
def test_a_password_from_elsewhere_reaches_the_client_whole(password: str) -> None:
    from pymongo.uri_parser import parse_uri as parse_as_pymongo

    uri = connect_to("mongodb://ann@db1/?authSource=admin", password=password).uri.reveal()
    parsed = parse_as_pymongo(uri)
    assert (parsed["username"], parsed["password"]) == ("ann", password)


def test_a_password_of_redis_without_a_user_reaches_the_client() -> None:
    from redis.connection import parse_url

    uri = connect_to("redis://cache:1/3", password="p@/:w").uri.reveal()
    parsed = parse_url(uri)  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
    assert (parsed["password"], parsed["host"], parsed["db"]) == ("p@/:w", "cache", 3)
    assert parsed.get("username") in (None, "")


def test_a_password_in_the_uri_wins() -> None:
    assert connect_to("redis://:mine@cache", password="other").uri == Secret("redis://:mine@cache")


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("mongodb://ann@db", True),
        ("mongodb://ann:x@db", False),
        ("mongodb://ann:@db", False),
        ("mongodb://db", False),
        ("mongodb://CN=ann@db/?authMechanism=MONGODB-X509", False),
        ("mongodb://ann%40X@db/?authMechanism=GSSAPI", False),
        ("mongodb://ann@db/?authMechanism=PLAIN", True),
        ("redis://ann@cache", True),
        ("redis://ann@cache?password=x", False),
        ("http://ann@web", False),
    ],
)
def test_when_a_password_is_needed(text: str, needed: bool) -> None:
    assert needs_password(parse_uri(text)) is needed


def test_ids_are_unique_and_doubles_are_dropped() -> None:
    one, same, other = (connect_to(text) for text in ("redis://a/1", "redis://a/1", "redis://a/2"))
    kept = targets.without_doubles([one, same, other, targets.this_machine()])
    assert [connection.target.id for connection in kept] == ["redis://a:6379", "redis://a:6379#2", "host"]


def test_this_machine_is_named() -> None:
    assert targets.this_machine().target.name == socket.gethostname()


def test_what_listens_on_a_usual_port_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_server(("127.0.0.1", 0)) as closed:
        free = closed.getsockname()[1]
        closed.close()
        port = server.getsockname()[1]
        monkeypatch.setattr(targets, "USUAL_PORTS", {port: "redis", free: "mongodb"})
        assert targets.listening_here() == [f"redis://localhost:{port}"]
