"""A proposal that is made while trials train, so that no worker waits for a slow searcher."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Ahead(Generic[T]):
    """At most one answer in the making, in a thread of its own. Used from one thread."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._answer: list[T] = []
        self._error: list[BaseException] = []

    @property
    def busy(self) -> bool:
        """Whether an answer is in the making, or there and not taken."""
        return self._thread is not None

    @property
    def ready(self) -> bool:
        """Whether `take` would not wait."""
        return self._thread is not None and not self._thread.is_alive()

    def start(self, make: Callable[[], T]) -> None:
        """Begin to call `make`, which must not touch what the caller changes meanwhile. Not while `busy`."""
        answer, error = self._answer, self._error

        def work() -> None:
            try:
                answer.append(make())
            except BaseException as raised:  # it is raised again where the answer is taken
                error.append(raised)

        # A daemon: an interrupted sweep does not wait for a proposal that nobody will use.
        self._thread = threading.Thread(target=work, daemon=True, name="ahead")
        self._thread.start()

    def take(self) -> T:
        """The answer; waits for it. Raises what `make` raised."""
        if self._thread is None:
            raise RuntimeError("nothing was started")
        self._thread.join()
        self._thread = None
        if self._error:
            raise self._error.pop()
        return self._answer.pop()
