"""The listener's part that counts connections: how long commands wait for one, and how many there are."""

from collections.abc import Callable, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from perftui.instrument.queries.kinds import POOL, POOL_COUNTERS, POOL_GAUGES
from perftui.instrument.store.block import Block
from perftui.instrument.store.table import BlockTable

if TYPE_CHECKING:
    from perftui.instrument.registry import Registry

_MOST_ADDRESSES: Final = 100
_DEFAULT_MAX_SIZE: Final = 100
_CREATED, _CLEARED = POOL_COUNTERS.index("created"), POOL_COUNTERS.index("cleared")
_CLOSED = {
    reason: POOL_COUNTERS.index(name)
    for reason, name in {
        "idle": "closed_idle", "stale": "closed_stale", "error": "closed_error", "poolClosed": "closed_pool",
    }.items()
}  # fmt: skip
_FAILED = {
    reason: POOL_COUNTERS.index(name)
    for reason, name in {
        "timeout": "failed_timeout", "connectionError": "failed_error", "poolClosed": "failed_closed",
    }.items()
}  # fmt: skip
_SIZE, _IN_USE, _WAITING, _MAX_SIZE, _MIN_SIZE, _CLIENTS = range(len(POOL_GAUGES))


class Pools:
    """All pools of a monitor's clients by the server's address. Nothing in here raises into the application."""

    def __init__(self, registry: "Registry", is_own: Callable[[], bool]) -> None:
        """`is_own()`: whether this thread works for us, so that its connections are not the application's."""
        self._is_own = is_own
        self._blocks = BlockTable(registry, POOL, _MOST_ADDRESSES)
        self._options: dict[Any, list[tuple[int, int]]] = {}
        self._pools: dict[Any, Block] = {}
        self._inherited: dict[Any, list[tuple[int, int]]] = {}
        """The parent's pools, ours too: counted with their server's first event, since a fork alone opens nothing."""

    def created(self, address: Any, options: Mapping[str, Any]) -> None:
        """A client has a pool for this server."""
        block = self._of(address)
        if block is None:
            return
        sizes = options.get("maxPoolSize", _DEFAULT_MAX_SIZE) or 0, options.get("minPoolSize", 0) or 0
        if len(self._options) < 2 * _MOST_ADDRESSES:
            self._options.setdefault(address, []).append(sizes)
        self._shift(block, 1, sizes)

    def ended(self, address: Any) -> None:
        """A client closed its pool for this server."""
        block, known = self._of(address), self._options.get(address)
        if block is not None and known:
            self._shift(block, -1, known.pop())

    def _shift(self, block: Block, by: int, sizes: tuple[int, int]) -> None:
        block.shift(_CLIENTS, by)
        block.shift(_MAX_SIZE, by * sizes[0])
        block.shift(_MIN_SIZE, by * sizes[1])

    def cleared(self, address: Any) -> None:
        """After an error all connections of the pool are given up."""
        self._add(address, _CLEARED)

    def opened(self, address: Any) -> None:
        block = self._of(address)
        if block is not None:
            block.add(_CREATED)
            block.shift(_SIZE, 1)

    def closed(self, address: Any, reason: str) -> None:
        block = self._of(address)
        if block is not None:
            block.add(_CLOSED.get(reason, _CLOSED["error"]))
            block.shift(_SIZE, -1)

    def waits(self, address: Any) -> None:
        block = self._of(address)
        if block is not None:
            block.shift(_WAITING, 1)

    def checked_out(self, address: Any, waited_s: float | None) -> None:
        block = self._of(address)
        if block is not None:
            block.shift(_WAITING, -1)
            block.shift(_IN_USE, 1)
            if waited_s is not None:
                block.record(monotonic(), waited_s)

    def refused(self, address: Any, reason: str) -> None:
        """No connection: the wait's limit was reached, the pool was closed, or the server could not be reached."""
        block = self._of(address)
        if block is not None:
            block.shift(_WAITING, -1)
            block.add(_FAILED.get(reason, _FAILED["connectionError"]))

    def checked_in(self, address: Any) -> None:
        block = self._of(address)
        if block is not None:
            block.shift(_IN_USE, -1)

    def forget(self) -> None:
        """After a fork: the connections are the parent's, the pools are ours too."""
        self._pools = {}
        self._inherited = {address: list(known) for address, known in self._options.items()}

    def _add(self, address: Any, counter: int) -> None:
        block = self._of(address)
        if block is not None:
            block.add(counter)

    def _of(self, address: Any) -> Block | None:
        if self._is_own():
            return None
        return self._pools.get(address) or self._make(address)

    def _make(self, address: Any) -> Block:
        block = self._blocks.get(_name(address))
        if len(self._pools) < 2 * _MOST_ADDRESSES:
            self._pools[address] = block
        for sizes in self._inherited.pop(address, ()):
            self._shift(block, 1, sizes)
        return block


def _name(address: Any) -> str:
    """`host:port`, or a socket's path."""
    named = isinstance(address, tuple) and len(address) == 2 and address[1] is not None
    return (f"{address[0]}:{address[1]}" if named else str(address[0] if isinstance(address, tuple) else address))[:200]
