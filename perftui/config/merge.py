"""Flags over environment over profile over file over default: everything becomes one `Settings`."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from perftui.config import folders, values
from perftui.config.file import RESERVED_NAMES, ConfigError, ConfigFile, Options, read_config
from perftui.config.keys import OF_THE_WAY
from perftui.model.budgets.budget import Budget
from perftui.model.names import closest, nearest
from perftui.model.settings import Settings, Thresholds
from perftui.model.target import Connection

ENVIRONMENT: dict[str, tuple[str, Callable[[str], Any]]] = {
    "PERFTUI_INTERVAL": ("interval", values.interval),
    "PERFTUI_WINDOW": ("window", values.window),
    "PERFTUI_THEME": ("theme", values.text),
    "PERFTUI_UTC": ("utc", values.parse_switch),
    "PERFTUI_READ_ONLY": ("read_only", values.parse_switch),
    "PERFTUI_BUDGETS": ("budgets", values.text),
    "PERFTUI_VIA": ("via", values.text),
    "PERFTUI_SLOW_LINK": ("slow_link", values.byte_rate),
}
"""Environment variable -> the key it stands for, and how its text is read."""

_FLAGS = ("interval_s", "window_s", "theme", "utc", "slow_link")
_FIELDS = {"interval": "interval_s", "window": "window_s", "history": "history_s"}


class Flags(NamedTuple):
    """What the command line says; `None` where it says nothing."""

    interval_s: float | None = None
    window_s: float | None = None
    theme: str | None = None
    utc: bool | None = None
    read_only: bool = False
    budgets: str | None = None
    """A file, in place of the settings' budgets."""
    slow_link: int | None = None


def find_config(path: str | None, environment: Mapping[str, str]) -> ConfigFile:
    """The settings of `--config` or `PERFTUI_CONFIG`, which must be there, else the user's own, if there is one."""
    named = path or environment.get("PERFTUI_CONFIG")
    if named:
        return read_config(Path(named).expanduser())
    own = folders.config_file()
    return read_config(own) if own.is_file() else ConfigFile()


def profile(config: ConfigFile, name: str) -> Options:
    """The profile of that name. Raises `ConfigError` with the nearest one."""
    if name in config.profiles:
        return config.profiles[name]
    if (command := closest(name, RESERVED_NAMES)) and not closest(name, config.profiles):
        raise ConfigError(f"There is no profile '{name}'; did you mean the command 'perftui {command}'?")
    place = f"in {config.path}" if config.path else f"because there is no settings file at {folders.config_file()}"
    hint = nearest(name, config.profiles) if config.profiles else "."
    raise ConfigError(f"There is no profile '{name}' {place}{hint}")


def merge(
    config: ConfigFile,
    profiles: Sequence[Options],
    environment: Mapping[str, str],
    flags: Flags,
    connections: Sequence[Connection],
) -> Settings:
    """The settings in force. Of several profiles the first named wins; read-only anywhere is read-only."""
    layers = [config.options, *reversed(profiles)]
    settings: dict[str, Any] = {}
    thresholds: dict[str, float] = {}
    keys: dict[str, str] = {}
    for layer in layers:
        settings |= layer.settings
        thresholds |= layer.thresholds
        keys |= layer.keys
    from_environment = _environment(environment)
    budgets_file = flags.budgets or from_environment.pop("budgets", None)
    read_only = any((flags.read_only, config.options.settings.get("read_only"), from_environment.get("read_only")))
    given = {name: value for name, value in (settings | from_environment).items() if name not in OF_THE_WAY}
    chosen = {_FIELDS.get(name, name): value for name, value in given.items()}
    chosen |= {name: value for name in _FLAGS if (value := getattr(flags, name))}
    chosen["budgets"] = _budgets(layers, budgets_file)
    chosen |= {"read_only": read_only, "keys": keys, "thresholds": msgspec.structs.replace(Thresholds(), **thresholds)}
    if "history_s" in chosen:
        chosen["history_s"] = int(chosen["history_s"])
    return Settings(
        connections=tuple(connections),
        config_file=str(config.path or folders.config_file()),
        themes_folder=str(folders.themes_folder()),
        **chosen,
    )


def _budgets(layers: Sequence[Options], file: str | None) -> tuple[Budget, ...]:
    """Those of a file that was named for this run, else of all layers together."""
    if file:
        from perftui.model.budgets.toml import budgets_read_by

        path = Path(file).expanduser()
        return budgets_read_by(partial(path.read_text, "utf-8"), str(path))
    return tuple(budget for layer in layers for budget in layer.budgets)


def _environment(environment: Mapping[str, str]) -> dict[str, Any]:
    read = {}
    for variable, (key, parse) in ENVIRONMENT.items():
        if text := environment.get(variable):
            try:
                read[key] = parse(text)
            except ValueError as expected:
                raise ConfigError(f"The environment variable {variable} must be {expected}.") from None
    return read
