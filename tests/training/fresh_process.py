"""Runs one pickled training task, read from stdin, in a process that has run no other."""

from __future__ import annotations

import pickle
import sys

from textclf_sweep.training import preload  # noqa: F401 - as a worker's ancestor imports it
from textclf_sweep.training.run import run_task
from textclf_sweep.training.tasks import Decision

run_task(pickle.load(sys.stdin.buffer), lambda event: Decision(), 1)
