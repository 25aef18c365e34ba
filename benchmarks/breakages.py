"""Ways to break a text classifier, for `benchmarks/diagnosis.py`: faults in data, definition or a user's model.

Each is a function of a clean setup and a random generator that returns the broken one. It is listed with the causes
that are right to be named first: more than one only where both lead to the same remedy.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Rows = list[tuple[str, str]]


@dataclass(frozen=True)
class Setup:
    """What a sweep is made from.

    Attributes:
        train, validation, test: (text, label) rows.
        parameters: hyperparameters, each as a definition has it.
        more: other keys of the definition.
        data: other keys of its section ``data``.
        columns: further columns of the files, by name: a function of a row's number and label.
        model: source of a user's model; empty for `architecture`.
        architecture: of the catalogue.
    """

    train: Rows
    validation: Rows
    test: Rows
    parameters: Mapping[str, Any]
    architecture: str = "cnn"
    more: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, Callable[[int, str], str]] = field(default_factory=dict)
    model: str = ""

    def set(self, **parameters: Any) -> Setup:
        """With these hyperparameters fixed."""
        given = {name: {"value": value} for name, value in parameters.items()}
        return dataclasses.replace(self, parameters={**self.parameters, **given})

    def parts(self, change: Callable[[Rows], Rows]) -> Setup:
        """With all three parts changed."""
        return dataclasses.replace(
            self, train=change(self.train), validation=change(self.validation), test=change(self.test)
        )


Break = Callable[[Setup, random.Random], Setup]


@dataclass(frozen=True)
class Fault:
    """One way to break a classifier.

    Attributes:
        name: what is done.
        causes: right to be named first, the primary one first.
        make: breaks a setup.
        kind: data, definition or model.
        heals: whether a change of the definition can mend it.
    """

    name: str
    causes: tuple[str, ...]
    make: Break
    kind: str
    heals: bool = False


# Data


def shuffled(setup: Setup, draw: random.Random) -> Setup:
    """Labels of all parts exchanged at random."""

    def change(rows: Rows) -> Rows:
        labels = [label for _, label in rows]
        draw.shuffle(labels)
        return [(text, label) for (text, _), label in zip(rows, labels, strict=True)]

    return setup.parts(change)


def ids_for_labels(setup: Setup, _: random.Random) -> Setup:
    """The label column is the row's number; the labels stand in another one."""
    return dataclasses.replace(
        setup, data={**setup.data, "label": "id"}, columns={"id": lambda number, _: str(100_000 + number // 2)}
    )


def noisy_labels(setup: Setup, draw: random.Random) -> Setup:
    """Half of the labels at random."""
    names = sorted({label for _, label in setup.train})
    return setup.parts(
        lambda rows: [(text, draw.choice(names) if draw.random() < 0.5 else label) for text, label in rows]
    )


def texts_under_many_labels(setup: Setup, draw: random.Random) -> Setup:
    """Four in ten texts stand under two labels."""
    names = sorted({label for _, label in setup.train})

    def other(label: str) -> str:
        return draw.choice([name for name in names if name != label])

    twice = [(text, other(label)) for text, label in setup.train if draw.random() < 0.4]
    return dataclasses.replace(setup, train=[*setup.train, *twice])


def empty_texts(setup: Setup, draw: random.Random) -> Setup:
    """Eight in ten texts are blank, and kept."""
    changed = setup.parts(lambda rows: [("" if draw.random() < 0.8 else text, label) for text, label in rows])
    return dataclasses.replace(changed, data={**setup.data, "missing": "empty"})


def unique_words(setup: Setup, draw: random.Random) -> Setup:
    """No word occurs twice anywhere, as in ids, hashes or encrypted fields."""
    return setup.parts(lambda rows: [
        (" ".join(f"{draw.getrandbits(48):x}" for _ in text.split()), label) for text, label in rows])  # fmt: skip


def another_language(setup: Setup, _: random.Random) -> Setup:
    """Validation and test texts in words that no training text has."""

    def change(rows: Rows) -> Rows:
        return [(" ".join(f"{word[::-1]}q" for word in text.split()), label) for text, label in rows]

    return dataclasses.replace(setup, validation=change(setup.validation), test=change(setup.test))


def other_validation_labels(setup: Setup, _: random.Random) -> Setup:
    """Validation rows bear other labels than training rows of the same kind: two label files that do not match."""
    names = sorted({label for _, label in setup.train})
    turned = dict(zip(names, [*names[1:], names[0]], strict=True))

    def change(rows: Rows) -> Rows:
        return [(text, turned[label]) for text, label in rows]

    return dataclasses.replace(setup, validation=change(setup.validation), test=change(setup.test))


def label_in_text(setup: Setup, _: random.Random) -> Setup:
    """Every text has a word that stands for its label."""
    return setup.parts(lambda rows: [(f"{text} tag_{label}", label) for text, label in rows])


def validation_in_train(setup: Setup, draw: random.Random) -> Setup:
    """Validation and test rows are training rows, too."""
    return dataclasses.replace(
        setup,
        validation=draw.sample(setup.train, len(setup.validation)),
        test=draw.sample(setup.train, len(setup.test)),
    )


def imbalanced(setup: Setup, draw: random.Random) -> Setup:
    """One label has 97 % of the rows."""
    names = sorted({label for _, label in setup.train})
    common = draw.choice(names)

    def change(rows: Rows) -> Rows:
        kept = [row for row in rows if row[1] == common]
        kept = kept * (1 + 1400 // max(1, len(kept))) if len(rows) > 1000 else kept
        kept = [(f"{text} {number}", label) for number, (text, label) in enumerate(kept)]
        rare = [row for row in rows if row[1] != common]
        wanted = max(len(names), round(len(kept) * 0.03))
        return [*kept, *draw.sample(rare, min(len(rare), wanted))]

    return setup.parts(change)


def few(setup: Setup, draw: random.Random) -> Setup:
    """Eight training rows a label."""
    rows = draw.sample(setup.train, len(setup.train))
    kept = [row for name in sorted({label for _, label in rows}) for row in [r for r in rows if r[1] == name][:8]]
    return dataclasses.replace(setup, train=kept)


def coded(setup: Setup, _: random.Random) -> Setup:
    """Words are numbers, and cleaning removes digits."""
    codes: dict[str, int] = {}
    changed = setup.parts(lambda rows: [
        (" ".join(str(codes.setdefault(word.lower(), len(codes) + 100)) for word in text.split()), label)
        for text, label in rows
    ])  # fmt: skip
    return dataclasses.replace(changed, data={**setup.data, "cleaning": {"digits": "remove"}})


def boilerplate(setup: Setup, draw: random.Random) -> Setup:
    """Every text begins with the same 30 words, more or less, and only 20 are read."""
    words = [f"notice{number}" for number in range(40)]

    def change(rows: Rows) -> Rows:
        return [(" ".join([*sorted(draw.sample(words, 30)), text]), label) for text, label in rows]

    return setup.parts(change).set(max_length=20)


# Definition


def fixed(**parameters: Any) -> Break:
    """These hyperparameters."""
    return lambda setup, _: setup.set(**parameters)


def narrow(setup: Setup, _: random.Random) -> Setup:
    """Layers of one number."""
    name = "filters" if setup.architecture == "cnn" else "units"
    small = {"embedding_dim": 1} if setup.architecture == "mean_embedding" else {name: 1, "embedding_dim": 16}
    more = {"kernels": 1} if setup.architecture == "cnn" else {}
    return setup.set(**small, **more)


def eager(setup: Setup, _: random.Random) -> Setup:
    """Early stopping wants half a point of accuracy more at every epoch."""
    changed = setup.set(learning_rate=3e-4, epochs=20)
    return dataclasses.replace(changed, more={**setup.more, "early_stopping": {"patience": 1, "min_delta": 0.5}})


def cramped(setup: Setup, _: random.Random) -> Setup:
    """All learning rates that are searched are far too low."""
    space = {"distribution": "log_uniform_values", "min": 1e-6, "max": 5e-5}
    return dataclasses.replace(
        setup, parameters={**setup.parameters, "learning_rate": space}, more={**setup.more, "run_cap": 6}
    )


# A user's model

HEAD = """import keras
from keras import layers

FEATURES = "tokens"


def build(info):
    tokens = keras.Input((None,), dtype="int32")
    text = keras.ops.cast(keras.ops.not_equal(tokens, 0), "float32")[..., None]
    words = layers.Embedding(info.vocabulary_size, 32)(tokens)
    mean = keras.ops.sum(words * text, axis=1) / keras.ops.maximum(keras.ops.sum(text, axis=1), 1.0)
"""


def model(*lines: str) -> Break:
    """A user's model that goes on like this from ``mean``, (batch, 32)."""
    source = HEAD + "".join(f"    {line}\n" for line in lines)
    return lambda setup, _: dataclasses.replace(setup, model=source)


SOFTMAX = 'return keras.Model(tokens, layers.Dense(info.labels, activation="softmax")({}))'

FAULTS = (
    Fault("labels shuffled", ("shuffled_labels",), shuffled, "data"),
    Fault("an id for a label", ("label_column_misread",), ids_for_labels, "data", heals=True),
    Fault("half of the labels random", ("noise_floor",), noisy_labels, "data"),
    Fault("texts under two labels", ("conflicting_labels", "noise_floor"), texts_under_many_labels, "data"),
    Fault("texts blank", ("empty_inputs",), empty_texts, "data"),
    Fault("every word unique", ("out_of_vocabulary",), unique_words, "data"),
    Fault("validation in another language", ("distribution_shift", "out_of_vocabulary"), another_language, "data"),
    Fault("validation labelled otherwise", ("distribution_shift",), other_validation_labels, "data"),
    Fault("label in the text", ("leakage",), label_in_text, "data"),
    Fault("validation rows in train", ("leakage",), validation_in_train, "data"),
    Fault("97 % one label", ("imbalance",), imbalanced, "data"),
    Fault("eight rows a label", ("few_rows", "overfitting"), few, "data"),
    Fault("digits removed from codes", ("empty_inputs",), coded, "definition", heals=True),
    Fault("boilerplate kept, text cut", ("truncation",), boilerplate, "definition", heals=True),
    Fault("learning rate 10", ("learning_rate_too_high",), fixed(learning_rate=10), "definition", heals=True),
    Fault("learning rate 0.7", ("learning_rate_too_high",), fixed(learning_rate=0.7), "definition", heals=True),
    Fault("sgd, learning rate 60", ("learning_rate_too_high",), fixed(optimizer="sgd", learning_rate=60),
          "definition", heals=True),
    Fault("learning rate 1e-6", ("learning_rate_too_low",), fixed(learning_rate=1e-6), "definition", heals=True),
    Fault("sgd, learning rate 1e-5", ("learning_rate_too_low",), fixed(optimizer="sgd", learning_rate=1e-5),
          "definition", heals=True),
    Fault("max_length 1", ("truncation",), fixed(max_length=1), "definition", heals=True),
    Fault("frozen random embedding", ("frozen_random_embeddings",), fixed(trainable=False, embedding_dim=16),
          "definition", heals=True),
    Fault("dropout 0.97", ("over_regularised",), fixed(dropout=0.97), "definition", heals=True),
    Fault("l2 1.0", ("over_regularised",), fixed(l2=1.0), "definition", heals=True),
    Fault("l1 0.1", ("over_regularised",), fixed(l1=0.1), "definition", heals=True),
    Fault("vocabulary of 4", ("out_of_vocabulary",), fixed(vocabulary_size=4), "definition", heals=True),
    Fault("min_count 3000", ("out_of_vocabulary",), fixed(min_count=3000), "definition", heals=True),
    Fault("one epoch", ("too_few_epochs", "learning_rate_too_low"), fixed(epochs=1, learning_rate=4e-4),
          "definition", heals=True),
    Fault("early stopping at half a point", ("early_stopping_too_eager",), eager, "definition", heals=True),
    Fault("batches of 2000", ("batch_learning_rate_mismatch", "too_few_epochs"), fixed(batch_size=2000, epochs=4),
          "definition", heals=True),
    Fault("batches of 2, learning rate 0.3", ("batch_learning_rate_mismatch", "learning_rate_too_high"),
          fixed(batch_size=2, learning_rate=0.3, epochs=3), "definition", heals=True),
    Fault("layers of one number", ("capacity_too_small",), narrow, "definition", heals=True),
    Fault("search far too low", ("border_of_space", "learning_rate_too_low"), cramped, "definition", heals=True),
    Fault("sigmoid head", ("head_loss_mismatch",), model(
        'return keras.Model(tokens, layers.Dense(info.labels, activation="sigmoid")(mean))'), "model"),
    Fault("softmax of a softmax", ("head_loss_mismatch",), model(
        'first = layers.Dense(info.labels, activation="softmax")(mean)',
        "return keras.Model(tokens, layers.Softmax()(first))"), "model"),
    Fault("answer without the text", ("ignores_input", "vanishing_gradients"), model(
        "nothing = layers.Dense(16)(keras.ops.ones_like(mean))", SOFTMAX.format("nothing")), "model"),
    Fault("gradient stopped", ("vanishing_gradients",), model(
        "cut = keras.ops.stop_gradient(layers.Dense(16)(mean))", SOFTMAX.format("cut")), "model"),
    Fault("dead rectified units", ("dead_units",), model(
        'dead = layers.Dense(32, activation="relu", bias_initializer=keras.initializers.Constant(-50.0))(mean)',
        SOFTMAX.format("dead")), "model"),
    Fault("saturated tanh", ("saturated_activations",), model(
        'wide = keras.initializers.RandomNormal(stddev=3000.0)',
        'full = layers.Dense(32, activation="tanh", kernel_initializer=wide)(mean)',
        'full = layers.Dense(32, activation="tanh", kernel_initializer=wide)(full)',
        SOFTMAX.format("full")), "model"),
    Fault("twelve sigmoid layers", ("vanishing_gradients", "saturated_activations"), model(
        "deep = mean", "for _ in range(12):", '    deep = layers.Dense(16, activation="sigmoid")(deep)',
        SOFTMAX.format("deep")), "model"),
    Fault("enormous first weights", ("exploding_gradients",), model(
        "huge = keras.initializers.RandomNormal(stddev=400.0)",
        "far = layers.Dense(32, kernel_initializer=huge)(mean)",
        "far = layers.Dense(32, kernel_initializer=huge)(far)",
        "far = layers.Dense(32, kernel_initializer=huge)(far)", SOFTMAX.format("far")), "model"),
)  # fmt: skip
"""Every fault."""
