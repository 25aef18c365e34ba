"""The name somebody meant: a typo's neighbour, or what another tool calls the same thing."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

SAME = (
    {"learning_rate", "lr", "learningrate", "alpha", "eta", "step_size", "learning_rate_init", "initial_lr"},
    {"batch_size", "batch", "batchsize", "bs", "minibatch_size", "mini_batch_size", "train_batch_size",
     "per_device_train_batch_size"},
    {"units", "hidden_size", "hidden_units", "hidden_dim", "hidden", "num_units", "n_units", "n_hidden", "lstm_units",
     "rnn_units", "gru_units", "neurons", "num_hidden", "lstm_size", "state_size", "width"},
    {"filters", "num_filters", "n_filters", "channels", "out_channels", "kernels"},
    {"kernel_size", "filter_size", "kernel", "kernel_width", "kernel_sizes", "filter_sizes"},
    {"depth", "num_layers", "n_layers", "layers", "hidden_layers", "num_hidden_layers", "n_hidden_layers"},
    {"dropout", "dropout_rate", "drop_rate", "p_dropout", "drop", "dropout_prob", "keep_prob", "hidden_dropout_prob"},
    {"optimizer", "optimiser", "optim", "opt", "solver"},
    {"epochs", "num_epochs", "n_epochs", "max_epochs", "epoch", "nb_epoch", "num_train_epochs", "iterations"},
    {"embedding_dim", "embedding_size", "embed_dim", "embed_size", "emb_dim", "output_dim", "embedding_dims",
     "embeddings"},
    {"max_length", "max_len", "maxlen", "seq_len", "seq_length", "max_seq_length", "max_seq_len", "sequence_length",
     "input_length", "max_sequence_length"},
    {"vocabulary_size", "vocab_size", "max_words", "max_features", "num_words", "input_dim", "max_tokens", "n_words"},
    {"min_count", "min_df", "min_freq", "min_frequency"},
    {"lowercase", "lower", "do_lower_case", "lower_case"},
    {"bidirectional", "bidir", "bi", "bi_lstm", "bilstm"},
    {"l1", "l1_reg", "l1_regularization", "kernel_l1"},
    {"l2", "l2_reg", "l2_regularization", "kernel_l2", "weight_decay"},
)  # fmt: skip
"""Names of one hyperparameter in other tools; whichever of a group the program knows is meant."""

METRICS = {
    "val_acc": "val_accuracy", "valid_accuracy": "val_accuracy", "validation_accuracy": "val_accuracy",
    "eval_accuracy": "val_accuracy", "val_categorical_accuracy": "val_accuracy",
    "val_sparse_categorical_accuracy": "val_accuracy", "test_accuracy": "val_accuracy", "test_acc": "val_accuracy",
    "acc": "val_accuracy", "train_acc": "accuracy", "train_accuracy": "accuracy", "categorical_accuracy": "accuracy",
    "sparse_categorical_accuracy": "accuracy", "f1": "val_macro_f1", "f1_score": "val_macro_f1",
    "f1_macro": "val_macro_f1", "val_f1": "val_macro_f1", "val_f1_score": "val_macro_f1",
    "val_f1_macro": "val_macro_f1", "eval_f1": "val_macro_f1", "validation_f1": "val_macro_f1",
    "macro_f1_score": "val_macro_f1", "train_f1": "macro_f1", "validation_loss": "val_loss",
    "valid_loss": "val_loss", "eval_loss": "val_loss", "test_loss": "val_loss", "train_loss": "loss",
}  # fmt: skip
"""Objectives of other tools and ours; where the part is not named, the validation part is what a sweep should read."""

KEYS = {
    "model": "architecture", "arch": "architecture", "network": "architecture", "algorithm": "method",
    "search": "method", "strategy": "method", "search_alg": "method", "tuner": "method",
    "objective": "metric", "optimize": "metric", "params": "parameters", "hyperparameters": "parameters",
    "space": "parameters", "search_space": "parameters", "hparams": "parameters", "trials": "run_cap",
    "n_trials": "run_cap", "max_trials": "run_cap", "num_trials": "run_cap", "num_samples": "run_cap",
    "count": "run_cap", "dataset": "data", "input": "data", "earlystopping": "early_stopping",
    "early_stop": "early_stopping", "timeout": "budget", "time_limit": "budget", "time": "budget",
    "random_state": "seed", "random_seed": "seed", "n_jobs": "workers", "jobs": "workers",
    "parallel_trials": "workers", "concurrency": "workers", "max_concurrent": "workers", "backend": "engine",
    "executor": "engine", "title": "name", "points_to_evaluate": "enqueue", "initial_points": "enqueue",
    "direction": "goal", "mode": "goal", "objective_name": "name", "text_column": "text", "texts": "text",
    "label_column": "label", "labels": "label", "target": "label", "file": "path", "csv": "path", "filename": "path",
    "type": "source", "format": "source", "separator": "delimiter", "sep": "delimiter",
    "validation_split": "validation", "val": "validation", "val_split": "validation",
    "test_split": "test", "test_size": "test", "groups": "group",
    "monitor": "metric", "delta": "min_delta", "max_time": "time", "low": "min", "minimum": "min", "lower": "min",
    "high": "max", "maximum": "max", "upper": "max", "step": "q", "choices": "values", "options": "values",
    "probs": "probabilities", "weights": "probabilities", "dist": "distribution", "mean": "mu", "loc": "mu",
    "std": "sigma", "stddev": "sigma", "scale": "sigma", "alpha": "a", "beta": "b", "conditions": "when",
    "condition": "when", "if": "when", "points": "count", "num": "count", "cv": "folds", "n_splits": "folds",
    "k_folds": "folds", "kfold": "folds", "pruner": "early_terminate", "pruning": "early_terminate",
    "architectures": "architecture", "models": "architecture",
}  # fmt: skip
"""Keys of other tools and ours, of all sections; only a key that the section has is ever proposed."""

VALUES = {
    "bayesian": "bayes", "tpe": "bayes", "optuna": "bayes", "gridsearch": "grid", "grid_search": "grid",
    "randomsearch": "random", "random_search": "random", "randomised": "random", "randomized": "random",
    "max": "maximize", "maximise": "maximize", "min": "minimize", "minimise": "minimize", "news": "uci_news",
    "sample": "uci_news", "int": "int_uniform", "float": "uniform", "loguniform": "log_uniform_values",
    "log": "log_uniform_values", "quniform": "q_uniform", "qloguniform": "q_log_uniform_values",
    "choice": "categorical", "randint": "int_uniform", "gaussian": "normal", "lognormal": "log_normal",
    "qnormal": "q_normal", "qlognormal": "q_log_normal", "kerastuner": "keras_tuner",
    "sha": "asha", "successive_halving": "asha", "median_stopping": "median", "gaussian_process": "gp",
    "cma": "cmaes", "cma_es": "cmaes",
}  # fmt: skip
"""Values of other tools and ours; only a value that is allowed is ever proposed."""


def nearest(name: str, known: Iterable[str], table: Mapping[str, str] | None = None) -> str | None:
    """The name among `known` that was most likely meant; None when none is near.

    Args:
        name: what was written.
        known: what could have been.
        table: foreign names and ours.
    """
    names = list(known)
    plain = _plain(name)
    by_plain = {_plain(candidate): candidate for candidate in names}
    if plain in by_plain:
        return by_plain[plain]
    translated = (table or {}).get(plain)
    if translated in names:
        return translated
    close = difflib.get_close_matches(plain[:64], by_plain, n=1, cutoff=0.6)
    return by_plain[close[0]] if close else None


def nearest_parameter(name: str, known: Iterable[str]) -> str | None:
    """The hyperparameter among `known` that was most likely meant, by what other tools call it or by its spelling."""
    names = list(known)
    plain = _plain(name)
    for group in SAME:
        if plain in group:
            return next((candidate for candidate in names if candidate in group), None)
    return nearest(name, names)


def _plain(name: str) -> str:
    """``learningRate``, ``Learning-Rate`` and ``learning rate`` are one name."""
    snake = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name[:64])
    return re.sub(r"[\s.-]+", "_", snake.strip()).lower()
