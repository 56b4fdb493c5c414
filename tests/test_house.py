"""The rules of the house, held from the imports themselves."""

import json
import subprocess
import sys

import grimp
import pytest

EVERYTHING = {
    "actions", "advice", "analysis", "bench", "cache", "checking", "cli", "commands", "config", "crash", "demo",
    "diagnosis", "handover", "instrument", "load", "model", "monitor", "query_bench", "rehearsal", "servers", "sources",
    "targets", "tui", "via", "watching",
}  # fmt: skip
SHOWN = {
    "actions", "diagnosis", "handover", "analysis", "rehearsal", "monitor", "advice", "config", "crash", "model",
}  # fmt: skip
MAY_IMPORT: dict[str, set[str]] = {
    "model": set(),
    "servers": set(),
    "advice": {"model"},
    "config": {"model"},
    "targets": {"model"},
    "via": {"model"},
    "sources": {"advice", "model"},
    "diagnosis": {"advice", "model"},
    "monitor": {"diagnosis", "sources", "advice", "model"},
    "watching": {"monitor", "diagnosis", "sources", "model"},
    "analysis": {"sources", "advice", "model"},
    "handover": {"analysis", "monitor", "model"},
    "actions": {"monitor", "sources", "advice", "config", "model"},
    "tui": SHOWN,
    "instrument": {"advice", "model"},
    "bench": {"instrument", "advice", "model"},
    "cache": {"instrument", "advice", "model"},
    "load": {"bench", "sources", "model"},
    "query_bench": {"analysis", "sources", "bench", "advice", "model"},
    "rehearsal": {"servers", "analysis", "sources", "advice", "model"},
    "checking": {"monitor", "sources", "bench", "model"},
    "demo": EVERYTHING - {"tui"},
    "commands": EVERYTHING - {"cli"},
    "crash": {"config", "model"},
    "cli": {"commands", "crash", "model"},
    "__main__": {"cli"},
}
CLIENTS = {"pymongo", "httpx", "redis", "psutil", "plotext"}
SCREEN = {"textual", "rich"}
FIRST_FRAME = (
    "perftui.cli",
    "perftui.commands.monitor",
    "perftui.commands.resolve",
    "perftui.config",
    "perftui.monitor.live",
    "perftui.sources.mongodb",
    "perftui.sources.redis",
    "perftui.sources.application",
    "perftui.sources.host",
)


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("perftui", exclude_type_checking_imports=True, cache_dir=None)


def room(module: str) -> str:
    """`perftui.tui.app` stands in the room `tui`; the package itself holds only its version."""
    return module.split(".")[1] if "." in module else ""


def test_every_room_has_its_rule(graph: grimp.ImportGraph) -> None:
    assert {room(module) for module in graph.modules} - {""} <= set(MAY_IMPORT)


def test_imports_go_down_only(graph: grimp.ImportGraph) -> None:
    wrong = [
        f"{importer} imports {imported}"
        for importer in sorted(graph.modules)
        for imported in sorted(graph.find_modules_directly_imported_by(importer))
        if room(imported) not in MAY_IMPORT.get(room(importer), set()) | {room(importer), ""}
    ]
    assert wrong == []


def test_the_package_itself_imports_nothing(graph: grimp.ImportGraph) -> None:
    assert graph.find_modules_directly_imported_by("perftui") == set()


def loaded_by(*modules: str) -> set[str]:
    """Top-level packages that a fresh Python holds after these imports."""
    code = (
        f"import sys, json, {', '.join(modules)}; print(json.dumps(sorted({{m.split('.')[0] for m in sys.modules}})))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return set(json.loads(result.stdout))


@pytest.mark.parametrize(
    ("modules", "forbidden"),
    [
        (("perftui.cli",), SCREEN | CLIENTS | {"asyncio", "msgspec", "tomllib"}),
        (("perftui.model.snapshot", "perftui.advice"), SCREEN | CLIENTS),
        (("perftui.instrument",), SCREEN | CLIENTS),
        (("perftui.servers",), SCREEN | CLIENTS | {"msgspec"}),
        (FIRST_FRAME, SCREEN | CLIENTS | {"zstandard"}),
        (("perftui.tui.app",), CLIENTS),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_what_must_not_be_paid_for_is_not_imported(modules: tuple[str, ...], forbidden: set[str]) -> None:
    assert loaded_by(*modules) & forbidden == set()


def test_only_actions_and_their_own_servers_are_written_to(graph: grimp.ImportGraph) -> None:
    """Nothing that watches may reach what acts."""
    for importer in ("sources", "monitor", "advice", "diagnosis", "watching"):
        for module in graph.modules:
            if room(module) == importer:
                assert not any(room(found) == "actions" for found in graph.find_upstream_modules(module)), module
