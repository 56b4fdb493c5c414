"""The published schema says what the reader does."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from perftui.cli import COMMANDS
from perftui.config import ConfigError, read_config
from perftui.config.file import RESERVED_NAMES
from perftui.config.keys import SETTING_KEYS, TARGET_KEYS, THRESHOLD_KEYS
from perftui.config.schema import SCHEMA_FILE, config_schema

EXAMPLE = Path(__file__).parents[2] / "docs" / "perftui.toml"


def test_the_published_file_is_current() -> None:
    assert json.loads(SCHEMA_FILE.read_text("utf-8")) == config_schema()


def test_the_documented_example_validates_and_is_read() -> None:
    document = tomllib.loads(EXAMPLE.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(config_schema())
    jsonschema.validate(document, config_schema())
    config = read_config(EXAMPLE)
    assert set(config.profiles) == {"shop-prod", "staging"}


def test_the_example_shows_every_key() -> None:
    document = tomllib.loads(EXAMPLE.read_text("utf-8"))
    tables = [*document["profiles"]["shop-prod"]["targets"], *document["profiles"]["staging"]["targets"]]
    assert set(SETTING_KEYS) <= set(document)
    assert set(THRESHOLD_KEYS) == set(document["thresholds"])
    assert {key for table in tables for key in table} == {*TARGET_KEYS, "headers"}


@pytest.mark.parametrize(
    "text",
    [
        "intervall = 1",
        'interval = "soon"',
        "targets = [3]",
        'targets = [{name = "x"}]',
        'targets = [{uri = "http://a", headers = {X = {prefix = "y"}}}]',
        "[thresholds]\nslow = 1",
        "[thresholds]\nslow_ms = -1",
        "[profiles.x]\nutc = 1",
    ],
)
def test_schema_and_reader_refuse_the_same(tmp_path: Path, text: str) -> None:
    (tmp_path / "perftui.toml").write_text(text, "utf-8")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(text), config_schema())
    with pytest.raises(ConfigError):
        read_config(tmp_path / "perftui.toml")


def test_no_profile_may_hide_behind_a_command() -> None:
    assert set(COMMANDS) <= set(RESERVED_NAMES)
