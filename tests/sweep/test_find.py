"""Which sweep and trial a name means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from textclf_sweep.errors import InputError
from textclf_sweep.sweep.find import find

pytestmark = pytest.mark.unit

RUN = "0123456789abcdef" * 2


@pytest.fixture
def sweep(make_sweep: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    made = make_sweep(run_cap=2)
    made.run()
    return made


def test_a_sweeps_name(sweep: Any) -> None:
    assert find(sweep.store, "lstm", 2) == ("lstm", 2)


def test_the_run_of_a_trial_or_of_the_sweep(sweep: Any) -> None:
    from dataclasses import replace  # noqa: PLC0415

    attempt = sweep.ledger.attempts(2)[0]
    sweep.ledger.sent(replace(attempt, run_id=RUN, tracking_uri=sweep.store.tracking_uri()))
    sweep.ledger.set_parent(sweep.store.tracking_uri(), "1", RUN[::-1])
    assert find(sweep.store, RUN) == ("lstm", 2)
    assert find(sweep.store, RUN[::-1]) == ("lstm", None)


def test_a_run_that_nobody_knows(sweep: Any) -> None:
    with pytest.raises(InputError, match="there is no run"):
        find(sweep.store, RUN)


def test_other_names_are_for_the_ledger_to_complain_of(sweep: Any) -> None:
    assert find(sweep.store, "absent") == ("absent", None)
