"""The first line: what is monitored, in which versions and roles, since when, and at which cost."""

from perftui.model.snapshot import TargetState
from perftui.tui.formatting import age, clock, duration, share, timestamp
from perftui.tui.lines import Line, Piece, fit, spread, width_of
from perftui.tui.view import View

_CLOCK_OFFSET_SHOWN_S = 1.0


def header_line(view: View | None, width: int, *, interval_s: float, paused: bool, newest_at: float | None) -> Line:
    """`newest_at`: when the newest Snapshot was taken; an earlier one in view is marked as past."""
    if view is None:
        return Line(tuple(spread([(" perftui", "heading"), ("  reading this machine", "dim")], [], width)), "header")
    right = _right(view, interval_s, paused, newest_at, short=width < 110)
    left: list[Piece] = [(" perftui ", "heading")]
    room = width - width_of(right) - width_of(left)
    separator = " | "
    for index, (text, state) in enumerate(_targets(view)):
        text = (separator if index else " ") + text
        if len(text) > room:
            if room > 12:
                left.append((fit(text, room - 1), state))
            break
        left.append((text, state))
        room -= len(text)
    return Line(tuple(spread(left, right, width)), "header")


def _targets(view: View) -> list[tuple[str, str]]:
    """The target in view of each kind, with how many others there are."""
    words = []
    for kind in ("mongodb", "redis", "application", "host"):
        state = view.target(kind)
        if state is None:
            continue
        others = len(view.targets(kind)) - 1
        words.append((_describe(state, alone=not others) + (f" +{others}" if others else ""), "normal"))
    return words


def _describe(state: TargetState, alone: bool = True) -> str:
    """`alone`: there is no other target of its kind, which may bear the same service name."""
    name, offset = state.target.name, ""
    if state.clock_offset_s is not None and abs(state.clock_offset_s) > _CLOCK_OFFSET_SHOWN_S:
        offset = f" clock {state.clock_offset_s:+.0f}s"
    if state.mongodb is not None:
        return f"{name} mongodb {state.mongodb.version or '?'} {state.mongodb.role or ''}".rstrip() + offset
    if state.redis is not None:
        return f"{name} {state.redis.flavour} {state.redis.version or '?'}" + offset
    if state.application is not None:
        workers = state.application.process.workers
        service = state.application.service
        called = service if service and (alone or service == name) else f"{service or ''} {name}".strip()
        return f"{called} app" + (f" x{workers}" if workers and workers > 1 else "")
    return name


def _right(view: View, interval_s: float, paused: bool, newest_at: float | None, short: bool) -> list[Piece]:
    snapshot, pieces = view.snapshot, list[Piece]()
    behind = 0.0 if newest_at is None else newest_at - snapshot.taken_at
    if paused:
        pieces.append((f" PAUSED, {age(behind)} behind ", "warning"))
    elif not view.live:
        word = f"PAST, {age(behind)} ago," if behind > 0 else "REPLAY"
        pieces.append((f" {word} {timestamp(snapshot.taken_at, view.utc)[:19]} ", "warning"))
    if paused or view.live:
        pieces.append((f" {clock(snapshot.taken_at, view.utc)} ", "normal"))
    if view.live or not short:
        pieces.append((f" every {_interval(interval_s)} ", "dim" if short else "normal"))
    if not short:
        pieces.append((f" cost {share(snapshot.cost.cpu_share)} ", "normal"))
    if view.settings.read_only:
        pieces.append((" read-only ", "accent"))
    return pieces


def _interval(seconds: float) -> str:
    return f"{seconds:g}s" if seconds < 60 else duration(seconds)
