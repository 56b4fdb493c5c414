"""Why a table is empty, in words: no target, no answer yet, a failure, a right that is missing."""

from perftui.model.snapshot import SourceState, TargetState
from perftui.model.target import TargetKind
from perftui.tui.view import View

_HOW_TO_ADD: dict[TargetKind, str] = {
    "mongodb": "No MongoDB is monitored. Start perftui with a mongodb:// URI.",
    "redis": "No Redis is monitored. Start perftui with a redis:// URI.",
    "application": "No application is monitored. Start perftui with the http:// URL of its metrics.",
    "host": "This machine is not monitored.",
}


def explain_absence(view: View, kind: TargetKind, source: str, otherwise: str) -> str:
    """`otherwise` where the source reads well and there is just nothing; else what keeps it from reading."""
    target = view.target(kind)
    if target is None:
        return _HOW_TO_ADD[kind]
    state = find_source(target, source)
    if state is None:
        failing = next((other for other in target.sources if other.failure is not None), None)
        if not target.sources:
            return f"Waiting for {target.target.name}."
        return (failing and explain_source(failing)) or f"Nothing reads this from {target.target.name}."
    trouble = explain_source(state)
    if trouble:
        return trouble
    if state.read_at is None:
        return f"Waiting for the first answer from {target.target.name}."
    return otherwise


def find_source(target: TargetState, source: str) -> SourceState | None:
    return next((state for state in target.sources if state.source == source), None)


def explain_source(state: SourceState) -> str | None:
    """The failure with its help, or the grants that are missing, or `None` when all is well."""
    if state.failure is not None:
        return f"{state.failure.message} {state.failure.help}".strip()
    missing = [capability for capability in state.capabilities if capability.state == "missing"]
    if not missing or any(capability.state == "granted" for capability in state.capabilities):
        return None
    first = missing[0]
    needs = f"This login may not read it: it needs {first.needs}." if first.needs else "This login may not read it."
    return f"{needs} Grant it with: {first.grant}" if first.grant else needs
