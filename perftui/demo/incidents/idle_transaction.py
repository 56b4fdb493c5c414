"""A transaction is begun, writes, and is left open: whoever writes the same documents waits."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from perftui.demo.documents import Document
from perftui.demo.incidents.incident import Incident
from perftui.demo.incidents.scene import Scene
from perftui.demo.load import FRONT, front_slug
from perftui.demo.seeding import prompt_count

if TYPE_CHECKING:
    from pymongo.database import Database

CLIENT = "importer"
_LIFETIME, _LONG_S = "transactionLifetimeLimitSeconds", 3600
_TRIES = 50


class IdleTransaction(Incident):
    name = "idle-transaction"
    words = "an importer leaves a transaction open that holds the users and the prompts of the front page"
    verdicts = ("idle-transaction",)

    def prepare(self, scene: Scene) -> None:
        """This server lets transactions live for long, as some do; else this one would end by itself in a minute."""
        admin = scene.client("perftui-demo").admin
        self._lifetime = admin.command({"getParameter": 1, _LIFETIME: 1})[_LIFETIME]
        admin.command({"setParameter": 1, _LIFETIME: _LONG_S})

    def start(self, scene: Scene) -> None:
        prompts = prompt_count(scene.session.options.documents)
        slugs = [front_slug(rank, prompts) for rank in range(min(FRONT, prompts))]
        database = scene.database(CLIENT)
        self._session = database.client.start_session()
        # Where a visitor writes one of them at the same moment, it has to begin anew.
        if not any(self._hold(database, slugs) for _ in range(_TRIES)):
            raise RuntimeError("visitors wrote all the time to what it wants to hold")

    def _hold(self, database: "Database[Document]", slugs: Sequence[str]) -> bool:
        from pymongo.errors import OperationFailure

        self._session.start_transaction()
        try:
            for collection, held in (("prompts", {"slug": {"$in": slugs}}), ("users", {})):
                database[collection].update_many(held, {"$set": {"imported": True}}, session=self._session)
        except OperationFailure as error:
            self._session.abort_transaction()
            if not error.has_error_label("TransientTransactionError"):
                raise
            return False
        return True

    def stop(self, scene: Scene) -> None:
        self._session.end_session()
        scene.client("perftui-demo").admin.command({"setParameter": 1, _LIFETIME: self._lifetime})
