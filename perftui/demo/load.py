"""The library's visitors: `python -m perftui.demo.load --url http://127.0.0.1:8000`.

Open loop: requests start at their own times whether or not earlier ones were answered, as visitors do. A closed loop
would go easy on a slow server and hide what is wrong with it.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from perftui.demo.documents import CATEGORIES, PATTERNS, TAGS, TOPICS, email, slug
from perftui.demo.seeding import prompt_count

if TYPE_CHECKING:
    import httpx

DEFAULT_RATE_PER_S = 20.0
"""About a third of a core of mongod at the demo's usual size: each call that no cache answers reads a collection."""
_BURST_EVERY_S, _BURST_LENGTH_S, _BURST_FACTOR = 25.0, 3.0, 2.5
_LARGEST_BACKLOG = 64
_LATEST_S = 2.0
"""Whoever would have come while this process stood still longer does not come all at once."""
_TAIL = 0.55
_STRIDE = 7_919
FRONT, _FRONT_SHARE = 1200, 0.9
"""So many prompts are linked from front pages, and so many of the visits to a prompt come from there."""
ROLES = ("author", "author", "editor", "admin")


class Call(NamedTuple):
    method: str
    path: str


class Visitors:
    """What visitors ask for: seeded, popular things far more often than others."""

    def __init__(self, documents: int, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a load, not a secret
        self._prompts = prompt_count(documents)
        self._users = documents - self._prompts
        mix: dict[Callable[[], Call], int] = {
            self._newest: 14,
            lambda: Call("GET", "/api/prompts/popular"): 5,
            lambda: Call("GET", "/api/prompts/featured"): 4,
            self._pattern: 6,
            self._tagged: 2,
            self._search: 3,
            self._prompt: 55,
            lambda: Call("GET", f"/api/prompts/gone-{self._random.randrange(1000)}"): 1,
            self._render: 3,
            self._favorite: 2,
            lambda: Call("GET", "/api/prompts/statistics"): 2,
            lambda: Call("GET", f"/api/users?role={self._random.choice(ROLES)}"): 4,
            self._user: 4,
            self._seen: 2,
            self._export: 1,
            lambda: Call("GET", "/api/users/recent"): 2,
        }
        self._calls, self._weights = list(mix), list(mix.values())

    def calls(self) -> Iterator[Call]:
        """Without end."""
        while True:
            yield self._random.choices(self._calls, self._weights)[0]()

    def pauses(self, rate_per_s: float) -> Iterator[float]:
        """Seconds between starts: Poisson arrivals, with a burst now and then."""
        clock = 0.0
        while True:
            burst = clock % _BURST_EVERY_S > _BURST_EVERY_S - _BURST_LENGTH_S
            pause = self._random.expovariate(rate_per_s * (_BURST_FACTOR if burst else 1.0))
            clock += pause
            yield pause

    def _some(self, among: int) -> int:
        return (int(self._random.paretovariate(_TAIL)) - 1) % among

    def _popular_slug(self) -> str:
        return front_slug(self._some(self._prompts), self._prompts)

    def _newest(self) -> Call:
        category = CATEGORIES[self._some(len(CATEGORIES))]
        return Call("GET", f"/api/prompts?category={category}")

    def _pattern(self) -> Call:
        return Call("GET", f"/api/prompts/pattern/{self._random.choice(PATTERNS)}")

    def _tagged(self) -> Call:
        return Call("GET", "/api/prompts/tagged?" + "&".join(f"tag={tag}" for tag in self._random.sample(TAGS, 2)))

    def _search(self) -> Call:
        return Call("GET", f"/api/prompts/search?q={self._random.choice(TOPICS)}")

    def _prompt(self) -> Call:
        front = self._random.random() < _FRONT_SHARE
        number = self._random.randrange(min(FRONT, self._prompts) if front else self._prompts)
        return Call("GET", f"/api/prompts/{front_slug(number, self._prompts)}")

    def _render(self) -> Call:
        return Call("GET", f"/api/prompts/{slug(self._random.randrange(self._prompts))}/render")

    def _favorite(self) -> Call:
        return Call("POST", f"/api/prompts/{self._popular_slug()}/favorite")

    def _user(self) -> Call:
        return Call("GET", f"/api/users/by-email?email={email(self._random.randrange(self._users))}")

    def _seen(self) -> Call:
        return Call("POST", f"/api/users/seen?email={email(self._random.randrange(self._users))}")

    def _export(self) -> Call:
        return Call("GET", f"/api/prompts/export?category={self._random.choice(CATEGORIES)}")


def front_slug(rank: int, prompts: int) -> str:
    """The slug of the prompt of this rank: the popular ones lie anywhere in the collection, not at its start."""
    return slug(rank * _STRIDE % prompts)


class Visits:
    """What became of the calls."""

    def __init__(self) -> None:
        self.answered = self.failed = self.given_up = 0

    def to_json(self) -> str:
        return json.dumps(vars(self))


async def visit(url: str, visitors: Visitors, rate_per_s: float, calls: int | None = None) -> Visits:
    """Send so many calls, or calls until cancelled; those beyond the backlog are given up, as visitors would."""
    import httpx

    visits = Visits()
    underway: set[asyncio.Task[None]] = set()
    async with httpx.AsyncClient(base_url=url, timeout=30.0, trust_env=False) as client:
        due = time.monotonic()
        for call, pause in zip(islice(visitors.calls(), calls), visitors.pauses(rate_per_s), strict=False):
            due = max(due + pause, time.monotonic() - _LATEST_S)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if len(underway) < _LARGEST_BACKLOG:
                task = asyncio.create_task(_send(client, call, visits))
                underway.add(task)
                task.add_done_callback(underway.discard)
            else:
                visits.given_up += 1
        await asyncio.gather(*underway)
    return visits


async def _send(client: "httpx.AsyncClient", call: Call, visits: Visits) -> None:
    from httpx import HTTPError

    try:
        await client.request(call.method, call.path)
    except HTTPError:
        visits.failed += 1  # a visitor who meets a dead server comes back later
    else:
        visits.answered += 1


def main() -> None:
    parser = argparse.ArgumentParser(description="The demo's visitors.")
    parser.add_argument("--url", required=True)
    parser.add_argument("--rate", type=float, default=DEFAULT_RATE_PER_S, help="requests a second")
    parser.add_argument("--documents", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--calls", type=int, help="end after so many, and print what became of them")
    arguments = parser.parse_args()
    visitors = Visitors(arguments.documents, arguments.seed)
    visits = asyncio.run(visit(arguments.url, visitors, arguments.rate, arguments.calls))
    sys.stdout.write(visits.to_json() + "\n")


if __name__ == "__main__":
    main()
