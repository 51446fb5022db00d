"""The history: one record for every time an automation fired."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast, overload

if TYPE_CHECKING:
    from datetime import datetime

    from pytest_wandb_automations.automations import ActionType, Automation, EventType
    from pytest_wandb_automations.delivery.outcomes import Outcome
    from pytest_wandb_automations.delivery.variables import MetricFacts
    from pytest_wandb_automations.events import Event
    from pytest_wandb_automations.rules.verdict import Verdict
    from pytest_wandb_automations.world.accounts import User
    from pytest_wandb_automations.world.actions import Action
    from pytest_wandb_automations.world.automations import Scope, Trigger
    from pytest_wandb_automations.world.collections import Collection
    from pytest_wandb_automations.world.runs import Run
    from pytest_wandb_automations.world.world import World

__all__ = ["Execution", "Executions"]

State = Literal["PENDING", "FINISHED", "FAILED", "SKIPPED"]


class Execution:
    """One firing of an automation: what happened, what was done, what came of it.

    `state` is `PENDING` until the action is done, then `FINISHED`, `FAILED` or `SKIPPED`, as in
    W&B's history. It stays in the history, as it is, when its automation is renamed or deleted.
    """

    typename__ = "TriggerExecution"

    def __init__(
        self,
        world: World,
        trigger: Trigger,
        event: Event,
        verdict: Verdict,
        place: Run | Collection,
        metric: MetricFacts | None,
    ) -> None:
        self.id = world.register("TriggerExecution", self)
        self.trigger_id = trigger.id
        self.automation_name = trigger.name
        """The name at the time of firing; a later edit does not change it."""
        self.creator: User = trigger.created_by
        """Who created the automation; W&B lets ARIA act as them."""
        self.scope: Scope = trigger.scope
        self.event_type: EventType = trigger.event_type
        self.action_type: ActionType = trigger.action_type
        self.action: Action = trigger.action
        self.event = event
        self.place = place
        """The run or collection that the event happened to, whatever its path is by now."""
        self.verdict = verdict
        self.created_at: datetime = world.clock.stamp()
        self.state: State = "PENDING"
        self.outcome: Outcome | None = None
        self.metric = metric
        """What a metric automation saw; `None` for others."""

    def __repr__(self) -> str:
        told: list[str] = [self.state]
        if self.outcome:
            told += filter(None, [self.outcome.error, self.outcome.skipped])
        return f"<Execution of {self.automation_name!r}: {', '.join(told)}>"

    @property
    def trigger_name(self) -> str:
        """`automation_name` under the name that GraphQL has for it."""
        return self.automation_name

    @property
    def error(self) -> str | None:
        """Why it failed."""
        return self.outcome.error if self.outcome else None

    def settle(self, outcome: Outcome) -> None:
        """Record what came of the action."""
        self.outcome = outcome
        if outcome.skipped:
            self.state = "SKIPPED"
        else:
            self.state = "FAILED" if outcome.error else "FINISHED"


class Executions(Sequence[Execution]):
    """Executions in the order in which they fired, newest last."""

    def __init__(self, records: Sequence[Execution] = ()) -> None:
        self._records = list(records)

    @overload
    def __getitem__(self, index: int) -> Execution: ...
    @overload
    def __getitem__(self, index: slice) -> Executions: ...
    def __getitem__(self, index: int | slice) -> Execution | Executions:
        if isinstance(index, slice):
            return Executions(self._records[index])
        return self._records[index]

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Execution]:
        return iter(list(self._records))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._records == list(cast("Sequence[Any]", other))

    def __repr__(self) -> str:
        return f"<Executions {self._records!r}>"

    def of(self, automation: Automation | Trigger | str) -> Executions:
        """Return those of one automation, given by name or object; also after it was deleted."""
        if isinstance(automation, str):
            return Executions([e for e in self._records if e.automation_name == automation])
        return Executions([e for e in self._records if e.trigger_id == automation.id])

    @property
    def finished(self) -> Executions:
        """Those whose action succeeded."""
        return Executions([e for e in self._records if e.state == "FINISHED"])

    @property
    def failed(self) -> Executions:
        """Those whose action failed."""
        return Executions([e for e in self._records if e.state == "FAILED"])

    @property
    def skipped(self) -> Executions:
        """Those whose action was not run, as the automation's rate limit was reached."""
        return Executions([e for e in self._records if e.state == "SKIPPED"])

    @property
    def last(self) -> Execution | None:
        """The newest one."""
        return self._records[-1] if self._records else None

    def append(self, execution: Execution) -> None:
        """Add a new one."""
        self._records.append(execution)
