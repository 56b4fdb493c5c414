"""The indexes with which each of the library's queries reads little more than it returns: the demo as it should be."""

from typing import TYPE_CHECKING

from perftui.demo.documents import Document
from perftui.demo.seeding import DATABASE

if TYPE_CHECKING:
    from pymongo import MongoClient

Keys = list[tuple[str, int | str]]
SLUG_INDEX = "slug_1"
"""The name of the one by which each prompt's page is found."""
INDEXES: dict[str, list[Keys]] = {
    "prompts": [
        [("slug", 1)],
        [("category", 1), ("active", 1), ("createdAt", -1)],
        [("active", 1), ("createdAt", -1)],
        [("active", 1), ("favorites", -1)],
        [("featured", 1), ("active", 1), ("createdAt", -1)],
        [("pattern", 1), ("active", 1), ("favorites", -1)],
        [("tags", 1), ("active", 1), ("createdAt", -1)],
        [("active", 1), ("category", 1), ("favorites", 1)],
        [("title", "text"), ("description", "text"), ("tags", "text")],
    ],
    "users": [
        [("email", 1)],
        [("role", 1), ("active", 1), ("lastLogin", -1)],
        [("active", 1), ("lastLogin", -1)],
    ],
}


def create_indexes(client: "MongoClient[Document]") -> None:
    """All of a collection in one command, so that it is read once."""
    from pymongo import IndexModel

    for collection, indexes in INDEXES.items():
        client[DATABASE][collection].create_indexes([IndexModel(keys) for keys in indexes])
