"""Runs the terminal benchmark tool on a command and gives back its figures."""

import compileall
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
TOOLS = Path(os.environ.get("PERFTUI_BENCH_TOOLS", PROJECT.parent / "shared" / "tools"))
TTYBENCH = TOOLS / "ttybench.py"
FLOOR = TOOLS / "floor_textual.py"
BARE = (sys.executable, str(FLOOR), "--rows", "0", "--sparks", "0", "--interval", "0")
"""A bare Textual application: the floor of every start."""
MINIMAL = (sys.executable, str(FLOOR))
"""A minimal Textual monitor: 50 rows and six sparklines."""

Figures = dict[str, Any]

# An installed program has its bytecode; a checkout has it only where nobody forbade to write it.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
compileall.compile_dir(PROJECT / "perftui", quiet=1)


def measure(
    command: Sequence[str],
    *,
    first: str = r"\S",
    ready: str = "",
    warmup_s: float = 3,
    window_s: float = 0,
    keys: Sequence[str] = (),
    repeat: int = 100,
    steps: Sequence[Mapping[str, object]] = (),
    size: str = "160x45",
) -> Figures:
    """Figures of one run of `command` in a pty: `start`, `window`, `keys`, `exit`."""
    options = ["--json", "--quit", "q", "--size", size, "--first", first, "--ready", ready]
    options += ["--warmup", str(warmup_s), "--window", str(window_s), "--repeat", str(repeat)]
    for key in keys:
        options += ["--key", key, "--expect", "@highlight"]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as script:
        json.dump(list(steps), script)
        script.flush()
        if steps:
            options += ["--steps", script.name]
        done = subprocess.run(
            [sys.executable, str(TTYBENCH), *options, "--", *command],
            check=False,
            capture_output=True,
            text=True,
            env=_ENVIRONMENT,
        )
    try:
        figures: Figures = json.loads(done.stdout)
    except json.JSONDecodeError:
        raise RuntimeError(f"no figures of {command}: {done.stderr[-2000:]}{done.stdout[-2000:]}") from None
    return figures
