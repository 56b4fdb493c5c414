"""The page on export: its examples run against a receiver of ours, its table is what is sent."""

import re
import time
from pathlib import Path
from typing import Any

import pytest
from helpers.otlp import receiving

from perftui import CacheMonitor, OTLPExport, Registry
from perftui.instrument.endpoints.kinds import CALL, ENDPOINT, EXCEPTION, WEBSOCKET
from perftui.instrument.export.metrics import measured
from perftui.instrument.queries.kinds import POOL, QUERY, QUERY_ERROR

PAGE = "docs/library-export.md"
TEXT = (Path(__file__).parents[2] / PAGE).read_text("utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
_ADDRESS = re.compile(r'"https?://[^"]+"')


@pytest.mark.parametrize(("number", "header"), [(0, None), (1, None), (2, "dd-api-key"), (3, "api-key")])
def test_every_example_reaches_a_receiver(number: int, header: str | None) -> None:
    assert len(EXAMPLES) == 4
    names: dict[str, Any] = {"datadog_key": "secret", "new_relic_key": "secret"}
    with receiving() as receiver:
        code = _ADDRESS.sub(repr(receiver.endpoint), EXAMPLES[number])
        if number:
            names |= {"registry": Registry("shop"), "OTLPExport": OTLPExport}
            code = f"export = {code}"
        exec(compile(code, PAGE, "exec"), names)
        CacheMonitor("pages", names["registry"]).hit()
        names["export"].stop()
        assert receiver.counter("perftui.cache.hits")
        assert header is None or receiver.headers[-1][header] == "secret"


def test_the_table_is_what_is_sent() -> None:
    registry, now = Registry("shop"), time.monotonic()
    for kind, labels in (
        (ENDPOINT, ("GET", "/", "200")),
        (EXCEPTION, ("GET", "/", "KeyError")),
        (CALL, ("jobs",)),
        (WEBSOCKET, ("/ws",)),
        (QUERY, ("s1", "shop.items", "find", "{}")),
        (QUERY_ERROR, ("s1", "1")),
        (POOL, ("db:27017",)),
    ):
        block = registry.block(kind, *labels)
        if kind.timed:
            block.record(now, 0.001)
    registry.block(POOL, "db:27017").set(3, 100)
    monitor = CacheMonitor("pages", registry)
    monitor.hit("a", 0.001)
    monitor.set(0.001)
    monitor.hold(1, 1)
    registry.process.sample()
    sent = {metric.name: metric for metric in measured(registry.read())}
    table = TEXT.partition("## What is sent")[2]
    rows = re.findall(r"^\| (`[^|]*) \| (\w+), ([^|]*) \|", table, re.MULTILINE)
    told = {name: form for names, form, _ in rows for name in re.findall(r"`([\w.]+)`", names)}
    assert told == {name: metric.form for name, metric in sent.items()}
    for names, _, units in rows:
        for name in re.findall(r"`([\w.]+)`", names):
            assert sent[name].unit in units or units.endswith("...")


def test_every_option_is_explained() -> None:
    cells = re.findall(r"^\| (`[^|]*) \|", TEXT.partition("## Where to")[0], re.MULTILINE)
    options = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    accepted = set(OTLPExport.__init__.__annotations__) - {"registry", "return"}
    assert options == accepted
