"""How benchmarks of two runs compare, and the document that says so."""

from typing import Literal

from perftui.model.base import Model

Verdict = Literal["faster", "slower", "no difference", "too noisy"]


class Comparison(Model, frozen=True, kw_only=True):
    """How a benchmark compares with its base.

    >>> from perftui import BenchmarkResult, compare
    >>> old = BenchmarkResult(name="sort", blocks=tuple((1.00 + i / 1e4,) for i in range(20)))
    >>> new = BenchmarkResult(name="sort", blocks=tuple((1.10 + i / 1e4,) for i in range(20)))
    >>> (found,) = compare(old, new)
    >>> found.verdict, round(found.ratio, 3), found.p < 0.01
    ('slower', 1.1, True)
    >>> found.is_slower_by(0.05), found.is_slower_by(0.15)
    (True, False)
    """

    base: str
    name: str
    base_s: float
    """The median of the base's samples; so is `new_s`."""
    new_s: float
    ratio: float
    """How many times as long the new one takes: the median over all pairs of block means (Hodges and Lehmann)."""
    low: float
    high: float | None
    """Bounds of the ratio with the confidence 1 - alpha. `None`: there are too few blocks for one."""
    p: float
    """Of Mann and Whitney's test over the block means: how likely so large a difference is if there is none.

    Each is a mean without the slowest tenth of the block's samples.
    """
    blocks: tuple[int, int]
    in_turns: bool
    """Both were measured in turns, or in alternating passes, and what moved both is taken out."""
    drift: float
    """Share by which the level of the less steady one moved while it ran; it adds to the threshold."""
    threshold: float
    alpha: float
    verdict: Verdict
    why: str

    def is_slower_by(self, share: float) -> bool:
        """It is slower for sure, and by more than this share."""
        return self.verdict == "slower" and self.ratio > 1 + share


class ComparisonDocument(Model, frozen=True, kw_only=True):
    """What `perftui bench compare` found."""

    schema: Literal["perftui.bench-comparison/1"] = "perftui.bench-comparison/1"
    threshold: float
    """The least share that counts as a difference."""
    alpha: float
    fail_on: float | None
    """The share above which the build fails; `None`: none was given."""
    comparisons: tuple[Comparison, ...]
    skipped: dict[str, str]
    """Why a benchmark was not compared, by its name."""
    remarks: tuple[str, ...]
    """In what the runs differ, such as the machine."""
    failures: tuple[str, ...]
    """A sentence for each benchmark that fails the build."""
