"""Have a sweep's failed trials run again.

The next `sweep run` trains them anew, with the same parameters, before it goes on.
"""

from __future__ import annotations

from typing import Annotated

import typer

from textclf_sweep.cli import _format, _output
from textclf_sweep.cli._options import HERE, JsonOption, NameArgument, StoreOption
from textclf_sweep.errors import InputError
from textclf_sweep.store import Store
from textclf_sweep.sweep.manage import retry

FailedOption = Annotated[bool, typer.Option("--failed", help="The trials that failed.")]


def command(
    name: NameArgument, failed: FailedOption = False, store: StoreOption = HERE, json: JsonOption = False
) -> None:
    """Put the failed trials back in line."""
    if not failed:
        raise InputError("which trials?", fix=f"write sweep retry {name} --failed")
    numbers, limit = retry(Store(store), name)
    if json:
        _output.say_json({"sweep": name, "trials": numbers, "limit": limit or None})
    elif numbers:
        which = _format.plural(len(numbers), "failed trial")
        _output.say(f"{which} of {name} will run again with `sweep run`: {', '.join(map(str, numbers))}")
        if limit:
            _output.say(f"the sweep has ended because {limit}: raise that first, or nothing starts")
    else:
        _output.say(f"no trial of {name} has failed; nothing was changed")
