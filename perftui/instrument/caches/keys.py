"""A cache's keys as text: whatever they are, bounded, and folded into templates that hold no value."""

import re
from collections.abc import Sequence
from typing import Final

LONGEST_KEY: Final = 200
"""Characters; what follows is cut."""
_PARTS = 8
_SEPARATORS = b":/|."
_WORD = re.compile(r"[A-Za-z][A-Za-z_-]{0,23}")
_FOLD = bytes(code if code in _SEPARATORS + b"\n" else ord("*") for code in range(256))
_STARS = re.compile(r"\*+")
_REMEMBERED = 4096
_HEADS = 32


class _Templates(dict[str, str]):
    """The templates of keys that look alike, by their first part; makes what it does not know."""

    def __init__(self, ending: str) -> None:
        """`ending` stands for all but the first part; it is empty where keys have one part."""
        super().__init__()
        self._ending = ending

    def __missing__(self, head: str) -> str:
        if not self._ending:
            return "*"
        if not _WORD.fullmatch(head):
            return "*" + self._ending
        shown = head + self._ending
        if len(self) < _HEADS:
            self[head] = shown
        return shown


class _Forms(dict[bytes, tuple[int, _Templates]]):
    """What keys look like, every letter a star: how long their first part is, and their templates."""

    def __missing__(self, folded: bytes) -> tuple[int, _Templates]:
        if len(self) >= _REMEMBERED:
            self.clear()
        ending = folded.lstrip(b"*")
        form = len(folded) - len(ending), _Templates(_STARS.sub("*", ending.decode("ascii")))
        self[folded] = form
        return form


_forms = _Forms()


def key_template(key: str) -> str:
    """How a key is counted: only its first word stays, since any other part may be a value.

    >>> from perftui import key_template
    >>> key_template("user:4711:profile")
    'user:*:*'
    """
    folded = key[:LONGEST_KEY].encode("ascii", "replace").translate(_FOLD).replace(b"\n", b"*")
    length, templates = _forms[folded]
    return templates[key[:length]]


def key_templates(keys: Sequence[str]) -> list[str]:
    """The templates of many keys of at most 200 characters at once, in a fraction of the time."""
    folded = "\n".join(keys).encode("ascii", "replace").translate(_FOLD).split(b"\n")
    if len(folded) != len(keys):
        return [key_template(key) for key in keys]
    forms = map(_forms.__getitem__, folded)
    return [templates[key[:length]] for key, (length, templates) in zip(keys, forms, strict=True)]


def text_of(key: object) -> str:
    """At most 200 characters, without asking an unknown object for its text: it might raise, or take its time."""
    if isinstance(key, str):
        text = str.__getitem__(key, slice(0, LONGEST_KEY))
        return text if text.isascii() else text.encode("utf-8", "replace").decode()
    if isinstance(key, bytes):
        return bytes.__getitem__(key, slice(0, LONGEST_KEY)).decode("utf-8", "replace")
    if isinstance(key, bytearray | memoryview):
        return bytes(key[:LONGEST_KEY]).decode("utf-8", "replace")
    if type(key) is int:
        return str(key) if key.bit_length() < 256 else "<int>"
    if key is None or type(key) in (bool, float):
        return str(key)
    if isinstance(key, tuple):
        parts = tuple.__getitem__(key, slice(0, _PARTS))
        return f"({', '.join(_part_of(part) for part in parts)})"[:LONGEST_KEY]
    return f"<{type(key).__name__[:60]}>"


def _part_of(part: object) -> str:
    return "(...)" if isinstance(part, tuple) else text_of(part)


def can_be_kept(key: object) -> bool:
    """Whether a raw key may be held in memory: plain, immutable and small."""
    if type(key) in (str, bytes):
        return len(key) <= LONGEST_KEY  # type: ignore[arg-type]
    if type(key) is int:
        return key.bit_length() < 256
    if isinstance(key, tuple):
        return tuple.__len__(key) <= _PARTS and all(type(part) is not tuple and can_be_kept(part) for part in key)
    return key is None or type(key) in (bool, float)
