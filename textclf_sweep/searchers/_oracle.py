"""The process in which KerasTuner's oracles live: reads questions from stdin, writes answers to stdout.

A question is a pair (sampler, `Ask`), an answer a pair ("answer", proposal) or ("error", traceback), pickled by
`multiprocessing.connection`. Nothing is kept between questions. It ends at the end of its input.
"""

from __future__ import annotations

import os
import queue
import signal
import threading
import traceback
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import Any


def main() -> None:
    """Answer questions until there are no more."""
    # Ctrl-C is for the parent, which closes this process when it has ended its work.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    questions: queue.SimpleQueue[object] = queue.SimpleQueue()
    answers = Connection(os.dup(1), readable=False)
    # What libraries print goes to the log, not among the answers.
    os.dup2(2, 1)
    threading.Thread(target=_read, args=(questions,), daemon=True).start()

    from textclf_sweep.searchers._refill import SAMPLERS  # noqa: PLC0415 - loads TensorFlow, once all is in place

    while True:
        match questions.get():
            case (str(sampler), ask):
                answers.send(_answer(SAMPLERS, sampler, ask))


def _answer(samplers: Mapping[str, Callable[[Any], object]], sampler: str, ask: object) -> tuple[str, object]:
    try:
        return "answer", samplers[sampler](ask)
    except Exception:
        return "error", traceback.format_exc()


def _read(questions: queue.SimpleQueue[object]) -> None:
    """Queue what comes in. A thread of its own notices the parent's end in the middle of a proposal, too."""
    source = Connection(os.dup(0), writable=False)
    try:
        while True:
            questions.put(source.recv())
    except (EOFError, OSError):
        os._exit(0)
