"""The same slow queries as a structured log (4.4 and later) and as a text log (4.2): deterministic, in any number."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_START = datetime(2026, 11, 25, tzinfo=UTC)
_FIELDS = ("category", "active", "createdAt", "title", "owner", "status", "region", "price", "rating", "views")
_LOCKS_JSON = (
    '{"FeatureCompatibilityVersion":{"acquireCount":{"r":4}},"ReplicationStateTransition":{"acquireCount":{"w":1}},'
    '"Global":{"acquireCount":{"r":4}},"Database":{"acquireCount":{"r":3}},"Collection":{"acquireCount":{"r":3}},'
    '"Mutex":{"acquireCount":{"r":1}}}'
)
_LOCKS_TEXT = (
    "{ ReplicationStateTransition: { acquireCount: { w: 1 } }, Global: { acquireCount: { r: 4 } }, "
    "Database: { acquireCount: { r: 3 } }, Collection: { acquireCount: { r: 3 } }, Mutex: { acquireCount: { r: 1 } } }"
)


class Line(NamedTuple):
    """One execution in both formats, without line ends."""

    structured: str
    text: str


class _Shape(NamedTuple):
    collection: str
    kind: str
    equalities: tuple[str, ...]
    ranged: str | None
    order: str | None


def lines(number: int, shapes: int = 500, seed: int = 1) -> Iterator[Line]:
    """So many executions of so many shapes: finds, aggregates, counts and updates; some shapes far more often."""
    draw = random.Random(seed)
    known = [_shape(place) for place in range(shapes)]
    weights = [1 / (1 + place) ** 0.5 for place in range(shapes)]
    position = 0
    while position < number:
        for shape in draw.choices(known, weights, k=min(10_000, number - position)):
            yield _line(shape, draw, position)
            position += 1


def _shape(place: int) -> _Shape:
    draw = random.Random(place)
    fields = draw.sample(_FIELDS, 4)
    kind = ("find", "find", "find", "aggregate", "count", "update")[place % 6]
    order = fields[3] if kind in ("find", "aggregate") and place % 2 else None
    ranged = fields[2] if place % 3 else None
    return _Shape(f"items{place}", kind, tuple(fields[: 1 + place % 2]), ranged, order)


def _line(shape: _Shape, draw: random.Random, position: int) -> Line:
    moment = _START + timedelta(milliseconds=position * 20)
    values = {name: f"value {draw.randrange(10**6)}" for name in shape.equalities}
    low = draw.randrange(2, 10**6)
    milliseconds = int(draw.lognormvariate(4, 1))
    documents, returned = draw.randrange(2000, 100_000), draw.randrange(1, 20)
    return Line(
        _structured(shape, values, low, moment, milliseconds, documents, returned, position),
        _text(shape, values, low, moment, milliseconds, documents, returned, position),
    )


def _structured(
    shape: _Shape, values: dict[str, str], low: int, at: datetime, ms: int, documents: int, returned: int, position: int
) -> str:
    asked = [f'"{name}":"{value}"' for name, value in values.items()]
    if shape.ranged:
        asked.append(f'"{shape.ranged}":{{"$gte":{low}}}')
    query = "{" + ",".join(asked) + "}"
    session = (
        f'"lsid":{{"id":{{"$uuid":"c542dbea-762f-488f-a074-{position:012x}"}}}},"$clusterTime":{{"clusterTime":'
        + (
            f'{{"$timestamp":{{"t":{int(at.timestamp())},"i":1}}}},"signature":{{"hash":{{"$binary":{{"base64":'
            '"AAAAAAAAAAAAAAAAAAAAAAAAAAA=","subType":"0"}},"keyId":0}},"$db":"shop"'
        )
    )
    order = f'"sort":{{"{shape.order}":-1}},' if shape.order else ""
    command = {
        "find": f'{{"find":"{shape.collection}","filter":{query},{order}"limit":20,{session}}}',
        "aggregate": f'{{"aggregate":"{shape.collection}","pipeline":[{{"$match":{query}}}'
        + (f',{{"$sort":{{"{shape.order}":-1}}}}' if shape.order else "")
        + f',{{"$limit":{20}}}],"cursor":{{}},{session}}}',
        "count": f'{{"count":"{shape.collection}","query":{query},{session}}}',
        "update": f'{{"q":{query},"u":{{"$set":{{"views":{low}}}}},"multi":false,"upsert":false}}',
    }[shape.kind]
    kind, component = ("update", "WRITE") if shape.kind == "update" else ("command", "COMMAND")
    found = {"count": "", "update": '"nMatched":1,"nModified":1,"nUpserted":0,'}.get(
        shape.kind, f'"nreturned":{returned},'
    )
    sort = '"hasSortStage":true,' if shape.order else ""
    return (
        f'{{"t":{{"$date":"{at.isoformat(timespec="milliseconds")}"}},"s":"I",  "c":"{component}",'
        f'{" " * (10 - len(component))}"id":51803,   "ctx":"conn{position % 97}","msg":"Slow query","attr":'
        f'{{"type":"{kind}","ns":"shop.{shape.collection}","appName":"shop","command":{command},"planSummary":"COLLSCAN",'
        f'"keysExamined":0,"docsExamined":{documents},{sort}"cursorExhausted":true,"numYields":{documents // 1000},'
        f'{found}"queryHash":"AFD0335A","planCacheKey":"AFD0335A","reslen":{returned * 300},"locks":{_LOCKS_JSON},'
        f'"storage":{{}},"remote":"10.0.0.5:{40000 + position % 97}","protocol":"op_msg","durationMillis":{ms}}}}}'
    )


def _text(
    shape: _Shape, values: dict[str, str], low: int, at: datetime, ms: int, documents: int, returned: int, position: int
) -> str:
    asked = [f'{name}: "{value}"' for name, value in values.items()]
    if shape.ranged:
        asked.append(f"{shape.ranged}: {{ $gte: {low} }}")
    query = "{ " + ", ".join(asked) + " }"
    session = f'lsid: {{ id: UUID("c542dbea-762f-488f-a074-{position:012x}") }}, $db: "shop"'
    order = f"sort: {{ {shape.order}: -1 }}, " if shape.order else ""
    name = shape.collection
    command = {
        "find": f'command: find {{ find: "{name}", filter: {query}, {order}limit: 20, {session} }}',
        "aggregate": f'command: aggregate {{ aggregate: "{name}", pipeline: [ {{ $match: {query} }}'
        + (f", {{ $sort: {{ {shape.order}: -1 }} }}" if shape.order else "")
        + f", {{ $limit: {20} }} ], cursor: {{}}, {session} }}",
        "count": f'command: count {{ count: "{name}", query: {query}, {session} }}',
        "update": f"command: {{ q: {query}, u: {{ $set: {{ views: {low} }} }}, multi: false, upsert: false }}",
    }[shape.kind]
    kind, component = ("update", "WRITE  ") if shape.kind == "update" else ("command", "COMMAND")
    app = "" if shape.kind == "update" else ' appName: "shop"'
    found = {"count": "", "update": "nMatched:1 nModified:1 "}.get(shape.kind, f"nreturned:{returned} ")
    sort = "hasSortStage:1 " if shape.order else ""
    return (
        f"{at.strftime('%Y-%m-%dT%H:%M:%S')}.{at.microsecond // 1000:03d}+0000 I  {component}  [conn{position % 97}] "
        f"{kind} shop.{name}{app} {command} planSummary: COLLSCAN keysExamined:0 docsExamined:{documents} {sort}"
        f"cursorExhausted:1 numYields:{documents // 1000} {found}queryHash:AFD0335A planCacheKey:AFD0335A "
        f"reslen:{returned * 300} locks:{_LOCKS_TEXT} storage:{{}} protocol:op_msg {ms}ms"
    )
