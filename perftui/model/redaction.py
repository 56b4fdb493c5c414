"""Hiding secrets in text that others wrote: process arguments, commands, URIs."""

import re
from collections.abc import Iterable, Iterator

MASK = "***"

_URI_PASSWORD = re.compile(r"(?P<head>\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s]*(?=@)", re.IGNORECASE)
_SENSITIVE_NAME = (
    r"[\w-]*(?:passw(?:or)?d|passwd|passphrase|requirepass|primaryauth|masterauth|secret|token|api[_-]?key|apikey)"
)
_ASSIGNED = re.compile(rf"(?P<head>(?:--?)?\b{_SENSITIVE_NAME}[=:])[^\s&;,'\"]+", re.IGNORECASE)
_SENSITIVE_OPTION = re.compile(rf"^--?{_SENSITIVE_NAME}$", re.IGNORECASE)
_USERINFO = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^\s/]*@")
_HEADER = re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+", re.IGNORECASE)
_SHORTEST_SECRET = 4
_known: set[str] = set()
_SHORT_PASSWORD_OPTIONS = {"-a", "-p", "--pass", "--auth"}
_PROGRAMS_WITH_SHORT_PASSWORD = (
    "redis-cli",
    "valkey-cli",
    "mongo",
    "mysql",
    "mongodump",
    "mongorestore",
    "mongostat",
    "mongotop",
)


def remember_secret(text: str | None) -> None:
    """Have `redact` hide this text wherever it stands; very short ones would hide half of every sentence."""
    if text and len(text) >= _SHORTEST_SECRET:
        _known.add(text)


def redact(text: str) -> str:
    """Text of unknown origin, such as an exception's, without this process's secrets and what looks like one."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return mask_text(_HEADER.sub(rf"\1 {MASK}", _USERINFO.sub(rf"\1{MASK}@", text)))


def mask_text(text: str) -> str:
    """The text without passwords of URIs and without values of `password=`, `token:` and their like."""
    masked = _URI_PASSWORD.sub(rf"\g<head>{MASK}", text)
    return _ASSIGNED.sub(rf"\g<head>{MASK}", masked)


def mask_arguments(arguments: Iterable[str]) -> str:
    """A command line on one line, without the secrets in it."""
    return " ".join(_masked(tuple(arguments)))


def _masked(arguments: tuple[str, ...]) -> Iterator[str]:
    program = arguments[0].rsplit("/", 1)[-1] if arguments else ""
    short = program.startswith(_PROGRAMS_WITH_SHORT_PASSWORD)
    hide_next = False
    for argument in arguments:
        if hide_next and not argument.startswith("--"):
            hide_next = False
            yield MASK
            continue
        hide_next = bool(_SENSITIVE_OPTION.match(argument)) or (short and argument in _SHORT_PASSWORD_OPTIONS)
        if short and argument.startswith("-p") and len(argument) > 2 and not argument.startswith("--"):
            yield "-p" + MASK
        else:
            yield mask_text(argument)
