from __future__ import annotations

from pathlib import Path

import pytest

from textclf_sweep.cli._options import HERE, definition_file, overrides
from textclf_sweep.errors import InputError

pytestmark = pytest.mark.unit


def test_the_short_options_come_last() -> None:
    assert overrides(["seed=1", "name=a"], "2024", 2) == ("seed=1", "name=a", 'name="2024"', "workers=2")
    assert overrides(None) == ()


def test_the_default_file_is_used_when_it_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"no FILE was given and there is no sweep\.yaml"):
        definition_file(None)
    (tmp_path / "sweep.yaml").touch()
    assert definition_file(None) == Path("sweep.yaml")
    assert definition_file(Path("other.yaml")) == Path("other.yaml")


def test_here_is_the_current_folder() -> None:
    assert HERE.resolve() == Path.cwd()
