"""A MongoDB URI is seeds: its hosts taken apart, and the same URI for one member alone."""

import re
from typing import NamedTuple
from urllib.parse import quote, unquote_plus

DEFAULT_PORT = 27017
_NOT_FOR_ONE_MEMBER = frozenset({
    "replicaset", "directconnection", "loadbalanced", "readpreference", "readpreferencetags",
    "maxstalenessseconds", "srvmaxhosts", "srvservicename", "compressors", "zlibcompressionlevel",
    "maxpoolsize", "minpoolsize", "maxidletimems", "waitqueuetimeoutms", "heartbeatfrequencyms",
    "servermonitoringmode", "serverselectiontimeoutms", "connecttimeoutms", "sockettimeoutms", "timeoutms",
    "localthresholdms", "w", "wtimeoutms", "journal", "j", "retrywrites", "appname",
})  # fmt: skip


class MongoUri(NamedTuple):
    """The parts of a URI as they were written; `login` holds secrets."""

    srv: bool
    login: str
    hosts: tuple[str, ...]
    path: str
    options: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        return f"MongoUri({len(self.hosts)} hosts)"

    def option(self, name: str) -> str | None:
        """An option's value whatever the case of its name."""
        return next((unquote_plus(value) for key, value in self.options if key.lower() == name.lower()), None)

    @property
    def one_server(self) -> bool:
        """The URI names one server and not a set: its neighbours are not looked for."""
        return self.load_balanced or self._says("directConnection")

    @property
    def load_balanced(self) -> bool:
        """Every connection may reach another mongos."""
        return self._says("loadBalanced")

    def _says(self, name: str) -> bool:
        return (self.option(name) or "").lower() == "true"

    def of_member(self, address: str) -> str:
        """The URI of this member alone, with the login and the TLS options of the whole."""
        kept = [f"{key}={value}" for key, value in self.options if key.lower() not in _NOT_FOR_ONE_MEMBER]
        return f"mongodb://{self.login}{address}/{self.path}?{'&'.join([*kept, 'directConnection=true'])}"


def split_uri(uri: str) -> MongoUri:
    """Take a URI apart; what is wrong in it is left for the driver to say."""
    scheme, _, rest = uri.partition("://")
    place, _, query = rest.partition("?")
    authority, _, path = place.rpartition("/") if _has_path(place) else (place, "", "")
    login, at, hosts = authority.rpartition("@")
    return MongoUri(
        srv=scheme.lower() == "mongodb+srv",
        login=login + at,
        hosts=tuple(_with_port(host) for host in hosts.split(",") if host),
        path=path,
        options=tuple(_option(option) for option in re.split("[&;]", query) if option),
    )


def resolve_srv(uri: str) -> MongoUri:
    """The same with the hosts and options that DNS gives for `mongodb+srv`. Blocks; raises what PyMongo raises."""
    from pymongo.synchronous.uri_parser import parse_uri

    parts = split_uri(uri)
    found = parse_uri(uri, warn=True)
    given = {key.lower() for key, _ in parts.options}
    extra = [(name, found["options"].get(name)) for name in ("authSource", "replicaSet", "loadBalanced")]
    options = [(name, quote(str(value))) for name, value in extra if value is not None and name.lower() not in given]
    if not given & {"tls", "ssl"}:
        options.append(("tls", "true"))
    hosts = tuple(f"{host}:{port}" for host, port in found["nodelist"])
    return parts._replace(srv=False, hosts=hosts, options=(*parts.options, *options))


def _option(written: str) -> tuple[str, str]:
    name, _, value = written.partition("=")
    return name, value


def _has_path(place: str) -> bool:
    """A slash after the hosts; a socket's path holds percent signs in its place."""
    return "/" in place.rpartition("@")[2]


def _with_port(host: str) -> str:
    plain = host.rpartition("]")[2] if host.startswith("[") else host
    return host if ":" in plain or host.endswith(".sock") else f"{host}:{DEFAULT_PORT}"
