"""One cache's figures and keys, and what is published of them."""

import time
import weakref
from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

from perftui.instrument.caches.keys import can_be_kept, key_template, key_templates, text_of
from perftui.instrument.caches.kinds import HITS, MISSES
from perftui.instrument.caches.top_keys import KeyLog, KeyUse, Unkept
from perftui.instrument.endpoints.current import CURRENT
from perftui.instrument.store.table import BlockTable

if TYPE_CHECKING:
    from perftui.instrument.registry import Registry
    from perftui.instrument.store.block import Block

PUBLISHED_KEYS = 50
TOP_SIZE = 128
MOST_WATCHED = 1000


class Options(NamedTuple):
    """How the keys of a cache are kept."""

    template: Callable[[str], str]
    show: bool
    """Raw keys may leave the process, for who has the right to ask."""
    keep: int
    """How many raw keys to hold."""


class Held(NamedTuple):
    """How much a cache holds."""

    keys: int | None
    bytes: int | None
    capacity: int | None
    shared: bool
    """One cache for all workers: its sizes are not added up."""


def added_up(sizes: Iterable[Held]) -> Held:
    """Of caches that are each one's own; what none tells is unknown."""
    told = list(sizes)
    return Held(
        _sum(held.keys for held in told),
        _sum(held.bytes for held in told),
        _sum(held.capacity for held in told),
        any(held.shared for held in told),
    )


def _sum(numbers: Iterable[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


class Tables(NamedTuple):
    """The blocks of all caches, by kind."""

    counts: BlockTable
    timed: tuple[BlockTable, BlockTable, BlockTable]


class Recorder:
    """One cache's counters, durations and keys. After a fork the child's begin anew."""

    def __init__(self, registry: "Registry", name: str, tables: "Tables", options: Options) -> None:
        self.registry, self.name, self.options = registry, name, options
        self._tables = tables
        self.watched: list[Callable[[], Held | None]] = []
        self.forget()
        registry.forget_after_fork(self)

    def forget(self) -> None:
        """Look the blocks up anew when they are next used, and forget all keys."""
        self.hits = self._cold(HITS)
        self.misses = self._cold(MISSES)
        self._counts: Block | None = None
        self._get: Block | None = None
        self._set: Block | None = None
        self._value: Block | None = None
        keep = max(self.options.keep, TOP_SIZE if self.options.show else 0)
        fold = _fold_of(self.options.template)
        self.asked, self.missed = KeyLog(fold, TOP_SIZE, keep), KeyLog(fold, TOP_SIZE, keep)
        self.pending = self.asked.pending
        self.held: Held | None = None
        self.since = monotonic()

    def _cold(self, counter: int) -> Callable[[float], None]:
        def add(number: float) -> None:
            block = self._block()
            self.hits, self.misses = block.adder(HITS), block.adder(MISSES)
            block.add(counter, number)

        return add

    def _block(self) -> "Block":
        if self._counts is None:
            self._counts = self._tables.counts.get(self.name)
        return self._counts

    def count(self, counter: int, number: float) -> None:
        if number > 0:
            self._block().add(counter, number)

    def time_get(self, seconds: float) -> None:
        """Also tells the request in progress that it waited so long."""
        (self._get or self._timed_block(0)).record(monotonic(), seconds)
        request = CURRENT.get()
        if request is not None:
            request.add_cache(seconds)

    def time_set(self, seconds: float) -> None:
        """Also tells the request in progress that it waited so long."""
        (self._set or self._timed_block(1)).record(monotonic(), seconds)
        request = CURRENT.get()
        if request is not None:
            request.add_cache(seconds)

    def size(self, used_bytes: int) -> None:
        """The size of one value."""
        (self._value or self._timed_block(2)).record(monotonic(), used_bytes / 1e6)

    def _timed_block(self, which: int) -> "Block":
        """Made when it is first needed: one takes 9 KB."""
        block = self._tables.timed[which].get(self.name)
        if which == 0:
            self._get = block
        elif which == 1:
            self._set = block
        else:
            self._value = block
        return block

    def bounded(self, key: object) -> object:
        """What stands for a key that is no short text: itself where it may be kept, else a text for its template."""
        if self.asked.kept is not None and can_be_kept(key):
            return tuple.__getitem__(key, slice(None)) if isinstance(key, tuple) else key
        return Unkept(text_of(key))

    def watch(self, held: Callable[[], Held | None]) -> None:
        """Beyond 1,000 at once the sizes of further ones are not known."""
        if len(self.watched) < MOST_WATCHED:
            self.watched.append(held)

    def _watch(self) -> Held | None:
        """All that are alive, added up; the others are watched no more."""
        found = [(one, self.registry.guard("cache size", one)) for one in tuple(self.watched)]
        gone = [one for one, held in found if held is None]
        if gone:
            self.watched = [one for one in self.watched if one not in gone]
        alive: list[Held] = [held for _, held in found if held is not None]
        return added_up(alive) if alive else None

    def clear_keys(self) -> None:
        self.asked.clear()
        self.missed.clear()
        self.since = monotonic()

    def published(self) -> dict[str, Any]:
        """What the other workers may read: templates, and raw keys only where that was allowed."""
        held = self._watch() or self.held
        return {
            "name": self.name,
            "since": self.since,
            "asked": _shown(self.asked, self.options),
            "missed": _shown(self.missed, self.options),
            "held": held,
            "at": time.time(),
        }


def watch_weakly(thing: object, size: Callable[[Any], Held | None]) -> Callable[[], Held | None]:
    """A function that tells the size of a thing for as long as that lives."""
    reference = weakref.ref(thing)

    def watched() -> Held | None:
        alive = reference()
        return None if alive is None else size(alive)

    return watched


def _fold_of(template: Callable[[str], str]) -> Callable[[Sequence[str]], Iterable[str]]:
    if template is key_template:
        return key_templates

    def fold(keys: Sequence[str]) -> list[str]:
        return [_folded(template, key) for key in keys]

    return fold


def _folded(template: Callable[[str], str], key: str) -> str:
    try:
        return text_of(template(key))
    except Exception:  # the application's own function
        return "*"


def _shown(log: KeyLog, options: Options) -> dict[str, Any]:
    log.settle()
    found: dict[str, Any] = {"templates": _listed(log.templates.top(PUBLISHED_KEYS + 1), log.templates.floor)}
    if options.show and log.kept is not None:
        uses = log.kept.top(PUBLISHED_KEYS + 1)
        texts = [text_of(use.key) for use in uses]
        shown = [KeyUse(text, use.count, use.error) for use, text in zip(uses, texts, strict=True)]
        found["keys"] = _listed(shown, log.kept.floor)
    return found


def _listed(uses: list[KeyUse], floor: int) -> dict[str, Any]:
    """`rest`: how often a key that is not listed may have been used at most."""
    rest = max(floor, uses[PUBLISHED_KEYS].count) if len(uses) > PUBLISHED_KEYS else floor
    return {"uses": [(use.key, use.count, use.error) for use in uses[:PUBLISHED_KEYS]], "rest": rest}
