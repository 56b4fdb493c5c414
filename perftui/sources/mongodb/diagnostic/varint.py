"""Columns of differences: unsigned LEB128 numbers, a run of zeros as a zero and how many more follow."""

from collections.abc import Callable, Collection

from perftui.sources.mongodb.diagnostic.errors import DiagnosticDataError

_WRAP = 2**64
_HALF = 2**63
_LONGEST_SHIFT = 63
_PAUSE_EVERY = 16


def read_columns(
    data: bytes,
    start: int,
    firsts: list[int],
    samples: int,
    wanted: Collection[int],
    pause: Callable[[], None] | None = None,
) -> dict[int, list[int]]:
    """The wanted columns, each with its first value and `samples` more. Raises `DiagnosticDataError`.

    The stream has to be read from its start to the last wanted column: columns have no places of their own. `pause` is
    called now and then.
    """
    found: dict[int, list[int]] = {}
    stream = _Stream(data, start)
    last = max(wanted, default=-1)
    for index, first in enumerate(firsts[: last + 1]):
        if pause is not None and index % _PAUSE_EVERY == 0:
            pause()
        if index in wanted:
            found[index] = stream.column(first, samples)
        else:
            stream.skip(samples)
    return found


class _Stream:
    """One column after the other; a run of zeros may go on in the next one."""

    def __init__(self, data: bytes, place: int) -> None:
        self._data, self._place, self._zeros = data, place, 0

    def column(self, first: int, samples: int) -> list[int]:
        value, column = first, [first]
        while samples:
            step, times = self._run(samples)
            samples -= times
            if step:
                value = _signed((value + step) % _WRAP)
                column.append(value)
            else:
                column += [value] * times
        return column

    def skip(self, samples: int) -> None:
        while samples:
            samples -= self._run(samples)[1]

    def _run(self, most: int) -> tuple[int, int]:
        """The next difference, and how many samples in a row it holds for."""
        if not self._zeros:
            step, self._place = _number(self._data, self._place)
            if step:
                return step, 1
            more, self._place = _number(self._data, self._place)
            self._zeros = more + 1
        times = min(self._zeros, most)
        self._zeros -= times
        return 0, times


def _number(data: bytes, place: int) -> tuple[int, int]:
    """A number and where the next one begins."""
    number = shift = 0
    try:
        while (byte := data[place]) >= 0x80:
            number |= (byte & 0x7F) << shift
            shift += 7
            place += 1
            if shift > _LONGEST_SHIFT:
                raise DiagnosticDataError("a number in it is too long")
        return (number | byte << shift) % _WRAP, place + 1
    except IndexError:
        raise DiagnosticDataError("it ends before its last number") from None


def _signed(value: int) -> int:
    return value - _WRAP if value >= _HALF else value
