"""Hiding secrets in text that others wrote: process arguments, commands, URIs."""

import re
from collections.abc import Iterable, Iterator

MASK = "***"

_URI_PASSWORD = re.compile(r"(?P<head>\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s]*(?=@)", re.IGNORECASE)
# A user alone in a web address is a token more often than a name.
_URI_TOKEN = re.compile(r"(?P<head>\bhttps?://)[^\s:/@?#]+(?=@)", re.IGNORECASE)
# Without its end nobody can tell a password from a port, nor a token from a host.
_CUT_URI = re.compile(r"(?P<head>\b(?:[a-z][a-z0-9+.-]*://[^\s:/@]*:|https?://(?=[^\s/?#]*$)))\S*$", re.IGNORECASE)
_SENSITIVE_NAME = (
    r"(?!-{0,2}ask-password)[\w.-]{0,64}(?:passw(?:or)?d|passphrase|requirepass|primaryauth|masterauth|(?<![a-z])pass|"
    r"secret(?:[_-]?access)?(?:[_-]?key)?|token|credentials?|signature|jwt|(?:api|access|account|private)[_-]?key)"
)
_ASSIGNED = re.compile(
    rf"(?P<head>(?:--?)?\b{_SENSITIVE_NAME}(?:=|[\"']?\s?:\s?)[\"']?)(?![\s\"'?])[^\s&;,'\"]+", re.IGNORECASE
)
_SENSITIVE_OPTION = re.compile(rf"^--?(?:{_SENSITIVE_NAME}|webhook)$", re.IGNORECASE)
_WEBHOOK = re.compile(r"(?P<head>--?webhook=)\S+", re.IGNORECASE)
_OPTION_IN_TEXT = re.compile(rf"(?P<head>(?<![\w-])--?{_SENSITIVE_NAME}\s+['\"]?)[^\s'\"-][^\s'\"]*", re.IGNORECASE)
_SIGNED_URL = re.compile(r"(?P<head>[?&](?:sig|key|code|auth)=)[^\s&;,'\"]+", re.IGNORECASE)
_USERINFO = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^\s/]*@")
_BEARER = re.compile(r"(?P<head>\b(?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]+", re.IGNORECASE)
_WHOLE_HEADER = re.compile(r"(?P<head>\b(?:(?:set-)?cookie|(?:proxy-)?authorization):\s*)[^'\"\n]+", re.IGNORECASE)
_ALL = (_URI_PASSWORD, _URI_TOKEN, _WHOLE_HEADER, _BEARER, _WEBHOOK, _ASSIGNED, _OPTION_IN_TEXT, _SIGNED_URL)
_NEW_PASSWORD = re.compile(r"(?P<head>(?:^|\s)>)\S+")
_SHORTEST_SECRET = 4
_known: set[str] = set()
_SHORT_PASSWORD_OPTIONS = {"-a", "-p", "--pass", "--auth"}
_LOGIN_OPTIONS = {"-u", "-U", "--user", "--proxy-user"}
_PROGRAMS_WITH_USERS = ("redis-server", "valkey-server")
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
    return mask_text(_USERINFO.sub(rf"\1{MASK}@", text))


def mask_text(text: str) -> str:
    """The text without passwords of URIs, without values of `password=`, `token:` and their like, and of headers."""
    for pattern in _ALL:
        text = pattern.sub(rf"\g<head>{MASK}", text)
    return text


def beginning(text: str, longest: int) -> str:
    """The text, cut where it is too long; what may be a secret whose end was cut off is hidden at once."""
    return text if len(text) <= longest else _CUT_URI.sub(rf"\g<head>{MASK}", text[:longest])


def mask_arguments(arguments: Iterable[str]) -> str:
    """A command line on one line, without the secrets in it."""
    return " ".join(_masked(tuple(arguments)))


def _masked(arguments: tuple[str, ...]) -> Iterator[str]:
    program = arguments[0].rsplit("/", 1)[-1] if arguments else ""
    short = program.startswith(_PROGRAMS_WITH_SHORT_PASSWORD)
    before = ""
    for argument in arguments:
        hidden = bool(_SENSITIVE_OPTION.match(before)) or (short and before in _SHORT_PASSWORD_OPTIONS)
        if hidden and not argument.startswith("--"):
            before = ""
            yield MASK
            continue
        if short and argument.startswith("-p") and len(argument) > 2 and not argument.startswith("--"):
            yield "-p" + MASK
        elif before in _LOGIN_OPTIONS and ":" in argument:
            yield f"{argument.partition(':')[0]}:{MASK}"
        elif program == "curl" and before in ("-b", "--cookie"):
            yield MASK
        elif program.startswith(_PROGRAMS_WITH_USERS):
            yield _NEW_PASSWORD.sub(rf"\g<head>{MASK}", mask_text(argument))
        else:
            yield mask_text(argument)
        before = argument
