"""What the user named -> connections, with passwords and tokens from where the user keeps them."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from perftui import targets
from perftui.config import ConfigFile, Options, TargetEntry, profile
from perftui.model.errors import UserError
from perftui.model.secret import Secret
from perftui.model.target import Connection
from perftui.model.way import Way


class Resolved(NamedTuple):
    connections: tuple[Connection, ...]
    profiles: tuple[Options, ...]


class Through(NamedTuple):
    """What the command line says of the way to the targets."""

    via: str | None = None
    ssh_config: str | None = None
    slow_link: int | None = None


_DIRECT = Through()


class _Resolver:
    def __init__(self, config: ConfigFile, environment: Mapping[str, str], ask: bool, through: Through) -> None:
        self.config, self.environment, self.ask, self.through = config, environment, ask, through

    def way(self, options: Options | None = None) -> Way | None:
        """The way to the targets of a profile, or to those that are in none; opened, which may ask on the terminal."""
        settings = {**self.config.options.settings, **(options.settings if options is not None else {})}
        via = self.through.via or self.environment.get("PERFTUI_VIA") or settings.get("via")
        if not via:
            return None
        from perftui.via.opening import way_through

        slow = self.through.slow_link or self.environment.get("PERFTUI_SLOW_LINK") or settings.get("slow_link")
        return way_through(via, self.through.ssh_config or settings.get("ssh_config"), compress=bool(slow))

    def default(self) -> list[Connection]:
        named = [(name, self.environment[name]) for name in targets.ENVIRONMENT_TARGETS if self.environment.get(name)]
        if named:
            return [self.uri(text, place=f"The environment variable {name}: ") for name, text in named]
        if self.config.options.targets:
            return self.entries(self.config.options)
        way = self.way()
        return [self.uri(text) for text in (targets.listening_here() if way is None else targets.listening_there(way))]

    def entries(self, options: Options, profile_name: str | None = None) -> list[Connection]:
        kinds = [targets.SCHEMES.get(entry.uri.reveal().partition("://")[0].lower()) for entry in options.targets]
        read_only = bool(options.settings.get("read_only"))
        way = self.way(options)
        return [
            self.entry(entry, profile_name if kinds.count(kind) == 1 else None, read_only, way)
            for entry, kind in zip(options.targets, kinds, strict=True)
        ]

    def entry(self, entry: TargetEntry, name: str | None, read_only: bool, way: Way | None) -> Connection:
        options = dict(entry.options)
        try:
            return self.uri(
                entry.uri.reveal(),
                name=options.get("name", name),
                password_env=options.get("password_env"),
                headers=self._headers(entry),
                verify_tls=options.get("verify_tls", True),
                ca_file=options.get("ca_file"),
                read_only=read_only or options.get("read_only", False),
                timeout_s=options.get("timeout", 5.0),
                way=way,
            )
        except UserError as error:
            raise UserError(f"{entry.where()}: {error}", error.exit_code) from None

    def uri(
        self,
        text: str,
        *,
        place: str = "",
        password_env: str | None = None,
        headers: Mapping[str, Secret] | None = None,
        way: Way | None = None,
        **options: Any,
    ) -> Connection:
        try:
            uri = targets.parse_uri(text)
        except targets.TargetError as error:
            raise UserError(f"{place}{error}") from None
        return targets.connect_to(
            text,
            password=self._password(uri, password_env),
            headers=self._with_token(uri, headers or {}),
            way=way or self.way(),
            **options,
        )

    def _password(self, uri: targets.Uri, variable: str | None) -> str | None:
        kind = targets.SCHEMES[uri.scheme]
        if variable is not None:
            return self._variable(variable)
        if uri.password is not None or "password" in uri.parameters:
            return None
        needed = targets.needs_password(uri)
        wanted = needed or kind == "redis" or bool(uri.user and kind == "application")
        if wanted:
            for name in targets.PASSWORD_VARIABLES[kind]:
                if self.environment.get(name):
                    return self.environment[name]
        if needed or (self.ask and wanted):
            return _prompt(targets.address_of(uri), targets.PASSWORD_VARIABLES[kind][0])
        return None

    def _headers(self, entry: TargetEntry) -> dict[str, Secret]:
        headers = {}
        for name, value in entry.headers.items():
            if not isinstance(value, Secret):
                value = Secret(value.get("prefix", "") + self._variable(value["env"]))
            headers[name] = value
        if variable := entry.options.get("token_env"):
            headers["Authorization"] = Secret(f"Bearer {self._variable(variable)}")
        return headers

    def _with_token(self, uri: targets.Uri, headers: Mapping[str, Secret]) -> Mapping[str, Secret]:
        token = self.environment.get(targets.TOKEN_VARIABLE)
        named = any(name.lower() == "authorization" for name in headers)
        if not token or named or uri.user is not None or targets.SCHEMES[uri.scheme] != "application":
            return headers
        return {**headers, "Authorization": Secret(f"Bearer {token}")}

    def _variable(self, name: str) -> str:
        value = self.environment.get(name)
        if not value:
            raise UserError(f"The environment variable {name} is not set; set it before starting perftui.")
        return value


def resolve(
    texts: Sequence[str],
    config: ConfigFile,
    environment: Mapping[str, str],
    *,
    ask: bool = False,
    through: Through = _DIRECT,
) -> Resolved:
    """The connections for these texts (or for none), then the machine they are on. Raises `UserError`."""
    resolver = _Resolver(config, environment, ask, through)
    profiles: list[Options] = []
    found: list[Connection] = [] if texts else resolver.default()
    for text in texts:
        if (name := _profile_name(text)) is None:
            found.append(resolver.uri(text if "://" in text else _socket_uri(text)))
            continue
        profiles.append(profile(config, name))
        found.extend(resolver.entries(profiles[-1], name))
    return Resolved(targets.without_doubles([*found, *_machines(found, resolver)]), tuple(profiles))


def _machines(found: Sequence[Connection], resolver: _Resolver) -> list[Connection]:
    """The one at the end of each way, and this one where targets are reached from here."""
    ways = list(dict.fromkeys(connection.way for connection in found)) or [resolver.way()]
    there = [targets.machine_behind(way) for way in ways if way is not None]
    return [*there, targets.this_machine()] if None in ways else there


def _profile_name(text: str) -> str | None:
    """`profile:NAME` always is one; a bare name is one unless a file of that name exists."""
    head, colon, name = text.partition(":")
    if colon and head == "profile" and targets.is_profile_name(name):
        return name
    if not targets.is_profile_name(text) or Path(text).is_socket():
        return None
    if Path(text).is_file():
        raise UserError(
            f"'{text}' is a file. To look at a recording: perftui replay {text}. "
            f"To use the profile of that name: perftui profile:{text}."
        )
    return text


def _socket_uri(text: str) -> str:
    path = Path(text)
    return f"unix://{path.absolute()}" if path.is_socket() else text


def _prompt(address: str, variable: str) -> str:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UserError(f"{address} needs a password; set {variable}, or start perftui on a terminal to be asked.")
    import getpass

    try:
        return getpass.getpass(f"Password for {address}: ", stream=sys.stderr)
    except EOFError:
        raise UserError(f"No password was given for {address}.") from None
