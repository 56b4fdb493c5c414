"""Reads `perftui.toml`. Whatever is wrong in it becomes one sentence with the file, the line and the nearest name."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from perftui.config.keys import LIST_KEYS, SETTING_KEYS, TARGET_KEYS, THRESHOLD_KEYS, Key
from perftui.model.errors import UserError
from perftui.model.names import nearest
from perftui.model.secret import Secret
from perftui.model.toml_lines import KeyPath

if TYPE_CHECKING:
    from perftui.model.budgets.budget import Budget

RESERVED_NAMES = (
    "demo", "snapshot", "diagnose", "doctor", "record", "replay", "analyze", "index", "bench", "check", "monitor",
    "watch", "bundle",
)  # fmt: skip
"""Names that a profile may not have, because the command line takes them for a command."""


_NOTHING: Mapping[str, Any] = MappingProxyType({})


class ConfigError(UserError):
    """A mistake in the settings."""


class TargetEntry(NamedTuple):
    """One target of the file, not resolved yet."""

    uri: Secret
    where: Callable[[], str]
    """File and line, for a sentence about it; looked up only then."""
    options: Mapping[str, Any] = _NOTHING
    headers: Mapping[str, Secret | Mapping[str, str]] = _NOTHING
    """Name -> value, or `{"env": NAME}` with an optional `prefix`."""


class Options(NamedTuple):
    """What the top level, or one profile, says. Absent keys are not in `settings`."""

    settings: Mapping[str, Any] = _NOTHING
    thresholds: Mapping[str, float] = _NOTHING
    keys: Mapping[str, str] = _NOTHING
    targets: tuple[TargetEntry, ...] = ()
    budgets: "tuple[Budget, ...]" = ()


class ConfigFile(NamedTuple):
    path: Path | None = None
    options: Options = Options()
    profiles: Mapping[str, Options] = _NOTHING


def read_config(path: Path) -> ConfigFile:
    """Read and check the whole file. Raises `ConfigError`."""
    import tomllib  # most machines have no such file

    try:
        text = path.read_text("utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text; save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}.") from None
    return _Reader(path, text).file(document)


class _Reader:
    def __init__(self, path: Path, text: str) -> None:
        self.path, self.text = path, text

    def file(self, document: dict[str, Any]) -> ConfigFile:
        profiles = self._table(document.pop("profiles", {}), ("profiles",))
        options = self._options(document, (), ("profiles",))
        return ConfigFile(self.path, options, {name: self._profile(name, profiles[name]) for name in profiles})

    def _profile(self, name: str, value: object) -> Options:
        path = ("profiles", name)
        if name in RESERVED_NAMES:
            self._fail(path, f"a profile cannot be named '{name}', because perftui has a command of that name.")
        return self._options(self._table(value, path), path)

    def _options(self, table: dict[str, Any], path: KeyPath, others: tuple[str, ...] = ()) -> Options:
        self._known(table, (*SETTING_KEYS, *LIST_KEYS, *others), path)
        thresholds = self._table(table.get("thresholds", {}), (*path, "thresholds"))
        keys = self._table(table.get("keys", {}), (*path, "keys"))
        settings = self._values({k: v for k, v in table.items() if k in SETTING_KEYS}, SETTING_KEYS, path)
        if "ssh_config" in settings:
            settings["ssh_config"] = str(self.path.parent / Path(settings["ssh_config"]).expanduser())
        return Options(
            settings=settings,
            thresholds=self._values(thresholds, THRESHOLD_KEYS, (*path, "thresholds")),
            keys={name: self._text(value, (*path, "keys", name)) for name, value in keys.items()},
            targets=self._targets(table.get("targets", []), (*path, "targets")),
            budgets=self._budgets(table.get("budgets", {}), (*path, "budgets")),
        )

    def _budgets(self, value: object, path: KeyPath) -> "tuple[Budget, ...]":
        """Those of the table, then those of the file that it names."""
        if not (table := self._table(value, path)):
            return ()
        from perftui.model.budgets.toml import budgets_of_table, budgets_read_by

        found = budgets_of_table(table, self._where, path, ("file",))
        if "file" in table:
            file = self.path.parent / Path(self._text(table["file"], (*path, "file"))).expanduser()
            found += budgets_read_by(partial(file.read_text, "utf-8"), str(file), self._where((*path, "file")))
        return found

    def _targets(self, value: object, path: KeyPath) -> tuple[TargetEntry, ...]:
        if not isinstance(value, list):
            self._fail(path, "'targets' must be a list of URIs or tables.")
        return tuple(self._target(entry, (*path, index)) for index, entry in enumerate(value))

    def _target(self, entry: object, path: KeyPath) -> TargetEntry:
        if isinstance(entry, str):
            return TargetEntry(Secret(entry), partial(self._where, path, entry))
        if not isinstance(entry, dict):
            self._fail(path, f"target {int(path[-1]) + 1} must be a URI in quotes or a table with 'uri'.")
        headers = self._table(entry.get("headers", {}), (*path, "headers"))
        rest = {key: value for key, value in entry.items() if key != "headers"}
        self._known(rest, (*TARGET_KEYS, "headers"), path)
        options = self._values(rest, TARGET_KEYS, path)
        if "uri" not in options:
            self._fail(path, f"target {int(path[-1]) + 1} has no 'uri'.")
        if "ca_file" in options:
            options["ca_file"] = str(self.path.parent / Path(options["ca_file"]).expanduser())
        uri = Secret(options.pop("uri"))
        read = {name: self._header(value, (*path, "headers", name)) for name, value in headers.items()}
        return TargetEntry(uri, partial(self._where, (*path, "uri")), options, read)

    def _header(self, value: object, path: KeyPath) -> Secret | Mapping[str, str]:
        if isinstance(value, str):
            return Secret(value)
        if not isinstance(value, dict) or "env" not in value:
            self._fail(path, f"header '{path[-1]}' must be a text in quotes or {{env = \"NAME\"}}.")
        self._known(value, ("env", "prefix"), path)
        return {key: self._text(text, (*path, key)) for key, text in value.items()}

    def _values(self, table: dict[str, Any], known: Mapping[str, Key], path: KeyPath) -> dict[str, Any]:
        self._known(table, known, path)
        read = {}
        for name, value in table.items():
            try:
                read[name] = known[name].read(value)
            except ValueError as expected:
                self._fail((*path, name), f"'{name}' must be {expected}.")
        return read

    def _text(self, value: object, path: KeyPath) -> str:
        if not isinstance(value, str):
            self._fail(path, f"'{path[-1]}' must be a text in quotes.")
        return value

    def _table(self, value: object, path: KeyPath) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._fail(path, f"'{path[-1]}' must be a table.")
        return value

    def _known(self, table: Iterable[str], known: Iterable[str], path: KeyPath) -> None:
        names = tuple(known)
        for name in table:
            if name not in names:
                self._fail((*path, name), f"unknown key '{name}'{nearest(name, names)}")

    def _where(self, path: KeyPath, value: object = None) -> str:
        from perftui.model.toml_lines import line_of

        line = line_of(self.text, path, value)
        return f"{self.path}, line {line}" if line else str(self.path)

    def _fail(self, path: KeyPath, sentence: str) -> NoReturn:
        raise ConfigError(f"{self._where(path)}: {sentence}")
