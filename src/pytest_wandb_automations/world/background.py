"""Work in the background, one piece after another, on a thread that exists while there is any."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

__all__ = ["Background"]


class Background:
    """A queue of work. `wait` returns when it is empty, work that work adds included."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._queue: deque[Callable[[], None]] = deque()
        self._thread: threading.Thread | None = None

    def submit(self, work: Callable[[], None]) -> None:
        """Add a piece of work."""
        with self._condition:
            self._queue.append(work)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()

    def wait(self) -> None:
        """Wait until nothing is left to do; at once when called by the work itself."""
        with self._condition:
            if threading.current_thread() is not self._thread:
                self._condition.wait_for(lambda: self._thread is None)

    def _run(self) -> None:
        while True:
            with self._condition:
                if not self._queue:
                    self._thread = None
                    self._condition.notify_all()
                    return
                work = self._queue.popleft()
            work()
