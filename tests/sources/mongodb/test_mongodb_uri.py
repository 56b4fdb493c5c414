"""URIs taken apart and put together again as the driver reads them, and no secret of theirs anywhere else."""

import warnings
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymongo.errors import PyMongoError
from pymongo.synchronous.uri_parser import parse_uri

from perftui.model.secret import Secret
from perftui.model.target import Connection, Target
from perftui.sources.mongodb.failures import explain
from perftui.sources.mongodb.uri import split_uri

SECRET = "Zx9secret"


def of_driver(uri: str) -> dict[str, Any]:
    found: dict[str, Any] = dict(parse_uri(uri, warn=True, validate=False))
    return found


@pytest.mark.parametrize(
    ("hosts", "taken"),
    [
        ("db1", ["db1:27017"]),
        ("db1:1,db2:2,db3", ["db1:1", "db2:2", "db3:27017"]),
        ("[::1]", ["[::1]:27017"]),
        ("[fe80::1]:7,127.0.0.1", ["[fe80::1]:7", "127.0.0.1:27017"]),
        ("%2Ftmp%2Fmongodb-27017.sock", ["%2Ftmp%2Fmongodb-27017.sock"]),
    ],
)
@pytest.mark.parametrize("tail", ["", "/", "/shop", "/?replicaSet=rs0", "/shop?tls=true"])
def test_hosts(hosts: str, taken: list[str], tail: str) -> None:
    assert list(split_uri(f"mongodb://ann:word@{hosts}{tail}").hosts) == taken
    parts = split_uri(f"mongodb://{hosts}{tail}")
    assert list(parts.hosts) == taken
    for host in parts.hosts:
        assert len(of_driver(parts.of_member(host))["nodelist"]) == 1


def test_a_members_uri_keeps_login_and_tls_and_drops_what_concerns_the_whole_set() -> None:
    parts = split_uri(
        "mongodb://ann:w%40rd@a:1,b:2/shop?replicaSet=rs0&authSource=admin&tls=true&tlsCAFile=%2Fca%20file.pem"
        "&authMechanism=SCRAM-SHA-256&readPreference=secondary&readPreferenceTags=dc:east&readPreferenceTags="
        "&maxPoolSize=50&serverSelectionTimeoutMS=1&appName=shop&w=majority&compressors=zlib"
    )
    found = of_driver(parts.of_member("b:2"))
    assert found["nodelist"] == [("b", 2)]
    assert (found["username"], found["password"], found["database"]) == ("ann", "w@rd", "shop")
    assert {name.lower(): value for name, value in found["options"].items()} == {
        "authsource": "admin",
        "tls": "true",
        "tlscafile": "/ca file.pem",
        "authmechanism": "SCRAM-SHA-256",
        "directconnection": "true",
    }


def test_properties_of_a_mechanism_arrive_as_they_were_written() -> None:
    uri = "mongodb://ann@a/?authMechanism=GSSAPI&authMechanismProperties=SERVICE_NAME:other,CANONICALIZE_HOST_NAME:forward"
    whole, member = of_driver(uri), of_driver(split_uri(uri).of_member("a:27017"))
    assert member["options"]["authMechanismProperties"] == whole["options"]["authMechanismProperties"]


@pytest.mark.parametrize(
    ("query", "one", "balanced"),
    [
        ("", False, False),
        ("?directConnection=true", True, False),
        ("?directconnection=TRUE", True, False),
        ("?directConnection=false", False, False),
        ("?loadBalanced=true", True, True),
    ],
)
def test_one_server_alone(query: str, one: bool, balanced: bool) -> None:
    parts = split_uri(f"mongodb://a/{query}")
    assert (parts.one_server, parts.load_balanced) == (one, balanced)


def test_a_seed_list_in_dns_is_told() -> None:
    assert split_uri("mongodb+srv://ann:word@cluster.example/").srv
    assert not split_uri("mongodb://a/").srv


def error_of(uri: str) -> Exception | None:
    """What the driver says of the URI."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as the product does: a line on stderr would tear the screen
            parse_uri(uri, warn=False)
    except (PyMongoError, ValueError, TypeError) as error:
        return error
    return None


signs = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=20)


@given(user=signs.filter(bool), around=st.tuples(signs, signs), database=st.sampled_from(["", "shop"]))
def test_a_login_is_the_same_for_the_driver(user: str, around: tuple[str, str], database: str) -> None:
    password = around[0] + SECRET + around[1]
    uri = f"mongodb://{quote(user, safe='')}:{quote(password, safe='')}@a:1,b:2/{database}?authSource=admin"
    found = of_driver(split_uri(uri).of_member("b:2"))
    assert (found["username"], found["password"], found["database"]) == (user, password, database or None)


@settings(max_examples=100)
@given(
    login=st.sampled_from(
        [f"ann:{SECRET}", f"ann:{SECRET}@", f":{SECRET}", f"a:b:{SECRET}", f"ann:{SECRET}%zz", f"{SECRET}"]
    ),
    hosts=st.lists(st.text("ab1.:[]-%/,", max_size=8), max_size=3).map(",".join),
    tail=st.text("/?&=ab$. ", max_size=8),
    option=st.sampled_from(
        [
            "",
            f"&tlsCertificateKeyFilePassword={SECRET}",
            f"&authMechanismProperties=AWS_SESSION_TOKEN:{SECRET}",
            f"&{SECRET}",
        ]
    ),
)
def test_no_secret_leaves_a_uri_however_broken(login: str, hosts: str, tail: str, option: str) -> None:
    uri = f"mongodb://{login}@{hosts}{tail}{option}"
    parts = split_uri(uri)
    assert SECRET not in repr(parts)
    assert SECRET not in str(parts)
    target = Target(id="a", kind="mongodb", name="a", address="mongodb://a")
    connection = Connection(target=target, uri=Secret(uri))
    assert SECRET not in repr(connection)
    error = error_of(uri)
    assert error is None or SECRET not in repr(explain(error, connection))
