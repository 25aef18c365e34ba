"""What a definition's search spaces mean for its data: what the audit may assume, and what cleaning needs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from textclf_sweep.data import Assumptions, cleaning
from textclf_sweep.data.features import tokens
from textclf_sweep.definition.space import Categorical, Constant, Distribution, SearchSpace, greatest
from textclf_sweep.definition.types import SweepDefinition
from textclf_sweep.errors import InputError, Problem
from textclf_sweep.trial import Parameters, Scalar


def assumptions(definition: SweepDefinition) -> Assumptions:
    """What bears on the data: of what differs between trials, the value that keeps the least of a text."""
    spaces = [search.space for search in definition.searches]
    units, kept = _values(spaces, "unit"), _values(spaces, "truncate")
    standard = Assumptions()
    return Assumptions(
        # Features without a maximum, such as TF-IDF, read whole texts.
        max_length=int(min(_bounds(spaces, "max_length"), default=sys.maxsize)),
        truncate=str(*kept) if len(kept) == 1 else standard.truncate,
        vocabulary_size=int(min(_bounds(spaces, "vocabulary_size"), default=standard.vocabulary_size)),
        min_count=int(max(_bounds(spaces, "min_count"), default=standard.min_count)),
        unit="character" if units == {"character"} else "word",
        cleaning=_fixed(spaces),
        vectors=_vectors(definition),
        seed=definition.seed,
    )


def check_cleaning(definition: SweepDefinition) -> tuple[str, ...]:
    """What the cleaning that a sweep may choose does unasked, a sentence each.

    Raises:
        InputError: it needs a package that is not installed.
    """
    names = {item.name for item in cleaning.PARAMETERS}
    values = [
        (name, value)
        for search in definition.searches
        for name, distribution in search.space.distributions
        if name in names
        for value in listed(distribution)
    ]
    values += [item for search in definition.searches for given in search.first for item in given.items()]
    if lacking := cleaning.lacking(values):
        raise InputError(Problem(lacking, key="data.cleaning"))
    return cleaning.warnings(values)


def _vectors(definition: SweepDefinition) -> tuple[str, ...]:
    """The word vectors that a trial may start from: known names, and absolute paths."""
    values = set(map(str, _values([search.space for search in definition.searches], "embedding")))
    values |= {
        str(given["embedding"]) for search in definition.searches for given in search.first if "embedding" in given
    }
    folder = Path(definition.folder)
    return tuple(
        sorted(value if value in tokens.NAMES else str(folder / value) for value in values - {tokens.NO_VECTORS})
    )


def listed(distribution: Distribution | None) -> Sequence[Scalar]:
    """The values of a distribution that lists them; none for others."""
    match distribution:
        case Constant(value=value):
            return (value,)
        case Categorical(values=values):
            return values
        case _:
            return ()


def _values(spaces: Sequence[SearchSpace], name: str) -> set[Scalar]:
    """The values of a parameter that is listed."""
    return {value for space in spaces for value in listed(dict(space.distributions).get(name))}


def _bounds(spaces: Sequence[SearchSpace], name: str) -> Iterator[float]:
    """The least and the greatest value of a numeric parameter in each space that has it."""
    for space in spaces:
        distribution = dict(space.distributions).get(name)
        if distribution is not None:
            values = [float(value) for value in listed(distribution)]
            yield min(values) if values else float(getattr(distribution, "low", 0))
            yield greatest(distribution) or 0.0


def _fixed(spaces: Sequence[SearchSpace]) -> Parameters:
    """The cleaning that every trial has."""
    constants = [space.constants for space in spaces]
    return {
        item.name: constants[0][item.name]
        for item in cleaning.PARAMETERS
        if len({repr(found.get(item.name)) for found in constants}) == 1 and item.name in constants[0]
    }
