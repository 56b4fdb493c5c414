"""No code that watches names a command that writes."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import perftui

PACKAGE = Path(perftui.__file__).parent
MAY_WRITE = {"actions", "demo", "servers", "rehearsal", "cache"}
"""`actions` after a question; the others only to stores that they started or were given."""
HANDED_ON = {"instrument/queries/wrapped.py", "instrument/queries/wrapped_async.py"}
"""An application's own calls on its own collections, measured."""
END_THEIR_OWN_SESSION = {"sources/mongodb/cancelling.py"}
"""What they asked for and gave up must end at the server too; nobody else's session is named."""
CALL_SOMEBODY = {"watching/webhook.py"}
"""An alert goes to the address that the user named for it, which is no monitored server."""
MONGODB = {
    "insert", "update", "delete", "findAndModify", "findandmodify", "drop", "dropDatabase", "create", "createIndexes",
    "dropIndexes", "collMod", "renameCollection", "killOp", "killCursors", "killSessions", "killAllSessions",
    "killAllSessionsByPattern", "setParameter", "fsync",
    "compact", "replSetStepDown", "replSetReconfig", "shutdown", "setFeatureCompatibilityVersion", "logRotate",
    "createUser", "grantRolesToUser", "clearLog", "$out", "$merge",
}  # fmt: skip
METHODS = {
    "insert_one", "insert_many", "update_one", "update_many", "replace_one", "delete_one", "delete_many", "bulk_write",
    "find_one_and_update", "find_one_and_delete", "find_one_and_replace", "drop_collection", "drop_database",
    "create_index", "create_indexes", "drop_index", "drop_indexes", "create_collection", "set_profiling_level",
    "slowlog_reset", "flushdb", "flushall", "config_set", "config_resetstat", "client_kill",
}  # fmt: skip
REDIS = {
    "SET",
    "DEL",
    "FLUSHDB",
    "FLUSHALL",
    "SHUTDOWN",
    "DEBUG",
    "EVAL",
    "BGSAVE",
    "SAVE",
    "RESETSTAT",
    "KILL",
    "RESET",
}
HTTP = {"post", "put", "patch", "delete"}


def watching_files() -> Iterator[Path]:
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE)
        if place.parts[0] not in MAY_WRITE and place.as_posix() not in HANDED_ON:
            yield path


def writes_in(source: str) -> list[str]:
    return [what for node in ast.walk(ast.parse(source)) for what in _writes(node)]


def _writes(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Dict) and node.keys:
        first = _text(node.keys[0])
        if first in MONGODB and any(_text(key) in {"maxTimeMS", "$db", "op", "$merge", "$out"} for key in node.keys):
            yield f"the command {first}"
        if first == "profile" and not _is_minus_one(node.values[0]):
            yield "a profiling level"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield from _calls(node, node.func.attr)


def _calls(node: ast.Call, method: str) -> Iterator[str]:
    if method in METHODS:
        yield f"a call of {method}"
    if method in HTTP and not (isinstance(node.func, ast.Attribute) and _is_told(node.func.value)):
        yield f"an HTTP {method}"
    if method in {"command", "ask", "execute_command", "stream", "request"}:
        for argument in node.args:
            parts = argument.elts if isinstance(argument, ast.Tuple) else [argument]
            texts = [_text(part) for part in parts]
            if isinstance(argument, ast.Dict):
                texts = [_text(argument.keys[0])] if argument.keys else []
            yield from (f"the command {text}" for text in texts if text in MONGODB | REDIS)
            if texts and texts[0] == "CONFIG" and texts[1:2] != ["GET"]:
                yield "a CONFIG that is no GET"
            if method in {"stream", "request"} and texts[0] is not None and texts[0] in {"POST", "PUT", "DELETE"}:
                yield f"an HTTP {texts[0]}"


def _is_told(node: ast.expr) -> bool:
    """A text, or a monitor that is told of a deletion in the application's cache."""
    return _text(node) is not None or ast.unparse(node).rpartition(".")[2] in {"monitor", "_monitor"}


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _is_minus_one(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and ast.unparse(node) == "-1"


def test_only_actions_write() -> None:
    found = {path.relative_to(PACKAGE).as_posix(): writes_in(path.read_text()) for path in watching_files()}
    for name in END_THEIR_OWN_SESSION:
        found[name] = [what for what in found[name] if what != "the command killSessions"]
    for name in CALL_SOMEBODY:
        assert found[name].count("an HTTP POST") == 1
        found[name] = [what for what in found[name] if what != "an HTTP POST"]
    assert {name: writes for name, writes in found.items() if writes} == {}


@pytest.mark.parametrize(
    "code",
    [
        'await member.ask({"killOp": 1, "op": 5})',
        'client.admin.command("setParameter", 1)',
        'await client.admin.command({"killSessions": [session]})',
        'client[name].command({"profile": 2, "maxTimeMS": 5})',
        'client["shop"]["p"].insert_one({})',
        'await system.ask(("SLOWLOG", "RESET"))',
        'await system.ask(("CONFIG", "SET", "a", 1))',
        'await http.post("/clear")',
        'client.stream("POST", path)',
        'command = {"drop": name, "maxTimeMS": 5}',
    ],
)
def test_the_search_finds_what_it_looks_for(code: str) -> None:
    indented = "async def do():\n    " + code
    assert writes_in(indented)


def test_actions_are_found_by_it() -> None:
    """Where writing is allowed, the same search finds it: it is not blind."""
    assert any(writes_in(path.read_text()) for path in (PACKAGE / "actions").glob("*.py"))
