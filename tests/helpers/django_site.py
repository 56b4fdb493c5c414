"""A Django site for tests: settings, routes and views in one module, made once a process."""

from typing import Any

import django
from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import include, path, re_path

FILE = __file__


def item(request: HttpRequest, pk: int) -> HttpResponse:
    if pk == 13:
        raise LookupError("as asked")
    return HttpResponse(f"item {pk}", status=404 if pk == 0 else 200)


async def later(request: HttpRequest, slug: str) -> HttpResponse:
    return HttpResponse(slug)


def year(request: HttpRequest, year: str) -> HttpResponse:
    return HttpResponse(year)


def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter([b"one", b"two", b"three"]))


def file(request: HttpRequest) -> FileResponse:
    return FileResponse(open(FILE, "rb"))  # noqa: PTH123  # Django closes it


def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.body)


urlpatterns: list[Any] = [
    path("items/<int:pk>/", item),
    path("later/<slug:slug>", later),
    path("stream", stream),
    path("file", file),
    path("echo", echo),
    path("shop/", include([re_path(r"^years/(?P<year>[0-9]{4})/$", year), path("items/<int:pk>", item)])),
]


def set_up() -> None:
    """Configure Django in this process, once."""
    if settings.configured:
        return
    settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        SECRET_KEY="of a test",
        LOGGING_CONFIG=None,
        MIDDLEWARE=["perftui.instrument.DjangoMiddleware"],
    )
    django.setup()
