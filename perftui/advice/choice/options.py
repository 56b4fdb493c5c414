"""What may be set when asking for advice."""

from dataclasses import dataclass

HELPS_RATIO = 2.2
"""An index helps when it makes a question at least so many times cheaper ..."""
HELPS_SAVING = 1000.0
"""... and saves at least so much of an execution."""
WRITE_COST = 4.0
"""Of each index key written."""
HARM_RATIO, HARM_COST = 1.05, 1000.0
"""An index harms a question that gets dearer by more than both."""
SMALL_COLLECTION = 100
"""Documents below which no index pays."""
MOST_INDEXES, MOST_KEY_FIELDS = 64, 32


@dataclass(frozen=True, kw_only=True)
class AdviceOptions:
    """Bounds on what is looked at; the advice for the same input and options is always the same."""

    most_commands: int = 32
    """Executions of a shape that are simulated."""
    most_documents: int = 10_000
    """Sampled documents that are counted in, for each collection."""
    tolerance: float = 0.03
    """An index that costs so much more than the best still serves a question, if it serves others too."""
    work: int = 60
    """Shapes whose executions are all simulated; with more of them fewer executions and documents are."""
