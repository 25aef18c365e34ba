"""Trying a model on a few texts: what is wrong with it is said at a line of the user's file."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from textclf_sweep.data import snapshot
from textclf_sweep.data.corpus import Corpus, Splits
from textclf_sweep.definition.types import OwnArchitecture
from textclf_sweep.errors import Problem
from textclf_sweep.training.tasks import Checked, CheckTask
from textclf_sweep.trial import Scalar, Trial

pytestmark = [
    pytest.mark.contract,
    # Keras warns of itself when it saves.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

HEAD = "import keras\ndef build(info, width: int = 4):\n"
TOKENS = '    x = keras.Input((None,), dtype="int32")\n    h = keras.layers.Embedding(info.vocabulary_size, width)(x)\n'
POOLED = f"{TOKENS}    h = keras.layers.GlobalAveragePooling1D()(h)\n"
END = '    return keras.Model(x, keras.layers.Dense(info.labels, activation="softmax")(h))\n'
EXAMPLE = Path(__file__).parents[2] / "examples" / "gated_cnn.py"
Try = Callable[..., Problem | None]


@pytest.fixture(scope="module")
def run(keras: ModuleType) -> ModuleType:
    """The module `textclf_sweep.training.run`."""
    return importlib.import_module("textclf_sweep.training.run")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a corpus of 24 short texts with 3 labels is."""
    words = np.array([f"word{number}" for number in range(12)])
    generator = np.random.default_rng(0)
    texts = tuple(" ".join(generator.choice(words, size)) for size in generator.integers(1, 7, 24))
    labels = tuple("abc"[number % 3] for number in range(24))
    path = tmp_path_factory.mktemp("check")
    snapshot.write(Splits.of(Corpus(texts, labels, tuple(range(24))), ["train"] * 24), path / "corpus")
    return path


@pytest.fixture
def try_model(run: ModuleType, folder: Path, tmp_path: Path) -> Try:
    """Write a file and have its model tried as a worker does."""

    def call(source: str, features: str = "tokens", **parameters: Scalar) -> Problem | None:
        (tmp_path / "mine.py").write_text(source)
        own = OwnArchitecture("mine.py", "build", features, hashlib.sha256(source.encode()).hexdigest())
        trial = Trial(1, "mine", {"width": 4, "min_count": 1, **parameters}, seed=1)
        task = CheckTask(trial, folder / "corpus", folder / "cache", 60.0, tmp_path, own)
        done = run.run_task(task, lambda epoch: pytest.fail(f"reported {epoch}"), 1)
        assert isinstance(done, Checked)
        return done.problem

    return call


@pytest.mark.parametrize(
    "source",
    [
        HEAD + POOLED + END,
        HEAD + POOLED + "    return keras.Model(x, keras.layers.Dense(info.labels)(h))\n",
        HEAD + POOLED + END.replace("return", "model =") + "    model.compile('adam', 'mse')\n    return model\n",
        HEAD + POOLED + """
    inner = [keras.layers.Embedding(info.vocabulary_size, width), keras.layers.GlobalMaxPooling1D()]
    return keras.Sequential([x, *inner, keras.layers.Dense(info.labels), keras.layers.Softmax()])
""",
    ],
    ids=["softmax", "logits", "compiled", "sequential"],
)  # fmt: skip
def test_a_model_that_can_be_trained(try_model: Try, source: str) -> None:
    assert try_model(source) is None


def test_one_of_sparse_rows(try_model: Try) -> None:
    rows = "    x = h = keras.Input((info.vocabulary_size,), sparse=True)\n"
    assert try_model(HEAD + rows + END, "tfidf") is None
    problem = try_model(HEAD + rows.replace(", sparse=True", "") + END, "tfidf")
    assert problem is not None
    assert problem.expected == "keras.Input((info.vocabulary_size,), sparse=True)"


def test_the_example(try_model: Try) -> None:
    assert try_model(EXAMPLE.read_text(encoding="utf-8"), blocks=1, kernel_size=3, dropout=0.2) is None


LAYER = """import keras
class Own(keras.layers.Layer):
    def call(self, x, training=False):
        {}
        return x
"""
UNSAVABLE = """import keras
class Own(keras.layers.Layer):
    def __init__(self, f):
        super().__init__()
        self.f = f
    def call(self, x):
        return self.f(x)
"""
WITH_LAYER = HEAD.removeprefix("import keras\n") + POOLED + "    h = Own()(h)\n" + END


