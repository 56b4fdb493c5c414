"""An application that is reached through a bastion."""

from urllib.parse import urlsplit

from perftui.model.target import Connection


def socket_through(connection: Connection) -> str | None:
    """Path of the socket here that leads to the application; `None`: it is reached directly. May block for some ms."""
    return None if connection.way is None else connection.way.socket_to(place_of(connection))


def place_of(connection: Connection) -> str:
    """The application's host and port."""
    url = urlsplit(connection.uri.reveal())
    host = url.hostname or ""
    return f"{f'[{host}]' if ':' in host else host}:{url.port or (443 if url.scheme == 'https' else 80)}"
