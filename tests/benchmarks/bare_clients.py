"""A bare Textual application with the same clients connected to the same targets: the floor of memory."""

import sys
from typing import Any

from textual.app import App, ComposeResult
from textual.widgets import Static


class BareClients(App[None]):
    BINDINGS = [("q", "quit", "Quit")]

    def __init__(self, targets: list[str]) -> None:
        super().__init__()
        self.targets = targets
        self.clients: list[Any] = []

    def compose(self) -> ComposeResult:
        yield Static("bare")

    async def on_mount(self) -> None:
        for target in self.targets:
            if target.startswith("mongodb"):
                from pymongo import AsyncMongoClient

                client: Any = AsyncMongoClient(target)
                await client.admin.command("ping")
            elif target.startswith("redis"):
                from redis.asyncio import Redis

                client = Redis.from_url(target)
                await client.ping()
            else:
                import httpx

                client = httpx.AsyncClient()
                await client.get(target)
            self.clients.append(client)


if __name__ == "__main__":
    BareClients(sys.argv[1:]).run()
