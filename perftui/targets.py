"""A target's text, such as `mongodb://db1`, -> how it is reached and how it may be shown."""

import re
import socket
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote, unquote

from perftui.model.errors import UserError
from perftui.model.names import closest
from perftui.model.redaction import remember_secret
from perftui.model.secret import Secret
from perftui.model.target import Connection, Target, TargetKind
from perftui.model.way import Way

SCHEMES: dict[str, TargetKind] = {
    "mongodb": "mongodb",
    "mongodb+srv": "mongodb",
    "redis": "redis",
    "rediss": "redis",
    "unix": "redis",
    "http": "application",
    "https": "application",
}
DEFAULT_PORTS = {"mongodb": 27017, "redis": 6379, "rediss": 6379, "http": 80, "https": 443}
USUAL_PORTS: dict[int, str] = {27017: "mongodb", 6379: "redis"}
"""Ports that are looked for on this machine when no target is named."""
ENVIRONMENT_TARGETS = ("MONGODB_URI", "REDIS_URL", "PERFTUI_APP_URL")
PASSWORD_VARIABLES: dict[TargetKind, tuple[str, ...]] = {
    "mongodb": ("MONGODB_PASSWORD",),
    "redis": ("REDIS_PASSWORD", "REDISCLI_AUTH"),
    "application": ("PERFTUI_APP_PASSWORD",),
}
TOKEN_VARIABLE = "PERFTUI_APP_TOKEN"  # noqa: S105 - a variable's name

_HOST = r"(\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._~%-]+)(?::([0-9]{1,5}))?"
_ADDRESS_LIKE = r"([A-Za-z0-9.-]*):([0-9]{2,5})"
_NAME_LIKE = r"[A-Za-z0-9._-]{1,64}"
_SHOWN_PARAMETERS = frozenset(
    {"replicaset", "directconnection", "tls", "ssl", "authsource", "readpreference", "db", "loadbalanced"}
)
_NO_PASSWORD_MECHANISMS = frozenset({"MONGODB-X509", "GSSAPI", "MONGODB-AWS", "MONGODB-OIDC"})


class TargetError(UserError):
    """A target's text that cannot be used. The message never repeats the text, which may hold a password."""


class Uri(NamedTuple):
    """A URI in its parts, as they were written."""

    scheme: str
    user: str | None
    password: str | None
    hosts: str
    tail: str
    """Path and query, each with its own sign in front."""

    @property
    def path(self) -> str:
        return self.tail.partition("?")[0]

    @property
    def parameters(self) -> dict[str, str]:
        pairs = (part.partition("=") for part in self.tail.partition("?")[2].split("&") if part)
        return {name.lower(): value for name, _, value in pairs}

    def text(self) -> str:
        """The whole URI, secrets included: only for a `Secret`."""
        login = "" if self.user is None else self.user + ("" if self.password is None else f":{self.password}") + "@"
        return f"{self.scheme}://{login}{self.hosts}{self.tail}"


def parse_uri(text: str) -> Uri:
    """Take a URI apart without any client library. Raises `TargetError`, which repeats nothing but the scheme."""
    scheme, separator, rest = text.strip().partition("://")
    scheme = {"valkey": "redis", "valkeys": "rediss"}.get(scheme.lower(), scheme.lower())
    if not separator or scheme not in SCHEMES:
        raise _not_a_uri(text)
    if any(character.isspace() or not character.isprintable() for character in rest):
        raise TargetError(f"The {scheme}:// target holds a space or a control character; percent-encode it.")
    if scheme in ("http", "https"):
        rest = rest.partition("#")[0]
    cut = re.search(r"[/?]", rest.rpartition("@")[2] if scheme == "unix" else rest)
    at = len(rest) if cut is None else cut.start() + (rest.rfind("@") + 1 if scheme == "unix" else 0)
    authority, tail = rest[:at], rest[at:]
    login, at_sign, hosts = authority.rpartition("@")
    user, colon, password = login.partition(":")
    uri = Uri(scheme, user if at_sign else None, password if colon else None, hosts.lower(), tail)
    _check(uri)
    for secret in (uri.password, uri.password and unquote(uri.password)):
        remember_secret(secret)
    return uri


