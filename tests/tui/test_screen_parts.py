"""The parts without a screen: text fitting, sparklines, filters, keys, themes, saving settings."""

from pathlib import Path

import pytest
from fakes import full_snapshot, many_operations, with_operations
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from table_samples import view_of

from perftui.model.errors import UserError
from perftui.tui import formatting
from perftui.tui.export import write_table
from perftui.tui.filtering import parse_filter
from perftui.tui.keys import COMMANDS, Keymap, parse_key, show_key
from perftui.tui.lines import fit, sparkline, wrap
from perftui.tui.save_settings import edited
from perftui.tui.table_model import TableModel, lay_out
from perftui.tui.tables.operations import OPERATIONS
from perftui.tui.themes import load_theme, read_theme, theme_paths


@given(st.text(), st.integers(1, 60), st.sampled_from(["left", "right"]))
def test_fit_is_exact_to_the_cell_for_any_text(text: str, width: int, align: str) -> None:
    assert cell_len(fit(text, width, align)) == width


@given(st.text(max_size=400), st.integers(8, 60), st.integers(1, 6))
def test_wrapped_lines_never_overflow(text: str, width: int, limit: int) -> None:
    folded = wrap(text, width, limit)
    assert len(folded) <= limit
    assert all(cell_len(line) <= width for line in folded)


def test_a_sparkline_runs_from_zero_and_leaves_gaps_blank() -> None:
    assert sparkline([0.99, 1.0, None, 0.0], 5, 1.0) == " ▇▇ ▁"
    assert sparkline([0, 5, 10], 3) == "▁▄▇"
    assert sparkline([None, None], 2) == "  "


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (formatting.number(1_204), "1,204"),
        (formatting.rate(0.001), "<0.01"),
        (formatting.size(5.1 * 2**30), "5.1G"),
        (formatting.size(None), "-"),
        (formatting.milliseconds(1_240), "1.24s"),
        (formatting.duration(125), "2m05s"),
        (formatting.milliseconds(0.0005), "0ms"),
        (formatting.count_rows(1), "1 row"),
        (formatting.count_rows(1204), "1,204 rows"),
        (formatting.share(0.9999), "99.9%"),
        (formatting.clock(0, utc=True), "00:00:00Z"),
        (formatting.timestamp(1e300, utc=True), "1970-01-01 00:00:00.000Z"),
    ],
)
def test_figures_are_short(shown: str, expected: str) -> None:
    assert shown == expected


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 90),
        ("orders_4", 10),
        ("!orders_4", 80),
        ("ns:orders_4 opid:10004", 1),
        ("running:>4999", 10),
        ("namespace:orders_4 OPID:10004", 1),
        ("no:such", 0),
    ],
)
def test_filters(text: str, count: int) -> None:
    view = view_of(with_operations(full_snapshot(), many_operations(90)))
    rows = OPERATIONS.rows(view)
    assert len(parse_filter(text, OPERATIONS).keep(rows, view)) == count


def test_unknown_values_sort_last_both_ways() -> None:
    operations = many_operations(3)
    import msgspec

    operations[1] = msgspec.structs.replace(operations[1], running_s=None)
    model = TableModel(OPERATIONS)
    model.update(view_of(with_operations(full_snapshot(), operations)))
    assert model.rows[-1].opid == 10_001
    model.reverse()
    assert model.rows[-1].opid == 10_001


@pytest.mark.parametrize("width", [20, 60, 78, 158, 248])
def test_columns_fit_and_the_telling_ones_stay(width: int) -> None:
    laid = lay_out(OPERATIONS, width)
    kept = {column.key for column, _ in laid}
    assert {"running", "ns", "query"} <= kept
    if width >= 60:
        assert sum(size + 1 for _, size in laid) - 1 == width


def test_every_key_has_one_meaning_and_every_function_key_a_twin() -> None:
    keymap = Keymap(COMMANDS)
    for name, keys in keymap.keys.items():
        if any(key[0] == "f" and key[1:].isdigit() for key in keys):
            assert any(not (key[0] == "f" and key[1:].isdigit()) for key in keys), name


def test_keys_can_be_rebound_and_clashes_are_told() -> None:
    keymap = Keymap(COMMANDS, {"kill": "x, F12"})
    found = keymap.find("x", ["main"])
    assert found is not None
    assert found.name == "kill"
    assert keymap.find("K", ["main"]) is None
    with pytest.raises(UserError, match="to both"):
        Keymap(COMMANDS, {"kill": "R"})


@pytest.mark.parametrize(
    ("text", "key"), [("?", "question_mark"), ("F6", "f6"), ("ctrl-k", "ctrl+k"), ("G", "G"), ("zz", None)]
)
def test_keys_are_read_as_people_write_them(text: str, key: str | None) -> None:
    assert parse_key(text) == key
    if key is not None:
        assert parse_key(show_key(key)) == key


def test_all_shipped_themes_are_whole() -> None:
    paths = theme_paths(None)
    assert len(paths) >= 9
    themes = [read_theme(path) for path in paths.values()]
    assert sum(theme.ansi for theme in themes) == 1


def test_a_bad_theme_names_all_its_faults_and_the_default_is_taken(tmp_path: Path) -> None:
    shipped = theme_paths(None)["midnight"].read_text()
    (tmp_path / "mine.toml").write_text(shipped.replace('"#0b0c1e"', '"#zzz"').replace("accent =", "akcent ="))
    theme, problem = load_theme("mine", str(tmp_path))
    assert theme.name == "perftui-dark"
    assert problem is not None
    for fault in ("background", "#zzz", "accent is missing", "akcent is not known"):
        assert fault in problem


def test_the_users_theme_wins_over_ours(tmp_path: Path) -> None:
    (tmp_path / "midnight.toml").write_text(theme_paths(None)["forest"].read_text())
    theme, problem = load_theme("midnight", str(tmp_path))
    assert problem is None
    assert theme.textual.background == "#121812"


def test_saving_keeps_the_rest_of_the_file() -> None:
    before = '# mine\ntheme = "forest" # dark\n\n[keys]\nkill = "x"\n'
    after = edited(before, {"theme": "ember", "utc": True})
    assert '# mine\ntheme = "ember"' in after
    assert 'utc = true\n[keys]\nkill = "x"' in after
    with pytest.raises(ValueError, match="by hand"):
        edited('theme = """\nx"""\n', {"theme": "ember"})


def test_exported_cells_are_no_formulas(tmp_path: Path) -> None:
    operations = [many_operations(1)[0], many_operations(2)[1]]
    view = view_of(with_operations(full_snapshot(), operations))
    import msgspec

    rows = [msgspec.structs.replace(operations[0], text="=cmd()")]
    csv_path, _ = write_table(OPERATIONS, rows, view, tmp_path)
    assert "'=cmd()" in csv_path.read_text()


@pytest.mark.parametrize(
    ("wanted", "words"), [("midnigth", "did you mean 'midnight'?"), ("xyzzy", "known are color-blind-safe, ember")]
)
def test_a_theme_that_is_not_there_is_told_with_the_nearest(wanted: str, words: str) -> None:
    theme, problem = load_theme(wanted, None)
    assert theme.name == "perftui-dark"
    assert problem is not None
    assert problem.startswith(f"There is no theme '{wanted}'; {words}")
