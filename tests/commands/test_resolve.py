"""What the user named -> connections, with passwords and tokens from where they are kept."""

import socket
from pathlib import Path

import pytest

from perftui import targets
from perftui.commands.resolve import Resolved, resolve
from perftui.config import ConfigFile, read_config
from perftui.model.errors import UserError
from perftui.model.secret import Secret

SETTINGS = """
targets = ["redis://from-file"]

[profiles.shop]
read_only = true
targets = [
  { uri = "mongodb://ann@db1", password_env = "SHOP_PASSWORD" },
  { uri = "https://shop.example", token_env = "SHOP_TOKEN", headers = { X-Key = { env = "SHOP_KEY", prefix = "k " } } },
]

[profiles.twice]
targets = ["redis://one", { uri = "redis://two", name = "second", read_only = true, timeout = "250ms" }]
"""


@pytest.fixture(autouse=True)
def nothing_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "USUAL_PORTS", {})


@pytest.fixture
def config(tmp_path: Path) -> ConfigFile:
    path = tmp_path / "perftui.toml"
    path.write_text(SETTINGS)
    return read_config(path)


def addresses(resolved: Resolved) -> list[str]:
    return [connection.target.address for connection in resolved.connections]


def test_the_machine_is_always_last() -> None:
    assert addresses(resolve(["redis://a", "http://b"], ConfigFile(), {})) == [
        "redis://a",
        "http://b",
        socket.gethostname(),
    ]


def test_without_targets_the_environment_is_asked_then_the_file(config: ConfigFile) -> None:
    environment = {"MONGODB_URI": "mongodb://m", "REDIS_URL": "redis://r", "PERFTUI_APP_URL": "http://a"}
    assert addresses(resolve([], config, environment))[:-1] == ["mongodb://m", "redis://r", "http://a"]
    assert addresses(resolve([], config, {"REDIS_URL": "redis://r"}))[:-1] == ["redis://r"]
    assert addresses(resolve([], config, {}))[:-1] == ["redis://from-file"]


def test_without_anything_what_listens_here_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert addresses(resolve([], ConfigFile(), {})) == [socket.gethostname()]
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setattr(targets, "USUAL_PORTS", {port: "mongodb"})
        assert addresses(resolve([], ConfigFile(), {}))[0] == f"mongodb://localhost:{port}"
        assert addresses(resolve(["redis://a"], ConfigFile(), {}))[0] == "redis://a"


def test_a_profile_brings_its_targets_with_their_secrets(config: ConfigFile) -> None:
    environment = {"SHOP_PASSWORD": "p w", "SHOP_TOKEN": "token", "SHOP_KEY": "key"}
    resolved = resolve(["shop"], config, environment)
    database, application, _ = resolved.connections
    assert database.uri == Secret("mongodb://ann:p%20w@db1")
    assert application.headers == {"X-Key": Secret("k key"), "Authorization": Secret("Bearer token")}
    assert (database.read_only, application.read_only) == (True, True)
    assert (database.target.name, application.target.name) == ("shop", "shop")
    assert resolved.profiles[0].settings == {"read_only": True}


def test_two_of_a_kind_in_one_profile_keep_their_own_names(config: ConfigFile) -> None:
    one, two, _ = resolve(["twice"], config, {}).connections
    assert (one.target.name, one.read_only, one.timeout_s) == ("one:6379", False, 5.0)
    assert (two.target.name, two.read_only, two.timeout_s) == ("second", True, 0.25)


def test_a_profile_and_a_uri_stand_side_by_side(config: ConfigFile) -> None:
    assert addresses(resolve(["twice", "http://web"], config, {}))[:-1] == ["redis://one", "redis://two", "http://web"]


@pytest.mark.parametrize(
    ("text", "environment", "uri"),
    [
        ("mongodb://ann@db", {"MONGODB_PASSWORD": "x"}, "mongodb://ann:x@db"),
        ("mongodb://db", {"MONGODB_PASSWORD": "x"}, "mongodb://db"),
        ("mongodb://ann:own@db", {"MONGODB_PASSWORD": "x"}, "mongodb://ann:own@db"),
        ("redis://cache", {"REDIS_PASSWORD": "x", "REDISCLI_AUTH": "y"}, "redis://:x@cache"),
        ("redis://ann@cache", {"REDISCLI_AUTH": "y"}, "redis://ann:y@cache"),
        ("redis://cache?password=own", {"REDIS_PASSWORD": "x"}, "redis://cache?password=own"),
        ("http://ann@web", {"PERFTUI_APP_PASSWORD": "x"}, "http://ann:x@web"),
        ("http://web", {"PERFTUI_APP_PASSWORD": "x"}, "http://web"),
    ],
)
def test_passwords_from_documented_variables(text: str, environment: dict[str, str], uri: str) -> None:
    assert resolve([text], ConfigFile(), environment).connections[0].uri == Secret(uri)


def test_a_token_goes_to_applications_that_have_no_login_of_their_own() -> None:
    found = resolve(["http://web", "http://ann:x@web2", "redis://a"], ConfigFile(), {"PERFTUI_APP_TOKEN": "t"})
    headers = [connection.headers for connection in found.connections]
    assert headers == [{"Authorization": Secret("Bearer t")}, {}, {}, {}]


def test_a_mistake_in_the_file_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text('[profiles.a]\ntargets = [\n  "redis://a",\n  "postgres://b",\n]\n')
    with pytest.raises(UserError, match=r"p\.toml, line 4: The scheme 'postgres:' is not known"):
        resolve(["a"], read_config(tmp_path / "p.toml"), {})
