"""What the demo's application is told arrives whole."""

import pytest

from perftui.demo import MONGODB_VARIABLE, REDIS_VARIABLE
from perftui.demo.application_settings import ApplicationSettings, settings_in
from perftui.demo.switches import Switches

FEW = ApplicationSettings("mongodb://a", "redis://b")
ALL = ApplicationSettings(
    "mongodb://a", "redis://b", token="t", control_token="c", search="text", ttl_s=3,
    switches=Switches(read_through=False, warming=True), pool=4, release=2,
)  # fmt: skip


@pytest.mark.parametrize("settings", [FEW, ALL])
def test_they_arrive_whole(settings: ApplicationSettings) -> None:
    assert settings_in({"HOME": "/", **settings.to_environment()}) == settings


def test_what_is_not_told_has_its_default() -> None:
    assert settings_in({MONGODB_VARIABLE: "mongodb://a", REDIS_VARIABLE: "redis://b"}) == FEW
    assert all(one != default for one, default in zip(ALL[2:], FEW[2:], strict=True))
