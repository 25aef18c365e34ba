"""What the stages of a run share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue

from textclf_sweep.data.corpus import PARTS, Splits
from textclf_sweep.definition.types import SweepDefinition
from textclf_sweep.ledger import Ledger
from textclf_sweep.store import Store, SweepFolder
from textclf_sweep.sweep.events import Notice, Observer

Stop = Callable[[], str | None]


@dataclass(frozen=True, slots=True)
class Options:
    """What one run may do beyond its definition.

    Attributes:
        extend: go on although the search space has changed.
        best_of: another sweep of the store whose best parameter sets are tried first; empty for none.
        force: go on in spite of fatal findings in the data and of a smoke test that a model fails.
        path: the definition's file, absolute; empty for none.
        overrides: texts ``key.path=value`` that the definition was read with.
    """

    extend: bool = False
    best_of: str = ""
    force: bool = False
    path: str = ""
    overrides: tuple[str, ...] = ()


PLAIN = Options()
"""No options."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the stages of a run share."""

    definition: SweepDefinition
    store: Store
    folder: SweepFolder
    ledger: Ledger
    splits: Splits
    observe: Observer
    stop: Stop
    options: Options = field(default_factory=Options)
    problems: SimpleQueue[str] = field(default_factory=SimpleQueue)

    @property
    def uri(self) -> str:
        """MLflow's tracking URI."""
        return self.store.tracking_uri()

    def tell_problems(self) -> None:
        """Pass on what MLflow's writer, in its own thread, could not do."""
        while not self.problems.empty():
            self.observe(Notice(self.problems.get(), level="warning"))


def rows_of(splits: Splits) -> dict[str, int]:
    """How many rows each part has."""
    return {name: len(splits.part(name)) for name in PARTS}
