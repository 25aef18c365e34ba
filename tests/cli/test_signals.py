from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from textclf_sweep.cli._signals import STOPPING, stop_signals

pytestmark = pytest.mark.unit

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]


@pytest.fixture(autouse=True)
def _same_handlers_afterwards() -> Iterator[None]:
    hangup = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests themselves may run under nohup
    before = [signal.getsignal(number) for number, _ in SIGNALS]
    yield
    assert [signal.getsignal(number) for number, _ in SIGNALS] == before
    signal.signal(signal.SIGHUP, hangup)


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_the_first_asks_and_the_second_ends(number: int, code: int) -> None:
    said: list[object] = []
    clock = iter([10.0, 20.0, 30.0])
    with stop_signals(said.append, lambda: said.append("left"), said.append, lambda: next(clock)) as stop:
        assert (stop(), stop.exit_code) == (None, 0)
        os.kill(os.getpid(), number)
        assert (stop(), stop.exit_code, said) == (f"stopped by {signal.Signals(number).name}", code, [STOPPING])
        os.kill(os.getpid(), signal.SIGTERM)
        assert said[1:] == ["left", 143]


def test_nohup_is_respected() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_signals(print, print) as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert stop() is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_an_echo_of_the_first_is_no_second() -> None:
    """A wrapper passes on a Ctrl-C that the terminal has sent to all."""
    ends: list[int] = []
    now = [100.0]
    with stop_signals(lambda _: None, lambda: None, ends.append, lambda: now[0]) as stop:
        os.kill(os.getpid(), signal.SIGINT)
        now[0] += 0.02
        os.kill(os.getpid(), signal.SIGINT)
        assert (stop.signal, ends) == (signal.SIGINT, [])
        now[0] += 1.0
        os.kill(os.getpid(), signal.SIGINT)
        assert ends == [130]
