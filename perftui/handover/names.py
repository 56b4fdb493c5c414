"""Pseudonyms: the same host, user or key has the same one everywhere, so that things can still be told apart."""

import re

_MOST = 20_000
_HOST_AND_PORT = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[^:/\s@]+)(?::(?P<port>\d{1,5}))?")
_SEPARATOR = re.compile(r"""[\s,;()\[\]{}<>|"'`]""")
_THIS_MACHINE = re.compile(r"localhost|127(\.\d{1,3}){3}|\[?::1\]?|0\.0\.0\.0", re.IGNORECASE)
_URI = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?:[^/@]*@)?(?P<hosts>[^/?#]*)(?P<database>/\d{1,3})?")


class Names:
    """Gives each name of a kind a number, in the order in which they come."""

    def __init__(self) -> None:
        self.given: dict[str, str] = {}
        """What was hidden, with what stands for it."""
        self.of_many_words: list[str] = []
        """Those of `given` that no single word of a sentence can be."""
        self._of_kind: dict[tuple[str, str], str] = {}
        self._count: dict[str, int] = {}
        self._uris: dict[str, str] = {}

    def name(self, kind: str, text: str) -> str:
        """Such as `user-2`; empty stays empty."""
        if not text:
            return text
        found = self._of_kind.get((kind, text))
        if found is None:
            if len(self._of_kind) >= _MOST:
                return f"{kind}-others"
            number = self._count[kind] = self._count.get(kind, 0) + 1
            found = self._of_kind[kind, text] = f"{kind}-{number}"
            if text not in self.given:
                self.given[text] = found
                if _SEPARATOR.search(text):
                    self.of_many_words.append(text)
        return found

    def host(self, text: str) -> str:
        """`10.1.2.3:27017` as `host-1:27017`. This machine's own loopback tells nothing and stays."""
        found = _HOST_AND_PORT.fullmatch(text)
        if found is None:
            return text if _THIS_MACHINE.fullmatch(text) else self.name("host", text)
        if _THIS_MACHINE.fullmatch(found["host"]):
            return text
        port = f":{found['port']}" if found["port"] else ""
        return self.name("host", found["host"]) + port

    @staticmethod
    def is_this_machine(text: str) -> bool:
        """A loopback address, with or without a port."""
        found = _HOST_AND_PORT.fullmatch(text)
        return found is not None and _THIS_MACHINE.fullmatch(found["host"]) is not None

    def uri(self, text: str) -> str:
        """`mongodb://ann@db1,db2/shop` as `mongodb://host-1,host-2`; another text has a name of its own."""
        known = self._uris.get(text)
        if known is not None:
            return known
        hidden = self._hidden_uri(text)
        taken, number = set(self._uris.values()), 2
        unique = hidden
        while unique in taken:
            unique, number = f"{hidden}#{number}", number + 1
        if len(self._uris) < _MOST:
            self._uris[text] = unique
        return unique

    def mentioned(self, token: str) -> str | None:
        """What stands for a word of a sentence that is such a name, with or without a port; `None`: it is none."""
        found = self.given.get(token) or self._uris.get(token)
        if found is None and ":" in token:
            host, _, port = token.rpartition(":")
            if port.isdecimal() and (pseudonym := self.given.get(host)) is not None:
                return f"{pseudonym}:{port}"
        return found

    def _hidden_uri(self, text: str) -> str:
        found = _URI.fullmatch(text) or _URI.match(text)
        if found is None:
            return text if text == "host" else self.name("target", text)
        hosts = ",".join(self.host(one) for one in found["hosts"].split(","))
        return f"{found['scheme']}://{hosts}{found['database'] or ''}"
