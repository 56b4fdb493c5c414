"""Details of an index."""

import json
from collections.abc import Hashable

from perftui.model.proof import IndexProof
from perftui.model.snapshot import TargetState
from perftui.tui.formatting import UNKNOWN, duration, number, share, size
from perftui.tui.index_words import keys_text, properties
from perftui.tui.screens.details_parts import when
from perftui.tui.screens.document import Block, Document, Drawn, Fact, Facts, Json, Text
from perftui.tui.screens.finding_lines import finding_lines
from perftui.tui.screens.proof_lines import proof_blocks
from perftui.tui.tables import indexes
from perftui.tui.tables.indexes import IndexRow, done
from perftui.tui.view import View


def index(view: View, key: Hashable) -> Document | None:
    target = view.target("mongodb")
    row = next((row for row in indexes.rows(view) if indexes.key(row) == key), None)
    if row is None or target is None:
        return None
    one = row.index
    blocks: tuple[Block, ...] = (
        Text(f"{row.ns} {keys_text(one.keys)}", role="value"),
        Facts(_facts(row, target, view)),
        *proof_blocks(_proofs(row, target), view),
        Drawn(lambda width: finding_lines(one.findings, width), "FINDINGS"),
        Json(one.partial_filter or "", "ONLY DOCUMENTS THAT MATCH"),
        Json(one.collation or "", "COLLATION"),
        Json(json.dumps(one.options, default=str) if one.options else "", "OPTIONS"),
    )
    copied = f"{row.ns} {one.name} {keys_text(one.keys)}"
    return Document(f"Index {one.name} on {target.target.name}", blocks, copied=copied, at=view.snapshot.taken_at)


def _proofs(row: IndexRow, target: TargetState) -> list[IndexProof]:
    return [proof for proof in target.proofs if (proof.ns, proof.index) == (row.ns, row.index.name)]


def _facts(row: IndexRow, target: TargetState, view: View) -> tuple[Fact, ...]:
    one, build = row.index, row.build
    known = done(build)
    role = target.mongodb.role if target.mongodb is not None and target.mongodb.role else target.target.name
    return (
        Fact("name", one.name),
        Fact("is", ", ".join(properties(one)) or "a plain index", "accent" if one.building or one.hidden else "normal"),
        Fact("size", size(one.size_bytes)),
        Fact("uses", UNKNOWN if one.uses is None else f"{number(one.uses)} on this {role}"),
        Fact("counted since", when(one.used_since, view)),
        Fact("built", "" if build is None else f"{share(known)}, {number(build.done)} of {number(build.total)}"),
        Fact("builds for", duration(build.running_s) if build is not None else ""),
        Fact("build says", (build.message or "") if build is not None else ""),
        Fact("waits", "for the commit quorum" if build is not None and build.waits_for_quorum else "", "over"),
        Fact("expires after", duration(one.ttl_s) if one.ttl_s is not None else ""),
    )
