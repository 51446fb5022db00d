"""Work in the background, one piece after another, on a thread that exists while there is any."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Background"]


class Background:
    """A queue of work. `wait` returns when it is empty, work that work adds included."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._queue: deque[Callable[[], None]] = deque()
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None

    def submit(self, work: Callable[[], None]) -> None:
        """Add a piece of work."""
        with self._condition:
            self._queue.append(work)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()

    def keep(self, error: BaseException) -> None:
        """Let `wait` raise what other work raised, unless there is something older."""
        with self._condition:
            self._error = self._error or error

    def wait(self) -> None:
        """Wait until nothing is left to do; at once when called by the work itself.

        Raises what work raised first since the last time: a thread has nobody else to tell.
        """
        with self._condition:
            if threading.current_thread() is self._thread:
                return
            self._condition.wait_for(lambda: self._thread is None)
            error, self._error = self._error, None
        if error is not None:
            raise error

    def _run(self) -> None:
        while (work := self._next()) is not None:
            self._do(work)

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001, raised again by `wait`
            self.keep(error)

    def _next(self) -> Callable[[], None] | None:
        with self._condition:
            if self._queue:
                return self._queue.popleft()
            self._thread = None
            self._condition.notify_all()
            return None
