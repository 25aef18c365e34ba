"""The console script ``sweep``. Ctrl-C ends it with one word even while it still loads."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from textclf_sweep.cli._loading import INTERRUPTED, ending_at_once


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; never raises.

    Args:
        arguments: what stands after ``sweep``; the process's own arguments when None.

    Returns:
        The exit code, see `textclf_sweep.cli._errors.exit_code`.
    """
    try:
        with ending_at_once():
            from textclf_sweep.cli._commands import run  # noqa: PLC0415 - typer takes long enough to be interrupted
        return run(list(sys.argv[1:] if arguments is None else arguments))
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return INTERRUPTED
