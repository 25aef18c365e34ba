"""Ask a running sweep to stop; `sweep run` goes on with it."""

from __future__ import annotations

from textclf_sweep.cli import _output
from textclf_sweep.cli._options import HERE, JsonOption, NameArgument, StoreOption
from textclf_sweep.store import Store
from textclf_sweep.sweep.manage import request_stop


def command(name: NameArgument, store: StoreOption = HERE, json: JsonOption = False) -> None:
    """Leave the request and say what was done."""
    done = request_stop(Store(store), name)
    if json:
        _output.say_json({"sweep": name, "message": done})
    else:
        _output.say(done)
