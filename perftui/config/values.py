"""Reads single values of the settings: durations, numbers, switches. Each raises `ValueError` with what it expects."""

import math
import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h)?\s*")
_BYTES = re.compile(r"\s*([0-9]{1,12})\s*([kKmM]?)\s*")
_SWITCH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def parse_duration(value: object) -> float:
    """Seconds from `"500ms"`, `"1s"`, `"5m"`, `"1h"` or a number of seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('a duration such as "500ms", "1s" or "5m"')
    return round(float(match[1]) * _UNITS[match[2] or "s"], 6)


def parse_switch(text: str) -> bool:
    """True or false from an environment variable's text."""
    try:
        return _SWITCH[text.strip().lower()]
    except KeyError:
        raise ValueError("1 or 0") from None


def within(value: float, low: float, high: float, words: str) -> float:
    """The value itself, if it lies between the bounds."""
    if not low <= value <= high:
        raise ValueError(words)
    return value


def interval(value: object) -> float:
    return within(parse_duration(value), 0.1, 3600, 'a duration from "100ms" to "1h"')


def window(value: object) -> float:
    return within(parse_duration(value), 10, 86_400, 'a duration from "10s" to "24h"')


def history(value: object) -> float:
    return within(parse_duration(value), 60, 86_400, 'a duration from "1m" to "24h"')


def timeout(value: object) -> float:
    return within(parse_duration(value), 0.1, 300, 'a duration from "100ms" to "5m"')


def switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a text in quotes")
    return value


def number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ValueError("a number, 0 or more")
    return float(value)


def byte_rate(value: object) -> int:
    """Bytes a second from `"20k"`, `"1M"` or a number."""
    match = _BYTES.fullmatch(value) if isinstance(value, str) else None
    if match is not None:
        value = int(match[1]) * {"": 1, "k": 1000, "m": 1_000_000}[match[2].lower()]
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError('bytes a second, such as "20k"')
    return int(within(value, 1000, 10**9, 'bytes a second from "1k" to "1000M"'))


def share(value: object) -> float:
    return within(number(value), 0, 1, "a share from 0 to 1")
