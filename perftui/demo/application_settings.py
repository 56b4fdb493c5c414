"""What the demo's application is told, and how it gets there: in its environment."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from perftui.demo import MONGODB_VARIABLE, REDIS_VARIABLE
from perftui.demo.library import Search
from perftui.demo.switches import Switches

_TOKEN, _CONTROL = "PERFTUI_DEMO_TOKEN", "PERFTUI_DEMO_CONTROL"
_SEARCH, _TTL, _CACHES = "PERFTUI_DEMO_SEARCH", "PERFTUI_DEMO_TTL", "PERFTUI_DEMO_CACHES"
_POOL, _RELEASE = "PERFTUI_DEMO_POOL", "PERFTUI_DEMO_RELEASE"


class ApplicationSettings(NamedTuple):
    """Its stores, and how it uses them."""

    mongodb_uri: str
    redis_uri: str
    token: str | None = None
    """Whoever bears it may clear the application's metrics."""
    control_token: str | None = None
    """Of whoever may switch the caches and cause faults; it is good for nothing else."""
    search: Search = "regex"
    """How it looks for words: `text` once there is a text index."""
    ttl_s: int | None = None
    """How long every page stays in the cache, instead of the pages' own times."""
    switches: Switches = Switches()
    """Which caches it starts with."""
    pool: int | None = None
    """The most connections to MongoDB; `None`: its driver's own."""
    release: int = 1
    """2 shows related prompts."""

    def to_environment(self) -> dict[str, str]:
        return {
            MONGODB_VARIABLE: self.mongodb_uri,
            REDIS_VARIABLE: self.redis_uri,
            _TOKEN: self.token or "",
            _CONTROL: self.control_token or "",
            _SEARCH: self.search,
            _TTL: str(self.ttl_s or 0),
            _CACHES: msgspec.json.encode(self.switches).decode(),
            _POOL: str(self.pool or 0),
            _RELEASE: str(self.release),
        }


def settings_in(environment: Mapping[str, str]) -> ApplicationSettings:
    """What `to_environment` wrote; what is not there has its default. Raises `KeyError` without the stores."""
    return ApplicationSettings(
        mongodb_uri=environment[MONGODB_VARIABLE],
        redis_uri=environment[REDIS_VARIABLE],
        token=environment.get(_TOKEN) or None,
        control_token=environment.get(_CONTROL) or None,
        search="text" if environment.get(_SEARCH) == "text" else "regex",
        ttl_s=int(environment.get(_TTL, 0)) or None,
        switches=msgspec.json.decode(environment.get(_CACHES, "{}"), type=Switches),
        pool=int(environment.get(_POOL, 0)) or None,
        release=int(environment.get(_RELEASE, 1)),
    )
