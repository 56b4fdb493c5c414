"""Why no index is recommended, in sentences."""

from perftui.advice.choice.choose import Judged
from perftui.advice.choice.options import HELPS_SAVING, SMALL_COLLECTION
from perftui.advice.facts import CollectionFacts
from perftui.advice.filters.matching import judged as judgeable

_ONLY_CHECKED = "No index bounds what it looks for: its conditions can only be checked on each document."


def of_collection(facts: CollectionFacts) -> str | None:
    """What rules out any index on this collection."""
    database, _, name = facts.ns.partition(".")
    if facts.kind == "view":
        return "It is a view: create the index on the collection behind it."
    if facts.kind == "system" or name.startswith("system.") or database in ("admin", "config", "local"):
        return "It is a system collection: no indexes are created there."
    if facts.kind == "timeseries":
        return "It is a time-series collection: what its buckets hold cannot be judged by the model."
    if not facts.exists:
        return "The collection does not exist any more."
    if not name:
        return "Its namespace names no collection."
    if facts.documents is not None and facts.documents < SMALL_COLLECTION:
        return f"The collection has {facts.documents:,} documents: reading all of them costs less than an index saves."
    return None


def of_question(judged: Judged) -> str:
    """Why this question cannot be helped."""
    today, best = judged.today, judged.best
    instance = judged.demand.instances[0]
    total = instance.data.total
    if judged.demand.question.hint is not None:
        return f"It names its index itself (hint {judged.demand.question.hint}): another one would not be used."
    if not instance.parts and not judged.demand.question.sort and judged.demand.question.distinct is None:
        return "It has no filter and no sort: it reads the whole collection whatever the indexes are."
    if today.cost < HELPS_SAVING:
        return f"One execution costs about {today.cost:,.0f} keys and documents: too little for an index to save."
    if today.specs and best.cost >= 0.8 * today.cost:
        return f"It is served already, by {_names(judged)}: no index makes it much cheaper."
    if instance.parts and not any(judgeable(part) for part in instance.parts):
        return _ONLY_CHECKED
    if instance.returned >= 0.45 * total and total:
        share = round(100 * instance.returned / total)
        return f"It reads about {share} % of the collection: an index gains nothing where that much is read."
    if today.cost - best.cost < HELPS_SAVING:
        return (
            f"One execution costs about {today.cost:,.0f} and would cost {best.cost:,.0f}: "
            f"less than {HELPS_SAVING:,.0f} is saved, too little for an index."
        )
    if not judged.wanted:
        return _ONLY_CHECKED
    return f"The best index makes it only {today.cost / max(best.cost, 1):.1f} times cheaper, too little for an index."


def _names(judged: Judged) -> str:
    names = [spec.existing.name for spec in judged.today.specs if spec.existing is not None]
    return ", ".join(names) or "an existing index"
