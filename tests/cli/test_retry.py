from __future__ import annotations

import json

import pytest

from textclf_sweep.cli.main import main
from textclf_sweep.ledger import Ledger
from textclf_sweep.trial import TrialState

pytestmark = pytest.mark.unit

COMPLETE, FAILED = TrialState.COMPLETE, TrialState.FAILED


def test_the_failed_trials_are_put_back_in_line(make_sweep, capsys) -> None:
    store = make_sweep(COMPLETE, FAILED, FAILED)
    assert main(["retry", "news", "--failed", "--store", str(store.root)]) == 0
    assert capsys.readouterr().out == "2 failed trials of news will run again with `sweep run`: 2, 3\n"
    with Ledger.read(store.sweep("news").ledger) as ledger:
        assert [record.state for record in ledger.history()] == [COMPLETE, TrialState.WAITING, TrialState.WAITING]
    assert main(["retry", "news", "--failed", "--store", str(store.root)]) == 0
    assert capsys.readouterr().out == "no trial of news has failed; nothing was changed\n"


def test_as_json(make_sweep, capsys) -> None:
    store = make_sweep(FAILED)
    assert main(["retry", "news", "--failed", "--json", "--store", str(store.root)]) == 0
    assert json.loads(capsys.readouterr().out) == {"sweep": "news", "trials": [1], "limit": None}


def test_which_trials_must_be_said(make_sweep, capsys) -> None:
    store = make_sweep(FAILED)
    assert main(["retry", "news", "--store", str(store.root)]) == 2
    assert "sweep retry news --failed" in capsys.readouterr().err
    with Ledger.read(store.sweep("news").ledger) as ledger:
        assert ledger.history()[0].state is FAILED


def test_no_such_sweep(make_sweep, capsys) -> None:
    store = make_sweep(FAILED)
    assert main(["retry", "nwes", "--failed", "--store", str(store.root)]) == 2
    assert "did you mean news?" in capsys.readouterr().err
