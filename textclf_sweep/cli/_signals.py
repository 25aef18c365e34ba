"""Ctrl-C and its relatives during a sweep: the first asks for a clean stop, the second ends the process at once."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

STOPPING = "stopping: what runs is put back, to run again on resume; once more to stop at once"


ECHO_SECONDS = 0.5
"""A wrapper (``timeout``, ``npm run``) that passes on a Ctrl-C which the terminal sends to all repeats it so soon."""


@dataclass(slots=True)
class StopRequest:
    """What the user has asked for so far. Calling it answers `textclf_sweep.sweep.run.run`.

    Attributes:
        signal: number of the signal that asked for the stop; None while nobody did.
    """

    signal: int | None = None

    def __call__(self) -> str | None:
        """Once the user asked to stop, why the sweep stops: ``stopped by SIGINT``."""
        return None if self.signal is None else f"stopped by {signal.Signals(self.signal).name}"

    @property
    def exit_code(self) -> int:
        """128 + the signal's number, as shells count; 0 while nobody asked."""
        return 0 if self.signal is None else 128 + self.signal


@contextmanager
def stop_signals(
    announce: Callable[[str], None],
    leave: Callable[[], None],
    end: Callable[[int], object] = os._exit,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[StopRequest]:
    """Catch SIGINT, SIGTERM and SIGHUP while the block runs; earlier handlers come back afterwards.

    Args:
        announce: told in words that the stop was understood; runs inside the signal handler.
        leave: puts the terminal in order before `end`; runs inside the signal handler.
        end: ends the process at once with an exit code.
        clock: seconds.
    """
    request, asked = StopRequest(), 0.0

    def handle(number: int, _: FrameType | None) -> None:
        nonlocal asked
        if number == request.signal and clock() - asked < ECHO_SECONDS:
            return
        if request.signal is not None:
            leave()
            end(128 + number)
            return
        request.signal, asked = number, clock()
        announce(STOPPING)

    # nohup ignores SIGHUP on purpose, and so do we then.
    caught = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        caught.append(signal.SIGHUP)
    before = {number: signal.signal(number, handle) for number in caught}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
