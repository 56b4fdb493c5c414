"""What ssh says when it fails, as sentences with what to do."""

import re
from collections.abc import Iterable

from perftui.model.redaction import redact
from perftui.model.sample import Failure, FailureKind
from perftui.model.text import safe_text

NOT_REACHED = 3
_MOST_WORDS = 400
_BOX = re.compile(r"^[@\s]*$")
_FAULTS: tuple[tuple[str, str, str], ...] = (
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        "the host key of {name} is not the one that is known",
        "Somebody may be listening in: ask its administrator. If it was changed: ssh-keygen -R HOST.",
    ),
    (
        "Host key verification failed",
        "the host key of {name} is not known and could not be confirmed",
        "Connect once by hand (ssh {name}) and compare the key, then start perftui again.",
    ),
    (
        "Permission denied|Too many authentication failures|No more authentication methods",
        "{name} refuses this login",
        "Check the user's name and the key (ssh-add -l), or try: ssh {name}",
    ),
    (
        "Could not resolve hostname",
        "the name of {name} does not resolve",
        "Check its spelling, your ssh configuration and DNS.",
    ),
    ("Connection refused", "nothing takes ssh there", "Check its address and port in your ssh configuration."),
    (
        "timed out|No route to host|Network is unreachable",
        "{name} does not answer",
        "Check the network, the VPN and the firewalls between here and there.",
    ),
    (
        "Bad configuration option|terminating, .* bad",
        "your ssh configuration has a mistake",
        "Mend it; ssh -G shows it.",
    ),
    (
        "Connection closed|closed by remote host|Connection reset|kex_exchange_identification|Broken pipe",
        "{name} closed the connection",
        "Check that an ssh server listens there and takes connections from here.",
    ),
)
_ON_THE_WAY: tuple[tuple[str, FailureKind, str, str], ...] = (
    (
        "administratively prohibited",
        "unreachable",
        "{via} does not let this login forward connections to {place} (administratively prohibited)",
        "Its sshd must allow it: AllowTcpForwarding, PermitOpen, or the key's options in authorized_keys.",
    ),
    (
        "refused",
        "refused",
        "Nothing listens on {place}, as {via} sees it: the connection was refused",
        "Check that the server runs, its port and the address it binds to; localhost is {via} itself.",
    ),
    (
        "name or service not known|temporary failure in name|unknown host|no address associated|nodename nor",
        "name",
        "{via} cannot resolve the name of {place}",
        "Names are looked up by {via}, not here: use one that it knows.",
    ),
    (
        "timed out|no route|unreachable",
        "unreachable",
        "{via} gets no answer from {place}",
        "Check the network, the route and the firewall between {via} and there.",
    ),
)


def refused(name: str, lines: Iterable[str]) -> tuple[str, int]:
    """A sentence for a connection that could not be made, and the exit code."""
    words = told(lines)
    for pattern, meaning, help_ in _FAULTS:
        if re.search(pattern, words):
            message = f"No way through {name}: {meaning.format(name=name)}. {help_.format(name=name)}"
            return f"{message} ssh says: {_last(words)}", NOT_REACHED
    return f"No way through {name}. ssh says: {_last(words) or 'nothing'}", NOT_REACHED


def is_refused(words: str) -> bool:
    """The other side answers and lets this login not in, or is another one: trying often makes it worse."""
    return re.search("Permission denied|Too many authentication|Host key verification", words) is not None


def down(name: str, lines: Iterable[str]) -> Failure:
    """The connection is gone and is being restored."""
    words = told(lines) or "nothing"
    meaning = next((meaning for pattern, meaning, _ in _FAULTS if re.search(pattern, words)), None)
    why = f": {meaning.format(name=name)}" if meaning else f" (ssh says: {_last(words)})"
    help_ = "This is the way, not the server. It is tried again, at first every second, then every 30."
    if is_refused(words):
        help_ = (
            "This is the way, not the server. It is tried again every 5 minutes only, so that nobody is locked out; "
            "where somebody must be asked, start perftui again."
        )
    return Failure(kind="unreachable", message=f"The ssh connection through {name} is down{why}.", help=help_)


def closed_on_the_way(name: str, place: str, words: str) -> Failure:
    """The bastion could not connect to a place; `words` are sshd's."""
    for pattern, kind, message, help_ in _ON_THE_WAY:
        if re.search(pattern, words, re.IGNORECASE):
            return Failure(
                kind=kind,
                message=f"{message.format(via=name, place=place)}.",
                help=help_.format(via=name, place=place),
            )
    return Failure(
        kind="unreachable",
        message=f"{name} could not connect to {place}: {safe_text(redact(words), _MOST_WORDS)}.",
        help="Check the network and the rights of this login there; it is tried again.",
    )


def told(lines: Iterable[str]) -> str:
    """ssh's own words on one line, without its frames and secrets."""
    kept = [line.strip(" @\t") for line in lines if not _BOX.match(line)]
    return safe_text(redact(" ".join(kept)))


def _last(words: str) -> str:
    return words if len(words) <= _MOST_WORDS else "… " + words[-_MOST_WORDS:]
