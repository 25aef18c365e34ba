"""What a searcher asks of the space that it searches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from textclf_sweep.definition.catalogue import Catalogue, Entry
from textclf_sweep.definition.methods import LIBRARY
from textclf_sweep.definition.nodes import Field, Problems
from textclf_sweep.definition.space import Categorical, Constant, Distribution, Range, SearchSpace, cardinality

MOST_SETS = 100_000
"""Parameter sets of a grid that has no ``run_cap``; at ten seconds a trial, eleven days."""
PACED = "epochs"
"""The parameter that a searcher which paces sets by itself."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where problems with a space are reported.

    Attributes:
        entries: what the definition says of some parameters.
        rest: the place of the others, and of the space as a whole.
    """

    entries: Mapping[str, Field]
    rest: Field

    def of(self, name: str) -> Field:
        """The place of one parameter."""
        return self.entries.get(name, self.rest)


def check_probabilities(
    space: SearchSpace, places: Places, searcher: Entry, catalogue: Catalogue, problems: Problems
) -> None:
    """A searcher that chooses by itself cannot follow the probabilities of listed values.

    Args:
        space: what is searched.
        places: where problems are reported.
        searcher: who proposes.
        catalogue: of all searchers, to name one that can: rather of the same method, rather Optuna's.
        problems: gets what is wrong.
    """
    if searcher.weighs and not searcher.finite:
        return
    able = sorted(
        (item for item in catalogue.searchers.values() if item.weighs and not item.finite and item.default),
        key=lambda item: (not {*item.methods} & {*searcher.methods}, item.library != LIBRARY),
    )
    fix = f"use method: {able[0].methods[0]} (sampler {able[0].name}), or remove" if able else "remove"
    for name, distribution in space.distributions:
        if isinstance(distribution, Categorical) and distribution.probabilities is not None:
            child = places.of(name)
            what = f"sampler {searcher.name} does not draw by probabilities"
            expected = "values without probabilities"
            problems.add(child.get("probabilities") or child, what, expected, f"{fix} the probabilities")


def check_grid(space: SearchSpace, places: Places, run_cap: int | None, problems: Problems) -> None:
    """A searcher that enumerates needs a space it can get to the end of.

    Args:
        space: what is searched.
        places: where problems are reported.
        run_cap: the number of trials, which makes a large grid harmless.
        problems: gets what is wrong.
    """
    for name, distribution in space.distributions:
        if cardinality(distribution) is None:
            problems.add(
                places.of(name), f"a grid cannot enumerate {name}: it is a continuous range", "a list of values",
                f"write {name}: {{values: [...]}}, or give the range a step with q or a number of values with count, "
                "or use method: random",
            )  # fmt: skip
    size = space.size
    if size is not None and size > MOST_SETS and run_cap is None:
        what = f"the grid has {_count(size)} parameter sets"
        fix = "list fewer values, add run_cap, or use method: random"
        problems.add(places.rest, what, f"{MOST_SETS:,} at most without run_cap", fix)


def paced(
    distributions: Mapping[str, Distribution], places: Places, searcher: Entry, problems: Problems
) -> dict[str, Distribution]:
    """`distributions` with the epochs as the range that a searcher which paces chooses from.

    Args:
        distributions: of all parameters of an architecture.
        places: where problems are reported.
        searcher: who proposes, one that paces.
        problems: gets what is wrong: epochs that are no single number >= 2.
    """
    epochs = distributions.get(PACED)
    field = places.of(PACED)
    if field.get("when") is not None and isinstance(epochs, Constant):
        problems.add(field.child("when"), f"sampler {searcher.name} sets the epochs of every trial", "no condition",
                     "remove it")  # fmt: skip
    elif isinstance(epochs, Constant) and isinstance(epochs.value, int) and epochs.value >= 2:
        return {**distributions, PACED: Range(1, epochs.value, integer=True)}
    else:
        problems.add(field, f"sampler {searcher.name} shares epochs out among trials and needs their largest number",
                     f"one number of {PACED}, 2 or more", f"e.g. {PACED}: 27")  # fmt: skip
    return dict(distributions)


def _count(size: int) -> str:
    return f"{size:,}" if size < 10**15 else f"more than 10^{len(str(size)) - 1}"
