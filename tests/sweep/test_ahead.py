from __future__ import annotations

import threading
import time

import pytest

from textclf_sweep.sweep.ahead import Ahead

pytestmark = pytest.mark.unit


def test_it_answers_without_holding_up_the_caller() -> None:
    gate, ahead = threading.Event(), Ahead[int]()
    assert not ahead.busy
    ahead.start(lambda: 7 if gate.wait(10) else 0)
    assert ahead.busy
    assert not ahead.ready
    gate.set()
    assert ahead.take() == 7
    assert not ahead.busy


def test_ready_once_the_answer_is_there() -> None:
    ahead = Ahead[str]()
    ahead.start(lambda: "done")
    until = time.monotonic() + 10
    while not ahead.ready and time.monotonic() < until:
        time.sleep(0.001)
    assert ahead.ready
    assert ahead.take() == "done"
    assert not ahead.ready


def test_what_it_raised_is_raised_where_it_is_taken() -> None:
    ahead = Ahead[int]()

    def fail() -> int:
        raise ValueError("no proposal")

    ahead.start(fail)
    with pytest.raises(ValueError, match="no proposal"):
        ahead.take()
    ahead.start(lambda: 1)
    assert ahead.take() == 1


def test_nothing_to_take() -> None:
    with pytest.raises(RuntimeError):
        Ahead[int]().take()
