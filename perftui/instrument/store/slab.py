"""One process's memory for its figures: anonymous, or a file that the other workers read."""

import mmap
import os
import time
from collections.abc import Callable
from typing import Any

import msgspec

from perftui.instrument.store.block import SLOT_S, Block, block_class
from perftui.instrument.store.history import History
from perftui.instrument.store.kinds import Kind

MAGIC = int.from_bytes(b"perftui\x01", "little")
HEADER_WORDS = 64
MAGIC_AT, PID_AT, WALL_AT, STARTED_AT, SEEN_AT, DIRECTORY_AT, BLOCKS_AT, HEAD_AT, TAIL_AT, RING_AT, BOOT_AT = range(11)
DIRECTORY_WORDS = 1 << 17
RING_WORDS = 1 << 19
BLOCK_WORDS = 6 << 20
SLAB_BYTES = 8 * (HEADER_WORDS + DIRECTORY_WORDS + RING_WORDS + BLOCK_WORDS)
"""Address space of 53 MB; only what is used costs memory or disk."""
_CHUNK = 256 * 1024
_ENCODE = msgspec.json.encode


class SlabFullError(Exception):
    """No room for another block: the bound is reached, or the disk below the shared folder is full."""


class Slab:
    """Allocates blocks and tells readers of them in a directory of its own.

    One process writes. What a reader needs is written before the word that points to it, so a process that is killed
    at any moment leaves nothing half told.
    """

    def __init__(self, file: int | None = None, boot: str = "0") -> None:
        """`file`: a descriptor of `SLAB_BYTES`; `None`: memory of this process alone. `boot`: hexadecimal."""
        self._file = file
        self._memory = mmap.mmap(-1 if file is None else file, SLAB_BYTES)
        self.words: Any = memoryview(self._memory).cast("Q")
        self.reals: Any = memoryview(self._memory).cast("d")
        self.blocks: list[Block] = []
        self._kinds: dict[Kind, int] = {}
        self._committed: dict[int, int] = {}
        self._history = History(self)
        self._turn_at = 0.0
        try:
            self._begin(boot)
        except SlabFullError:
            self._close()
            raise

    def _begin(self, boot: str) -> None:
        words = self.words
        self._commit(0, 8 * HEADER_WORDS)
        words[PID_AT], words[DIRECTORY_AT] = os.getpid(), 0
        self.reals[WALL_AT], self.reals[STARTED_AT], self.reals[SEEN_AT] = time.time(), time.monotonic(), 0.0
        words[RING_AT] = HEADER_WORDS + DIRECTORY_WORDS
        words[BLOCKS_AT] = HEADER_WORDS + DIRECTORY_WORDS + RING_WORDS
        words[BOOT_AT] = int(boot, 16)
        words[MAGIC_AT] = MAGIC

    def _close(self) -> None:
        """Also the descriptor that the memory keeps; what refers to it in a circle would keep it for long."""
        self.words.release()
        self.reals.release()
        self._memory.close()

    def block(self, kind: Kind, labels: tuple[str, ...]) -> Block:
        """A new block, for who holds the store (`EXCLUSIVE`). Raises `SlabFullError`."""
        at, needed = self.words[BLOCKS_AT], kind.layout.words
        if 8 * (at + needed) > SLAB_BYTES:
            raise SlabFullError
        self._commit(8 * at, 8 * needed)
        number = self._kinds.get(kind)
        if number is None:
            number = len(self._kinds)
            self._tell(["kind", *kind])
            self._kinds[kind] = number
        self._tell(["block", number, at, labels])
        self.words[BLOCKS_AT] = at + needed
        block = block_class()(kind, self.words, self.reals, at, self._history)
        self.blocks.append(block)
        block.close_minute(time.monotonic())
        return block

    def see(self, now: float) -> None:
        """A sign of life, and the end of minutes that counters cannot see by themselves."""
        self.reals[SEEN_AT] = now
        self.turn(now)

    def turn(self, now: float) -> None:
        """Close each block's running minute that is over."""
        if now < self._turn_at:
            return
        closed = [block.rotate(now) for block in tuple(self.blocks)]
        if all(closed):
            self._turn_at = (now // SLOT_S + 1) * SLOT_S

    def _tell(self, entry: list[Any]) -> None:
        """Append to the directory: a length of four bytes, and JSON."""
        text = _ENCODE(entry)
        used, start = self.words[DIRECTORY_AT], 8 * HEADER_WORDS
        whole = len(text).to_bytes(4, "little") + text
        if used + len(whole) > 8 * DIRECTORY_WORDS:
            raise SlabFullError
        self._commit(start + used, len(whole))
        self._memory[start + used : start + used + len(whole)] = whole
        self.words[DIRECTORY_AT] = used + len(whole)

    def _commit(self, at: int, length: int) -> None:
        """Have the disk reserve these bytes: touching a page that it cannot give would kill the process (SIGBUS)."""
        if self._file is None:
            return
        for chunk in range(at // _CHUNK, (at + length - 1) // _CHUNK + 1):
            if chunk not in self._committed:
                try:
                    reserve: Callable[[int, int, int], None] = os.posix_fallocate
                    reserve(self._file, chunk * _CHUNK, min(_CHUNK, SLAB_BYTES - chunk * _CHUNK))
                except OSError as error:
                    raise SlabFullError(str(error)) from error
                self._committed[chunk] = 1

    @property
    def ring_at(self) -> int:
        return HEADER_WORDS + DIRECTORY_WORDS

    @property
    def ring_words(self) -> int:
        return RING_WORDS

    @property
    def ring_head(self) -> int:
        return int(self.words[HEAD_AT])

    @ring_head.setter
    def ring_head(self, head: int) -> None:
        self.words[HEAD_AT] = head

    @property
    def ring_tail(self) -> int:
        return int(self.words[TAIL_AT])

    @ring_tail.setter
    def ring_tail(self, tail: int) -> None:
        self.words[TAIL_AT] = tail

    def commit_ring(self, until: int) -> bool:
        """Whether the ring may be written up to here; without room there is no history, and windows are short."""
        try:
            self._commit(8 * self.ring_at, 8 * min(until, RING_WORDS))
        except SlabFullError:
            return False
        return True
