"""``method``, ``library`` and ``sampler`` -> the searcher of the catalogue that proposes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textclf_sweep.definition.catalogue import Catalogue, Entry
from textclf_sweep.definition.nodes import Field, Problems

LIBRARY = "optuna"
"""Whose samplers propose when a definition names none."""


def searcher_of(root: Field, values: Mapping[str, Any], catalogue: Catalogue, problems: Problems) -> Entry | None:
    """The searcher that a definition asks for.

    Args:
        root: the definition.
        values: the valid ones of its keys ``method``, ``library`` and ``sampler``.
        catalogue: what searchers there are.
        problems: gets what is wrong: a sampler that does not serve the method or is another library's, a library
            without a sampler for the method.

    Returns:
        None when it cannot be told, which is reported (here, or where the keys were read).
    """
    if any(root.get(key) is not None and key not in values for key in ("method", "library", "sampler")):
        return None
    method, library = values.get("method"), values.get("library")
    if method is None:
        return None
    if "sampler" in values:
        return _named(root.child("sampler"), values, catalogue, problems)
    wanted = library or LIBRARY
    for entry in catalogue.searchers.values():
        if entry.default and entry.library == wanted and entry.methods[:1] == (method,):
            return entry
    what = f"{wanted} has no default sampler for method {method}"
    fix = f"add sampler, one of {_fitting(method, wanted, catalogue) or _fitting(method, None, catalogue)}"
    problems.add(root.get("library") or root.child("method"), what, "a method that it serves", fix)
    return None


def _named(field: Field, values: Mapping[str, Any], catalogue: Catalogue, problems: Problems) -> Entry | None:
    """The sampler that is named, if it serves the method and is the library's."""
    entry, method, library = catalogue.searchers[values["sampler"]], values["method"], values.get("library")
    if method not in entry.methods:
        what = f"{entry.name} does not serve method {method}"
        fix = f"write method: {entry.methods[0]}, or remove the sampler" if entry.methods else "remove the sampler"
        problems.add(field, what, _expected(method, library, catalogue), fix)
        return None
    if library is not None and entry.library != library:
        what = f"{entry.name} is a sampler of {entry.library}, not of {library}"
        fix = f"write library: {entry.library}, or remove the library"
        problems.add(field, what, _expected(method, library, catalogue), fix)
        return None
    return entry


def _expected(method: str, library: str | None, catalogue: Catalogue) -> str:
    names = _fitting(method, library, catalogue)
    return f"one of {names}" if names else f"a library that serves method {method}"


def _fitting(method: str, library: str | None, catalogue: Catalogue) -> str:
    """The samplers that serve a method, of one library or any."""
    return ", ".join(
        entry.name
        for entry in catalogue.searchers.values()
        if method in entry.methods and library in (None, entry.library)
    )
