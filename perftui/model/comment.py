"""The comment that ties an operation in MongoDB to the endpoint that it serves: `perftui:GET /api/items/{id}`."""

import re

PREFIX = "perftui:"
LONGEST = 200
"""Characters of the whole comment."""
_LONGEST_METHOD = 20
_UNSAFE = re.compile(r"""\*/|--|[^ -~]|["'`\\]""", re.DOTALL)
_UNSAFE_IN_METHOD = re.compile(r"[^A-Za-z0-9_-]")
_READ = re.compile(r"perftui:(?P<method>[A-Za-z0-9_-]{1,20}) (?P<route>[ -~]+)", re.ASCII)


def comment_for(method: str, route: str) -> str:
    """At most 200 characters of printable ASCII without quotes, backslash, `*/` and `--`: others become `_`."""
    method = _UNSAFE.sub(_blank, _UNSAFE_IN_METHOD.sub("_", method[:_LONGEST_METHOD])) or "_"
    return f"{PREFIX}{method} {_UNSAFE.sub(_blank, route[:LONGEST]) or '/'}"[:LONGEST]


def endpoint_of(comment: object) -> tuple[str, str] | None:
    """Method and route of such a comment; `None` for any other, and for what is no safe text."""
    if not isinstance(comment, str) or len(comment) > LONGEST or not comment.startswith(PREFIX):
        return None
    found = _READ.fullmatch(comment)
    return None if found is None or _UNSAFE.search(comment) else (found["method"], found["route"])


def _blank(match: re.Match[str]) -> str:
    return "_" * len(match.group())
