"""The words that perftui itself says, read from its own code: a sentence may hold these, and names that are kept."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from types import CodeType
from typing import Any

_ROOMS = ("model", "sources", "diagnosis", "monitor", "advice", "analysis", "actions", "rehearsal", "instrument")
_WORD = re.compile(r"[A-Za-z]+")


@cache
def own_words() -> frozenset[str]:
    """In lower case. Takes a fraction of a second, once."""
    words: set[str] = set()
    for room in _ROOMS:
        package = importlib.import_module(f"perftui.{room}")
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            code = _code_of(found.module_finder, found.name)
            if code is not None:
                words.update(word.lower() for text in _texts(code) for word in _WORD.findall(text))
    return frozenset(words)


def _code_of(finder: Any, name: str) -> CodeType | None:
    spec = finder.find_spec(name, None)
    read = getattr(None if spec is None else spec.loader, "get_code", None)
    found: CodeType | None = None if read is None else read(name)
    return found


def _texts(code: CodeType) -> Iterator[str]:
    for constant in code.co_consts:
        yield from _texts_of(constant)


def _texts_of(constant: object) -> Iterator[str]:
    if isinstance(constant, str):
        yield constant
    elif isinstance(constant, CodeType):
        yield from _texts(constant)
    elif isinstance(constant, tuple | frozenset):
        for one in constant:
            yield from _texts_of(one)
