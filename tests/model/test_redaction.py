import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.redaction import beginning, mask_arguments, mask_text
from perftui.model.secret import Secret


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("mongodb://u:p@h/db", "mongodb://u:***@h/db"),
        ("redis://:p@h", "redis://:***@h"),
        ("mongodb://u@h/db", "mongodb://u@h/db"),
        ("https://h/?api_key=abc&x=1", "https://h/?api_key=***&x=1"),
        ("--token=abc", "--token=***"),
        ("nothing to hide: 3", "nothing to hide: 3"),
        ("AWS_SECRET_ACCESS_KEY=abc DB_PASS=def", "AWS_SECRET_ACCESS_KEY=*** DB_PASS=***"),
        ('{"password": "abc", "user": "ann"}', '{"password": "***", "user": "ann"}'),
        ("find {password: ?}", "find {password: ?}"),
        ("X-Api-Key: abc", "X-Api-Key: ***"),
        ("Authorization: Bearer abc", "Authorization: ***"),
        ("https://tok3n@git.example/x", "https://***@git.example/x"),
        ("https://s3/x?X-Amz-Signature=abc&sig=def", "https://s3/x?X-Amz-Signature=***&sig=***"),
        ("sh -c 'mongosh --password abc db'", "sh -c 'mongosh --password *** db'"),
        ("start with --ask-password to be asked", "start with --ask-password to be asked"),
        ("compass=4 bypass: 3 max_tokens=5", "compass=4 bypass: 3 max_tokens=5"),
    ],
)
def test_secrets_in_text_are_masked(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["redis-server", "--requirepass", "abc", "--port", "1"], "redis-server --requirepass *** --port 1"),
        (["redis-cli", "-a", "abc", "info"], "redis-cli -a *** info"),
        (["/usr/bin/mysql", "-pabc"], "/usr/bin/mysql -p***"),
        (["tar", "-p", "file"], "tar -p file"),
        (["app", "--db-password", "abc"], "app --db-password ***"),
        (["redis-server", "--tls-key-file-pass", "abc"], "redis-server --tls-key-file-pass ***"),
        (["redis-server", "--user", "ann on >abc +@all"], "redis-server --user ann on >*** +@all"),
        (["curl", "-u", "ann:abc", "-H", "Cookie: id=abc"], "curl -u ann:*** -H Cookie: ***"),
        (["curl", "-b", "id=abc", "http://h"], "curl -b *** http://h"),
        (["sort", ">", "file", "-u", "names"], "sort > file -u names"),
        ([], ""),
    ],
)
def test_secrets_in_arguments_are_masked(arguments: list[str], line: str) -> None:
    assert mask_arguments(arguments) == line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("--mongo=mongodb://shop:Tr0ub4dor", "--mongo=mongodb://shop:***"),
        ("mongodb://shop:half/of@one", "mongodb://shop:***"),
        ("mongodb://db1:27017,db2:27017/shop", "mongodb://db1:***"),
        ("https://tok3n", "https://***"),
        ("https://h/path", "https://h/path"),
        ("http://h:80/a then words", "http://h:80/a then words"),
        ("mongodb://us", "mongodb://us"),
    ],
)
def test_a_secret_is_hidden_though_its_end_was_cut_off(text: str, shown: str) -> None:
    assert beginning(f"{text}/and-more@h", len(text)) == shown
    assert beginning(text, len(text)) == text


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs", "Z", "C"), blacklist_characters="@"), min_size=6))
def test_no_password_survives_in_a_uri(password: str) -> None:
    shown = mask_text(f"mongodb://user:{password}@host:27017/db")
    assert shown == "mongodb://user:***@host:27017/db"


def test_a_secret_hides_itself() -> None:
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r} { {'uri': secret} }"
    assert secret.reveal() == "hunter2"
    with pytest.raises(TypeError):
        secret.__reduce__()


@pytest.mark.parametrize(
    "arguments", [("--webhook", "https://chat.example/T0/s3cr3t"), ("--webhook=https://c/s3cr3t",)]
)
def test_the_address_of_a_webhook_is_a_secret(arguments: tuple[str, ...]) -> None:
    shown = mask_arguments(["perftui", "watch", "shop-prod", *arguments, "--webhook-form", "text"])
    assert "s3cr3t" not in shown
    assert shown.startswith("perftui watch shop-prod --webhook")
    assert shown.endswith("--webhook-form text")
