"""The figures over all workloads, and a table for each."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from .truth import SAVES
from .verdict import ShapeVerdict, WorkloadVerdict, accuracy

Figures = dict[str, Any]


def figures(verdicts: Sequence[WorkloadVerdict]) -> Figures:
    shapes = [shape for verdict in verdicts for shape in verdict.shapes]
    helpable = [shape for shape in shapes if shape.helpable]
    accuracies = sorted(value for value in map(accuracy, shapes) if value is not None)
    return {
        "workloads": len(verdicts),
        "shapes": len(shapes),
        "shapes that an index can help": len(helpable),
        "within 5 % of the best": _share(shape.within_5 for shape in helpable),
        "within 5 %, or by less than an index must save": _share(_near(shape) for shape in helpable),
        "within 2x of the best": _share(shape.within_2x for shape in helpable),
        "missed": sum(shape.missed for shape in shapes),
        "indexes advised": sum(len(verdict.advised) for verdict in verdicts),
        "smallest sufficient sets": sum(len(verdict.smallest) for verdict in verdicts),
        "advised / smallest": _ratio(verdicts),
        "harmful (shapes)": sum(shape.harmed for shape in shapes),
        "invalid": sum(len(verdict.invalid) for verdict in verdicts),
        "redundant": sum(len(verdict.redundant) for verdict in verdicts),
        "useless": sum(len(verdict.useless) for verdict in verdicts),
        "advice where none helps (workloads)": sum(verdict.needless for verdict in verdicts),
        "errors": sum(bool(verdict.error) for verdict in verdicts),
        "flawless workloads": _share(verdict.flawless for verdict in verdicts),
        "expected cost within 1.5x of the measured": _share(value <= 1.5 for value in accuracies),
        "expected cost within 3x of the measured": _share(value <= 3 for value in accuracies),
    }


AIMS = {
    "within 5 % of the best": ">= 95 %",
    "within 2x of the best": "100 %",
    "advised / smallest": "<= 1.10",
    **dict.fromkeys(
        ("harmful (shapes)", "invalid", "redundant", "useless", "advice where none helps (workloads)"), "0"
    ),
}


def _near(shape: ShapeVerdict) -> bool:
    return shape.within_5 or shape.after - shape.best < SAVES


def _share(values: Iterable[bool]) -> float | None:
    found = list(values)
    return round(100 * sum(found) / len(found), 1) if found else None


def _ratio(verdicts: Sequence[WorkloadVerdict]) -> float | None:
    smallest = sum(len(verdict.smallest) for verdict in verdicts)
    return round(sum(len(verdict.advised) for verdict in verdicts) / smallest, 3) if smallest else None


def summary(found: Figures) -> str:
    lines = []
    for name, value in found.items():
        unit = " %" if isinstance(value, float) and "/" not in name else ""
        lines.append(f"{name:<47} {'-' if value is None else value:>8}{unit:<3} {AIMS.get(name, '')}".rstrip())
    return "\n".join(lines)


def table(verdict: WorkloadVerdict) -> str:
    """All shapes of a workload and what is wrong with its advice."""
    lines = [f"{'ok  ' if verdict.flawless else 'LOSS'} {verdict.name}"]
    lines += [_row(shape) for shape in verdict.shapes]
    lines.append(f"     advised  {_listed(verdict.advised)}")
    if set(verdict.advised) != set(verdict.smallest):
        lines.append(f"     smallest {_listed(verdict.smallest)}")
    for label, found in (("redundant", verdict.redundant), ("useless", verdict.useless)):
        lines += [f"     {label}: {one}" for one in found]
    lines += [f"     invalid: {index}: {words}" for index, words in verdict.invalid.items()]
    if verdict.needless:
        lines.append("     advice where none helps")
    if verdict.error:
        lines.append(f"     error: {verdict.error}")
    return "\n".join(lines)


def _listed(indexes: Sequence[str]) -> str:
    return "; ".join(indexes) or "none"


def _row(shape: ShapeVerdict) -> str:
    marks = [
        name
        for name, true in (
            ("not within 5 %", shape.helpable and not shape.within_5),
            ("not within 2x", shape.helpable and not shape.within_2x),
            ("missed", shape.missed),
            ("harmed", shape.harmed),
        )
        if true
    ]
    expected = "" if shape.expected is None else f" expected {shape.expected:,.0f}"
    best = f" ({shape.best_index})" if shape.best_index and shape.helpable and not shape.within_5 else ""
    declined = f" declined: {shape.declined}" if shape.declined else ""
    kind = "helpable" if shape.helpable else "no help"
    return (
        f"     {shape.name:<14} {kind} today {_number(shape.today)} best {_number(shape.best)}{best} "
        f"after {_number(shape.after)}{expected}{declined} {', '.join(marks).upper()}"
    ).rstrip()


def _number(value: float) -> str:
    return "fails" if math.isinf(value) else f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def as_json(verdicts: Sequence[WorkloadVerdict]) -> Figures:
    def finite(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: finite(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [finite(one) for one in value]
        return None if isinstance(value, float) and math.isinf(value) else value

    return {"figures": figures(verdicts), "workloads": [finite(asdict(verdict)) for verdict in verdicts]}
