"""Runs one workload after the other: data, truth, advice, trial, verdict."""

from contextlib import ExitStack
from types import TracebackType
from typing import Self

from perftui.servers import PrivateServers

from .advised import Advised
from .cache import Cache, key_of
from .engines import Engine
from .lab import Lab
from .trial import Trial, try_advice
from .truth import BruteForce, Truth
from .verdict import WorkloadVerdict, judge
from .workload import Built, Definition, build


class Bench:
    """The mongod starts only when something is not in the cache."""

    def __init__(self, servers: PrivateServers, engine: Engine, seed: int, cache: Cache | None = None) -> None:
        self.engine, self.seed = engine, seed
        self.cache = cache or Cache()
        self.lab = Lab(servers)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.callback(self.lab.close)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def judge(self, name: str, definition: Definition) -> WorkloadVerdict:
        built = build(name, definition, self.seed)
        key = key_of(built)
        truth = self.cache.get(f"truth {key}", lambda: self._truth(built, key))
        try:
            advice = self.engine(self.lab, built, truth, self.cache)
        except Exception as error:
            return judge(built, truth, Advised(), Trial({}), error=f"{type(error).__name__}: {error}")
        trial = self.cache.get(f"trial {key} {advice.fingerprint}", lambda: self._trial(built, key, advice))
        return judge(built, truth, advice, trial)

    def _truth(self, built: Built, key: str) -> Truth:
        self.lab.load(built, key)
        truth = BruteForce(self.lab, built).truth()
        self.lab.forget()
        return truth

    def _trial(self, built: Built, key: str, advice: Advised) -> Trial:
        self.lab.load(built, key)
        trial = try_advice(self.lab, built, advice)
        self.lab.forget()
        return trial
