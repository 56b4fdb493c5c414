"""What the server gets: the application's answer, which ends the request with its last byte or when it is closed."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

from perftui.instrument.endpoints.wsgi_request import WSGIRequest


def measured(request: WSGIRequest, body: Iterable[bytes]) -> Iterable[bytes]:
    """The application's answer, as much what it was as it can be."""
    if isinstance(body, (list, tuple)):
        return SizedBody(request, body)
    wrapper = request.environ.get("wsgi.file_wrapper")
    if isinstance(wrapper, type) and isinstance(body, wrapper):
        with suppress(Exception):  # such an object has no room for a `close` of ours
            return _file(request, body)
    parts = _parts(request, body, None)
    next(parts)
    return parts


def _parts(request: WSGIRequest, body: Iterable[bytes], length: int | None) -> Generator[bytes, None, None]:
    """Passes an answer on, part by part, and counts; closes it whatever happens.

    Its first step does nothing: only after that does closing or forgetting it end the request.
    """
    taken = 0
    try:
        yield b""
        for part in body:
            taken += 1
            if part:
                request.sent += len(part)
                if request.first_at:
                    request.streamed = request.special = True
                elif length != 1:
                    request.first_at = monotonic()
            yield part
    except GeneratorExit:
        request.stopped(complete=taken == length)
        raise
    except BaseException as error:
        request.failed(error)
        raise
    finally:  # in place, since a call would cost
        try:
            close = getattr(body, "close", None)
            if close is not None:
                close()
        except BaseException as error:
            request.failed(error)
            raise
        finally:
            request.end(monotonic())


def _file(request: WSGIRequest, body: Any) -> Iterable[bytes]:
    """Left as it is, so that the server can still hand the file to the kernel."""
    close = getattr(body, "close", None)

    def closed() -> None:
        request.sent = request.announced() or 0
        try:
            if close is not None:
                close()
        finally:
            request.end(monotonic())

    body.close = closed
    found: Iterable[bytes] = body
    return found


class SizedBody:
    """Servers send the length of an answer of one part by themselves."""

    __slots__ = ("_body", "_parts")

    def __init__(self, request: WSGIRequest, body: Sequence[bytes]) -> None:
        self._body, self._parts = body, _parts(request, body, len(body))
        next(self._parts)

    def __len__(self) -> int:
        return len(self._body)

    def __iter__(self) -> Iterator[bytes]:
        return self._parts

    def close(self) -> None:
        self._parts.close()
