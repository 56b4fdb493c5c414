"""The comment of an endpoint: what goes in comes out, and nothing in it could break out of anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.comment import LONGEST, comment_for, endpoint_of


@pytest.mark.parametrize(
    ("method", "route"),
    [("GET", "/api/items/{id}"), ("POST", "/"), ("GET", "(unmatched)"), ("-", "/a b"), ("OTHER", "/x/<int:y>")],
)
def test_what_is_safe_comes_back_as_it_was(method: str, route: str) -> None:
    comment = comment_for(method, route)
    assert comment == f"perftui:{method} {route}"
    assert endpoint_of(comment) == (method, route)


def test_what_is_not_safe_is_replaced() -> None:
    assert comment_for("GET x", "/a*/b--c\"'`\\\n\x1b[31mä") == "perftui:GET_x /a__b__c_____" + "_[31m_"
    assert comment_for("", "") == "perftui:_ /"


@given(st.text(max_size=300), st.text(alphabet=st.sampled_from("ab*/-\"'\\`\x00\n é{}"), max_size=300))
def test_every_comment_is_bounded_safe_and_readable(method: str, route: str) -> None:
    comment = comment_for(method, route)
    assert len(comment) <= LONGEST
    assert comment.isascii()
    assert comment.isprintable()
    assert not any(unsafe in comment for unsafe in ('"', "'", "`", "\\", "*/", "--"))
    assert endpoint_of(comment) is not None
    assert comment_for(*endpoint_of(comment) or ("", "")) == comment


@pytest.mark.parametrize(
    "other",
    [None, 7, {"perftui": 1}, "", "perftui:", "perftui:GET", "perftui:GET ", "Perftui:GET /", "GET /",
     "perftui:GET /\n", "perftui:GET /a*/b", "perftui:GET /a--", 'perftui:GET /"', "perftui:GET /" + "x" * 200],
)  # fmt: skip
def test_any_other_comment_names_no_endpoint(other: object) -> None:
    assert endpoint_of(other) is None


@given(st.one_of(st.text(), st.text().map(lambda text: "perftui:" + text)))
def test_reading_never_raises(text: str) -> None:
    found = endpoint_of(text)
    assert found is None or comment_for(*found) == text
