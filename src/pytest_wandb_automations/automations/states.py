"""Conditions on run states: `RunEvent.state.in_(["finished", "failed"])`."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator, model_validator
from typing_extensions import Self

from .base import Model, adopt
from .enums import EventType, ReportedRunState
from .filters import Combinable
from .metrics import ALL_RUNS, RunFilter

__all__ = ["RunStateFilter", "StateFilter", "StateOperand"]


def _always_list(value: Any) -> list[Any]:
    return [value] if isinstance(value, (str, bytes)) else list(value)


class StateFilter(Model):
    """The run enters one of these states."""

    states: Annotated[list[ReportedRunState], BeforeValidator(_always_list)]
    """Without duplicates, in alphabetical order; a single state is taken for a list of one."""

    @property
    def event_type(self) -> EventType:
        """Type of the event that has such filters."""
        return EventType.RUN_STATE

    @field_validator("states")
    @classmethod
    def _unique_and_sorted(cls, states: list[ReportedRunState]) -> list[ReportedRunState]:
        return sorted(set(states))

    def __and__(self, other: Any) -> "RunStateFilter":
        run_filter = adopt(other)
        if isinstance(run_filter, Combinable):
            return RunStateFilter.model_validate({"run": run_filter, "state": self})
        return NotImplemented

    def __rand__(self, other: Any) -> "RunStateFilter":
        return self.__and__(other)


def _fits(value: Any) -> bool:
    if isinstance(value, dict) and "states" not in value:  # spares nearly all of the attempts
        return False
    return StateFilter.__pydantic_validator__.isinstance_python(value)


class RunStateFilter(Model):
    """The filter of a run state event: which runs, and which states.

    A state condition alone is taken for one about all runs.
    """

    run: Annotated[RunFilter, Field(alias="run_filter", validate_default=False)] = ALL_RUNS
    """Which runs count; all by default."""

    state: Annotated[StateFilter, BeforeValidator(adopt), Field(alias="run_state_filter")]
    """The states."""

    @model_validator(mode="before")
    @classmethod
    def _nest(cls, value: Any) -> Any:
        ours = adopt(value)
        return {"state": ours} if _fits(ours) else ours


class StateOperand(Model):
    """`RunEvent.state`: becomes a condition when compared."""

    def __get__(self, instance: object, owner: type) -> Self:
        return self

    def eq(self, state: str | ReportedRunState, /) -> StateFilter:
        """Watch for runs that enter this state."""
        return StateFilter.model_validate({"states": [state]})

    def in_(self, states: Iterable[str | ReportedRunState], /) -> StateFilter:
        """Watch for runs that enter one of these states."""
        return StateFilter.model_validate({"states": states})

    def __eq__(self, other: object) -> Any:
        if isinstance(other, str):
            return self.eq(other)
        raise TypeError(f"expected a run state, got {type(other).__name__}: {other!r}")
