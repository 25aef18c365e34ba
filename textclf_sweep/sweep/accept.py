"""Accepting a definition and its data: a sweep begins, or is found to be the same one and goes on."""

from __future__ import annotations

import uuid
from functools import partial
from importlib import metadata

from textclf_sweep.data.changes import compare
from textclf_sweep.data.corpus import Splits
from textclf_sweep.definition.types import SweepDefinition
from textclf_sweep.errors import InputError
from textclf_sweep.ledger import Ledger
from textclf_sweep.store import Store
from textclf_sweep.sweep import resume
from textclf_sweep.sweep.context import Context, Options, rows_of
from textclf_sweep.sweep.events import Notice
from textclf_sweep.sweep.prerequisites import contents
from textclf_sweep.sweep.resume import accept_contents, check_same, collect

RECORDED = ("textclf-sweep", "tensorflow", "keras", "mlflow", "optuna", "keras-tuner", "numpy")
"""Packages whose versions are recorded with a sweep."""


def accept(context: Context, text: str, options: Options) -> None:
    """Begin the sweep, or find that it is the same one (or, with `options.extend`, one in another space); clean up."""
    definition, ledger = context.definition, context.ledger
    if ledger.get("sweep_id") is None:
        _begin(definition, context.splits, ledger)
    else:
        changes = partial(compare, context.splits, context.folder.corpus)
        check_same(definition, context.splits.data_hash, ledger, extend=options.extend, changes=changes)
    accept_contents(definition.name, contents(definition), ledger)
    collect(ledger, context.folder)
    if ledger.get("definition_hash") != definition.hash():
        _extend(context, text)
    caps = {search.architecture: search.run_cap for search in definition.searches}
    ledger.put(definition_path=options.path, overrides=list(options.overrides))
    ledger.put(definition_text=text, run_cap=definition.run_cap, run_caps=caps, description=definition.description)


def tell_warm(context: Context, best_of: str) -> None:
    """What is tried first of another sweep's."""
    count = sum(len(search.warm) for search in context.definition.searches)
    if best_of and count:
        told = "the best parameter set" if count == 1 else f"the {count} best parameter sets"
        context.observe(Notice(f"{told} of {best_of} that lie in this search space come first"))


def _extend(context: Context, text: str) -> None:
    """Go on in the new search space, and say what becomes of the trials so far."""
    counted, left_out = resume.extend(context.definition, text, context.ledger)
    told = f"the search space has changed: {counted} of the trials so far lie in it and inform the search"
    context.observe(Notice(f"{told}; {left_out} lie outside and do not count" if left_out else told))


def check_case(name: str, store: Store) -> None:
    """Names are unique ignoring case, so that a sweep means the same on every file system."""
    for path in store.sweeps.glob("*") if store.sweeps.is_dir() else ():
        if path.name != name and path.name.lower() == name.lower():
            raise InputError(
                f"the sweep {name!r} would differ from {path.name!r} in case only",
                fix=f"use --name {path.name} to go on with it, or another name",
            )


def _begin(definition: SweepDefinition, splits: Splits, ledger: Ledger) -> None:
    ledger.put(
        sweep_id=uuid.uuid4().hex,
        name=definition.name,
        definition=definition.identity(),
        definition_hash=definition.hash(),
        metric={"name": definition.metric.name, "goal": definition.metric.goal},
        data={
            "name": splits.name,
            "source": definition.data.source,
            "path": definition.data.path,
            "data_hash": splits.data_hash,
            "labels": list(splits.labels),
            **rows_of(splits),
        },
        notes=list(splits.notes),
        findings=[finding.to_json() for finding in splits.findings],
        versions={name: metadata.version(name) for name in RECORDED},
        state="running",
        reason="",
    )
