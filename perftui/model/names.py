"""The nearest of the names there are, for a sentence about one that there is not."""

import difflib
from collections.abc import Iterable


def nearest(name: str, names: Iterable[str]) -> str:
    """`; did you mean 'x'?` or, when nothing is near, the names there are; always ends the sentence."""
    choices = list(names)
    close = difflib.get_close_matches(name.lower(), choices, n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known are {', '.join(choices)}." if choices else "."
