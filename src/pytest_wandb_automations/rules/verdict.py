"""`Verdict`: whether one automation fired for one event, and everything that decided it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pytest_wandb_automations.events import (
    ArtifactAliasAdded,
    ArtifactCreated,
    ArtifactLinked,
    ArtifactTagAdded,
    ArtifactTagRemoved,
    ArtifactUnlinked,
    CollectionTagAdded,
    CollectionTagRemoved,
    Event,
    RunMetricLogged,
    RunStateChanged,
)
from pytest_wandb_automations.rules.clauses import NO_VALUE, Clause
from pytest_wandb_automations.rules.wording import shown, shown_number

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Verdict", "describe_event", "format_verdict"]

_MARKS: Final = {True: "✓", False: "✗", None: "·"}
_LABEL_WIDTH = 15
_COLUMN_LIMIT = 60


@dataclass(frozen=True)
class Verdict:
    """What became of an event for one automation.

    Whatever can keep an automation from firing is a clause: `enabled`, `event` (its type), `scope`,
    the filter, `metric`, `state`, `cooldown`.
    """

    automation_name: str
    event: Event
    clauses: tuple[Clause, ...]
    """Everything that was looked at, in that order; one that was not looked at holds `None`."""

    @property
    def fired(self) -> bool:
        """Whether every clause held."""
        return all(self.clauses)

    def __str__(self) -> str:
        return format_verdict(self)


def describe_event(event: Event) -> str:
    """Write an event as a phrase: `alias 'staging' added to acme/llm/weights:v3`."""
    return _DESCRIPTIONS[type(event)](event)


def format_verdict(verdict: Verdict) -> str:
    """Write a verdict for people: a headline, then a line for each clause.

    A clause that held is marked ✓, one that did not ✗ and one that was not looked at ·. Columns are
    aligned, floats rounded (as far as they still show why), and long values cut.
    """
    fired = "fired" if verdict.fired else "did not fire"
    lines = [line for clause in verdict.clauses for line in _lines(clause, 0)]
    labels = max([_LABEL_WIDTH, *(len(line.label) + 2 for line in lines)])
    asked = max([0, *(len(line.asked) + 4 for line in lines if line.asked and line.found)])
    return "\n".join(
        [
            f"{verdict.automation_name} {fired} for {describe_event(verdict.event)}",
            *(line.text(labels, asked) for line in lines),
        ]
    )


class _Line(NamedTuple):
    """Columns of a clause."""

    mark: str
    label: str
    asked: str
    found: str
    note: str

    def text(self, label_width: int, asked_width: int) -> str:
        asked = self.asked.ljust(asked_width) if self.found else self.asked
        text = f"  {self.mark} {self.label.ljust(label_width)}{asked}{self.found}"
        if not self.note:
            return text.rstrip()
        gap = "  " if asked or self.found else ""
        return f"{text}{gap}({self.note})"


def _lines(clause: Clause, depth: int) -> list[_Line]:
    label = "  " * depth + clause.label
    below = [line for child in clause.children for line in _lines(child, depth + 1)]
    mark = _MARKS[clause.held]
    if clause.found is NO_VALUE:
        asked = "" if clause.label == clause.asked else _cut(clause.asked)
        return [_Line(mark, label, asked, "", clause.note), *below]
    asked = f"asked: {_cut(clause.asked)}" if clause.asked else ""
    return [_Line(mark, label, asked, f"found: {_found(clause)}", clause.note), *below]


def _found(clause: Clause) -> str:
    """Write a found number in the unit of the asked one, rounded as far as both can be compared."""
    limit = _LIMIT.search(clause.asked)
    number = clause.found
    if limit is None or not isinstance(number, float):
        return shown(number)
    if limit["percent"]:
        number *= 100
    asked = float(limit["number"])
    texts = (shown_number(number, digits=digits) for digits in range(4, 18))
    # 17 digits are the number itself, so one of the texts is on its side.
    text = next(text for text in texts if _side(float(text), asked) == _side(number, asked))
    return text + limit["percent"]


def _side(number: float, limit: float) -> int:
    return (number > limit) - (number < limit)


_LIMIT: Final = re.compile(r"(?<![\w.'])(?P<number>-?\d+(\.\d+)?(e[+-]?\d+)?)(?P<percent>%?)$")
"""The number at the end of a question: `> 3`, `increases by at least 10%`."""


def _cut(text: str) -> str:
    return text if len(text) <= _COLUMN_LIMIT else f"{text[: _COLUMN_LIMIT - 1]}…"


def _version(event: Any) -> str:
    return f"{event.collection}:v{event.version}"


def _metric(event: RunMetricLogged) -> str:
    step = "" if event.step is None else f" at step {event.step}"
    return f"{event.metric} = {shown(event.value)}{step} of run {event.run}"


def _state(event: RunStateChanged) -> str:
    before = f" (was {event.previous})" if event.previous else ""
    return f"run {event.run} became {event.state}{before}"


_DESCRIPTIONS: Final[dict[type[Any], Callable[[Any], str]]] = {
    ArtifactCreated: lambda event: f"version {_version(event)} created",
    ArtifactLinked: lambda event: f"version {_version(event)} linked",
    ArtifactUnlinked: lambda event: f"version {_version(event)} unlinked",
    ArtifactAliasAdded: lambda event: f"alias {shown(event.alias)} added to {_version(event)}",
    ArtifactTagAdded: lambda event: f"tag {shown(event.tag)} added to {_version(event)}",
    ArtifactTagRemoved: lambda event: f"tag {shown(event.tag)} removed from {_version(event)}",
    CollectionTagAdded: lambda event: f"tag {shown(event.tag)} added to {event.collection}",
    CollectionTagRemoved: lambda event: f"tag {shown(event.tag)} removed from {event.collection}",
    RunMetricLogged: _metric,
    RunStateChanged: _state,
}
