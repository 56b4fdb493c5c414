"""`perftui doctor`: how far perftui gets with each target, what it sees there, and which grant shows more."""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from perftui.commands import DONE, UNREACHABLE, add_target_arguments, load_settings
from perftui.commands.probe import Step, as_failure, first_silent_step
from perftui.commands.snapshot import was_reached
from perftui.commands.summary import headline, identity
from perftui.model.base import Model
from perftui.model.sample import Capability, Failure, FailureKind
from perftui.model.snapshot import Snapshot, TargetState
from perftui.model.text import safe_text

StepState = Literal["ok", "partly", "failed", "unknown"]
_WAIT_S = 10.0
_STEPS: tuple[tuple[str, frozenset[FailureKind]], ...] = (
    ("name", frozenset({"name"})),
    ("port", frozenset({"refused", "unreachable"})),
    ("TLS", frozenset({"tls"})),
    ("answer", frozenset({"timeout", "protocol", "unsupported", "internal"})),
    ("login", frozenset({"login"})),
    ("rights", frozenset({"rights"})),
)
_TLS_SCHEMES = ("rediss://", "https://", "mongodb+srv://")
_SILENT: frozenset[FailureKind] = frozenset({"timeout", "unreachable"})


class Diagnosis(Model, frozen=True, kw_only=True):
    """One target."""

    id: str
    kind: str
    name: str
    address: str
    reached: bool
    version_and_role: str | None = None
    steps: dict[str, StepState] = {}
    failures: tuple[Failure, ...] = ()
    capabilities: tuple[Capability, ...] = ()


class Report(Model, frozen=True, kw_only=True):
    schema: Literal["perftui.doctor/1"] = "perftui.doctor/1"
    targets: tuple[Diagnosis, ...] = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_target_arguments(parser)
    parser.add_argument("--json", action="store_true", help="the report as JSON (perftui.doctor/1)")


def run(arguments: argparse.Namespace) -> int:
    from perftui.monitor.once import take_snapshot

    settings = load_settings(arguments)
    snapshot = asyncio.run(take_snapshot(settings, wait_s=_WAIT_S))
    direct = not any(connection.way for connection in settings.connections)
    report = diagnose(snapshot, asyncio.run(_silent_steps(snapshot)) if direct else {})
    if arguments.json:
        sys.stdout.write(msgspec.json.encode(report).decode("utf-8") + "\n")
    else:
        blocks = zip(snapshot.targets, report.targets, strict=True)
        sys.stdout.write("\n\n".join("\n".join(_lines(state, target)) for state, target in blocks) + "\n")
    return DONE if all(target.reached for target in report.targets) else UNREACHABLE


def diagnose(snapshot: Snapshot, silent: Mapping[str, Step] | None = None) -> Report:
    """What each target let us do, from what its sources found; `silent` has the step that each silent one stops at."""
    return Report(targets=tuple(_diagnosis(state, (silent or {}).get(state.target.id)) for state in snapshot.targets))


async def _silent_steps(snapshot: Snapshot) -> dict[str, Step]:
    silent = [
        state
        for state in snapshot.targets
        if not was_reached(state) and (_kinds(state) & _SILENT or not _kinds(state)) and state.target.kind != "host"
    ]
    looks = (first_silent_step(state.target, tls=_uses_tls(state, _kinds(state))) for state in silent)
    steps = await asyncio.gather(*looks)
    return {state.target.id: step for state, step in zip(silent, steps, strict=True) if step is not None}


def _kinds(state: TargetState) -> set[FailureKind]:
    return {source.failure.kind for source in state.sources if source.failure is not None}


def _diagnosis(state: TargetState, silent: Step | None) -> Diagnosis:
    failures = {source.failure.message: source.failure for source in state.sources if source.failure is not None}
    if silent is not None and (failure := as_failure(silent, state.target)) is not None:
        failures = {failure.message: failure}
    capabilities = {item.name: item for source in state.sources for item in source.capabilities}
    reached = was_reached(state)
    steps = _steps(state, {failure.kind for failure in failures.values()}, reached, silent)
    states = {item.state for item in capabilities.values()}
    if steps.get("rights") in ("ok", "failed") and "missing" in states:
        steps["rights"] = "partly" if "granted" in states else "failed"
    return Diagnosis(
        id=state.target.id,
        kind=state.target.kind,
        name=state.target.name,
        address=state.target.address,
        reached=reached,
        version_and_role=identity(state) or None,
        steps=steps,
        failures=tuple(failures.values()),
        capabilities=tuple(capabilities.values()),
    )


def _steps(
    state: TargetState, kinds: set[FailureKind], reached: bool, silent: Step | None = None
) -> dict[str, StepState]:
    """How far we got: all before the first step that failed is fine, all after it is not known."""
    if state.target.kind == "host":
        return {}
    steps: dict[str, StepState] = {}
    failed = False
    for name, causes in _STEPS:
        if name == "TLS" and not _uses_tls(state, kinds):
            continue
        broken = name == silent if silent else bool(kinds & causes) and (name == "rights" or not reached)
        steps[name] = "failed" if broken else "unknown" if failed else "ok"
        failed = failed or broken
    return steps


def _uses_tls(state: TargetState, kinds: set[FailureKind]) -> bool:
    address = state.target.address
    return "tls" in kinds or address.startswith(_TLS_SCHEMES) or "tls=true" in address or "ssl=true" in address


def _lines(state: TargetState, target: Diagnosis) -> Iterator[str]:
    yield headline(state)
    yield f"  address     {safe_text(target.address)}"
    steps = ", ".join(f"{name} {state}" for name, state in target.steps.items())
    yield f"  reached     {'yes' if target.reached else 'NO'}{f' ({steps})' if steps else ''}"
    for failure in target.failures:
        yield f"  {failure.kind:<12}{safe_text(failure.message)}"
        yield f"              {safe_text(failure.help)}"
    told: set[str] = set()
    for capability in target.capabilities:
        yield from _capability(capability, told)


def _capability(capability: Capability, told: set[str]) -> Iterator[str]:
    """`told`: the commands that stand above already; some cannot be run twice."""
    mark = {"granted": "+", "missing": "!", "unsupported": "-", "unknown": "?"}[capability.state]
    yield f"  {mark} {capability.name:<22}{capability.state:<13}{safe_text(capability.shows)}"
    if capability.needs is not None:
        yield f"      needs {safe_text(capability.needs)}"
    if capability.grant is not None and capability.state == "missing":
        yield f"      run   {'the same command as above' if capability.grant in told else safe_text(capability.grant)}"
        told.add(capability.grant)
