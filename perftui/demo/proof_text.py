"""The proof for people: one table, the indexes that made it, and what the older system had."""

from collections.abc import Iterable

from perftui.demo.proof import DemoProof, OlderIndex, Row

_UNITS = {"ms": "{:,.2f} ms", "share": "{:.1%}", "a request": "{:,.2f} a request"}


def proof_text(proof: DemoProof) -> str:
    """Plain text, at most 120 columns wide."""
    before, warmed = proof.before, proof.warmed
    return "\n".join(
        [
            f"{proof.documents:,} documents, seed {proof.seed}; in each run {proof.calls:,} calls at "
            f"{proof.rate_per_s:g}/s, pages kept {proof.ttl_s:g} s",
            "",
            *_table(proof.rows),
            "",
            f"{proof.warmed_keys:,} pages were warmed with {proof.warming_operations:,} operations of their own, "
            "before the first request.",
            f"Requests answered: {before.answered:,} before, {warmed.answered:,} at the end.",
            "",
            "Indexes advised from the load, and created:",
            *(f"  {one.command}" for one in proof.recommendations),
            "",
            "The older system's indexes, and what advice found for the same questions:",
            *map(_older, proof.older_indexes),
            *_unique(proof),
            *(f"PROBLEM: {problem}" for problem in proof.problems),
            "",
            "Every claim is beaten." if proof.holds else "Not every claim is beaten.",
        ]
    )


def _table(rows: Iterable[Row]) -> list[str]:
    cells = [("", "BEFORE", "AFTER", "RATIO", "CLAIM", "")]
    for row in rows:
        ratio = "-" if row.ratio is None else f"{row.ratio:,.1f}x"
        claim = "-" if row.claim is None else f"{row.claim:,.1f}x {'beaten' if row.beaten else 'NOT beaten'}"
        cells.append((row.name, _figure(row, row.before), _figure(row, row.after), ratio, claim, row.note))
    widths = [max(len(line[column]) for line in cells) for column in range(5)]
    return [
        f"{line[0]:<{widths[0]}}  {line[1]:>{widths[1]}}  {line[2]:>{widths[2]}}  {line[3]:>{widths[3]}}  "
        f"{line[4]:<{widths[4]}}  {line[5]}".rstrip()
        for line in cells
    ]


def _figure(row: Row, value: float | None) -> str:
    return "-" if value is None else _UNITS[row.unit].format(value)


def _older(index: OlderIndex) -> str:
    keys = ", ".join(f"{field}: {direction}" for field, direction in index.keys)
    return f"  {index.collection} {{{keys}}}: {index.found or 'NOT FOUND'}"


def _unique(proof: DemoProof) -> list[str]:
    """Uniqueness is a promise of the application's, not of the figures."""
    free = [f"{one.ns}.{one.field}" for one in proof.unique_choices if not one.duplicates]
    if not free:
        return []
    return [
        "",
        f"No duplicates in {', '.join(free)}: unique indexes would hold there. That is your choice, not advice.",
    ]
