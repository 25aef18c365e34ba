"""Delete a sweep: its folder and its MLflow experiment."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated

import typer

from textclf_sweep.cli import _format, _output
from textclf_sweep.cli._options import HERE, JsonOption, NameArgument, StoreOption
from textclf_sweep.errors import InputError, StorageError
from textclf_sweep.store import Store
from textclf_sweep.sweep.manage import delete, status

YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def command(name: NameArgument, store: StoreOption = HERE, yes: YesOption = False, json: JsonOption = False) -> None:
    """Ask, delete, and say what was removed."""
    agreed = yes or confirmed(name, trials(Store(store), name))
    removed = delete(Store(store), name) if agreed else []
    if json:
        _output.say_json({"sweep": name, "removed": removed})
    else:
        _output.say("\n".join(removed) or "nothing was deleted")


def trials(store: Store, name: str) -> int | None:
    """How many trials the sweep has; None when its ledger cannot tell, which is a reason to delete it."""
    try:
        counts: Mapping[str, int] = status(store, name)["trials"]
    except StorageError:
        return None
    return sum(counts.values())


def confirmed(name: str, count: int | None) -> bool:
    """Whether the user agrees.

    Raises:
        InputError: nobody is there to be asked.
    """
    if not sys.stdin.isatty():
        raise InputError(f"deleting sweep {name!r} needs a yes, and stdin is not a terminal", fix="add --yes")
    held = "everything in its folder" if count is None else f"its {_format.plural(count, 'trial')}"
    question = f"Delete sweep {name}, {held} and its MLflow experiment?"
    return typer.confirm(question, err=True)
