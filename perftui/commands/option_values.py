"""Values of options, read from what was typed."""

import argparse
import re
from collections.abc import Callable

_LARGEST = 1e12


def share(text: str) -> float:
    """`5%` or `0.05`. Raises `ArgumentTypeError`."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(%?)", text.strip(), re.ASCII)
    number = float(found[1]) / (100 if found[2] else 1) if found else -1.0
    if not 0 <= number <= 10 or (found and not found[2] and number >= 1):
        raise argparse.ArgumentTypeError("must be a share such as 5% or 0.05")
    return number


def probability(text: str) -> float:
    """Above 0 and below 1. Raises `ArgumentTypeError`."""
    number = _number(text)
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError("must be a number between 0 and 1, such as 0.01")
    return number


def seconds(text: str) -> float:
    """`5`, `5s`, `500ms` or `2m`, above 0. Raises `ArgumentTypeError`."""
    units = {"": 1.0, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([a-z]*)", text.strip(), re.ASCII)
    number = float(found[1]) * units.get(found[2], -1.0) if found else -1.0
    if not 0 < number < _LARGEST:
        raise argparse.ArgumentTypeError("must be a duration such as 5s or 500ms")
    return number


def whole(least: int) -> Callable[[str], int]:
    """A whole number that is `least` or more. Raises `ArgumentTypeError`."""

    def read(text: str) -> int:
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 13 else least - 1
        if number < least:
            raise argparse.ArgumentTypeError(f"must be a whole number, {least} or more")
        return number

    return read


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return -1.0
