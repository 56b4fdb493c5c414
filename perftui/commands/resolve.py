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


class Resolved(NamedTuple):
    connections: tuple[Connection, ...]
    profiles: tuple[Options, ...]


class _Resolver:
    def __init__(self, config: ConfigFile, environment: Mapping[str, str], ask: bool) -> None:
        self.config, self.environment, self.ask = config, environment, ask

    def default(self) -> list[Connection]:
        named = [(name, self.environment[name]) for name in targets.ENVIRONMENT_TARGETS if self.environment.get(name)]
        if named:
            return [self.uri(text, place=f"The environment variable {name}: ") for name, text in named]
        if self.config.options.targets:
            return self.entries(self.config.options)
        return [self.uri(text) for text in targets.listening_here()]

    def entries(self, options: Options, profile_name: str | None = None) -> list[Connection]:
        kinds = [targets.SCHEMES.get(entry.uri.reveal().partition("://")[0].lower()) for entry in options.targets]
        read_only = bool(options.settings.get("read_only"))
        return [
            self.entry(entry, profile_name if kinds.count(kind) == 1 else None, read_only)
            for entry, kind in zip(options.targets, kinds, strict=True)
        ]

    def entry(self, entry: TargetEntry, name: str | None, read_only: bool) -> Connection:
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


def resolve(texts: Sequence[str], config: ConfigFile, environment: Mapping[str, str], *, ask: bool = False) -> Resolved:
    """The connections for these texts (or for none), the machine last. Raises `UserError`."""
    resolver = _Resolver(config, environment, ask)
    profiles: list[Options] = []
    found: list[Connection] = [] if texts else resolver.default()
    for text in texts:
        if (name := _profile_name(text)) is None:
            found.append(resolver.uri(text if "://" in text else _socket_uri(text)))
            continue
        profiles.append(profile(config, name))
        found.extend(resolver.entries(profiles[-1], name))
    return Resolved(targets.without_doubles([*found, targets.this_machine()]), tuple(profiles))


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
