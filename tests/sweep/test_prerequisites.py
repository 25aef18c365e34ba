"""What the models of a definition need, looked for in all that its trials may be."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from textclf_sweep.architectures import bert
from textclf_sweep.data.features import wordpiece
from textclf_sweep.definition.load import load
from textclf_sweep.definition.types import SweepDefinition
from textclf_sweep.errors import InputError
from textclf_sweep.sweep.catalogue import discover
from textclf_sweep.sweep.prerequisites import check_needs, contents

pytestmark = pytest.mark.unit
Read = Callable[..., SweepDefinition]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def call(more: str, architecture: str = "bert") -> SweepDefinition:
        path = tmp_path / "a.yaml"
        text = f"architecture: {architecture}\nmethod: random\nrun_cap: 2\ndata: {{source: uci_news}}\n{more}"
        path.write_text(text)
        return load(text, discover(), path=path)

    return call


def test_every_value_is_looked_at(read: Read, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(wordpiece, "check", lambda values, folder: seen.append((values, folder)))
    monkeypatch.setattr(bert, "check", lambda values, folder: seen.append((values, folder)))
    more = "enqueue: [{max_length: 9, pooling: cls}]\nparameters:\n  max_length: {min: 8, max: 20}\n"
    more += f"  pooling: {{values: [mean, cls]}}\n  checkpoint: {tiny_bert}\n"
    definition = read(more, "[lstm, bert]")
    check_needs(definition)
    assert len(seen) == 2
    for values, folder in seen:
        assert values["max_length"] == (20, 9)
        assert values["pooling"] == ("mean", "cls", "cls")
        assert values["checkpoint"] == (str(tiny_bert),)
        assert folder == Path(definition.folder)


def test_a_checkpoint_of_another_kind_is_an_error(read: Read, tiny_bert: Path, tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    if importlib.util.find_spec("keras_hub") is None:
        pytest.skip("keras-hub is not installed")
    good, other = tmp_path / "good", tmp_path / "other"
    for folder in (good, other):
        folder.mkdir()
        for path in tiny_bert.iterdir():
            (folder / path.name).write_bytes(path.read_bytes())
    parameters = "parameters: {max_length: 16, checkpoint: {values: [good, other]}}\n"
    check_needs(read(parameters))
    (other / "config.json").write_text('{"model_type": "distilbert"}')
    with pytest.raises(InputError, match=r"other/config.json: model_type 'distilbert' is not supported"):
        check_needs(read(parameters))


def test_files_that_models_begin_with_are_known_by_their_content(read: Read, tiny_bert: Path, tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("the 1 2\n")
    more = "parameters:\n  embedding: {values: [none, glove-uci-news-50d, v.txt]}\n"
    definition = read(f"{more}  checkpoint: {tiny_bert}\n", "[lstm, cnn, bert]")
    found = contents(definition)
    assert set(found) == {"embedding v.txt", f"checkpoint {tiny_bert}"}
    assert found == contents(definition)
    (tmp_path / "v.txt").write_text("the 1 3\n")
    assert contents(definition)["embedding v.txt"] != found["embedding v.txt"]


def test_the_words_beside_an_array_are_part_of_its_content(read: Read, tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.ones((1, 2), np.float32))
    (tmp_path / "v.txt").write_text("the\n")
    definition = read("embedding: v.npy\n", "lstm")
    found = contents(definition)
    (tmp_path / "v.txt").write_text("a\n")
    assert contents(definition) != found


def test_a_checkpoints_weights_are_part_of_its_content(read: Read, tiny_bert: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(tiny_bert, folder)
    definition = read("parameters: {checkpoint: copy}\n")
    found = contents(definition)
    with (folder / "model.safetensors").open("ab") as file:
        file.write(b"more")
    assert contents(definition) != found


def test_others_need_nothing(read: Read) -> None:
    check_needs(read("", "[lstm, tfidf_mlp]"))
