"""The first line: which target is meant, and what is odd about its clock."""

from pathlib import Path

import pytest
from fakes import full_snapshot, replace_target
from msgspec.structs import replace

from perftui.model.errors import UserError
from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot
from perftui.monitor.history import History
from perftui.tui.app import PerftuiApp
from perftui.tui.header import header_line
from perftui.tui.view import View


def header(snapshot: Snapshot, application: str | None = None) -> str:
    view = View(
        snapshot=snapshot,
        history=History(60),
        settings=Settings(),
        selected={} if application is None else {"application": application},
        live=True,
        show_noise=False,
        utc=True,
    )
    line = header_line(view, 250, interval_s=1.0, paused=False, newest_at=None)
    return "".join(text for text, _ in line.pieces)


def test_two_applications_of_one_service_are_told_apart() -> None:
    snapshot = full_snapshot()
    state = next(state for state in snapshot.targets if state.target.kind == "application")
    assert state.application is not None
    service = state.application.service
    assert f"{service} app" in header(snapshot)
    twin = replace(state, target=replace(state.target, id="http://web2:8000", name="web2:8000"))
    both = replace(snapshot, targets=(*snapshot.targets, twin))
    assert f"{service} web2:8000 app" not in header(both)
    assert f"{service} web2:8000 app x3 +1" in header(both, application=twin.target.id)


@pytest.mark.parametrize(
    ("offset_s", "words"), [(0.9, None), (-0.4, None), (None, None), (42.4, "clock +42s"), (-3.0, "clock -3s")]
)
def test_a_clock_that_is_off_by_more_than_a_second_is_shown(offset_s: float | None, words: str | None) -> None:
    shown = header(replace_target(full_snapshot(), "mongodb", clock_offset_s=offset_s))
    assert (words in shown) if words else ("clock" not in shown)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('theme = "perftui-dark"\n[keys]\nkil = "x"\n', 3, "has no action 'kil'; did you mean 'kill'?"),
        ('[profiles.shop.keys]\n\nkill = "R"\n', 3, "gives 'R' to both"),
        ('[keys]\nkill = "nokey"\n', 2, "there is no key 'nokey'"),
    ],
)
def test_a_mistake_in_the_keys_is_named_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    from fakes import FakeFeed

    from perftui.config import Flags, merge, profile, read_config

    path = tmp_path / "perftui.toml"
    path.write_text(text)
    config = read_config(path)
    chosen = [profile(config, name) for name in config.profiles]
    settings = merge(config, chosen, {}, Flags(), ())
    with pytest.raises(UserError) as caught:
        PerftuiApp(FakeFeed([full_snapshot()]), settings)
    assert str(caught.value).startswith(f"{path}, line {line}: ")
    assert words in str(caught.value)
