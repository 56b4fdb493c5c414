"""The routes that switch the application's caches and cause faults in it: for this machine, and who bears the
session's token."""

import hmac
from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from perftui.demo import CACHES_PATH, FAULTS_PATH
from perftui.demo.faults import Faults
from perftui.instrument.serve.local import is_loopback

if TYPE_CHECKING:
    from perftui.demo.caches import Caches
    from perftui.demo.faults import FaultyParts

_LONGEST_BODY = 1000


def control_routes(token: str | None) -> list[Route]:
    """Of the caches GET tells the state, POST of `{"warming": true}` switches; POST of `{"leaked_cursors": 8}` causes
    these faults and mends all others. Without a token nobody may."""

    async def caches(request: Request) -> Response:
        refused = _refusal(request, token)
        if refused is not None:
            return refused
        known: Caches = request.app.state.caches
        if request.method == "GET":
            return _answer(known.state())
        try:
            changes = msgspec.json.decode((await request.body())[:_LONGEST_BODY], type=dict[str, bool])
            return _answer(await known.switch(changes))
        except (ValueError, msgspec.DecodeError) as error:
            return _answer({"error": str(error)}, 400)

    async def faults(request: Request) -> Response:
        refused = _refusal(request, token)
        if refused is not None:
            return refused
        parts: FaultyParts = request.app.state.parts
        try:
            wanted = msgspec.json.decode((await request.body())[:_LONGEST_BODY], type=Faults)
            return _answer(await parts.apply(wanted))
        except (ValueError, msgspec.DecodeError) as error:
            return _answer({"error": str(error)}, 400)

    return [
        Route(CACHES_PATH, caches, methods=["GET", "POST"]),
        Route(FAULTS_PATH, faults, methods=["POST"]),
    ]


def _refusal(request: Request, token: str | None) -> Response | None:
    if request.client is None or not is_loopback(request.client.host):
        return _answer({"error": "Only this machine may do that."}, 403)
    given = request.headers.get("authorization", "").encode()
    if token is None or not hmac.compare_digest(given, f"Bearer {token}".encode()):
        return _answer({"error": "Send the session's token as a bearer token."}, 401)
    return None


def _answer(content: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")