def _check(uri: Uri) -> None:
    login = f"{uri.user or ''}{uri.password or ''}"
    raw_sign = "@" in uri.tail and SCHEMES[uri.scheme] != "application"
    if raw_sign or re.search(r"[@:/]|%(?![0-9A-Fa-f]{2})", login):
        raise TargetError(
            f"The {uri.scheme}:// target's user name or password holds one of @ : / ? % as it is; "
            "percent-encode it (@ is %40), or leave the password out and let perftui ask for it."
        )
    if uri.scheme == "unix":
        if not uri.path.startswith("/") or len(uri.path) < 2:
            raise TargetError("The unix:// target has no path; write unix:///path/to/redis.sock.")
        return
    for host in uri.hosts.split(","):
        match = re.fullmatch(_HOST, host)
        if match is None or (match[2] and not 0 < int(match[2]) < 65536):
            raise TargetError(
                f"The {uri.scheme}:// target has no valid host and port; write {uri.scheme}://HOST:PORT, "
                "and percent-encode what is special in a user name or password."
            )
    if "," in uri.hosts and uri.scheme != "mongodb":
        raise TargetError(f"A {uri.scheme}:// target has one host; name several targets instead.")


def _not_a_uri(text: str) -> TargetError:
    scheme = text.partition(":")[0].lower()
    known = "mongodb://, mongodb+srv://, redis://, rediss://, unix:// or http(s)://"
    if match := re.fullmatch(_ADDRESS_LIKE, text):
        guess = USUAL_PORTS.get(int(match[2])) or ("mongodb" if match[2].startswith("2701") else "http")
        return TargetError(
            f"The target '{text}' has no scheme; did you mean {guess}://{match[1] or 'localhost'}:{match[2]}?"
        )
    looks_like_scheme = re.fullmatch(r"[a-z][a-z0-9+.-]{1,20}", scheme) and ":/" in text
    if looks_like_scheme:
        meant = closest(scheme, SCHEMES)
        hint = f"; did you mean '{meant}'?" if meant else "."
        return TargetError(f"The scheme '{scheme}:' is not known{hint} Targets start with {known}.")
    return TargetError(f"A target is neither the name of a profile nor a URI; targets start with {known}.")


def is_profile_name(text: str) -> bool:
    return re.fullmatch(_NAME_LIKE, text) is not None


def address_of(uri: Uri) -> str:
    """The URI as it may be shown: no login, and only parameters that are known to be harmless."""
    path = uri.path if "@" not in uri.path else ""
    shown = [
        f"{name}={value}"
        for name, value in uri.parameters.items()
        if name in _SHOWN_PARAMETERS and re.fullmatch(r"[\w.$-]{1,64}", value)
    ]
    return f"{uri.scheme}://{uri.hosts}{path.rstrip('/')}{'?' + '&'.join(shown) if shown else ''}"


def identity(uri: Uri) -> str:
    """A stable key: scheme, hosts with their ports, and the path where it tells targets apart."""
    if uri.scheme == "unix":
        return f"unix://{uri.path}"
    path = uri.path.rstrip("/") if SCHEMES[uri.scheme] == "application" and "@" not in uri.path else ""
    return f"{uri.scheme}://{','.join(_with_port(host, uri.scheme) for host in uri.hosts.split(','))}{path}"


def _with_port(host: str, scheme: str) -> str:
    port = DEFAULT_PORTS.get(scheme)
    return host if port is None or re.search(r":[0-9]+$", host) or host.endswith(".sock") else f"{host}:{port}"


