"""Which commands can be explained, and what of them: a profiled or running command, or one given as JSON."""

from collections.abc import Mapping
from typing import Final

from perftui.advice.explaining.answers import Explainable, Refusal
from perftui.advice.explaining.javascript import holds_javascript, without_javascript
from perftui.advice.explaining.kinds import CHECKS, KINDS, NO_COLLECTION, Command, is_cut
from perftui.advice.shapes.shape import originating_command
from perftui.model.text import safe_text

__all__ = ["Explainable", "Refusal", "explainable"]

_JAVASCRIPT: Final = "It holds JavaScript, which perftui never runs."
_WRITES_RESULT: Final = "It writes its result ($out, $merge), so it is never run for its figures."
_WAITS: Final = "It waits for changes ($changeStream) and would not end."
_LEFT_OUT: Final = "Its JavaScript is left out: this is the plan of the rest of it."
_WRITE_STAGES: Final = frozenset(("$out", "$merge"))
_REFUSED: dict[str, tuple[str, str]] = {
    "insert": ("An insert reads nothing, so there is no plan.", ""),
    "getMore": (
        "A getMore goes on with a cursor, and the server did not tell which command opened it.",
        "Explain the find or aggregate that opened the cursor.",
    ),
    "explain": ("An explain cannot be explained itself.", "Explain the command inside it."),
    "mapReduce": ("A mapReduce is JavaScript, which perftui never runs.", "Explain a find with its query."),
    "bulkWrite": (
        "A batch of writes over several collections cannot be explained.",
        "Explain its statements one by one: the profile has each of them.",
    ),
    "$truncated": (
        "The server cut this command short, so it cannot be explained.",
        "Look at the plan that its profile entry holds, or give the whole command.",
    ),
}
_ALSO_CALLED = {"findandmodify": "findAndModify", "mapreduce": "mapReduce"}


def explainable(command: Command | str, ns: str = "", op: str = "") -> Explainable | Refusal:
    """What of this command can be explained, or why nothing can; never raises.

    `command` may be the command itself, an entry of the profile or of currentOp, or either as extended JSON.
    """
    given = _parsed(command) if isinstance(command, str) else command
    if isinstance(given, Refusal):
        return given
    command, ns = _of_entry(given, ns)
    origin = originating_command(command)
    command = origin if origin is not None else command
    name = _name(command)
    if name in _REFUSED:
        message, help_ = _REFUSED[name]
        return Refusal(message=message, help=help_)
    if name not in KINDS:
        return Refusal(message=f"A command such as {safe_text(name or op or 'this', 40)} has no plan.")
    return _of_kind(name, command, ns)


def _parsed(text: str) -> Command | Refusal:
    from bson import DatetimeConversion
    from bson.json_util import JSONOptions, loads

    try:
        found = loads(text, json_options=JSONOptions(datetime_conversion=DatetimeConversion.DATETIME_AUTO))
    except Exception as error:
        return Refusal(
            message=f"This is no JSON of a command: {safe_text(str(error), 200)}.",
            help='Give it as extended JSON, such as {"find": "orders", "filter": {"status": "open"}}.',
        )
    if isinstance(found, dict):
        return found
    return Refusal(message="A command is a document, which this is not.")


def _of_entry(given: Command, ns: str) -> tuple[Command, str]:
    """The command within an entry of the profile or of currentOp; a getmore's is the one its cursor came from."""
    if not isinstance(given.get("ns"), str) or "command" not in given:
        return given, ns
    command, cursor = given["command"], given.get("cursor")
    origin = given.get("originatingCommand")
    if origin is None and isinstance(cursor, Mapping):
        origin = cursor.get("originatingCommand")
    command = origin if isinstance(origin, Mapping) else command
    return command if isinstance(command, Mapping) else {"$truncated": ""}, given["ns"]


def _name(command: Command) -> str:
    if "$truncated" in command:
        return "$truncated"
    first = next(iter(command), "")
    first = _ALSO_CALLED.get(first, first)
    if first in KINDS or first in _REFUSED:
        return first
    if "q" in command:
        return "update" if "u" in command else "delete"
    known = (_ALSO_CALLED.get(key, key) for key in command if isinstance(key, str))
    return next((key for key in known if key in KINDS or key in _REFUSED), str(first))


def _of_kind(name: str, command: Command, ns: str) -> Explainable | Refusal:
    space = _namespace(name, command, ns)
    if isinstance(space, Refusal):
        return space
    kept = {key: value for key, value in command.items() if key in KINDS[name].fields}
    refusal = CHECKS[name](command, kept)
    if refusal is not None:
        return refusal
    if is_cut(kept):
        message, help_ = _REFUSED["$truncated"]
        return Refusal(message=message, help=help_)
    whole = {name: space.partition(".")[2], **kept, **({"cursor": {}} if name == "aggregate" else {})}
    return _safe(Explainable(ns=space, op=KINDS[name].op, command=whole))


def _namespace(name: str, command: Command, ns: str) -> str | Refusal:
    """`database.collection`: the command's own names where it has them, else those of the entry."""
    database, _, collection = ns.partition(".")
    own, of = command.get(name, command.get(name.lower())), command.get("$db")
    database = of if isinstance(of, str) and of else database
    if isinstance(own, int | float) and not isinstance(own, bool):
        return NO_COLLECTION
    collection = own if isinstance(own, str) and own else collection
    if not database or not collection or "\0" in ns or set(database) & set(' ."$/\\\0') or "\0" in collection:
        return Refusal(
            message="It is not known which collection this command reads.", help="Name it as database.collection."
        )
    return f"{database}.{collection}"


def _safe(found: Explainable) -> Explainable | Refusal:
    """JavaScript is never run, and nothing that writes or waits is run for its figures."""
    command = found.command
    if holds_javascript(command):
        rest = without_javascript(command)
        if rest is None:
            return Refusal(
                message="It holds JavaScript where the plan depends on it, and perftui never runs JavaScript.",
                help="Explain it without $where, $function and $accumulator.",
            )
        return Explainable(ns=found.ns, op=found.op, command=rest, notes=(_LEFT_OUT,), never_run=_JAVASCRIPT)
    stages = {key for stage in command.get("pipeline", ()) for key in stage}
    never = _WRITES_RESULT if stages & _WRITE_STAGES else _WAITS if "$changeStream" in stages else None
    return Explainable(ns=found.ns, op=found.op, command=command, never_run=never)
