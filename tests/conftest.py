"""What tests of several rooms share: TensorFlow, imported by the first that trains, and a BERT of a few weights."""

from __future__ import annotations

import importlib
import json
import math
import os
import random
import string
from array import array
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import settings

# As in a worker; NumPy reads it when a test module imports it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# How long an example takes says more of what else runs on the machine.
settings.register_profile("busy", deadline=None)
settings.load_profile("busy")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that the processes that share the files out end at about the same time."""
    items.sort(key=lambda item: item.get_closest_marker("e2e") is None)


@pytest.fixture(scope="session")
def keras() -> ModuleType:
    """Keras as a worker with one thread has it."""
    importlib.import_module("textclf_sweep.training.preload")
    tensorflow = importlib.import_module("tensorflow")
    # Before the first op, or `run_task` could not ask for it any more.
    tensorflow.config.threading.set_intra_op_parallelism_threads(1)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    return importlib.import_module("keras")


@pytest.fixture(scope="session")
def fit(keras: ModuleType) -> ModuleType:
    """The module `textclf_sweep.training.fit`."""
    return importlib.import_module("textclf_sweep.training.fit")


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an untrained BERT in Hugging Face's layout: 2 layers, 32 wide; it knows word0 to word39."""
    folder = tmp_path_factory.mktemp("checkpoint") / "tiny"
    letters = string.ascii_lowercase + string.digits
    words = [f"word{index}" for index in range(40)]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = [*special, *words, *letters, *(f"##{letter}" for letter in letters)]
    _write_bert(folder, vocabulary)
    return folder


def _write_bert(folder: Path, vocabulary: Sequence[str], layers: int = 2, width: int = 32, length: int = 48) -> None:
    """Write a BERT with random weights as Hugging Face's library would."""
    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("".join(f"{token}\n" for token in vocabulary), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": true, "strip_accents": null}')
    sizes = {"vocab_size": len(vocabulary), "hidden_size": width, "intermediate_size": 2 * width}
    more = {"num_hidden_layers": layers, "num_attention_heads": 2, "max_position_embeddings": length}
    config = {"model_type": "bert", "hidden_act": "gelu", "type_vocab_size": 2, **sizes, **more}
    (folder / "config.json").write_text(json.dumps(config))
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(vocabulary), width),
        "embeddings.position_embeddings.weight": (length, width),
        "embeddings.token_type_embeddings.weight": (2, width),
        "pooler.dense.weight": (width, width),
        "pooler.dense.bias": (width,),
    }
    norms = ["embeddings.LayerNorm"]
    for layer in (f"encoder.layer.{number}" for number in range(layers)):
        for name in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            shapes |= {f"{layer}.{name}.weight": (width, width), f"{layer}.{name}.bias": (width,)}
        for name, (out, into) in (("intermediate", (2 * width, width)), ("output", (width, 2 * width))):
            shapes |= {f"{layer}.{name}.dense.weight": (out, into), f"{layer}.{name}.dense.bias": (out,)}
        norms += [f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"]
    shapes |= {f"{norm}.{kind}": (width,) for norm in norms for kind in ("weight", "bias")}
    generator, header, content = random.Random(0), {}, array("f")
    for name, shape in shapes.items():
        # Words count for more than where they stand, as in a trained one: it learns within a few epochs.
        of_embedding = 1.0 if "word" in name else 0.1
        scale = 0.0 if "bias" in name else of_embedding if name.startswith("embeddings") else width**-0.5
        mean, start = float(name.endswith("LayerNorm.weight")), 4 * len(content)
        content.extend(generator.gauss(mean, 0.0 if mean else scale) for _ in range(math.prod(shape)))
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, 4 * len(content)]}
    head = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(len(head).to_bytes(8, "little") + head + content.tobytes())
