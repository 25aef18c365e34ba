"""Ctrl-C while modules load. Imports next to nothing itself."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTED = 130
"""128 + SIGINT, as shells count."""


@contextmanager
def ending_at_once() -> Iterator[None]:
    """Let Ctrl-C end the process within the block, with one word and `INTERRUPTED`; for imports, which leave nothing.

    Python's own way, an exception, would come out of the middle of an import, in some places as a printed traceback.
    Whoever has set another handler, or ignores the signal, keeps it.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(*_: object) -> None:
    os.write(2, b"interrupted\n")
    os._exit(INTERRUPTED)
