"""The journal: what happened in a world, in order. Reports of a test are told from it.

It is kept at every test and read at few, so it notes down objects that are there anyway and writes
no text. It is bounded: of very many records the first and the newest are kept.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    import httpx

    from pytest_wandb_automations.delivery.postbox import Answer
    from pytest_wandb_automations.rules.rule import Rule
    from pytest_wandb_automations.world.automations import Scope
    from pytest_wandb_automations.world.clock import Clock
    from pytest_wandb_automations.world.considering import Opinion
    from pytest_wandb_automations.world.executions import Execution
    from pytest_wandb_automations.world.faults import Fault, FaultHit
    from pytest_wandb_automations.world.happenings import Happening
    from pytest_wandb_automations.world.rows import Stream
    from pytest_wandb_automations.world.runs import Run

__all__ = [
    "Advanced",
    "Edited",
    "Journal",
    "Logged",
    "Missed",
    "Record",
    "Refused",
    "Sent",
    "Settled",
]

_FIRST = 1_000
_NEWEST = 4_000


@dataclass(slots=True, eq=False)
class Logged:
    """Rows that one run logged while runs did nothing else than that: `rows[start:stop]`."""

    run: Run
    stream: Stream
    rows: list[dict[str, Any]]
    """All rows of the run's stream, those from before and after included."""
    start: int
    stop: int | None = None
    """`None` while the run may go on."""

    @property
    def own(self) -> list[dict[str, Any]]:
        """The rows themselves."""
        return self.rows[self.start : self.stop]


@dataclass(slots=True, eq=False)
class Sent:
    """A request to a receiver; `answer` is what it met, `None` while it is under way."""

    request: httpx.Request
    execution: Execution | None
    """The one that it was sent for; none for what tests a webhook."""
    answer: Answer | None = None


class Settled(NamedTuple):
    """An execution is over."""

    execution: Execution


class Edited(NamedTuple):
    """An automation was created, updated or deleted, and is like this since, or was until then."""

    verb: str
    automation_name: str
    rule: Rule
    scope: Scope
    enabled: bool


class Refused(NamedTuple):
    """A GraphQL request was answered with errors."""

    operation: str | None
    username: str
    status: int
    message: str


class Missed(NamedTuple):
    """A GraphQL query asked for something that is not there: for W&B that is no error."""

    kind: str
    path: str
    username: str


class Advanced(NamedTuple):
    """The test moved the clock."""

    by: timedelta


_Asked: TypeAlias = Refused | Missed
What: TypeAlias = (
    "Happening | Opinion | Logged | Sent | Settled | Edited | _Asked | Advanced | Fault | FaultHit"
)


class Record(NamedTuple):
    """One thing that happened, and when by the backend's clock."""

    at: datetime
    what: What


class Journal:
    """Records in the order in which things happened; deliveries on other threads add theirs."""

    def __init__(self, clock: Clock, *, first: int = _FIRST, newest: int = _NEWEST) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._room = first
        self._first: list[Record] = []
        self._newest: deque[Record] = deque(maxlen=newest)
        self._noted: dict[tuple[str, Stream], int] = {}
        """How many rows of each run are noted, by run id and stream."""
        self.left_out = 0
        """How many records between the first and the newest are no longer kept."""
        self.logging: dict[int, Logged] = {}
        """The newest records that are of runs that log, by id of their rows: a next row belongs to
        them, too."""

    @property
    def first(self) -> list[Record]:
        """The records of the beginning."""
        return list(self._first)

    @property
    def newest(self) -> list[Record]:
        """Those that came after them, without the ones that were left out."""
        return list(self._newest)

    def add(self, what: What) -> None:
        """Note down that something happened."""
        with self._lock:
            self._close()
            self._append(what)

    def add_rows(self, run: Run, stream: Stream, rows: list[dict[str, Any]]) -> None:
        """Note down that a run begins to log, or goes on after something else: `rows` are all.

        To be asked only if `logging` does not hold these rows. It is the hot path of a logged
        value, and looking there is all that most values cost, also where runs take turns.
        """
        with self._lock:
            start = self._noted.get((run.id, stream), 0)
            logging = Logged(run, stream, rows, start)
            self._append(logging)
            self.logging[id(rows)] = logging

    def cut_rows(self, run: Run, stream: Stream, rows: list[dict[str, Any]], kept: int) -> None:
        """Keep what was noted of rows that a run is about to forget, all but the first `kept`."""
        with self._lock:
            self._close()
            copy = list(rows)
            for record in (*self._first, *self._newest):
                if isinstance(record.what, Logged) and record.what.rows is rows:
                    record.what.rows = copy
            self._noted[run.id, stream] = kept

    def _close(self) -> None:
        for logging in self.logging.values():
            logging.stop = self._noted[logging.run.id, logging.stream] = len(logging.rows)
        self.logging.clear()

    def _append(self, what: What) -> None:
        record = Record(self._clock.now(), what)
        if len(self._first) < self._room:
            self._first.append(record)
            return
        if len(self._newest) == self._newest.maxlen:
            self.left_out += 1
            if self._newest and isinstance(self._newest[0].what, Logged):
                self._close()  # what is about to be dropped takes no more rows
        self._newest.append(record)
