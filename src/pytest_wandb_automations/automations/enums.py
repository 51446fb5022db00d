"""Closed sets of names that automations are made of, with W&B's values on the wire."""

from enum import Enum

from typing_extensions import Self

__all__ = [
    "ActionType",
    "Agg",
    "AlertSeverity",
    "ChangeDir",
    "ChangeType",
    "EventType",
    "LenientStrEnum",
    "ReportedRunState",
    "ScopeType",
]


class LenientStrEnum(str, Enum):
    """Strings that are looked up by value in any case: `EventType("run_state")`."""

    def __repr__(self) -> str:
        return self.name

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        wanted = value.lower()
        return next((member for member in cls if member.value.lower() == wanted), None)


class EventType(LenientStrEnum):
    """What an automation listens for; the value is GraphQL's `EventTriggeringConditionType`.

    The SDK's members, and `WEAVE_METRIC_THRESHOLD`, which W&B's schema has and the SDK's enum has
    not: such automations are made in Weave's UI, and here they can be read.
    """

    UPDATE_ARTIFACT_ALIAS = "UPDATE_ARTIFACT_ALIAS"
    """Legacy: can be read, cannot be assigned."""

    CREATE_ARTIFACT = "CREATE_ARTIFACT"
    ADD_ARTIFACT_ALIAS = "ADD_ARTIFACT_ALIAS"
    ADD_ARTIFACT_TAG = "ADD_ARTIFACT_TAG"
    REMOVE_ARTIFACT_TAG = "REMOVE_ARTIFACT_TAG"
    ADD_COLLECTION_TAG = "ADD_COLLECTION_TAG"
    REMOVE_COLLECTION_TAG = "REMOVE_COLLECTION_TAG"
    LINK_ARTIFACT = "LINK_MODEL"
    LINK_MODEL = LINK_ARTIFACT
    UNLINK_ARTIFACT = "UNLINK_ARTIFACT"

    RUN_METRIC_THRESHOLD = "RUN_METRIC"
    RUN_METRIC = RUN_METRIC_THRESHOLD
    RUN_METRIC_CHANGE = "RUN_METRIC_CHANGE"
    RUN_METRIC_ZSCORE = "RUN_METRIC_ZSCORE"
    RUN_STATE = "RUN_STATE"

    WEAVE_METRIC_THRESHOLD = "WEAVE_METRIC_THRESHOLD"
    """Not in the SDK's enum: can be read, cannot be assigned."""


class ActionType(LenientStrEnum):
    """What an automation does; the value is GraphQL's `TriggeredActionType`.

    `QUEUE_JOB` and `PUSH_NOTIFICATION` can be read but not assigned.
    """

    NO_OP = "NO_OP"
    QUEUE_JOB = "QUEUE_JOB"
    GENERIC_WEBHOOK = "GENERIC_WEBHOOK"
    NOTIFICATION = "NOTIFICATION"
    ARIA = "ARIA"
    PUSH_NOTIFICATION = "PUSH_NOTIFICATION"


class ScopeType(LenientStrEnum):
    """Where an automation looks for its event; the value is GraphQL's `TriggerScopeType`."""

    PROJECT = "PROJECT"
    ARTIFACT_COLLECTION = "ARTIFACT_COLLECTION"
    ENTITY = "ENTITY"


class AlertSeverity(str, Enum):
    """Severity of a Slack notification."""

    ERROR = "ERROR"
    INFO = "INFO"
    WARN = "WARN"


class ReportedRunState(LenientStrEnum):
    """Run states that automations tell apart."""

    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    CRASHED = FAILED


class Agg(LenientStrEnum):
    """How the values of a window become one."""

    MAX = "MAX"
    MIN = "MIN"
    AVERAGE = "AVERAGE"
    AVG = AVERAGE


class ChangeType(LenientStrEnum):
    """Whether a change is a difference or a fraction of the earlier value."""

    ABSOLUTE = "ABSOLUTE"
    RELATIVE = "RELATIVE"
    ABS = ABSOLUTE
    REL = RELATIVE


class ChangeDir(LenientStrEnum):
    """Which direction of a change counts."""

    INCREASE = "INCREASE"
    DECREASE = "DECREASE"
    ANY = "ANY"
    INC = INCREASE
    DEC = DECREASE
