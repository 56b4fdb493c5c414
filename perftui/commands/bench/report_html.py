"""A report as one file for a browser: no script, nothing from elsewhere, and every text escaped."""

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape

from perftui import __version__
from perftui.commands.bench.report_parts import Line, Part, Table
from perftui.model.text import safe_text

_BAR, _HEIGHT = 8, 32
_STYLE = """
:root { color-scheme: light dark; }
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
th, td { padding: .3rem .6rem; text-align: right; }
th:first-child, td:first-child, td.words { text-align: left; }
td:first-child { font-family: ui-monospace, monospace; }
figure { display: flex; align-items: end; gap: 1rem; margin: .4rem 0; }
figcaption { min-width: 24rem; font-family: ui-monospace, monospace; }
svg { fill: currentColor; opacity: .7; }
"""
_LONG_CELL = 24
"""Longer ones are words, and begin at the left."""


def page(title: str, lead: Sequence[str], parts: Sequence[Part]) -> bytes:
    """The whole document, in UTF-8."""
    body = [f"<h1>{_text(title)}</h1>", *(f"<p>{_text(line)}</p>" for line in lead)]
    for part in parts:
        body.append(f"<h2>{_text(part.title)}</h2>")
        body += [_table(table) for table in part.tables]
        body += [_line(line) for line in part.lines]
        if part.notes:
            body.append("<ul>" + "".join(f"<li>{_text(note)}</li>" for note in part.notes) + "</ul>")
    head = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">""",
        '<meta name="viewport" content="width=device-width">',
        f"<title>{_text(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>",
    ]
    return "\n".join([*head, *body, "</body>\n</html>\n"]).encode("utf-8", "replace")


def when_and_where(at: float) -> str:
    """`2026-11-30 14:00 UTC, measured from web-1, perftui 0.3.0`: a line for the lead."""
    moment = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{moment}, measured from {platform.node() or 'this machine'}, perftui {__version__}"


def _table(table: Table) -> str:
    heads = "".join(f'<th scope="col">{_text(head)}</th>' for head in table.heads)
    rows = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in table.rows)
    return f'<div class="wide"><table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>'


def _cell(text: str) -> str:
    return f'<td class="words">{_text(text)}</td>' if len(text) > _LONG_CELL else f"<td>{_text(text)}</td>"


def _line(line: Line) -> str:
    most = max((value for value in line.values if value is not None), default=0.0)
    bars = "".join(_bar(place, value / most) for place, value in enumerate(line.values) if value and most)
    name, words = _text(line.name), _text(line.words)
    picture = f'<svg width="{len(line.values) * _BAR}" height="{_HEIGHT}" role="img" aria-label="{words}">{bars}</svg>'
    return f"<figure><figcaption>{name}</figcaption>{picture}<span>{words}</span></figure>"


def _bar(place: int, share: float) -> str:
    height = max(share * _HEIGHT, 1)
    return f'<rect x="{place * _BAR}" y="{_HEIGHT - height:.1f}" width="{_BAR - 1}" height="{height:.1f}"/>'


def _text(text: str) -> str:
    return escape(safe_text(text))
