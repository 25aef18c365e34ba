"""The process in which KerasTuner's oracles live."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import psutil
import pytest

from textclf_sweep.definition.space import Constant, Range, SearchSpace
from textclf_sweep.definition.types import Metric
from textclf_sweep.errors import EngineError
from textclf_sweep.searchers import Ask, _keras_tuner, keras_tuner_random

pytestmark = pytest.mark.contract

RATE = SearchSpace.of({"epochs": Constant(3), "learning_rate": Range(1e-5, 1.0, log=True)})


def question(space: SearchSpace = RATE, number: int = 1) -> Ask:
    return Ask(space, Metric(), 0, number, ())


def oracle_process() -> psutil.Process:
    """The oracles' process that serves this one; started if there is none."""
    keras_tuner_random.propose(question())
    (found,) = [child for child in psutil.Process().children() if "searchers._oracle" in " ".join(child.cmdline())]
    return found


def gone(process: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not psutil.pid_exists(process):
            return True
        time.sleep(0.05)
    return False


def parent(code: str) -> subprocess.Popen[str]:
    """A process that asks an oracle; `code` follows a first question and a line with the oracle's process id."""
    script = """
        import sys
        from textclf_sweep.definition.space import Range, SearchSpace
        from textclf_sweep.definition.types import Metric
        from textclf_sweep.searchers import Ask, _keras_tuner, gp, hyperband, keras_tuner_grid, keras_tuner_random
        assert _keras_tuner._CLIENT._process is None, "importing starts it"
        space = SearchSpace.of({"dropout": Range(0.0, 0.5)})
        ask = lambda number: keras_tuner_random.propose(Ask(space, Metric(), 0, number, ()))
        assert ask(1)
        print(_keras_tuner._CLIENT._process._popen.pid, flush=True)
    """
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script) + code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_the_parent_loads_and_prints_nothing_and_its_exit_ends_the_process() -> None:
    asker = parent("print(sorted({'keras_tuner', 'keras', 'tensorflow', 'sklearn', 'numpy'} & sys.modules.keys()))")
    printed, errors = asker.communicate(timeout=60)
    process, loaded = printed.splitlines()
    assert (loaded, errors, asker.returncode) == ("[]", "", 0)
    assert not psutil.pid_exists(int(process))


def test_a_killed_parent_leaves_no_process() -> None:
    asker = parent("while True: ask(2)")
    assert asker.stdout is not None
    process = int(asker.stdout.readline())
    assert psutil.pid_exists(process)
    asker.kill()
    asker.communicate()
    assert gone(process, 10.0)


def test_a_thread_that_still_asks_does_not_hold_up_the_exit() -> None:
    code = """
        import threading, time
        from textclf_sweep.errors import EngineError
        def work():
            try:
                while True:
                    ask(3)
            except EngineError:
                pass
        threading.Thread(target=work, daemon=True).start()
        time.sleep(0.5)
    """
    asker = parent(textwrap.dedent(code))
    printed, errors = asker.communicate(timeout=60)
    assert (errors, asker.returncode) == ("", 0)
    assert not psutil.pid_exists(int(printed))


def test_an_interrupted_question_leaves_no_answer_behind() -> None:
    class Interruption(Exception):  # noqa: N818 - not an error
        pass

    def interrupt(*_: object) -> None:
        raise Interruption

    expected = keras_tuner_random.propose(question(number=2))
    _keras_tuner.close()
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        with pytest.raises(Interruption):
            keras_tuner_random.propose(question(number=1))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert keras_tuner_random.propose(question(number=2)) == expected


def test_a_killed_process_is_started_again() -> None:
    expected = keras_tuner_random.propose(question(number=5))
    before = oracle_process()
    before.kill()
    assert keras_tuner_random.propose(question(number=5)) == expected
    assert oracle_process().pid != before.pid


def test_ctrl_c_is_the_parents() -> None:
    process = oracle_process()
    assert os.getpgid(process.pid) != os.getpgid(0)
    process.send_signal(signal.SIGINT)
    assert keras_tuner_random.propose(question()) is not None
    assert oracle_process().pid == process.pid


def test_a_process_that_cannot_start_is_an_error_with_its_last_words(monkeypatch) -> None:
    _keras_tuner.close()
    monkeypatch.setitem(_keras_tuner.ENVIRONMENT, "PYTHONHOME", "/nowhere")
    with pytest.raises(EngineError, match=r"(?s)KerasTuner ended, twice.*exit status 1\..*hint: run again") as raised:
        keras_tuner_random.propose(question())
    assert "/nowhere" in str(raised.value)
    assert raised.value.exit_code == 4


def test_an_error_in_an_oracle_is_shown_and_ends_nothing() -> None:
    process = oracle_process()
    with pytest.raises(RuntimeError, match=r"(?s)oracle for hyperband failed.*Traceback.*expected a Range"):
        _keras_tuner.propose("hyperband", question(SearchSpace.of({"epochs": Constant(3)})))
    with pytest.raises(RuntimeError, match="KeyError: 'annealing'"):
        _keras_tuner.propose("annealing", question())
    assert oracle_process().pid == process.pid


def test_threads_get_their_own_answers() -> None:
    expected = [keras_tuner_random.propose(question(number=number)) for number in range(1, 9)]
    answers: list[object] = [None] * 8

    def work(number: int) -> None:
        answers[number - 1] = keras_tuner_random.propose(question(number=number))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == expected
