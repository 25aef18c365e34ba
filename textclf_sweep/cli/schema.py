"""Print the JSON Schema of sweep definitions, for editors."""

from __future__ import annotations

from textclf_sweep.cli import _output
from textclf_sweep.definition.schema import json_schema
from textclf_sweep.sweep.catalogue import discover


def command() -> None:
    """Print the schema of everything this installation can run."""
    _output.say_json(json_schema(discover()))
