"""Task functions without TensorFlow: a trial's architecture names what its training does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from textclf_sweep.training.tasks import Outcome, Report, TrainTask
from textclf_sweep.trial import EpochEvent, TrialResult, TrialState

_kept: list[bytearray] = []


def run_task(task: TrainTask, report: Report, threads: int) -> Outcome:
    return globals()[task.trial.architecture](task, report, threads)


def result(task: TrainTask, reason: str, epochs: tuple[EpochEvent, ...] = (), **values: object) -> TrialResult:
    state = TrialState.PRUNED if reason.startswith("stopped") else TrialState.COMPLETE
    return TrialResult(task.trial.number, task.attempt, state, reason, epochs, **values)


def epochs(task: TrainTask, report: Report, threads: int) -> Outcome:
    done: tuple[EpochEvent, ...] = ()
    for epoch in range(1, int(task.trial.parameters["epochs"]) + 1):
        done += (EpochEvent(task.trial.number, task.attempt, epoch, {"val_accuracy": epoch / 100}, 0.0),)
        decision = report(done[-1])
        if decision.stop:
            return result(task, f"stopped: {decision.reason}", done)
    return result(task, "all epochs", done)


def large(task: TrainTask, report: Report, threads: int) -> Outcome:
    return result(task, "done", confusion=tuple(tuple(range(row, row + 400)) for row in range(400)))


def fails(task: TrainTask, report: Report, threads: int) -> Outcome:
    raise ValueError("no such file\nbecause of reasons")


def leaves(task: TrainTask, report: Report, threads: int) -> Outcome:
    sys.exit("enough")


def unsendable(task: TrainTask, report: Report, threads: int) -> Outcome:
    return result(task, "done", metrics={"val_accuracy": lambda: 0})


def meets(task: TrainTask, report: Report, threads: int) -> Outcome:
    """Returns when the other task is there too, which takes that both run at once."""
    (task.results / f"{task.trial.number}.here").touch()
    other = task.results / f"{task.trial.parameters['other']}.here"
    until = time.monotonic() + 30
    while not other.exists():
        if time.monotonic() > until:
            raise TimeoutError(f"{other} never came")
        time.sleep(0.01)
    return result(task, "met")


def counts(task: TrainTask, report: Report, threads: int) -> Outcome:
    """Reports how many tasks ran while this one did, itself included."""
    mine = task.results / f"{task.trial.number}.running"
    mine.touch()
    seen = 0
    for epoch in range(1, 4):
        seen = max(seen, len(list(task.results.glob("*.running"))))
        report(EpochEvent(task.trial.number, task.attempt, epoch, {}, 0.0))
    mine.unlink()
    return result(task, str(seen))


def process(task: TrainTask, report: Report, threads: int) -> Outcome:
    """Tells about the process it runs in."""
    return result(
        task,
        "done",
        metrics={"pid": os.getpid(), "threads": threads, "descriptors": len([*Path("/proc/self/fd").iterdir()])},
        versions={
            "omp": os.environ.get("OMP_NUM_THREADS", ""),
            "gpu": os.environ.get("CUDA_VISIBLE_DEVICES", "unset"),
            "main": str(getattr(sys.modules["__main__"], "__file__", None)),
            "stdin": str(Path("/proc/self/fd/0").readlink()),
            "inherited": subprocess.run(
                ["/bin/ls", "/proc/self/fd"], close_fds=False, capture_output=True, text=True, check=True
            ).stdout,
            "preloaded": str("wave" in sys.modules),
        },
    )


def killed(task: TrainTask, report: Report, threads: int) -> Outcome:
    os.kill(os.getpid(), int(task.trial.parameters["signal"]))
    time.sleep(60)
    return result(task, "survived")


def exits(task: TrainTask, report: Report, threads: int) -> Outcome:
    os._exit(3)


def hangs(task: TrainTask, report: Report, threads: int) -> Outcome:
    (task.results / f"{task.trial.number}.here").write_text(str(os.getpid()))
    time.sleep(600)
    return result(task, "survived")


def grows(task: TrainTask, report: Report, threads: int) -> Outcome:
    _kept.append(bytearray(os.urandom(1024)) * (1024 * int(task.trial.parameters["megabytes"])))
    return result(task, "done", metrics={"pid": os.getpid()})


def prints(task: TrainTask, report: Report, threads: int) -> Outcome:
    print("LEAK printed")
    print("LEAK to stderr", file=sys.stderr)
    os.write(1, b"LEAK descriptor 1\n")
    os.write(2, b"LEAK descriptor 2\n")
    os.system("echo LEAK child; echo LEAK child >&2")
    return result(task, "done")


def interrupts_group(task: TrainTask, report: Report, threads: int) -> Outcome:
    """What the terminal does at Ctrl-C. The parent of this test has a process group of its own."""
    os.killpg(0, signal.SIGINT)
    return result(task, "survived")


def forks(task: TrainTask, report: Report, threads: int) -> Outcome:
    """Leaves a child that lives on for a while and holds all of the worker's descriptors, then dies."""
    if os.fork() == 0:
        time.sleep(5)
        os._exit(0)
    os._exit(3)
