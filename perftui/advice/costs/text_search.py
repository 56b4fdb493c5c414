"""Near enough to the server's text search to count with, and the fields that are worth searching."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from perftui.advice.filters.tree import Leaf

_WORD = re.compile(r"\w+")
_ENDINGS = ("ingly", "edly", "ing", "ies", "ed", "es", "ly", "s", "e", "y")
_STOP = frozenset(
    (
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "for",
        "from",
        "in",
        "is",
        "it",
        "of",
        "on",
        "or",
        "the",
        "to",
        "with",
    )
)
_LOOKED_AT = 500
_MOST_FIELDS = 6
_FEW_VALUES = 10


def stem(word: str) -> str:
    """Without its commonest English ending."""
    word = word.casefold()
    return next((word[: -len(end)] for end in _ENDINGS if word.endswith(end) and len(word) - len(end) >= 3), word)


def text_test(leaf: Leaf) -> Callable[[Any], bool]:
    """Whether a document holds one of the words searched for, in any field."""
    search = str(leaf.value.get("$search", "")) if isinstance(leaf.value, Mapping) else ""
    wanted = {stem(word) for word in _WORD.findall(re.sub(r"-\S+", " ", search)) if word.casefold() not in _STOP}
    return lambda document: not wanted or bool(wanted & _stems(document))


def _stems(value: Any, depth: int = 0) -> set[str]:
    if isinstance(value, str):
        return {stem(word) for word in _WORD.findall(value[:20_000])}
    found: set[str] = set()
    if depth < 4:
        for item in value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ():
            found |= _stems(item, depth + 1)
    return found


def text_fields(documents: Sequence[Any]) -> tuple[str, ...]:
    """Fields of sentences and of keywords; where there are none, every field of text."""
    looked = documents[:: max(1, len(documents) // _LOOKED_AT)][:_LOOKED_AT]
    texts: dict[str, list[str]] = {}
    keywords: set[str] = set()
    for document in looked:
        _collect(document, "", texts, keywords, 0)
    spoken = [path for path, values in texts.items() if path in keywords or _is_prose(values)]
    return tuple((spoken or list(texts))[:_MOST_FIELDS])


def _collect(value: Any, path: str, texts: dict[str, list[str]], keywords: set[str], depth: int) -> None:
    if isinstance(value, str) and path:
        texts.setdefault(path, []).append(value[:500])
    elif isinstance(value, Mapping) and depth < 3:
        for name, item in value.items():
            _collect(item, f"{path}.{name}" if path else str(name), texts, keywords, depth + 1)
    elif isinstance(value, list | tuple) and value and isinstance(value[0], str):
        keywords.add(path)
        texts.setdefault(path, []).extend(item for item in value[:20] if isinstance(item, str))


def _is_prose(values: Sequence[str]) -> bool:
    """Several words, and not the same few values again and again."""
    words = sum(len(value.split()) for value in values) / len(values)
    return words >= 1.8 and len(set(values)) > min(_FEW_VALUES, len(values) // 2)
