"""The seeds of a `mongodb+srv` URI, looked up in a DNS server of our own that fails for a while."""

import errno
import socket
from collections.abc import Iterator
from threading import Thread

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset
import pytest
from pymongo.errors import ConfigurationError

from perftui.model.sample import Failure
from perftui.model.settings import Settings
from perftui.monitor.polling import Polling
from perftui.sources.mongodb import open_system
from perftui.sources.mongodb.client import seeds_of
from perftui.sources.mongodb.failures import explain
from perftui.sources.mongodb.member import Member
from perftui.sources.mongodb.system import MongoSystem
from perftui.targets import connect_to

URI = "mongodb+srv://ann:secret-word@cluster.shop.test/"
SEED, OTHER_SEED = "0 5 27018 db1.shop.test.", "0 5 27018 db2.shop.test."
FIRST, SECOND, THIRD = (f"db{number}.shop.test:27018" for number in (1, 2, 3))


class DnsServer:
    """Answers each question with its return code, and where that is no error with its seeds."""

    def __init__(self) -> None:
        self.code = dns.rcode.NOERROR
        self.seeds = [SEED]
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def close(self) -> None:
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            data, client = self._socket.recvfrom(4096)
            if not data:
                return
            self._socket.sendto(self._answer(dns.message.from_wire(data)), client)

    def _answer(self, asked: dns.message.Message) -> bytes:
        answer = dns.message.make_response(asked)
        answer.flags |= dns.flags.RA
        answer.set_rcode(self.code)
        question = asked.question[0]
        if self.code == dns.rcode.NOERROR and question.rdtype == dns.rdatatype.SRV:
            answer.answer.append(dns.rrset.from_text(question.name, 5, "IN", "SRV", *self.seeds))
        return answer.to_wire()


@pytest.fixture
def dns_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[DnsServer]:
    """The one that this process asks."""
    server = DnsServer()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], server.port
    monkeypatch.setattr(dns.resolver, "default_resolver", resolver)
    yield server
    server.close()


@pytest.mark.parametrize("code", [dns.rcode.SERVFAIL, dns.rcode.NXDOMAIN, dns.rcode.REFUSED])
async def test_the_seeds_are_found_once_dns_is_back(dns_server: DnsServer, code: dns.rcode.Rcode) -> None:
    system = open_system(connect_to(URI), Settings())
    (source,) = system.sources()
    polling = Polling(source, 1.0)
    dns_server.code = code
    failure = await failure_of_poll(polling)
    assert failure is not None
    assert failure.kind == "name"
    assert "cluster.shop.test" in failure.message
    assert "secret-word" not in repr(failure)
    assert not polling.parked
    assert polling.due_at <= source.interval_s
    dns_server.code = dns.rcode.NOERROR
    assert await failure_of_poll(polling) is None
    assert {one.target.id for one in system.sources()} == {"mongodb+srv://cluster.shop.test"}
    assert len(system.sources()) > 1
    await system.close()


def hello(me: str, *hosts: str, primary: bool = False) -> dict[str, object]:
    return {"setName": "rs0", "me": me, "hosts": list(hosts), "isWritablePrimary": primary}


def member_of(system: MongoSystem, address: str) -> Member:
    return next(member for member in system.members() if member.address == address)


def named_by_both(system: MongoSystem) -> MongoSystem:
    """The two seeds, once each of them has told of the set that they are in."""
    assert {member.address for member in system.members()} == {FIRST, SECOND}
    for member in system.members():
        system.learn(member, hello(member.address, FIRST, SECOND, primary=member.address == FIRST))
    return system


async def test_a_member_that_only_dns_named_leaves_with_the_sets_configuration(dns_server: DnsServer) -> None:
    dns_server.seeds = [SEED, OTHER_SEED]
    system = MongoSystem(connect_to(URI))
    assert await failure_of_poll(Polling(system.sources()[0], 1.0)) is None
    system = named_by_both(system)
    first, second = (member_of(system, address) for address in (FIRST, SECOND))
    system.learn(first, hello(FIRST, FIRST, THIRD, primary=True))
    assert {member.address for member in system.members()} == {FIRST, THIRD}
    assert {source.target.name for source in system.sources()} == {FIRST, THIRD}
    await system.release(second)
    assert second.closed
    await system.close()


async def test_a_member_that_the_user_named_stays_whatever_the_set_says() -> None:
    system = named_by_both(MongoSystem(connect_to(f"mongodb://{FIRST},{SECOND}/")))
    system.learn(member_of(system, FIRST), hello(FIRST, FIRST, THIRD, primary=True))
    assert {member.address for member in system.members()} == {FIRST, SECOND, THIRD}
    await system.close()


async def failure_of_poll(polling: Polling) -> Failure | None:
    await polling.start(0.0, lambda *_: None)
    polling.finish(0.0)
    return polling.failure


def test_a_network_that_is_down_is_no_wrong_configuration() -> None:
    error = ConfigurationError("[Errno 101] Network is unreachable")
    error.__cause__ = OSError(errno.ENETUNREACH, "Network is unreachable")
    failure = explain(error, connect_to(URI))
    assert (failure.kind, "Network is unreachable" in failure.message) == ("unreachable", True)


def test_a_srv_uri_that_can_never_work_stays_a_fault_of_the_uri() -> None:
    connection = connect_to("mongodb+srv://ann:secret-word@127.0.0.1/")
    with pytest.raises(ConfigurationError) as raised:
        seeds_of(connection)
    assert explain(raised.value, connection).kind == "unsupported"
