"""The library's endpoints: thin, over its queries and its cache."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from perftui.demo.cache import ResponseCache
from perftui.demo.library import Library

_LIST_TTL_S, _PROMPT_TTL_S, _STATISTICS_TTL_S = 5, 30, 15


def _answer(content: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def _missing(what: str) -> Response:
    return _answer({"error": f"There is no such {what}."}, 404)


def _library(request: Request) -> Library:
    library: Library = request.app.state.library
    return library


def _cache(request: Request) -> ResponseCache:
    cache: ResponseCache = request.app.state.cache
    return cache


async def _cached(request: Request, key: str, ttl_s: int, produce: Callable[[], Awaitable[Any]]) -> Response:
    """The kept body, or a new one that is kept; `None` from `produce` is a 404 and not kept."""
    body = await _cache(request).get(key)
    if body is None:
        content = await produce()
        if content is None:
            return _missing("prompt")
        body = msgspec.json.encode(content)
        await _cache(request).set(key, body, ttl_s)
    return Response(body, media_type="application/json")


async def newest(request: Request) -> Response:
    category = request.query_params.get("category")
    return await _cached(request, f"newest:{category or '*'}", _LIST_TTL_S, lambda: _library(request).newest(category))


async def popular(request: Request) -> Response:
    return await _cached(request, "popular", _LIST_TTL_S, _library(request).popular)


async def featured(request: Request) -> Response:
    return await _cached(request, "featured", _LIST_TTL_S, _library(request).featured)


async def by_pattern(request: Request) -> Response:
    pattern = request.path_params["pattern"]
    return await _cached(request, f"pattern:{pattern}", _LIST_TTL_S, lambda: _library(request).by_pattern(pattern))


async def by_tags(request: Request) -> Response:
    return _answer(await _library(request).by_tags(request.query_params.getlist("tag")))


async def export(request: Request) -> Response:
    return _answer(await _library(request).export(request.query_params.get("category", "")))


async def search(request: Request) -> Response:
    words = request.query_params.get("q", "")
    if len(words) < 2:
        return _answer({"error": "Search for two letters or more: ?q=words."}, 400)
    return _answer(await _library(request).search(words))


async def prompt(request: Request) -> Response:
    slug = request.path_params["slug"]
    return await _cached(request, f"prompt:{slug}", _PROMPT_TTL_S, lambda: _library(request).prompt(slug))


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
    await _cache(request).delete(f"prompt:{slug}")
    return _answer({"favorites": favorites})


async def statistics(request: Request) -> Response:
    return await _cached(request, "statistics", _STATISTICS_TTL_S, _library(request).by_category)


async def users(request: Request) -> Response:
    return _answer(await _library(request).users(request.query_params.get("role", "author")))


async def user_by_email(request: Request) -> Response:
    found = await _library(request).user(request.query_params.get("email", ""))
    return _missing("user") if found is None else _answer(found)


async def user_seen(request: Request) -> Response:
    found = await _library(request).seen(request.query_params.get("email", ""))
    return _answer({"seen": True}) if found else _missing("user")


async def recent_users(request: Request) -> Response:
    count, last = await _library(request).recent_users()
    return _answer({"count": count, "users": last})


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
