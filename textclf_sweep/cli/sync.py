"""Send MLflow what it lacks of a sweep; rebuild what is gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textclf_sweep.cli import _format, _output
from textclf_sweep.cli._options import HERE, JsonOption, NameArgument, StoreOption
from textclf_sweep.store import Store
from textclf_sweep.sweep.manage import sync


def command(name: NameArgument, store: StoreOption = HERE, json: JsonOption = False) -> None:
    """Bring MLflow up to date and say what was done."""
    done = sync(Store(store), name)
    if json:
        _output.say_json(done)
    else:
        _output.say(sentence(done))


def sentence(done: Mapping[str, Any]) -> str:
    """What was sent."""
    created, updated = done["created"], done["updated"]
    if not created and not updated:
        return f"MLflow already has everything of sweep {done['sweep']}"
    return f"sweep {done['sweep']}: {_format.plural(created, 'run')} created, {updated} updated"
