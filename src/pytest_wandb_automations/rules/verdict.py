"""`Verdict`: whether one automation fired for one event, and everything that decided it."""

from __future__ import annotations

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
from pytest_wandb_automations.rules.operators import GROUPS
from pytest_wandb_automations.rules.wording import cut, cut_middle, one_line, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "Verdict",
    "compared",
    "describe_event",
    "format_unheld",
    "format_verdict",
    "unheld_clauses",
]

_MARKS: Final = {True: "✓", False: "✗", None: "·"}
_NEUTRAL: Final = "-"
_ALL_OF: Final = GROUPS["$and"].label
_NEGATIONS: Final = (GROUPS["$not"].label, GROUPS["$nor"].label)
_LABEL_WIDTH = 15
_LABEL_LIMIT = 48
_COLUMN_LIMIT = 60
_GROUP_LIMIT = 8
"""Members that a group shows at most, with the line that counts the others."""


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

    A clause that held is marked ✓, one that did not ✗ and one that was not looked at ·. Those
    inside `not` and `none of` are marked - and say whether they hold. Columns are aligned, floats
    rounded (as far as they still show why), and long values cut.
    """
    fired = "fired" if verdict.fired else "did not fire"
    headline = f"{verdict.automation_name} {fired} for {describe_event(verdict.event)}"
    return "\n".join([one_line(headline), *_table(verdict.clauses)])


def format_unheld(verdict: Verdict) -> str:
    """Write the event of a verdict, and below it only what kept the automation from firing."""
    headline = describe_event(verdict.event)
    return "\n".join([one_line(headline), *_table(unheld_clauses(verdict))])


def unheld_clauses(verdict: Verdict) -> list[Clause]:
    """Return what kept an automation from firing; groups that ask for all are taken apart."""
    return [clause for each in verdict.clauses for clause in _unheld(each)]


def _unheld(clause: Clause) -> list[Clause]:
    if clause.held is not False:
        return []
    if clause.children and clause.asked == _ALL_OF:
        return [each for child in clause.children for each in _unheld(child)]
    return [clause]


def _table(clauses: Iterable[Clause]) -> list[str]:
    lines = [line for clause in clauses for line in _lines(clause, 0)]
    labels = max([_LABEL_WIDTH, *(len(line.label) + 2 for line in lines)])
    asked = max([0, *(len(line.asked) + 4 for line in lines if line.asked and line.found)])
    return [line.text(labels, asked) for line in lines]


def _decisive(clause: Clause) -> tuple[tuple[Clause, ...], int]:
    """Return the members of a group that are shown, and how many are not.

    Of many those come first that made the group hold or fail.
    """
    members = clause.children
    if len(members) <= _GROUP_LIMIT:
        return members, 0
    wanted = clause.held if clause.asked not in _NEGATIONS else not clause.held
    deciding = [member for member in members if member.held is wanted] or members
    shown_members = tuple(deciding[: _GROUP_LIMIT - 1])
    return shown_members, len(members) - len(shown_members)


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
            return one_line(text).rstrip()
        gap = "  " if asked or self.found else ""
        return one_line(f"{text}{gap}({self.note})")


def _lines(clause: Clause, depth: int, *, negated: bool = False) -> list[_Line]:
    label = "  " * depth + cut_middle(clause.label, _LABEL_LIMIT)
    below_negation = negated or (clause.asked in _NEGATIONS and bool(clause.children))
    members, left_out = _decisive(clause)
    below = [
        line for member in members for line in _lines(member, depth + 1, negated=below_negation)
    ]
    if left_out:
        below.append(_Line(" ", f"{'  ' * (depth + 1)}… {left_out} more", "", "", ""))
    mark, note = _MARKS[clause.held], clause.note
    if negated:
        # Nothing needs to hold here: a cross would look like the reason why nothing fired.
        mark = _NEUTRAL
        note = "holds" if clause.held else "does not hold"
    if clause.found is NO_VALUE:
        asked = "" if clause.label == clause.asked else cut(clause.asked, _COLUMN_LIMIT)
        return [_Line(mark, label, asked, "", note), *below]
    asked, found = compared(clause)
    return [_Line(mark, label, asked and f"asked: {asked}", f"found: {found}", note), *below]


def compared(clause: Clause) -> tuple[str, str]:
    """Write what was asked and found, numbers so that they compare as they did."""
    limit, found = clause.limit, clause.found
    if limit is None:
        return cut(clause.asked, _COLUMN_LIMIT), shown(found)
    if not isinstance(found, (int, float)) or isinstance(found, bool):
        return limit.asked(width=_COLUMN_LIMIT), shown(found)
    number, text = limit.beside(found)
    return limit.asked(number, _COLUMN_LIMIT), text


def _version(event: Any) -> str:
    return f"{event.collection}:v{event.version}"


def _metric(event: RunMetricLogged) -> str:
    step = "" if event.step is None else f" at step {event.step}"
    system = "system metric " if event.stream == "system" else ""
    metric = cut_middle(event.metric, _COLUMN_LIMIT)
    return f"{system}{metric} = {shown(event.value)}{step} of run {event.run}"


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
