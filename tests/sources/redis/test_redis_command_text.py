import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.sources.redis.command_text import command_line


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([b"get", b"user:17"], "GET user:17"),
        ([b"SET", b"user:17", b"secret value", b"EX", b"60"], "SET user:17 ? ? 60"),
        ([b"MGET", b"a", b"b"], "MGET a b"),
        ([b"AUTH", b"hunter2"], "AUTH ?"),
        ([b"HELLO", b"3", b"AUTH", b"u", b"hunter2"], "HELLO ? ? ? ?"),
        ([b"CONFIG", b"SET", b"requirepass", b"hunter2"], "CONFIG SET requirepass ?"),
        ([b"EVAL", b"x" * 500, b"1", b"k"], "EVAL (500 bytes of script) 1 ?"),
        ([b"EVAL", b"return 'hunter2'", b"0"], "EVAL (16 bytes of script) 0"),
        (
            [b"EVALSHA", b"e0e1f9fabfc9d4800c877a703b823ac0578ff8db", b"1", b"k"],
            "EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 1 ?",
        ),
        ([], ""),
    ],
)
def test_keys_are_shown_and_values_masked(arguments: list[bytes], line: str) -> None:
    assert command_line(arguments) == line


def test_more_arguments_than_fit_are_counted() -> None:
    assert command_line([b"DEL", *[b"k"] * 100]).endswith(" … 89 more")


@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=40))
def test_any_bytes_give_one_bounded_printable_line(arguments: list[bytes]) -> None:
    line = command_line(arguments)
    assert "\n" not in line
    assert "\x1b" not in line
    assert len(line) < 1000
