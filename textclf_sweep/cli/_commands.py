"""The command group: each module of this package is a command, imported only when it is called.

A command module's docstring is its help text (the first line stands in ``sweep --help``) and its function ``command``
takes the arguments and options. Modules whose names begin with ``_``, and `main`, are not commands.
"""

from __future__ import annotations

import ast
import difflib
import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from textclf_sweep import __version__
from textclf_sweep.cli import _output
from textclf_sweep.cli._errors import exit_code
from textclf_sweep.cli._loading import ending_at_once

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """The commands there are, in alphabetical order."""
    modules = (item.name for item in pkgutil.iter_modules([str(FOLDER)]))
    return sorted(name for name in modules if not name.startswith("_") and name != "main")


def summary(name: str) -> str:
    """The first line of a command module's docstring, read without importing it."""
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    return (ast.get_docstring(tree) or "").partition("\n")[0]


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C as the exception that typer passes on; of a KeyboardInterrupt it makes a silent exit code."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        raise typer.Abort from interrupt


class Commands(TyperGroup):
    """Knows its commands by their file names, so that ``sweep --help`` imports none of them."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer's signature
        """The commands' names."""
        return names()

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import the command; a usage error with the nearest name when there is none."""
        if cmd_name not in names():
            near = difflib.get_close_matches(cmd_name, names(), n=1)
            ctx.fail(f"No such command {cmd_name!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
        with ending_at_once():
            module = importlib.import_module(f"textclf_sweep.cli.{cmd_name}")
        single = typer.Typer(add_completion=False, rich_markup_mode=None)
        single.command(cmd_name, help=module.__doc__)(module.command)
        return typer.main.get_command(single)

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Read the command line."""
        with _interruptible():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: Any) -> Any:
        """Do what the command line says."""
        with _interruptible():
            return super().invoke(ctx)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - typer's signature
        """The table of commands in the help text."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary(name)) for name in names()])


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def sweep(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Hyperparameter sweeps for TensorFlow/Keras text classification.

    \b
    sweep check DATA    what is wrong with data, in seconds
    sweep init DATA     write a definition for them
    sweep plan FILE     what would run, without training anything
    sweep run FILE      run it; the same command again resumes it
    sweep trials NAME   every trial of a sweep
    sweep ui            browse the results in MLflow
    """  # noqa: D301 - \b keeps the help text's line breaks
    if version:
        _output.say(f"textclf-sweep {__version__}")
    elif context.invoked_subcommand is None:
        _output.say(context.get_help())


def run(arguments: list[str]) -> int:
    """Run one command line; returns the exit code, see `textclf_sweep.cli._errors.exit_code`."""
    _output.tolerate_any_text()

    def action() -> Any:
        return typer.main.get_command(app)(args=arguments, prog_name="sweep", standalone_mode=False)

    return exit_code(action, arguments)
