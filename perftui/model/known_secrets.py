"""The secrets of this process, so that they can be taken out of text that others made, such as an exception's."""

import re

from perftui.model.redaction import MASK, mask_text

_USERINFO = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^\s/]*@")
_HEADER = re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+", re.IGNORECASE)
_SHORTEST = 4
_known: set[str] = set()


def remember_secret(text: str | None) -> None:
    """Have `redact` hide this text wherever it stands; very short ones would hide half of every sentence."""
    if text and len(text) >= _SHORTEST:
        _known.add(text)


def redact(text: str) -> str:
    """The text without remembered secrets, and without what looks like one."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return mask_text(_HEADER.sub(rf"\1 {MASK}", _USERINFO.sub(rf"\1{MASK}@", text)))
