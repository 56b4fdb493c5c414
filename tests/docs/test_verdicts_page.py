"""docs/verdicts.md explains every code that a verdict may have, and no other."""

import re
from pathlib import Path

from perftui.diagnosis.causes import EXPLAINS
from perftui.diagnosis.rules import CODES

PAGE = Path(__file__).parents[2] / "docs" / "verdicts.md"


def test_every_code_is_explained_and_none_is_invented() -> None:
    rows = [line.split("|")[1] for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    explained = {code for row in rows for code in re.findall(r"`([a-z-]+)`", row)}
    assert explained == set(CODES)


def test_causes_and_effects_are_codes() -> None:
    assert set(EXPLAINS) | {effect for effects in EXPLAINS.values() for effect in effects} <= set(CODES)
