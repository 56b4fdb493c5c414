"""The one table of what `perftui.toml` may hold: its reader and its JSON Schema are both made from it."""

from collections.abc import Callable
from typing import Any, NamedTuple

from perftui.config import values
from perftui.model.settings import Thresholds

Schema = dict[str, Any]

DURATION: Schema = {
    "anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*(ms|s|m|h)?\s*$"}]
}
SWITCH: Schema = {"type": "boolean"}
BYTE_RATE: Schema = {
    "anyOf": [{"type": "integer", "minimum": 1000}, {"type": "string", "pattern": r"^\s*[0-9]+\s*[kKmM]?\s*$"}]
}
TEXT: Schema = {"type": "string", "minLength": 1}


class Key(NamedTuple):
    """One key: how its value is read (raising `ValueError` with what is expected), and what it is for."""

    read: Callable[[object], Any]
    schema: Schema
    about: str


SETTING_KEYS: dict[str, Key] = {
    "read_only": Key(values.switch, SWITCH, "Take every action away. Once true anywhere, nothing turns it off."),
    "interval": Key(values.interval, DURATION, "How often servers are read."),
    "window": Key(values.window, DURATION, "The window of digests and rates over time."),
    "history": Key(values.history, DURATION, "How much numeric history is kept."),
    "theme": Key(values.text, TEXT, "Name of a theme."),
    "utc": Key(values.switch, SWITCH, "Show times in UTC instead of local time."),
    "via": Key(values.text, TEXT, "The bastion through which targets are reached by ssh: [user@]host."),
    "ssh_config": Key(values.text, TEXT, "ssh's configuration, instead of ~/.ssh/config."),
    "slow_link": Key(values.byte_rate, BYTE_RATE, "Most bytes a second, on the terminal and through the bastion."),
}
OF_THE_WAY = ("via", "ssh_config")
"""Settings that are spent on the connections."""

TARGET_KEYS: dict[str, Key] = {
    "uri": Key(values.text, TEXT, "mongodb://, mongodb+srv://, redis://, rediss://, unix:// or http(s)://"),
    "name": Key(values.text, TEXT, "Short name for headers."),
    "password_env": Key(values.text, TEXT, "Name of the environment variable that holds the password."),
    "token_env": Key(values.text, TEXT, "Name of the environment variable that holds an HTTP bearer token."),
    "ca_file": Key(values.text, TEXT, "PEM file of the certificate authorities to trust."),
    "verify_tls": Key(values.switch, SWITCH, "False: accept any certificate."),
    "read_only": Key(values.switch, SWITCH, "Take the actions on this target away."),
    "timeout": Key(values.timeout, DURATION, "How long an answer may take."),
}

THRESHOLD_KEYS: dict[str, Key] = {
    name: Key(
        values.share if name.endswith(("_share", "_rate", "_per_examined")) else values.number,
        {"type": "number", "minimum": 0},
        "Where this figure becomes a warning.",
    )
    for name in Thresholds.__struct_fields__
}

LIST_KEYS = ("targets", "keys", "thresholds", "budgets")
"""The keys of a profile, and of the top level, that hold more than one value."""
