"""The library's queries. None has an index: that is what there is to find."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from perftui.demo.documents import Document

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase

_PAGE = 20
_TOP = 10
_BATCH, _EXPORT = 100, 400
_RECENT = timedelta(days=7)
_CARD = {"_id": 0, "slug": 1, "title": 1, "category": 1, "pattern": 1, "tags": 1, "favorites": 1, "createdAt": 1}
_USER = {"_id": 0}
_Sort = Sequence[tuple[str, int]]


class Library:
    """Prompts and users in MongoDB."""

    def __init__(self, database: "AsyncDatabase[Document]") -> None:
        self._prompts = database["prompts"]
        self._users = database["users"]

    async def newest(self, category: str | None) -> list[Document]:
        chosen: Document = {"category": category} if category else {}
        return await self._page({**chosen, "active": True}, [("createdAt", -1)], _PAGE)

    async def popular(self) -> list[Document]:
        return await self._page({"active": True}, [("favorites", -1)], _TOP)

    async def featured(self) -> list[Document]:
        return await self._page({"featured": True, "active": True}, [("createdAt", -1)], _TOP)

    async def by_pattern(self, pattern: str) -> list[Document]:
        return await self._page({"pattern": pattern, "active": True}, [("favorites", -1)], _PAGE)

    async def by_tags(self, tags: Sequence[str]) -> list[Document]:
        return await self._page({"tags": {"$in": list(tags)}, "active": True}, [("createdAt", -1)], _PAGE)

    async def export(self, category: str) -> list[Document]:
        """A category's prompts, read in several batches."""
        found = self._prompts.find({"category": category}, {"_id": 0}, batch_size=_BATCH)
        return await found.limit(_EXPORT).to_list()

    async def search(self, words: str) -> list[Document]:
        import re

        wanted = {"title": {"$regex": re.escape(words), "$options": "i"}, "active": True}
        return await self._page(wanted, [("favorites", -1)], _PAGE)

    async def prompt(self, slug: str) -> Document | None:
        return await self._prompts.find_one({"slug": slug}, {"_id": 0})

    async def add_favorite(self, slug: str) -> int | None:
        """The number of favorites now; `None` where there is no such prompt."""
        found = await self._prompts.find_one_and_update(
            {"slug": slug}, {"$inc": {"favorites": 1}}, projection={"favorites": 1}, return_document=True
        )
        return None if found is None else int(found["favorites"])

    async def by_category(self) -> list[Document]:
        """Counts and favorites of each category."""
        stages: list[Document] = [
            {"$match": {"active": True}},
            {"$group": {"_id": "$category", "prompts": {"$sum": 1}, "favorites": {"$sum": "$favorites"}}},
            {"$sort": {"prompts": -1}},
        ]
        return await (await self._prompts.aggregate(stages)).to_list()

    async def users(self, role: str) -> list[Document]:
        found = self._users.find({"role": role, "active": True}, _USER)
        return await found.sort("lastLogin", -1).limit(_PAGE).to_list()

    async def user(self, email: str) -> Document | None:
        return await self._users.find_one({"email": email}, _USER)

    async def seen(self, email: str) -> bool:
        """Note that the user is here now; false where there is no such user."""
        done = await self._users.update_one({"email": email}, {"$set": {"lastLogin": datetime.now(UTC)}})
        return done.matched_count > 0

    async def recent_users(self) -> tuple[int, list[Document]]:
        """How many were here within seven days, and the last of them."""
        recent = {"lastLogin": {"$gte": datetime.now(UTC) - _RECENT}}
        count = await self._users.count_documents(recent)
        return count, await self._users.find(recent, _USER).sort("lastLogin", -1).limit(_PAGE).to_list()

    async def _page(self, wanted: dict[str, Any], order: _Sort, size: int) -> list[Document]:
        return await self._prompts.find(wanted, _CARD).sort(order).limit(size).to_list()
