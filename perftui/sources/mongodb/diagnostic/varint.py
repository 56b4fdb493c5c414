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
    place, zeros = start, 0
    last = max(wanted, default=-1)
    for index, first in enumerate(firsts[: last + 1]):
        column = [first] if index in wanted else None
        value, left = first, samples
        if pause is not None and index % _PAUSE_EVERY == 0:
            pause()
        while left:
            if zeros:
                same = min(zeros, left)
                zeros -= same
                left -= same
                if column is not None:
                    column.extend([value] * same)
                continue
            step, place = _number(data, place)
            if step == 0:
                zeros, place = _number(data, place)
                zeros += 1
                continue
            left -= 1
            if column is not None:
                value = _signed((value + step) % _WRAP)
                column.append(value)
        if column is not None:
            found[index] = column
    return found


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
