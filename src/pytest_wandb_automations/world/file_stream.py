"""The file stream of a run: what its process sends, chunk by chunk, and what becomes of it.

A run's process appends to a few files that exist on the server alone, and each chunk says at which
line it belongs. So lines that were sent already, as after an answer that got lost, change nothing.
Other lines in their place replace them and all that followed. Source: wandb-core on loopback.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.world.summary import before_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_wandb_automations.world.runs import Run

__all__ = ["Chunk", "FileStream", "LogLine", "Transmission"]

HISTORY = "wandb-history.jsonl"
EVENTS = "wandb-events.jsonl"
SUMMARY = "wandb-summary.json"
CONSOLE = "output.log"

_PLAIN_LINE = re.compile(
    r"(?P<level>ERROR )?(?P<timestamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+) (?P<text>.*)", re.DOTALL
)
"""A line as it is sent to servers without structured logs; those of stderr are an error."""


@dataclass(frozen=True)
class Chunk:
    """Lines of one file, the first of which is line number `offset`."""

    offset: int
    lines: Sequence[str]


@dataclass(frozen=True)
class Transmission:
    """One request of a run's process: chunks by file name, and what it says of the run."""

    chunks: Mapping[str, Chunk]
    preempting: bool = False
    complete: bool = False
    exit_code: int = 0
    writer: str | None = None
    """Which of the processes it is that write one run together (`mode="shared"`); else `None`."""


@dataclass(frozen=True)
class LogLine:
    """A line of console output."""

    number: int
    line: str
    timestamp: str | None = None
    level: str | None = None
    label: str | None = None

    typename__ = "LogLine"


class FileStream:
    """What one run's process has sent so far."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._logs: _Logs = (
            _Rows(HISTORY, run.history, run.read_row, run.cut_history),
            _Rows(EVENTS, run.samples, run.read_sample, run.cut_samples),
        )
        self._writers: dict[str, _Logs] = {}
        self._numbers: dict[tuple[str, int], int] = {}
        """Which line of console output is which line of which writer."""

    @property
    def is_shared(self) -> bool:
        """Whether several processes write the run together."""
        return bool(self._writers)

    def receive(self, sent: Transmission) -> None:
        """Take in one request, if there is anything wrong with it nothing of it.

        The summary that comes with rows is the one after them; before that, each brings its own.
        """
        run, chunks, writer = self._run, sent.chunks, sent.writer
        logs = self._logs if writer is None else self._logs_of(writer)
        summary = [_json_object(SUMMARY, line) for line in _lines(chunks, SUMMARY)]
        rows = {log.name: _rows(log.name, chunks[log.name]) for log in logs if log.name in chunks}
        takes = [log.read(chunks[log.name], rows[log.name]) for log in logs if log.name in rows]
        run.heard_from(preempting=sent.preempting)
        # Each writer knows a part of a summary that several make.
        after = {**(run.summary if writer else {}), **summary[-1]} if summary else None
        if after is not None:
            run.summary = before_rows(after, run.summary, rows.get(HISTORY, ()))
        for take in takes:
            take()
        if after is not None:
            run.summary = after
        if CONSOLE in chunks:
            chunk = chunks[CONSOLE]
            for place, line in enumerate(chunk.lines, chunk.offset):
                number = place if writer is None else self._number(writer, place)
                run.console[number] = _log_line(number, line)
        if sent.complete:
            run.exit(sent.exit_code)

    def _logs_of(self, writer: str) -> _Logs:
        run = self._run
        made = (_OwnRows(HISTORY, run.read_row), _OwnRows(EVENTS, run.read_sample))
        return self._writers.setdefault(writer, made)

    def _number(self, writer: str, place: int) -> int:
        return self._numbers.setdefault((writer, place), len(self._numbers))


class _OwnRows:
    """The rows of one writer among several. Each counts on from the lines that it was told of."""

    def __init__(self, name: str, read: Callable[[dict[str, Any]], Callable[[], None]]) -> None:
        self.name = name
        self._read = read
        self._known: int | None = None

    def read(self, chunk: Chunk, objects: Sequence[dict[str, Any]]) -> Callable[[], None]:
        """Return what takes in those lines of a chunk that were not sent before."""
        known = chunk.offset if self._known is None else self._known
        _check_no_gap(self.name, chunk, known)
        rows = [self._read(row) for row in objects]
        return lambda: self._append(known, rows[known - chunk.offset :])

    def _append(self, known: int, rows: Sequence[Callable[[], None]]) -> None:
        self._known = known + len(rows)
        for take in rows:
            take()


class _Rows:
    """A file of JSON objects, one a line, that is appended to; `taken` are those of the run."""

    def __init__(
        self,
        name: str,
        taken: Sequence[object],
        read: Callable[[dict[str, Any]], Callable[[], None]],
        cut: Callable[[int], None],
    ) -> None:
        self.name = name
        self._taken = taken
        self._read = read
        self._cut = cut
        self._marks: list[int | None] = []
        """A hash of each line; `None` for rows that did not come as one."""

    def read(self, chunk: Chunk, objects: Sequence[dict[str, Any]]) -> Callable[[], None]:
        """Return what takes a chunk in; `InvalidInput` if it cannot be taken in."""
        _check_no_gap(self.name, chunk, len(self._taken))
        rows = [self._read(row) for row in objects]
        return lambda: self._append(chunk, rows)

    def _append(self, chunk: Chunk, rows: Sequence[Callable[[], None]]) -> None:
        marks = self._marks
        # Rows of the run may have come, and gone, by other ways.
        del marks[len(self._taken) :]
        marks += [None] * (len(self._taken) - len(marks))
        for number, (line, take) in enumerate(zip(chunk.lines, rows, strict=True), chunk.offset):
            mark = hash(line)
            if number < len(marks):
                if marks[number] == mark:
                    continue
                self._cut(number)
                del marks[number:]
            marks.append(mark)
            take()


_Logs = tuple["_Rows | _OwnRows", "_Rows | _OwnRows"]


def _check_no_gap(name: str, chunk: Chunk, known: int) -> None:
    if chunk.offset > known:
        raise InvalidInput(
            f"{name}: a chunk begins at line {chunk.offset}, and the run has {known} lines: "
            f"those between were never received"
        )


def _rows(name: str, chunk: Chunk) -> list[dict[str, Any]]:
    return [_json_object(name, line) for line in chunk.lines]


def _lines(chunks: Mapping[str, Chunk], name: str) -> Sequence[str]:
    return chunks[name].lines if name in chunks else ()


def _log_line(number: int, line: str) -> LogLine:
    """Read a line of console output: structured, as JSON, or plain, as older servers get it."""
    try:
        fields: Any = json.loads(line)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict) or "content" not in fields:
        plain = _PLAIN_LINE.fullmatch(line)
        if plain is None:
            return LogLine(number, line.rstrip("\n"))
        level = "error" if plain["level"] else None
        return LogLine(number, plain["text"].rstrip("\n"), plain["timestamp"], level)
    known = cast("dict[str, Any]", fields)
    return LogLine(
        number, str(known["content"]), known.get("ts"), known.get("level"), known.get("label")
    )


def _json_object(name: str, line: str) -> dict[str, Any]:
    try:
        # NaN and infinities come bare, as Python reads them.
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{name}: a line is no JSON: {error}; got {line[:200]!r}") from None
    if not isinstance(row, dict):
        raise InvalidInput(f"{name}: expected a JSON object in each line, got {line[:200]!r}")
    return cast("dict[str, Any]", row)
