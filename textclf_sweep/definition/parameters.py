"""``parameters`` and ``enqueue`` -> the search space and the parameter sets to try first."""

from __future__ import annotations

from collections.abc import Iterator

from textclf_sweep.definition.catalogue import Catalogue, Entry
from textclf_sweep.definition.entries import distribution_of
from textclf_sweep.definition.nodes import Field, ListNode, MapNode, Problems, describe, quote
from textclf_sweep.definition.space import Categorical, Constant, Distribution, SearchSpace, cardinality
from textclf_sweep.definition.suggest import nearest_parameter
from textclf_sweep.definition.values import parameter_value
from textclf_sweep.trial import Parameters, Scalar

MOST_SETS = 100_000
"""Parameter sets of a grid that has no ``run_cap``; at ten seconds a trial, eleven days."""


def space_of(
    field: Field | None, architecture: Entry, catalogue: Catalogue, problems: Problems, *, defaults: bool
) -> SearchSpace | None:
    """Every parameter of the architecture and where its value comes from.

    Args:
        field: ``parameters``; None when the definition has none.
        architecture: whose parameters they are.
        catalogue: of all architectures, to recognise another one's parameter.
        problems: gets what is wrong.
        defaults: whether parameters that are not named are searched in the architecture's own ranges; else they
            keep their defaults.

    Returns:
        None when a distribution is invalid.
    """
    distributions: dict[str, Distribution] = {
        item.name: item.search if defaults and item.search is not None else Constant(item.preset)
        for item in architecture.parameters
    }
    if field is None:
        return SearchSpace.of(distributions)
    if not isinstance(field.node, MapNode):
        fix = "write one hyperparameter per line below it, or remove the key to search the architecture's own ranges"
        problems.add(field, f"{describe(field.node)} cannot stand here", "a mapping", fix)
        return None
    before = len(problems.found)
    declared = {item.name: item for item in architecture.parameters}
    for name, child in field.entries():
        if name not in declared:
            _unknown(child, name, architecture, catalogue, problems)
            continue
        distribution = distribution_of(child, declared[name], problems)
        if distribution is not None:
            distributions[name] = distribution
    return SearchSpace.of(distributions) if len(problems.found) == before else None


def check_probabilities(space: SearchSpace, field: Field, searcher: Entry, problems: Problems) -> None:
    """A method that chooses by itself cannot follow the probabilities of listed values.

    Args:
        space: what is searched.
        field: ``parameters``, or ``method`` when there are none: where problems are reported.
        searcher: the method.
        problems: gets what is wrong.
    """
    if searcher.weighs and not searcher.finite:
        return
    for name, distribution in space.distributions:
        if isinstance(distribution, Categorical) and distribution.probabilities is not None:
            child = field.get(name) or field
            what = f"method {searcher.name} does not draw by probabilities"
            fix = "write method: random, or remove the probabilities"
            problems.add(child.get("probabilities") or child, what, "values without probabilities", fix)


def check_grid(space: SearchSpace, field: Field, run_cap: int | None, problems: Problems) -> None:
    """A method that enumerates needs a space it can get to the end of.

    Args:
        space: what is searched.
        field: ``parameters``, or ``method`` when there are none: where problems are reported.
        run_cap: the number of trials, which makes a large grid harmless.
        problems: gets what is wrong.
    """
    for name, distribution in space.distributions:
        child = field.get(name) or field
        count = cardinality(distribution)
        if count is None:
            problems.add(
                child, f"a grid cannot enumerate {name}: it is a continuous range", "a list of values",
                f"write {name}: {{values: [...]}}, or give the range a step with q, or use method: random",
            )  # fmt: skip
        elif count > MOST_SETS:
            what = f"a grid over {count:,} values of {name}"
            problems.add(child, what, f"{MOST_SETS:,} at most", "list some values, or use method: random")
    size = space.size
    if size is not None and size > MOST_SETS and run_cap is None:
        what = f"the grid has {_count(size)} parameter sets"
        fix = "list fewer values, add run_cap, or use method: random"
        problems.add(field, what, f"{MOST_SETS:,} at most without run_cap", fix)


def enqueued(
    field: Field, architecture: Entry, space: SearchSpace | None, catalogue: Catalogue, problems: Problems
) -> tuple[Parameters, ...]:
    """The parameter sets that the first trials use.

    A value may lie outside the range that is searched, but not outside what the parameter allows; a parameter that
    has one value keeps it.
    """
    if not isinstance(field.node, ListNode):
        problems.add(field, f"{describe(field.node)} is no list", "a list of mappings", "enqueue: [{dropout: 0.2}]")
        return ()
    return tuple(dict(_set(item, architecture, space, catalogue, problems)) for item in field.items())


def _set(
    field: Field, architecture: Entry, space: SearchSpace | None, catalogue: Catalogue, problems: Problems
) -> Iterator[tuple[str, Scalar]]:
    """The valid parameters of one enqueued set."""
    if not isinstance(field.node, MapNode) or not field.node.entries:
        what = f"{describe(field.node)} is no parameter set" if not isinstance(field.node, MapNode) else "it is empty"
        problems.add(field, what, "a mapping of names to values", "e.g. - {dropout: 0.2}")
        return
    declared = {item.name: item for item in architecture.parameters}
    constants = {} if space is None else space.constants
    for name, child in field.entries():
        if name not in declared:
            _unknown(child, name, architecture, catalogue, problems)
            continue
        value = parameter_value(child, declared[name], problems)
        if value is None:
            continue
        if name in constants and constants[name] != value:
            problems.add(
                child, f"{value} differs from the one value {name} has in this sweep", str(constants[name]),
                f"list {value} in parameters.{name}, or leave it out here",
            )  # fmt: skip
        yield name, value


def _unknown(field: Field, name: str, architecture: Entry, catalogue: Catalogue, problems: Problems) -> None:
    """Complain of a name that is no parameter of the architecture."""
    names = [item.name for item in architecture.parameters]
    owners = [
        entry.name for entry in catalogue.architectures.values() if name in {item.name for item in entry.parameters}
    ]
    near = nearest_parameter(name, names)
    if owners:
        what = f"{quote(name)} is a parameter of {', '.join(owners)}, not of {architecture.name}"
        fix = f"remove it, or write architecture: {owners[0]}"
    else:
        what = f"{architecture.name} has no parameter {quote(name)}"
        fix = f"did you mean {near}?" if near else "remove it"
    problems.add(field, what, f"one of {', '.join(sorted(names))}", fix)


def _count(size: int) -> str:
    return f"{size:,}" if size < 10**15 else f"more than 10^{len(str(size)) - 1}"
