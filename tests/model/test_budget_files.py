"""Files of budgets: the reader and the published schema agree, and what is wrong is told with its line."""

import tomllib
from pathlib import Path

import jsonschema
import pytest

from perftui.instrument import load_budgets
from perftui.model.budgets.schema import budgets_schema
from perftui.model.budgets.toml import BudgetFileError, budgets_of_text

GOOD = """\
defaults = true

[[endpoint]]
match = "GET /api/items/*"
limits = ["p(95)<500ms", "error_rate<1%"]
window = "10m"

[[query]]
match = "shop.prompts find *"
limits = "p(95)<50ms"
samples = 50
evaluations = 1

[[cache]]
match = "products"
limits = ["hit_rate>80%", "p(95)<2ms", "efficiency>70"]
service = "shop*"

[[redis]]
match = "*"
limits = ["hit_rate>90%"]
"""


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "perftui-budgets.toml"
    path.write_text(GOOD, "utf-8")
    budgets = load_budgets(path)
    assert [(budget.on, budget.pattern) for budget in budgets[2:]] == [
        ("endpoint", "GET /api/items/*"),
        ("query", "shop.prompts find *"),
        ("cache", "products"),
        ("redis", "*"),
    ]
    assert [budget.minutes for budget in budgets] == [5, 5, 10, 5, 5, 5]
    assert (budgets[3].samples, budgets[3].evaluations) == (50, 1)
    assert [budgets[4].concerns(name) for name in ("shop-2", "other", None)] == [True, False, False]
    jsonschema.validate(tomllib.loads(GOOD), budgets_schema())
    jsonschema.Draft202012Validator.check_schema(budgets_schema())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[endpiont]]", "line 1: unknown key 'endpiont'; did you mean 'endpoint'?"),
        ('[endpoint]\nmatch = "a"', r"line 1: 'endpoint' must be a list of tables: write \[\[endpoint\]\]\."),
        ('[[endpoint]]\nlimits = ["avg<1s"]', "line 1: this budget has no 'match'; write match = "),
        ('[[endpoint]]\nmatch = "a"', r"line 1: a budget needs limits; write match"),
        ('[[endpoint]]\nmatch = "a"\n\nlimits = []', "line 4: a budget needs limits"),
        ('[[endpoint]]\nmatch = "a"\nlimits = ["p95<1s"]', r"line 3: 'p95<1s' is no limit: write p\(95\)<1s\."),
        ('[[endpoint]]\nmatch = "a"\nlimits = ["avg<1s"]\nwindow = "2d"', "line 4: the window must be between"),
        ('[[cache]]\nmatch = "a"\nlimits = ["error_rate<1%"]', "line 3: 'error_rate<1%': a cache has no error_rate"),
        ('[[endpoint]]\nmatch = "a"\nlimits = ["avg<1s"]\nsample = 3', "line 4: unknown key 'sample'; did you mean"),
        ('[[endpoint]]\nmatch = "a"\nlimits = ["avg<1s"]\nsamples = 0', "line 4: 'samples' must be a whole number"),
        ("defaults = 1", "line 1: 'defaults' must be true or false"),
        ("endpoint = [3]", "line 1: a budget must be a table with match"),
        ("[[endpoint]", "is not valid TOML"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_line(text: str, said: str) -> None:
    with pytest.raises(BudgetFileError, match=said) as raised:
        budgets_of_text(text, "budgets.toml")
    assert str(raised.value).startswith("budgets.toml")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        "[[endpiont]]",
        '[endpoint]\nmatch = "a"',
        '[[endpoint]]\nlimits = ["avg<1s"]',
        '[[endpoint]]\nmatch = "a"',
        '[[endpoint]]\nmatch = "a"\nlimits = ["p95=1s"]',
        '[[endpoint]]\nmatch = "a"\nlimits = ["avg<1s"]\nsample = 3',
        "defaults = 1",
    ],
)
def test_schema_and_reader_refuse_the_same(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(text), budgets_schema())
    with pytest.raises(BudgetFileError):
        budgets_of_text(text, "budgets.toml")


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(BudgetFileError, match="cannot be read: No such file"):
        load_budgets(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BudgetFileError, match="is not UTF-8 text"):
        load_budgets(tmp_path / "bytes.toml")
