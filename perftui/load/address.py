"""Whose host a URL names, and how the URL may be shown."""

import ipaddress
import re
import socket
from urllib.parse import urlsplit

from perftui.model.redaction import MASK, mask_text
from perftui.model.text import safe_text

_LOOKS_LIKE_A_KEY = re.compile(r"[A-Za-z0-9_.~%=+-]{40,}")
_LONGEST_VALUE = 32
"""Of a parameter, from where on it is taken for a token."""


def is_loopback(host: str) -> bool:
    """Every address of this host is this machine's own loopback. Raises `OSError` where the name does not resolve."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return bool(found) and all(_is_loopback(str(address[0])) for *_, address in found)


def shown_url(url: str, *, with_host: bool = True) -> str:
    """The URL without its login and fragment, and without the values of what looks like a secret."""
    parts = urlsplit(url)
    host = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if with_host else ""
    path = "/".join(MASK if _LOOKS_LIKE_A_KEY.fullmatch(part) else part for part in (parts.path or "/").split("/"))
    query = "&".join(_shown_parameter(part) for part in parts.query.split("&")) if parts.query else ""
    return safe_text(f"{host}{path}{'?' + query if query else ''}")


def _shown_parameter(text: str) -> str:
    name, equals, value = text.partition("=")
    secret = len(value) > _LONGEST_VALUE or mask_text(f"?{name}={value}") != f"?{name}={value}"
    return f"{name}={MASK}" if equals and value and secret else text


def _is_loopback(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
