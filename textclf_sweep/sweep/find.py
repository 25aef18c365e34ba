"""Which sweep and trial somebody means: by a sweep's name, or by the id of an MLflow run."""

from __future__ import annotations

import re
from contextlib import suppress

from textclf_sweep import tracking
from textclf_sweep.errors import InputError, StorageError
from textclf_sweep.ledger import Ledger
from textclf_sweep.store import Store
from textclf_sweep.sweep.manage import names

RUN_ID = re.compile(r"[0-9a-f]{32}")


def find(store: Store, name: str, trial: int | None = None) -> tuple[str, int | None]:
    """The sweep's name and the trial's number that are meant.

    Args:
        store: where to look.
        name: of a sweep, or the id of an MLflow run: a trial's, or a sweep's own.
        trial: the trial's number, if one was given.

    Raises:
        InputError: something that MLflow knows was not logged by a sweep of this store. A name that nobody knows is
            returned as it is, for the ledger to complain of.
    """
    if name in names(store):
        return name, trial
    if RUN_ID.fullmatch(name):
        for sweep in names(store):
            with suppress(StorageError), Ledger.read(store.sweep(sweep).ledger) as ledger:
                if (parent := ledger.parent(store.tracking_uri())) is not None and parent[1] == name:
                    return sweep, trial
                owner = next((item.trial for item in ledger.attempts() if item.run_id == name), None)
                if owner is not None:
                    return sweep, owner
    if what := tracking.logged(store.tracking_uri(), name):
        raise InputError(
            f"the {what} {name!r} in MLflow was not logged by a sweep of {store.root.resolve()}",
            fix="a diagnosis needs the ledger of a sweep; `sweep list` shows the sweeps that are here",
        )
    if RUN_ID.fullmatch(name):
        raise InputError(
            f"there is no run {name!r}", fix="`sweep trials NAME --json` shows the runs of a sweep's trials"
        )
    return name, trial
