"""A sweep's ledger as the frozen value that analysis reads."""

from __future__ import annotations

from textclf_sweep import locks
from textclf_sweep.analysis.status import Snapshot
from textclf_sweep.definition.types import Metric
from textclf_sweep.ledger import Ledger
from textclf_sweep.store import Store


def linear_of(ledger: Ledger) -> str:
    """Which validation rows the linear baseline labels rightly; empty when it was not measured."""
    return str(((ledger.get("baselines") or {}).get("linear") or {}).get("right", ""))


def take(ledger: Ledger, store: Store) -> Snapshot:
    """The sweep as it stands now.

    A ledger that says ``running`` while nobody holds the sweep's lock belongs to a parent that was killed: the sweep
    is ``interrupted``.
    """
    name, state, reason = ledger.get("name"), ledger.get("state"), ledger.get("reason", "")
    if state == "running" and locks.holder(store.sweep(name)) is None:
        state, reason = "interrupted", "the program was killed"
    seconds, smoke = ledger.get("checks_seconds"), ledger.get("smoke") or {}
    parent = ledger.parent(store.tracking_uri())
    metric = ledger.get("metric")
    return Snapshot(
        sweep=name,
        state=state,
        reason=reason,
        metric=Metric(metric["name"], metric["goal"]),
        history=ledger.history(),
        openings=ledger.openings(),
        floors=ledger.get("floors") or {},
        parent_run_id=parent[1] if parent else None,
        linear=linear_of(ledger),
        checks={} if seconds is None else {"seconds": seconds, "smoke": smoke},
    )
