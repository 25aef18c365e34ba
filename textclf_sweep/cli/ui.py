"""Browse the results in MLflow until Ctrl-C."""

from __future__ import annotations

from typing import Annotated

import typer

from textclf_sweep.cli import _output
from textclf_sweep.cli._options import HERE, StoreOption
from textclf_sweep.errors import SweepError
from textclf_sweep.store import Store
from textclf_sweep.sweep.manage import names, open_ledger
from textclf_sweep.tracking import serve

NameArgument = Annotated[
    str | None,
    typer.Argument(metavar="NAME", help="The sweep to show; the latest when not given.", show_default=False),
]
PortOption = Annotated[int, typer.Option("--port", metavar="N", min=1, max=65535, help="The first port to try.")]
OpenOption = Annotated[bool, typer.Option("--open/--no-open", help="Open the address in a browser.")]


def command(
    name: NameArgument = None, store: StoreOption = HERE, port: PortOption = 5000, browser: OpenOption = True
) -> int:
    """Start MLflow's server and say where it answers; returns the exit code of the signal that ended it."""
    place = Store(store)
    if name is None:
        name = next((known for known in names(place) if _readable(place, known)), None)
    else:
        open_ledger(place, name).close()  # an unknown name is an error of the command line, before anything starts
    ended = serve(place, place.tracking_uri(), on_ready=announce, name=name, port=port, open_browser=browser)
    return 128 + ended if ended else 0


def announce(page: str) -> None:
    """Say where the results are."""
    _output.say(page)
    _output.warn("Ctrl-C ends it")


def _readable(store: Store, name: str) -> bool:
    try:
        open_ledger(store, name).close()
    except SweepError:
        return False
    return True
