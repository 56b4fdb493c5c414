"""The library's prompts and users: as many as asked for, the same for the same seed."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

Document = dict[str, Any]

CATEGORIES = (
    "analysis", "code", "data", "design", "education", "email", "legal", "marketing", "product", "research", "sales",
    "support",
)  # fmt: skip
PATTERNS = (
    "chain-of-thought", "critique", "few-shot", "persona", "plan-and-solve", "react", "reflection", "role-play",
    "self-consistency", "template", "tree-of-thought", "zero-shot",
)  # fmt: skip
ROLES = ("admin", "author", "editor", "reader")
_ROLE_WEIGHTS = (1, 15, 4, 80)
TAGS = tuple(f"{kind}-{level}" for kind in ("gpt", "chat", "agent", "batch", "review") for level in ("easy", "expert"))
_VERBS = ("Summarize", "Rewrite", "Explain", "Compare", "Translate", "Draft", "Classify", "Outline", "Review", "Plan")
_OBJECTS = (
    "a contract", "a release note", "a customer complaint", "an incident", "a query plan", "a landing page",
    "a research paper", "a lesson", "a sales call", "a data set", "a function", "an interview",
)  # fmt: skip
_MANNERS = ("in plain words", "step by step", "for a board", "with sources", "in a table", "as a checklist")
_SENTENCES = tuple(
    f"{verb} {thing} {manner}, then name what is still uncertain and what would settle it."
    for verb in _VERBS
    for thing in _OBJECTS
    for manner in _MANNERS
)
TOPICS = tuple(
    f"{first}{middle}{last}"
    for first in ("bal", "cor", "den", "fir", "gal", "hor", "jun", "kel", "lam", "mer")
    for middle in ("adi", "eno", "imu", "oba", "uri", "ele", "osa", "ani", "ipo", "ura")
    for last in ("dan", "fex", "gor", "lin", "mov", "nar", "pis", "rud", "tak", "vel")
)
"""A thousand names of products: what people search for, each in a prompt of a thousand."""
_ACTIVE_SHARE, _FEATURED_SHARE, _BROKEN_SHARE = 0.8, 0.01, 0.08
_OLDEST_PROMPT, _OLDEST_LOGIN = timedelta(days=730), timedelta(days=120)


def slug(number: int) -> str:
    """The slug of the prompt with this number: what the load asks for."""
    verb, manner = _VERBS[number % len(_VERBS)], _MANNERS[number % len(_MANNERS)]
    return f"{verb}-{manner}-{number}".lower().replace(" ", "-")


def email(number: int) -> str:
    return f"user{number}@example.com"


def prompts(first: int, count: int, *, seed: int, now: datetime) -> Iterator[Document]:
    """Prompts `first` to `first + count - 1`; a batch depends on its own numbers only."""
    source = random.Random(f"prompts {seed} {first}")  # noqa: S311 - data, not a secret
    for number in range(first, first + count):
        chance = source.random
        # A few authors forgot the closing brace: rendering these fails, as it does in real libraries.
        topic = source.choice(TOPICS)
        template = "As {role}: {task" if chance() < _BROKEN_SHARE else "As {role}: {task}"
        yield {
            "slug": slug(number),
            "title": f"{source.choice(_VERBS)} {source.choice(_OBJECTS)} {_MANNERS[number % len(_MANNERS)]}",
            "description": f"For {topic}. {' '.join(source.choices(_SENTENCES, k=3))}",
            "template": template,
            "category": CATEGORIES[int(chance() ** 2 * len(CATEGORIES))],
            "pattern": source.choice(PATTERNS),
            "tags": source.sample(TAGS, 1 + number % 4),
            "active": chance() < _ACTIVE_SHARE,
            "featured": chance() < _FEATURED_SHARE,
            "favorites": min(int(source.paretovariate(0.9)) - 1, 100_000),
            "createdAt": now - _OLDEST_PROMPT * chance(),
        }


def users(first: int, count: int, *, seed: int, now: datetime) -> Iterator[Document]:
    """Users `first` to `first + count - 1`."""
    source = random.Random(f"users {seed} {first}")  # noqa: S311 - data, not a secret
    for number in range(first, first + count):
        yield {
            "email": email(number),
            "role": source.choices(ROLES, _ROLE_WEIGHTS)[0],
            "active": source.random() < _ACTIVE_SHARE,
            "lastLogin": now - _OLDEST_LOGIN * source.random() ** 2,
        }
