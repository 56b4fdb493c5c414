"""The library's endpoints: thin, over its queries and its cache."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from perftui.demo.caches import Caches
from perftui.demo.library import Library
from perftui.demo.pages import page_key


def _answer(content: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def _missing(what: str) -> Response:
    return _answer({"error": f"There is no such {what}."}, 404)


def _caches(request: Request) -> Caches:
    caches: Caches = request.app.state.caches
    return caches


def _reloads(request: Request) -> bool:
    """Whoever sends `Cache-Control: no-cache` gets what the database says now."""
    return "no-cache" in request.headers.get("cache-control", "")


def _library(request: Request) -> Library:
    return _caches(request).library(reload=_reloads(request))


async def _page(request: Request, key: str) -> Response:
    body = await _caches(request).page(key, reload=_reloads(request))
    return _missing("prompt") if body is None else Response(body, media_type="application/json")


async def newest(request: Request) -> Response:
    return await _page(request, page_key("newest", request.query_params.get("category")))


async def popular(request: Request) -> Response:
    return await _page(request, page_key("popular"))


async def featured(request: Request) -> Response:
    return await _page(request, page_key("featured"))


async def by_pattern(request: Request) -> Response:
    return await _page(request, page_key("pattern", request.path_params["pattern"]))


async def by_tags(request: Request) -> Response:
    return await _page(request, page_key("tagged", *request.query_params.getlist("tag")))


async def export(request: Request) -> Response:
    return _answer(await _library(request).export(request.query_params.get("category", "")))


async def search(request: Request) -> Response:
    words = request.query_params.get("q", "")
    if len(words) < 2:
        return _answer({"error": "Search for two letters or more: ?q=words."}, 400)
    return _answer(await _library(request).search(words))


async def prompt(request: Request) -> Response:
    await request.app.state.parts.before_prompt()
    return await _page(request, page_key("prompt", request.path_params["slug"]))


async def render(request: Request) -> Response:
    """Fill in the template. A broken one raises `ValueError`, which nobody here expects."""
    found = await _library(request).prompt(request.path_params["slug"])
    if found is None:
        return _missing("prompt")
    return _answer({"text": found["template"].format(role="an engineer", task=found["title"])})


async def favorite(request: Request) -> Response:
    slug = request.path_params["slug"]
    favorites = await _library(request).add_favorite(slug)
    if favorites is None:
        return _missing("prompt")
    await _caches(request).favorite_added(slug)
    return _answer({"favorites": favorites})


async def statistics(request: Request) -> Response:
    return await _page(request, page_key("statistics"))


async def users(request: Request) -> Response:
    return await _page(request, page_key("users", request.query_params.get("role", "author")))


async def user_by_email(request: Request) -> Response:
    found = await _library(request).user(request.query_params.get("email", ""))
    return _missing("user") if found is None else _answer(found)


async def user_seen(request: Request) -> Response:
    found = await _library(request).seen(request.query_params.get("email", ""))
    return _answer({"seen": True}) if found else _missing("user")


async def recent_users(request: Request) -> Response:
    return await _page(request, page_key("recent-users"))


async def broken(_request: Request, _error: Exception) -> Response:
    """What the caller sees of an error that no endpoint expected."""
    return _answer({"error": "The library failed at this request."}, 500)


ROUTES = [
    Route("/api/prompts", newest),
    Route("/api/prompts/popular", popular),
    Route("/api/prompts/featured", featured),
    Route("/api/prompts/search", search),
    Route("/api/prompts/statistics", statistics),
    Route("/api/prompts/tagged", by_tags),
    Route("/api/prompts/export", export),
    Route("/api/prompts/pattern/{pattern}", by_pattern),
    Route("/api/prompts/{slug}", prompt),
    Route("/api/prompts/{slug}/render", render),
    Route("/api/prompts/{slug}/favorite", favorite, methods=["POST"]),
    Route("/api/users", users),
    Route("/api/users/by-email", user_by_email),
    Route("/api/users/recent", recent_users),
    Route("/api/users/seen", user_seen, methods=["POST"]),
]