def connect_to(
    text: str,
    *,
    name: str | None = None,
    password: str | None = None,
    headers: Mapping[str, Secret] | None = None,
    verify_tls: bool = True,
    ca_file: str | None = None,
    read_only: bool = False,
    timeout_s: float = 5.0,
    way: Way | None = None,
) -> Connection:
    """How this URI is reached, with the password put in where it has none. Raises `TargetError`."""
    uri = parse_uri(text)
    if password is not None and uri.password is None:
        remember_secret(password)
        remember_secret(quote(password, safe=""))
        uri = uri._replace(user=uri.user or "", password=quote(password, safe=""))
    for header in (headers or {}).values():
        remember_secret(header.reveal())
    key = identity(uri)
    return Connection(
        target=Target(
            id=key if way is None else f"{key}#{way.name}",
            kind=SCHEMES[uri.scheme],
            name=name or key.partition("://")[2],
            address=address_of(uri),
        ),
        uri=Secret(uri.text()),
        headers=dict(headers or {}),
        verify_tls=verify_tls,
        ca_file=ca_file,
        read_only=read_only,
        timeout_s=timeout_s,
        way=way,
    )


def needs_password(uri: Uri) -> bool:
    """A user is named, no password, and the way of logging in wants one."""
    if uri.password is not None or not uri.user or SCHEMES[uri.scheme] == "application":
        return False
    mechanism = unquote(uri.parameters.get("authmechanism", "")).upper()
    return "password" not in uri.parameters and mechanism not in _NO_PASSWORD_MECHANISMS


def this_machine() -> Connection:
    """The machine that perftui runs on."""
    name = socket.gethostname() or "localhost"
    return Connection(target=Target(id="host", kind="host", name=name, address=name), uri=Secret(""))


def machine_behind(way: Way) -> Connection:
    """The machine at the other end of a way."""
    return Connection(
        target=Target(id=f"host#{way.name}", kind="host", name=way.name, address=way.name), uri=Secret(""), way=way
    )


def listening_there(way: Way, timeout_s: float = 1.0) -> list[str]:
    """URIs of what listens on the usual ports of the machine at the other end; nothing is sent there."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(USUAL_PORTS)) as together:  # each that listens is silent, and takes the whole time
        listening = together.map(lambda port: _listens_there(way, port, timeout_s), USUAL_PORTS)
        found = [place for place, listens in zip(USUAL_PORTS.items(), listening, strict=True) if listens]
    return [f"{scheme}://localhost:{port}" for port, scheme in found]


def _listens_there(way: Way, port: int, timeout_s: float) -> bool:
    """ssh takes the connection itself, and closes it where nothing listens over there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(timeout_s)
        try:
            probe.connect(way.socket_to(f"localhost:{port}"))
            return probe.recv(1) != b""
        except TimeoutError:
            return True
        except OSError:
            return False


def listening_here(timeout_s: float = 0.05) -> list[str]:
    """URIs of what listens on localhost's usual ports; a refused connect costs less than a millisecond."""
    found = []
    for port, scheme in USUAL_PORTS.items():
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.settimeout(timeout_s)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                found.append(f"{scheme}://localhost:{port}")
    return found


def without_doubles(connections: Sequence[Connection]) -> tuple[Connection, ...]:
    """Each once; different ones under the same id are numbered so that ids stay unique."""
    from msgspec.structs import replace

    kept: list[Connection] = []
    for connection in connections:
        if connection in kept:
            continue
        same = sum(_numbered(other.target.id, connection.target.id) for other in kept)
        if same:
            target = connection.target
            target = replace(target, id=f"{target.id}#{same + 1}", name=f"{target.name} #{same + 1}")
            connection = replace(connection, target=target)
        kept.append(connection)
    return tuple(kept)


def _numbered(known: str, new: str) -> bool:
    """The id itself, or the id with a number that tells it from another."""
    return known == new or (known.startswith(f"{new}#") and known[len(new) + 1 :].isdecimal())
