"""perftui.toml: what it may hold, and how a mistake in it is told."""

from pathlib import Path

import pytest

from perftui.config import ConfigError, Flags, find_config, merge, profile, read_config
from perftui.config.values import parse_duration
from perftui.model.errors import UserError
from perftui.model.secret import Secret
from perftui.model.toml_lines import line_of

EXAMPLE = """\
# my servers
theme = "perftui-dark"
interval = "2s"

[thresholds]
slow_ms = 250

[keys]
kill = "x"

[profiles.shop-prod]
read_only = true
window = "15m"
targets = [
    "mongodb://watcher@db1,db2/?replicaSet=rs0",
    { uri = "redis://cache:6379", password_env = "SHOP_REDIS" },
    { uri = "https://shop.example", token_env = "SHOP_TOKEN", ca_file = "ca.pem", timeout = "2s" },
]

[profiles.shop-prod.thresholds]
slow_ms = 50
error_rate = 0.01

[[profiles.long.targets]]
uri = "http://web:8000"
verify_tls = false
headers = { X-Api-Key = { env = "WEB_KEY" }, X-Team = "shop" }
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "perftui.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, EXAMPLE))
    shop = config.profiles["shop-prod"]
    assert config.options.settings == {"theme": "perftui-dark", "interval": 2.0}
    assert shop.settings == {"read_only": True, "window": 900.0}
    assert [entry.uri for entry in shop.targets][1] == Secret("redis://cache:6379")
    assert shop.targets[2].options["ca_file"] == str(tmp_path / "ca.pem")
    assert shop.targets[2].options["timeout"] == 2.0
    assert config.profiles["long"].targets[0].headers == {
        "X-Api-Key": {"env": "WEB_KEY"},
        "X-Team": Secret("shop"),
    }


@pytest.mark.parametrize(
    ("line", "text", "words"),
    [
        (1, 'intervall = "1s"', "unknown key 'intervall'; did you mean 'interval'?"),
        (3, '# a\n\ninterval = "soon"', "'interval' must be a duration"),
        (1, "interval = 0", "'interval' must be a duration from"),
        (2, "[thresholds]\nslow = 3", "unknown key 'slow'; did you mean 'slow_ms'?"),
        (2, "[thresholds]\nerror_rate = 5", "'error_rate' must be a share from 0 to 1"),
        (2, "[thresholds]\nslow_ms = nan", "'slow_ms' must be a number, 0 or more"),
        (
            4,
            '[profiles.a]\ntargets = [\n "redis://a",\n  {url = "redis://b"},\n]',
            "unknown key 'url'; did you mean 'uri'?",
        ),
        (2, '[profiles.a]\ntargets = [\n  "redis://a", {name = "b"},\n]', "target 2 has no 'uri'"),
        (2, "[profiles.a]\ntargets = [\n  7]", "target 1 must be a URI"),
        (1, "read_only = 1", "'read_only' must be true or false"),
        (1, "[profiles.demo]", "a profile cannot be named 'demo'"),
        (1, "[profile.x]", "unknown key 'profile'; did you mean 'profiles'?"),
        (1, "profiles = 3", "'profiles' must be a table"),
        (2, "[keys]\nkill = 3", "'kill' must be a text in quotes"),
        (1, 'text = """\nread_only = 3\n"""', "unknown key 'text'"),
        (5, 'theme = """\nintervall = 1\n"""\n# x\nintervall = 1', "unknown key 'intervall'"),
        (3, '[[targets]]\nuri = "http://a"\nheaders = {X = 3}', "header 'X' must be"),
        (4, '[[targets]]\nuri = "http://a"\n[[targets]]\nurl = "http://a"', "unknown key 'url'"),
    ],
)
def test_a_mistake_is_one_sentence_with_file_line_and_name(tmp_path: Path, line: int, text: str, words: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    message = str(caught.value)
    assert words in message
    assert f"{path}, line {line}: " in message
    assert "\n" not in message
    assert caught.value.exit_code == 2


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"not valid TOML: .*line 2"):
        read_config(write(tmp_path, "utc = true\n= 3\n"))


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        find_config(str(tmp_path / "none.toml"), {})
    (tmp_path / "latin.toml").write_bytes(b'theme = "\xe9"')
    with pytest.raises(ConfigError, match="not UTF-8"):
        find_config(None, {"PERFTUI_CONFIG": str(tmp_path / "latin.toml")})


def test_without_a_file_there_are_defaults(home: Path) -> None:
    settings = merge(find_config(None, {}), (), {}, Flags(), ())
    assert (settings.interval_s, settings.window_s, settings.read_only) == (1.0, 300.0, False)
    assert settings.config_file == str(home / ".config/perftui/perftui.toml")


def test_the_users_own_file_is_found(home: Path) -> None:
    folder = home / ".config/perftui"
    folder.mkdir(parents=True)
    write(folder, 'theme = "mine"')
    assert find_config(None, {}).options.settings == {"theme": "mine"}


def test_flags_win_over_environment_over_profile_over_file(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, 'theme = "file"\ninterval = 9\nwindow = 60\nutc = true\n' + EXAMPLE_PROFILE))
    chosen = (profile(config, "p"),)
    environment = {"PERFTUI_THEME": "environment", "PERFTUI_INTERVAL": "3s"}
    settings = merge(config, chosen, environment, Flags(interval_s=0.5), ())
    assert settings.interval_s == 0.5
    assert settings.theme == "environment"
    assert settings.window_s == 120.0
    assert settings.utc is True
    assert settings.thresholds.slow_ms == 7.0
    assert settings.thresholds.hit_rate == 0.8
    assert settings.keys == {"kill": "x", "quit": "Q"}


EXAMPLE_PROFILE = """
[keys]
kill = "x"
quit = "z"
[profiles.p]
theme = "profile"
interval = 4
window = "2m"
keys = { quit = "Q" }
thresholds = { slow_ms = 7 }
"""


def test_the_first_named_profile_wins_over_the_next(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, '[profiles.a]\ntheme = "a"\n[profiles.b]\ntheme = "b"\nutc = true'))
    settings = merge(config, [profile(config, "a"), profile(config, "b")], {}, Flags(), ())
    assert (settings.theme, settings.utc) == ("a", True)


@pytest.mark.parametrize(
    ("text", "environment", "flag"),
    [("read_only = true", {"PERFTUI_READ_ONLY": "0"}, False), ("", {"PERFTUI_READ_ONLY": "1"}, False), ("", {}, True)],
)
def test_read_only_anywhere_is_read_only(tmp_path: Path, text: str, environment: dict[str, str], flag: bool) -> None:
    config = read_config(write(tmp_path, text))
    assert merge(config, (), environment, Flags(read_only=flag), ()).read_only is True


def test_a_bad_environment_variable_is_named() -> None:
    with pytest.raises(ConfigError, match="PERFTUI_UTC must be 1 or 0"):
        merge(find_config(None, {}), (), {"PERFTUI_UTC": "maybe"}, Flags(), ())


def test_an_unknown_profile_gets_the_nearest_name(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, EXAMPLE))
    with pytest.raises(ConfigError, match=r"no profile 'shp-prod' in .*; did you mean 'shop-prod'"):
        profile(config, "shp-prod")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1s", 1), ("500ms", 0.5), ("5m", 300), ("1.5h", 5400), (" 2 s ", 2), ("7", 7), (3, 3), (0.25, 0.25)],
)
def test_durations(text: object, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "-1s", "1d", "1 s s", True, None, float("inf"), float("nan")])
def test_what_is_no_duration(text: object) -> None:
    with pytest.raises(ValueError, match="a duration such as"):
        parse_duration(text)


def test_the_line_of_a_key_that_another_value_merely_mentions() -> None:
    text = 'note = "x = 1"\n[a]\ny = [ # x = 2\n  1,\n]\nx = 3\n'
    assert line_of(text, ("a", "x")) == 6
    assert line_of(text, ("a", "missing")) is None


BUDGETS = """\
[budgets]
file = "mine.toml"

