"""The parent's end of the process in which KerasTuner's oracles live (`_oracle`).

KerasTuner needs TensorFlow, which the parent never loads. The process is started by the first question, answers any
number of them and ends with the parent, however that ends.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from textclf_sweep.errors import EngineError
from textclf_sweep.searchers import Ask, Wait
from textclf_sweep.trial import Parameters, TrialRecord, TrialResult

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

ENVIRONMENT = {
    # One proposal takes 1 s with one thread and 3 s with several, which also take the cores from training.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "-1",
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONWARNINGS": "ignore",
}
TAIL = 2_000
"""Characters of what the process wrote that an error shows."""
PATIENCE = 2.0
"""Seconds that the process has to end by itself when the parent ends."""


def propose(sampler: str, ask: Ask) -> Parameters | Wait | None:
    """What a sampler of `_oracle` answers. Waits for it; may be called from any thread.

    Args:
        sampler: ``gp``, ``grid``, ``hyperband`` or ``random``.
        ask: the question.

    Raises:
        EngineError: the process died, and died again when it was started once more.
        RuntimeError: the oracle raised an error, shown with its traceback.
    """
    slim = replace(ask, history=tuple(map(_slim, ask.history)))
    return _CLIENT.propose(sampler, slim)


def start() -> None:
    """Start the process if it does not run, so that it has loaded its libraries when it is needed. Does not wait."""
    _CLIENT.start()


def close() -> None:
    """End the process. The next question starts another one."""
    _CLIENT.close()


class _Process:
    """One running process and the pipes to it."""

    def __init__(self) -> None:
        from multiprocessing import Pipe  # noqa: PLC0415 - a program without KerasTuner does not need it
        from tempfile import TemporaryFile  # noqa: PLC0415 - as above

        path = [item or str(Path.cwd()) for item in sys.path]
        code = f"import sys; sys.path[:] = {path!r}; from textclf_sweep.searchers._oracle import main; main()"
        self._ending, self._last_words = threading.Lock(), ""
        theirs, self._requests = Pipe(duplex=False)
        self._answers, back = Pipe(duplex=False)
        self._log: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed in `end`
        self._popen = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=theirs.fileno(),
            stdout=back.fileno(),
            stderr=self._log,
            env={**os.environ, **ENVIRONMENT},
            # A group of its own: Ctrl-C reaches the parent, which decides.
            process_group=0,
        )
        theirs.close()
        back.close()

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._popen.poll() is None

    def ask(self, sampler: str, ask: Ask) -> Any:
        """Its answer. Raises EOFError or OSError when it dies."""
        self._requests.send((sampler, ask))
        return self._answers.recv()

    def end(self) -> str:
        """End it; returns the last of what it wrote to stderr. Again, and from another thread, it does no harm."""
        with self._ending:
            if not self._log.closed:
                self._last_words = self._end()
        return self._last_words

    def _end(self) -> str:
        _close(self._requests)  # at the end of its input it exits
        try:
            self._popen.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        _close(self._answers)
        self._log.seek(0)
        written = self._log.read().decode(errors="replace").strip()
        self._log.close()
        return f"exit status {self._popen.returncode}. {written[-TAIL:]}".strip()


class _Client:
    """At most one process; one question at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: _Process | None = None
        self._closed = False

    def start(self) -> None:
        with self._lock:
            self._running()

    def propose(self, sampler: str, ask: Ask) -> Parameters | Wait | None:
        with self._lock:
            ended = ""
            for _ in range(2):
                process = self._running()
                try:
                    kind, answer = process.ask(sampler, ask)
                except (EOFError, OSError):
                    self._process, ended = None, process.end()
                    continue
                except BaseException:
                    # Interrupted: its answer, still to come, must not be taken for that to another question.
                    self._process = None
                    process.end()
                    raise
                if kind == "error":
                    raise RuntimeError(f"KerasTuner's oracle for {sampler} failed:\n{answer}")
                proposal: Parameters | Wait | None = answer
                return proposal
        raise EngineError(
            f"the process that runs KerasTuner ended, twice, while it made a proposal: {ended}",
            fix="run again to continue; if it happens again, try `library: optuna`",
        )

    def close(self) -> None:
        with self._lock:
            if self._process is not None:
                self._process.end()
                self._process = None

    def finish(self) -> None:
        """At the parent's exit, when a thread may still wait for an answer and hold the lock."""
        self._closed = True
        process, self._process = self._process, None
        if process is not None:
            process.end()

    def _running(self) -> _Process:
        if self._closed:
            raise EngineError("the program is ending", fix="run again to continue")
        if self._process is not None and not self._process.running:
            self._process.end()
            self._process = None
        if self._process is None:
            self._process = _Process()
        return self._process


def _slim(record: TrialRecord) -> TrialRecord:
    """`record` with what an oracle looks at alone; a thousand curves would take longer to send than to search."""
    result = record.result
    if result is not None:
        result = TrialResult(result.trial, result.attempt, result.state, result.reason, value=result.value)
    return replace(record, epochs=(), result=result)


def _close(connection: Connection) -> None:
    try:
        connection.close()
    except OSError:
        # The other end is gone.
        return


_CLIENT = _Client()
atexit.register(_CLIENT.finish)
