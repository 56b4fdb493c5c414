"""What passes the gate for numbers, and what does not."""

import math

import pytest
from bson import Int64

from perftui.sources.numbers import real, whole


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 2**63, 10**400, 1e300, True, None, "5", [5], {}])
def test_what_is_no_number_is_unknown(value: object) -> None:
    assert real(value) is None
    assert whole(value) is None


@pytest.mark.parametrize(("value", "number"), [(7, 7), (-2.75, -2), (Int64(2**61), 2**61), (0, 0)])
def test_numbers_pass(value: float, number: int) -> None:
    assert real(value) == float(value)
    assert whole(value) == number
    assert type(whole(value)) is int
