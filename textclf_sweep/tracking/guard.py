"""Runs a command in this process's own group until standard input ends, then ends the whole group.

Whoever starts ``python -m textclf_sweep.tracking.guard COMMAND...`` holds the other end of standard input. When that
process ends, even by ``kill -9``, the pipe closes and nothing of the command stays behind. (Linux' parent-death signal
would reach the child alone and not its workers, and other systems have none.)
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading

GRACE = 5.0
"""Seconds between asking the command to stop and killing it."""


def main(command: list[str]) -> None:
    """Run `command`; never returns, because this process is one of the group it kills."""
    if os.getpgrp() != os.getpid():
        sys.exit("the guard must be started as the leader of a process group of its own")
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    # Only now, or the command would inherit it: signals are for the command, which then ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(server,), daemon=True).start()
    sys.stdin.buffer.read()
    server.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(GRACE)
    _end()


def _end_with(server: subprocess.Popen[bytes]) -> None:
    server.wait()
    _end()


def _end() -> None:
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1:])
