"""What a build costs and means, in sentences for whoever confirms it."""

from collections.abc import Iterator, Mapping, Sequence

from perftui.actions.build_checks import estimated_bytes, in_megabytes
from perftui.actions.build_commands import Group
from perftui.actions.index_spec import IndexSpec
from perftui.model.text import safe_text
from perftui.sources.mongodb.build_preflight import BuildFacts


def consequences_of(
    groups: Sequence[Group], facts: Mapping[str, BuildFacts], *, outlives: bool = True
) -> tuple[str, ...]:
    """With figures once `check` has read them; `outlives`: the build goes on when perftui is left."""
    abort = " ".join(f"To abort: {group.abort_shown()}" for group in groups)
    return (
        *(sentence for group in groups for sentence in _of_collection(group, facts.get(group.ns))),
        "Reads and writes go on while it is built, slower. On a replica set every member builds at the same time.",
        *((f"Leaving perftui does not stop the build. {abort}",) if outlives else ()),
    )


def _of_collection(group: Group, facts: BuildFacts | None) -> Iterator[str]:
    documents = facts.documents if facts is not None else None
    if documents is not None:
        yield f"{documents:,} documents of {group.ns} are read once."
    for spec in group.specs:
        yield from _of_index(spec, documents)


def _of_index(spec: IndexSpec, documents: int | None) -> Iterator[str]:
    size = estimated_bytes(spec, documents)
    if size is not None:
        most = "about" if spec.size_bytes is not None else "at most about"
        yield f"{spec.index_name} takes {most} {in_megabytes(size)}."
    cost = 1.0 if spec.write_cost is None else round(spec.write_cost, 1)
    keys = "one key" if cost == 1.0 else f"about {cost:.1f} keys"
    yield f"Each insert and delete writes {keys} more for {spec.index_name}, one for each element of an array."
    if spec.options.get("unique"):
        yield f"{spec.index_name} is unique: from now on the server refuses a value that is there already."
    if spec.options.get("expireAfterSeconds") is not None:
        yield f"{spec.index_name} is a TTL index: documents older than that are deleted, and that is never undone."
    yield from (f"{spec.index_name}: {safe_text(warning, 500)}" for warning in spec.warnings)
    if spec.supersedes:
        yield f"It makes {', '.join(spec.supersedes)} unnecessary; {_LEFT_ALONE}"


_LEFT_ALONE = "nothing of that is dropped: hide it afterwards, and drop it when nothing got slower."
