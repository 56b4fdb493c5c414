"""The library's queries. None has an index: that is what there is to find."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, Protocol

from perftui.demo.documents import Document

if TYPE_CHECKING:
    from pymongo.asynchronous.collection import AsyncCollection
    from pymongo.asynchronous.database import AsyncDatabase

Search = Literal["regex", "text"]
_PAGE = 20
_TOP, _FEW = 10, 5
_BATCH, _EXPORT = 100, 400
_RECENT = timedelta(days=7)
_NO_TEXT_INDEX = 27
_TRIAL_EVERY = 4
_CARD = {"_id": 0, "slug": 1, "title": 1, "category": 1, "pattern": 1, "tags": 1, "favorites": 1, "createdAt": 1}
_USER = {"_id": 0}
_Sort = Sequence[tuple[str, int]]


class Reads(Protocol):
    """How a collection is read: as it is, or through a query cache."""

    async def find(self, filter: Document, projection: Document, /, *, sort: _Sort, limit: int) -> list[Document]: ...

    async def find_one(self, filter: Document, projection: Document, /) -> Document | None: ...

    async def aggregate(self, pipeline: list[Document], /) -> list[Document]: ...


class PlainReads:
    """A collection as it is."""

    def __init__(self, collection: "AsyncCollection[Document]") -> None:
        self._collection = collection

    async def find(self, filter: Document, projection: Document, /, *, sort: _Sort, limit: int) -> list[Document]:
        return await self._collection.find(filter, projection, sort=sort, limit=limit).to_list()

    async def find_one(self, filter: Document, projection: Document, /) -> Document | None:
        return await self._collection.find_one(filter, projection)

    async def aggregate(self, pipeline: list[Document], /) -> list[Document]:
        return await (await self._collection.aggregate(pipeline)).to_list()


class Library:
    """Prompts and users in MongoDB; prompts are read by `reads`, by default past any cache.

    `search` is how words are looked for. The release that searches by regular expressions already tries `$text` at each
    fourth search, and falls back: without a text index the server refuses it.
    """

    def __init__(
        self,
        database: "AsyncDatabase[Document]",
        search: Search = "regex",
        reads: Reads | None = None,
        *,
        related: bool = False,
    ) -> None:
        """`related`: beside a prompt those of the same title are shown, which is a query more."""
        self._prompts = database["prompts"]
        self._users = database["users"]
        self._reads: Reads = reads or PlainReads(self._prompts)
        self._search: Search = search
        self._searches, self._related = 0, related

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
        """Active prompts that hold the words, the favorites first."""
        from pymongo.errors import OperationFailure

        self._searches += 1
        if self._search == "text":
            return await self._by_text(words)
        if self._searches % _TRIAL_EVERY == 0:
            try:
                return await self._by_text(words)
            except OperationFailure as error:
                if error.code != _NO_TEXT_INDEX:
                    raise
        return await self._by_regex(words)

    async def prompt(self, slug: str) -> Document | None:
        found = await self._reads.find_one({"slug": slug}, {"_id": 0})
        if found is None or not self._related:
            return found
        related = await self._page({"title": found["title"]}, [("createdAt", -1)], _FEW)
        return {**found, "related": related}

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
        return await self._reads.aggregate(stages)

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
        """How many active ones were here within seven days, and the last of them."""
        recent = {"active": True, "lastLogin": {"$gte": datetime.now(UTC) - _RECENT}}
        count = await self._users.count_documents(recent)
        return count, await self._users.find(recent, _USER).sort("lastLogin", -1).limit(_PAGE).to_list()

    async def _by_regex(self, words: str) -> list[Document]:
        holds = {"$regex": re.escape(words), "$options": "i"}
        anywhere = {"$or": [{"title": holds}, {"description": holds}, {"tags": holds}]}
        return await self._page({**anywhere, "active": True}, [("favorites", -1)], _PAGE)

    async def _by_text(self, words: str) -> list[Document]:
        phrase = '"' + words.replace('"', " ") + '"'
        return await self._page({"$text": {"$search": phrase}, "active": True}, [("favorites", -1)], _PAGE)

    async def _page(self, wanted: dict[str, Any], order: _Sort, size: int) -> list[Document]:
        return await self._reads.find(wanted, _CARD, sort=order, limit=size)
