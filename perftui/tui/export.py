"""Writes a table to CSV and JSON files, for a spreadsheet and for programs."""

import csv
import io
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from perftui.config.folders import state_folder
from perftui.model.analysis import Analysis
from perftui.tui.table_spec import TableSpec
from perftui.tui.view import View


def write_table(spec: TableSpec[Any], rows: Sequence[Any], view: View, folder: Path | None = None) -> tuple[Path, Path]:
    """Write the rows as they are shown (CSV) and as plain values (JSON). Raises `OSError`.

    Into the current directory, or the state folder where that may not be written; readable by the user only.
    """
    stem = (
        f"perftui-{spec.name.replace(' ', '-')}-{time.strftime('%Y%m%dT%H%M%S', time.gmtime(view.snapshot.taken_at))}"
    )
    folder = folder or writable_folder()
    texts = _as_csv(spec, rows, view), _as_json(spec, rows, view)
    return _write(folder, stem, ".csv", texts[0]), _write(folder, stem, ".json", texts[1])


def write_analysis(analysis: Analysis, folder: Path | None = None) -> Path:
    """Write `perftui.analysis/1`, for `perftui index apply` and for programs. Raises `OSError`."""
    stem = f"perftui-analysis-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}"
    return _write(folder or writable_folder(), stem, ".json", msgspec.json.format(analysis.to_json(), indent=1))


def row_text(spec: TableSpec[Any], row: Any, view: View) -> str:
    """A row's long text, else its cells with tabs between."""
    if spec.full_text is not None:
        return spec.full_text(row, view)
    return "\t".join(column.text(row, view).strip() for column in spec.columns)


def _as_csv(spec: TableSpec[Any], rows: Sequence[Any], view: View) -> bytes:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow([column.key for column in spec.columns])
    for row in rows:
        writer.writerow([_tame(column.text(row, view).strip()) for column in spec.columns])
    return written.getvalue().encode("utf-8", "backslashreplace")


def _as_json(spec: TableSpec[Any], rows: Sequence[Any], view: View) -> bytes:
    described = [
        {
            column.key: column.sort(row) if column.sort is not None else column.text(row, view).strip()
            for column in spec.columns
        }
        for row in rows
    ]
    head = {"table": spec.name, "taken_at": view.snapshot.taken_at, "rows": described}
    return msgspec.json.format(msgspec.json.encode(head, enc_hook=str), indent=1)


def _tame(text: str) -> str:
    """A spreadsheet would run a cell that starts like a formula."""
    return "'" + text if text[:1] in {"=", "+", "@"} or (text[:1] == "-" and text != "-") else text


def writable_folder() -> Path:
    """The current directory, or the state folder where that may not be written."""
    here = Path.cwd()
    if os.access(here, os.W_OK):
        return here
    folder = state_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _write(folder: Path, stem: str, suffix: str, content: bytes) -> Path:
    for number in range(100):
        path = folder / f"{stem}{f'-{number}' if number else ''}{suffix}"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        return path
    raise OSError(17, "too many exports of this second", str(folder))
