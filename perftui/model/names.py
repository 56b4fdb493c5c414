"""The nearest of the names there are, for a sentence about one that there is not."""

import difflib
from collections.abc import Iterable


def closest(name: str, names: Iterable[str]) -> str | None:
    """The one that was probably meant, or `None`."""
    return next(iter(difflib.get_close_matches(name.lower(), list(names), n=1, cutoff=0.6)), None)


def nearest(name: str, names: Iterable[str]) -> str:
    """`; did you mean 'x'?` or, when nothing is near, the names there are; always ends the sentence."""
    choices = list(names)
    if meant := closest(name, choices):
        return f"; did you mean '{meant}'?"
    return f"; known are {', '.join(choices)}." if choices else "."
