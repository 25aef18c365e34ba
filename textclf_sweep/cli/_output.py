"""The two streams. Data goes to stdout, everything else to stderr; a reader that goes away is no error."""

from __future__ import annotations

import errno
import json
import math
import os
import sys
from collections.abc import Mapping
from typing import Any, Literal, TextIO

from textclf_sweep.errors import StorageError

COLOURS = {"error": 31, "warning": 33}

GONE = (errno.EPIPE, errno.EIO, errno.EBADF)
"""What writing to a closed pipe, or to a terminal that was hung up, ends with."""


def say(text: str) -> None:
    """One line (or several) to stdout."""
    write(sys.stdout, f"{text}\n")


def say_as_is(text: str) -> None:
    """Lines that end with a line break already."""
    write(sys.stdout, text)


def warn(text: str) -> None:
    """One line (or several) to stderr."""
    write(sys.stderr, f"{text}\n")


def tagged(word: Literal["error", "warning"], text: str) -> None:
    """``error: text`` to stderr, the word in colour on a terminal unless NO_COLOR is set."""
    plain = not sys.stderr.isatty() or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    warn(f"{word}: {text}" if plain else f"\x1b[1;{COLOURS[word]}m{word}\x1b[0m: {text}")


def write(stream: TextIO, text: str) -> None:
    """Write and flush; when the reader is gone, this and everything after it is dropped.

    Raises:
        StorageError: the stream cannot take the text for another reason, e.g. a full disk.
    """
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        _silence(stream)
        if error.errno not in GONE:
            raise StorageError(f"cannot write the output: {error.strerror}") from error


def say_json(value: Any) -> None:
    """One JSON value to stdout; ASCII only, and a number that is not finite is null."""
    say(json.dumps(_finite(value), indent=2, allow_nan=False))


def tolerate_any_text() -> None:
    """Let a terminal that lacks a character show a question mark rather than an error."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _silence(stream: TextIO) -> None:
    """Point the stream's descriptor at nothing, so that the interpreter's own last flush is quiet, too."""
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)
    except (OSError, ValueError):
        # A stream without a descriptor (a test's buffer) has nothing to point elsewhere.
        return


def _finite(value: Any) -> Any:
    match value:
        case float() if not math.isfinite(value):
            return None
        case Mapping():
            return {str(key): _finite(item) for key, item in value.items()}
        case list() | tuple():
            return [_finite(item) for item in value]
        case _:
            return value
