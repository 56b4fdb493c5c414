"""What can go wrong with private servers, in words for the user."""


class ServerBinaryMissing(Exception):  # noqa: N818 - a state of the machine, named so in every caller's words
    """No usable server program on this machine; the message says what to install."""


class ServerStartFailed(Exception):  # noqa: N818 - as above
    """A server did not come up; the message ends with its log's last words."""


class PortTaken(ServerStartFailed):
    """Somebody else took the port between our choice and the server's bind."""
