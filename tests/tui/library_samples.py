"""Hand-made parts that only perftui's own library tells: pools, slow requests, websockets."""

from perftui.model.metrics import LatencyDocument, QueryPoolDocument, SlowRequestDocument, WebSocketDocument

TIMES = LatencyDocument(count=812, sum_s=9.0, min_s=0.001, max_s=1.9, p50_s=0.004, p90_s=0.05, p95_s=0.18, p99_s=0.7)


def pools() -> tuple[QueryPoolDocument, ...]:
    return (
        QueryPoolDocument(
            address="db1:27017",
            clients=3,
            size=30,
            in_use=29,
            waiting=4,
            max_size=30,
            wait=TIMES,
            created=41,
            closed={"idle": 10, "error": 1},
            failed={"timeout": 2},
            cleared=1,
            advice=("29 of 30 connections are in use and 4 commands wait: raise maxPoolSize.",),
        ),
        QueryPoolDocument(address="db2:27017", clients=1, size=2, max_size=None, created=2),
    )


def slow_requests(now: float) -> tuple[SlowRequestDocument, ...]:
    return (
        SlowRequestDocument(
            at=now - 3, method="GET", route="/api/prompts", status=200, duration_s=1.2, client="10.0.0.0/24"
        ),
        SlowRequestDocument(at=now - 90, method="POST", route="/api/login", status=503, duration_s=0.4, user_agent="x"),
    )


def websockets() -> tuple[WebSocketDocument, ...]:
    return (
        WebSocketDocument(
            route="/live/{room}",
            connections=12,
            active=3,
            oldest_s=75.0,
            rejected=1,
            duration=TIMES,
            received=400,
            sent=8_200,
            received_bytes=12_000,
            sent_bytes=900_000,
            close_codes={"1000": 10, "1006": 2},
            exceptions={"RuntimeError": 1},
        ),
        WebSocketDocument(route="/quiet"),
    )


def hostile_pool(text: str) -> QueryPoolDocument:
    return QueryPoolDocument(address=text, closed={text: 1}, failed={text: 1}, advice=(text,), max_size=0)


def hostile_request(text: str) -> SlowRequestDocument:
    return SlowRequestDocument(
        at=1e300, method=text, route=text, status=-1, duration_s=-1.0, user_agent=text, client=text
    )


def hostile_websocket(text: str) -> WebSocketDocument:
    return WebSocketDocument(
        route=text, oldest_s=1e300, close_codes={text: 1}, exceptions={text: 1}, sent_bytes=10**18, duration=TIMES
    )
