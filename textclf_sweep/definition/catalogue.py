"""What the program can do, as declared by its modules: the only thing `definition.load` knows of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from textclf_sweep.definition.space import Parameter
from textclf_sweep.definition.types import OwnArchitecture
from textclf_sweep.trial import Scalar


@dataclass(frozen=True, slots=True)
class Entry:
    """One architecture, searcher, pruner, source or engine.

    Attributes:
        name: its module's name, and the value in a definition.
        doc: one line.
        parameters: what it takes. For an architecture: hyperparameters of the model, its features and its training.
            For the others: options.
        finite: a searcher that enumerates and so needs discrete parameters.
        weighs: a searcher that draws listed values by their probabilities; one that is `finite` never does.
        methods: of a searcher, the values of ``method`` it serves.
        library: of a searcher, the value of ``library`` it belongs to.
        default: a searcher that its library uses for the first of `methods` when a definition names no sampler.
        paces: a searcher that chooses each trial's epochs itself.
        check: of a pruner, what is wrong with options that are each valid, in a few words; empty when nothing is.
        first_epoch: of a pruner, the first epoch after which it can end a trial, by its options.
        idle: of a pruner, the options that have no effect beside the others.
        extensions: a source's file name endings, lower case, with the dot; empty for a source that reads no file.
        path: what a source's path is: ``file``, ``folder``, ``name`` (a folder, or a name that the source knows) or
            ``none``.
        features: of an architecture, the module of `textclf_sweep.data.features` whose arrays it reads.
        own: where an architecture that this package does not bring is.
    """

    name: str
    doc: str
    parameters: tuple[Parameter, ...] = ()
    finite: bool = False
    weighs: bool = True
    extensions: tuple[str, ...] = ()
    path: Literal["file", "folder", "name", "none"] = "none"
    methods: tuple[str, ...] = ()
    library: str = "optuna"
    default: bool = False
    paces: bool = False
    check: Callable[[Mapping[str, Scalar]], str] | None = None
    first_epoch: Callable[[Mapping[str, Scalar]], int] | None = None
    idle: Callable[[Mapping[str, Scalar]], Sequence[str]] | None = None
    features: str = ""
    own: OwnArchitecture | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every discovered entry by room and name, and the parameters that architectures share.

    Attributes:
        architectures, searchers, sources, engines, pruners: by name.
        cleaning, training: parameters of every architecture.
        features: parameters of the architectures that read certain features, by the features' name.
        broken: architectures of other packages that cannot be used, and why.
    """

    architectures: Mapping[str, Entry]
    searchers: Mapping[str, Entry]
    sources: Mapping[str, Entry]
    engines: Mapping[str, Entry]
    pruners: Mapping[str, Entry]
    cleaning: tuple[Parameter, ...] = ()
    training: tuple[Parameter, ...] = ()
    features: Mapping[str, tuple[Parameter, ...]] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)

    def shared(self, features: str) -> tuple[Parameter, ...]:
        """What an architecture takes beside its own parameters.

        Args:
            features: the name of those that it reads.
        """
        return (*self.features[features], *self.cleaning, *self.training)
