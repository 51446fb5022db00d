"""From a journal to drafts of moments: what belongs together, and what is worth telling."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_wandb_automations.testing.timeline.values import as_values
from pytest_wandb_automations.world.considering import Opinion
from pytest_wandb_automations.world.faults import DeliveryFault, Fault, FaultHit
from pytest_wandb_automations.world.happenings import Happening
from pytest_wandb_automations.world.journal import Logged, Refused, Sent, Settled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from pytest_wandb_automations.world.executions import Execution
    from pytest_wandb_automations.world.journal import Journal, Record

__all__ = ["Draft", "Gap", "chosen", "draft"]

_T = TypeVar("_T")


@dataclass(eq=False)
class Draft:
    """Records that are told as one moment."""

    at: datetime
    whats: list[Any]
    """One record, or a row of logged values."""
    opinions: list[Opinion] = field(default_factory=list["Opinion"])

    @property
    def is_values(self) -> bool:
        """Whether it is of logged values."""
        return bool(as_values(self.whats[0]))

    @property
    def is_delivery(self) -> bool:
        """Whether it is of a request to a receiver."""
        return isinstance(self.whats[0], Sent)

    @property
    def matters(self) -> bool:
        """Whether something fired or failed."""
        what = self.whats[0]
        fired = any(opinion.make().fired for opinion in self.opinions)
        return fired or isinstance(what, (Refused, FaultHit, Sent, Settled))


@dataclass(frozen=True)
class Gap:
    """So many of something are left out."""

    count: int


def draft(journal: Journal) -> list[Draft | Gap]:
    """Put records together: verdicts to what they are about, values that follow one another."""
    first, newest = journal.first, journal.newest
    if not journal.left_out:
        return [*_drafts([*first, *newest])]
    return [*_drafts(first), Gap(journal.left_out), *_drafts(newest)]


def _drafts(records: Sequence[Record]) -> list[Draft]:
    drafts: list[Draft] = []
    judged: Draft | None = None
    sent: set[int] = set()
    for at, what in records:
        if isinstance(what, Opinion):
            if judged is not None:  # else its event was left out
                judged.opinions.append(what)
            continue
        if isinstance(what, Sent):
            sent.add(id(what.execution))
        elif isinstance(what, Settled) and id(what.execution) in sent:
            if not _left_to_tell(what.execution):
                continue
        elif isinstance(what, FaultHit) and _is_an_answer(what.fault):
            continue
        last = drafts[-1] if drafts else None
        if last is not None and last.is_values and not last.opinions and as_values(what):
            last.whats.append(what)
            continue
        new = Draft(at, [what])
        drafts.append(new)
        if isinstance(what, (Happening, Logged)):
            judged = new
    return drafts


def _left_to_tell(execution: Execution) -> bool:
    """Whether an execution is more than its deliveries."""
    return execution.outcome is None or bool(execution.outcome.unknown_variables)


def _is_an_answer(fault: Fault) -> bool:
    """Whether the delivery that met a fault was answered by it, and tells of it."""
    return isinstance(fault, DeliveryFault) and (fault.status or fault.error) is not None


def chosen(
    items: Sequence[_T | Gap],
    *,
    first: int,
    last: int,
    marked: int,
    matters: Callable[[_T], bool],
) -> Iterator[_T | Gap]:
    """Yield the first and last ones, of those between the newest that matter, and the gaps."""
    middle = range(first, len(items) - last)
    important = [place for place in middle if _matters(items[place], matters)]
    kept = {*important[-marked:]} if marked else set[int]()
    hidden = 0
    for place, item in enumerate(items):
        if isinstance(item, Gap):
            hidden += item.count
        elif place in middle and place not in kept:
            hidden += 1
        else:
            if hidden:
                yield Gap(hidden)
            hidden = 0
            yield item
    if hidden:
        yield Gap(hidden)


def _matters(item: _T | Gap, matters: Callable[[_T], bool]) -> bool:
    return not isinstance(item, Gap) and matters(item)