[[budgets.endpoint]]
match = "GET /a"
limits = ["p(95)<500ms"]

[[profiles.prod.budgets.redis]]
match = "*"
limits = ["hit_rate>90%"]
"""


def test_budgets_of_the_file_of_its_table_and_of_a_profile_add_up(tmp_path: Path) -> None:
    (tmp_path / "perftui.toml").write_text(BUDGETS, "utf-8")
    (tmp_path / "mine.toml").write_text('[[cache]]\nmatch = "pages"\nlimits = ["hit_rate>80%"]\n', "utf-8")
    config = read_config(tmp_path / "perftui.toml")
    settings = merge(config, [profile(config, "prod")], {}, Flags(), ())
    assert [(budget.on, budget.pattern) for budget in settings.budgets] == [
        ("endpoint", "GET /a"),
        ("cache", "pages"),
        ("redis", "*"),
    ]
    chosen = merge(config, [], {"PERFTUI_BUDGETS": "none.toml"}, Flags(budgets=str(tmp_path / "mine.toml")), ())
    assert [budget.pattern for budget in chosen.budgets] == ["pages"]
    named = merge(config, [], {"PERFTUI_BUDGETS": str(tmp_path / "mine.toml")}, Flags(), ())
    assert [budget.pattern for budget in named.budgets] == ["pages"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[budgets]\nfile = "none.toml"', r"line 2: .*none\.toml: cannot be read"),
        ('[[budgets.endpoint]]\nmatch = "a"\nlimits = ["p95<1s"]', r"line 3: 'p95<1s' is no limit: write p\(95\)<1s"),
        ("[[budgets.endpiont]]", "line 1: unknown key 'endpiont'; did you mean 'endpoint'"),
        ("budgets = 3", "'budgets' must be a table"),
    ],
)
def test_a_mistake_in_the_budgets_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "perftui.toml").write_text(text, "utf-8")
    with pytest.raises(UserError, match=said):
        read_config(tmp_path / "perftui.toml")
