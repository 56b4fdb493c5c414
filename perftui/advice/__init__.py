"""Pure functions: query shapes and facts about the data in, findings and advice out.

For programs: `shape_of` names what a command asks, `read_plan` reads an explain's reply, `assess` scores executions,
and `recommend` gives the indexes of a workload.
"""

from typing import TYPE_CHECKING

from perftui.model.lazy import lazy_names

if TYPE_CHECKING:
    from perftui.advice.choice.options import AdviceOptions
    from perftui.advice.choice.recommend import Advice, recommend
    from perftui.advice.facts import CollectionFacts
    from perftui.advice.findings.assess import assess
    from perftui.advice.findings.evidence import Evidence
    from perftui.advice.load import ShapeLoad, WriteLoad
    from perftui.advice.plans.plan import read_plan
    from perftui.advice.shapes.shape import shape_of
    from perftui.model.finding import Assessment

__all__ = [
    "Advice",
    "AdviceOptions",
    "Assessment",
    "CollectionFacts",
    "Evidence",
    "ShapeLoad",
    "WriteLoad",
    "assess",
    "read_plan",
    "recommend",
    "shape_of",
]

_MODULES = {
    "Advice": "choice.recommend",
    "AdviceOptions": "choice.options",
    "Assessment": "findings.assess",
    "CollectionFacts": "facts",
    "Evidence": "findings.evidence",
    "ShapeLoad": "load",
    "WriteLoad": "load",
    "assess": "findings.assess",
    "read_plan": "plans.plan",
    "recommend": "choice.recommend",
    "shape_of": "shapes.shape",
}

if not TYPE_CHECKING:  # a checker knows the names above, and is to find the others wrong
    __getattr__, __dir__ = lazy_names(__name__, _MODULES)
