"""Which form of the metrics an Accept header asks for."""

from collections.abc import Iterator
from typing import Literal

Form = Literal["json", "openmetrics", "prometheus"]

_FORMS: dict[str, Form] = {
    "application/json": "json",
    "application/openmetrics-text": "openmetrics",
    "text/plain": "prometheus",
}


def wanted_form(accept: str, default: Form) -> Form:
    """The most wanted form that we have; among equals the default, then the first; the default for `*/*` and none."""
    best: tuple[float, bool] = (0.0, False)
    found = default
    for form, quality in _wanted(accept, default):
        if (quality, form == default) > best:
            best, found = (quality, form == default), form
    return found


def _wanted(accept: str, default: Form) -> Iterator[tuple[Form, float]]:
    for part in accept[:2000].split(","):
        media, *options = (piece.strip().lower() for piece in part.split(";"))
        form = default if media in ("*/*", "application/*") else _FORMS.get(media)
        if form is not None:
            yield form, _quality(options)


def _quality(options: list[str]) -> float:
    for option in options:
        if option.startswith("q="):
            try:
                return min(max(float(option[2:]), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
