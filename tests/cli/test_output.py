from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest

from textclf_sweep.cli import _output
from textclf_sweep.errors import StorageError

pytestmark = pytest.mark.unit


def test_json_is_standard_whatever_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    _output.say_json({"a": [math.nan, {"b": (math.inf, 1.5)}], "c": None, "label": "santé"})
    text = capsys.readouterr().out
    assert text.isascii()
    assert json.loads(text) == {"a": [None, {"b": [None, 1.5]}], "c": None, "label": "santé"}


def test_a_reader_that_left_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        _output.write(stream, "nobody reads this\n")
        _output.write(stream, "nor this\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_an_error_of_storage() -> None:
    with Path("/dev/full").open("w") as stream, pytest.raises(StorageError, match="cannot write the output: No space"):
        _output.write(stream, "too much\n")
