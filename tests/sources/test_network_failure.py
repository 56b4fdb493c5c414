import asyncio
import socket
import ssl

import pytest

from perftui.sources.network_failure import causes, network_failure


def wrapped(error: Exception) -> Exception:
    """As clients wrap the system's errors in their own."""
    try:
        try:
            raise error
        except Exception as cause:
            raise RuntimeError("client's own words") from cause
    except RuntimeError as outer:
        return outer


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (socket.gaierror(-2, "Name or service not known"), "name"),
        (ConnectionRefusedError(111, "Connection refused"), "refused"),
        (ConnectionResetError(104, "reset"), "unreachable"),
        (OSError(113, "No route to host"), "unreachable"),
        (TimeoutError(), "timeout"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"), "tls"),
        (FileNotFoundError(2, "No such file"), "refused"),
    ],
)
def test_the_systems_error_is_found_behind_the_clients(error: Exception, kind: str) -> None:
    failure = network_failure(wrapped(error), "db1:27017")
    assert failure is not None
    assert failure.kind == kind
    assert "db1:27017" in failure.message
    assert failure.help.endswith(".")


def test_other_errors_are_not_the_networks() -> None:
    assert network_failure(ValueError("x"), "a:1") is None


def test_a_circle_of_causes_ends() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert list(causes(first)) == [first, second]


async def test_a_refused_connection_for_real() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(OSError) as caught:  # noqa: PT011 - which one is what is tested
            await asyncio.open_connection("127.0.0.1", port)
    failure = network_failure(caught.value, f"127.0.0.1:{port}")
    assert failure is not None
    assert failure.kind == "refused"
