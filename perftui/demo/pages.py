"""The responses that are kept in the cache: what each key stands for, for how long it is kept, and what ends it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from perftui.demo.library import Library

_LIST_TTL_S, _PROMPT_TTL_S, _STATISTICS_TTL_S = 5, 30, 15
_LIFETIMES_S = {"prompt": _PROMPT_TTL_S, "statistics": _STATISTICS_TTL_S}
_STALE_SHARE = 0.2
"""So much of a page's life it is given out stale, while one request renews it."""
FAVORITES_TAG = "favorites"
"""On the pages whose order changes with every favorite."""


class Lifetime(NamedTuple):
    fresh_s: float
    stale_s: float


class Pages:
    """Makes the body behind a key, for a request or for a warmer alike. `ttl_s` keeps every page that long."""

    def __init__(self, library: Library, ttl_s: int | None = None) -> None:
        self._library, self._ttl_s = library, ttl_s
        self._kinds: dict[str, Callable[[str], Awaitable[Any]]] = {
            "newest": lambda category: library.newest(category or None),
            "popular": lambda _: library.popular(),
            "featured": lambda _: library.featured(),
            "pattern": library.by_pattern,
            "tagged": lambda tags: library.by_tags(tags.split(",")),
            "statistics": lambda _: library.by_category(),
            "users": library.users,
            "recent-users": lambda _: self._recent_users(),
            "prompt": library.prompt,
        }

    def ttl_s(self, key: str) -> int:
        return self._ttl_s or _LIFETIMES_S.get(page_kind(key), _LIST_TTL_S)

    def lifetime(self, key: str) -> Lifetime:
        """Its TTL in two parts."""
        stale_s = self.ttl_s(key) * _STALE_SHARE
        return Lifetime(self.ttl_s(key) - stale_s, stale_s)

    async def body(self, key: str) -> bytes | None:
        """The response as JSON; `None` where there is nothing under this key."""
        kind, _, value = key.partition(":")
        content = await self._kinds[kind](value)
        return None if content is None else msgspec.json.encode(content)

    async def _recent_users(self) -> Any:
        count, last = await self._library.recent_users()
        return {"count": count, "users": last}


def page_key(kind: str, *values: str | None) -> str:
    """Such as `newest:code`; the order of several values does not matter."""
    known: Sequence[str] = sorted(value for value in values if value)
    return f"{kind}:{','.join(known)}" if known else kind


def page_kind(key: str) -> str:
    return key.partition(":")[0]


def page_tags(key: str) -> tuple[str, ...]:
    """What ends the page when it is written to. Who marks a favorite sees it counted on the prompt's page and in the
    popular ones; other lists may be some seconds behind."""
    kind = page_kind(key)
    if kind == "prompt":
        return (key,)
    return (FAVORITES_TAG,) if kind == "popular" else ()


def key_kind(key: str) -> str:
    """`prompt:a-slug` -> `prompt:*`, for metrics: bounded, and tells no values."""
    kind, _, value = key.partition(":")
    return f"{kind}:*" if value else kind


def front_page_keys(prompts: int) -> list[str]:
    """What to warm: every list, and the prompts that front pages link to, of so many prompts."""
    from perftui.demo.documents import CATEGORIES, PATTERNS
    from perftui.demo.load import FRONT, ROLES, front_slug

    lists = [page_key(kind) for kind in ("popular", "featured", "statistics", "recent-users", "newest")]
    lists += [page_key("newest", category) for category in CATEGORIES]
    lists += [page_key("pattern", pattern) for pattern in PATTERNS]
    lists += [page_key("users", role) for role in dict.fromkeys(ROLES)]
    return lists + [page_key("prompt", front_slug(rank, prompts)) for rank in range(min(FRONT, prompts))]