@pytest.mark.parametrize(
    ("source", "line", "what"),
    [
        (HEAD + POOLED + "    raise ValueError('of mine')\n" + END, 6, "ValueError: of mine"),
        (HEAD + POOLED + "    keras.layers.Dens(3)\n" + END, 6, "AttributeError: module 'keras"),
        ("import kera\n" + HEAD + POOLED + END, 1, "ModuleNotFoundError: No module named 'kera'"),
        (HEAD + POOLED + END + "\n1 / 0\n", 8, "ZeroDivisionError: division by zero"),
        ("import sys\n" + HEAD + "    sys.exit(3)\n", 4, "SystemExit: 3"),
        (LAYER.format("unknown()") + WITH_LAYER, 4, "name 'unknown' is not defined"),
        (LAYER.format("training and unknown()") + WITH_LAYER, 4, "training the model on a few texts failed: NameError"),
        (HEAD + POOLED.replace("info.vocabulary_size", "2") + END, 2, "calling the model failed: InvalidArgumentError"),
    ],
)
def test_what_its_code_raises(try_model: Try, source: str, line: int, what: str, tmp_path: Path) -> None:
    problem = try_model(source)
    assert problem is not None
    assert problem.where == f"{tmp_path / 'mine.py'}:{line}"
    assert what in problem.what
    assert "\n" not in problem.what
    assert "\x1b" not in problem.what
    assert len(problem.what) < 400
    assert problem.expected
    assert problem.fix


@pytest.mark.parametrize(
    ("body", "what", "expected"),
    [
        (POOLED, "it returns nothing", "a keras.Model"),
        ("    return [3]\n", "it returns an object of type list", "a keras.Model"),
        ("    return keras.Sequential([keras.layers.Dense(3)])\n", "says nothing of its input", "keras.Input"),
        (POOLED.replace(', dtype="int32"', "") + END, "its input is float32 of shape (batch, None)", 'dtype="int32"'),
        (POOLED.replace("(None,)", "(info.max_length,)") + END, "its input is int32 of shape (batch, 6)", "(None,)"),
        (POOLED + "    y = keras.Input((3,))\n    return keras.Model([x, y], keras.layers.Dense(3)(h))\n",
         "the model has 2 inputs", "one: keras.Input"),
        (POOLED + "    return keras.Model(x, [keras.layers.Dense(3)(h)] * 2)\n", "2 outputs", "(batch, 3)"),
        (POOLED + "    return keras.Model(x, keras.layers.Dense(1)(h))\n", "its output has the shape (batch, 1)",
         "(batch, 3), a number for each label"),
        (TOKENS + END, "its output has the shape (batch, None, 3)", "(batch, 3), a number for each label"),
        (POOLED + "    return keras.Model(x, keras.ops.softmax(keras.layers.Dense(3)(h)))\n", "returns probabilities",
         "softmax as the activation of the last layer"),
        (POOLED + END.replace("softmax", "sigmoid"), "its last activation is sigmoid", "softmax"),
        (POOLED + '    h = keras.layers.Dense(3, activation="softmax")(h)\n    return keras.Model(x, h + 1)\n',
         "has a softmax, but its rows do not sum to 1", "softmax"),
        (POOLED + "    h = keras.ops.log(h - 9)\n" + END, "its output is not finite", "finite numbers"),
        (TOKENS + "    h = keras.ops.one_hot(x[:, 0], 3)\n    return keras.Model(x, h)",
         "no weights that training could change", "trainable weights"),
        (POOLED + "    h = keras.layers.Dense(3)(h)\n    return keras.Model(x, keras.ops.stop_gradient(h))\n",
         "No gradients provided for any variable", "a model that can be trained"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_model(try_model: Try, body: str, what: str, expected: str, tmp_path: Path) -> None:
    problem = try_model(HEAD + body)
    assert problem is not None
    assert what in problem.what
    assert expected in problem.expected
    assert problem.where.startswith(f"{tmp_path / 'mine.py'}:2")


def test_a_model_that_cannot_be_saved(try_model: Try) -> None:
    problem = try_model(UNSAVABLE + WITH_LAYER.replace("Own()", "Own(lambda x: x)"))
    assert problem is not None
    assert problem.what.startswith("the model cannot be saved: NotImplementedError: ")


def test_a_high_learning_rate_of_the_first_trial_is_not_held_against_it(try_model: Try) -> None:
    assert try_model(HEAD + POOLED + END, learning_rate=100.0, optimizer="sgd", epochs=50) is None
