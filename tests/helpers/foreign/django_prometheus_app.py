"""Django with django-prometheus, all in one file."""

import time

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path

from helpers.foreign import ITEM_S, ODD, ORDER_S


def read_item(_request: HttpRequest, item: str) -> HttpResponse:
    time.sleep(ITEM_S)
    if item == "gone":
        raise Http404
    if item == "bad":
        raise RuntimeError(item)
    return HttpResponse(item)


def create_order(_request: HttpRequest) -> HttpResponse:
    time.sleep(ORDER_S)
    return HttpResponse("created", status=201)


def read_odd(_request: HttpRequest, name: str) -> HttpResponse:
    return HttpResponse(name)


urlpatterns = [
    path("", include("django_prometheus.urls")),
    path("items/<item>", read_item, name="item"),
    path("orders", create_order, name="orders"),
    path(f"{ODD}/<name>", read_odd, name=ODD),
]

settings.configure(
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["django_prometheus"],
    MIDDLEWARE=[
        "django_prometheus.middleware.PrometheusBeforeMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django_prometheus.middleware.PrometheusAfterMiddleware",
    ],
    CACHES={"default": {"BACKEND": "django_prometheus.cache.backends.locmem.LocMemCache", "LOCATION": "shop"}},
    ROOT_URLCONF=__name__,
    SECRET_KEY="of a test",
)
django.setup()
app = get_wsgi_application()
