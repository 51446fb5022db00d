"""Template variables: what `${name}` stands for in a webhook payload, event by event.

Names are those of W&B's webhook page and, for run events, of its page on ARIA prompts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_wandb_automations.automations import EventType
from pytest_wandb_automations.events import (
    BaseEvent,
    CollectionTagEvent,
    RunMetricLogged,
    RunStateChanged,
    VersionEvent,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KNOWN_VARIABLES", "MetricFacts", "Variables", "variables_of"]

KNOWN_VARIABLES = frozenset(
    {
        "automation_name",
        "event_type",
        "event_author",
        "entity_name",
        "project_name",
        "artifact_collection_name",
        "artifact_version",
        "artifact_version_string",
        "artifact_version_index",
        "alias",
        "tag",
        "run_name",
        "run_status",
        "metric_name",
        "metric_values",
        "metric_filter",
        "metric_filter_short",
        "metric_current_status",
        "alert_name",
        "metric_value",
        "threshold",
        "comparison_op",
        "message",
    }
)
"""Every variable of W&B's tables but `artifact_metadata.KEY`, whose names are open."""

METADATA_PREFIX = "artifact_metadata."


@dataclass(frozen=True)
class MetricFacts:
    """What a metric automation saw when it fired; W&B does not document how it writes that."""

    values: tuple[float, ...]
    filter: str
    filter_short: str
    current: str


@dataclass(frozen=True)
class Variables:
    """The variables of one event. Known ones that do not apply are blank, as documented."""

    values: Mapping[str, str]
    metadata: Mapping[str, Any] = field(default_factory=lambda: dict[str, Any]())

    def get(self, name: str) -> str | None:
        """Return what a variable stands for; `None` for a name that W&B does not know.

        Metadata that is no string appears as JSON; only top-level keys are reachable.
        """
        if name.startswith(METADATA_PREFIX):
            value = self.metadata.get(name[len(METADATA_PREFIX) :], "")
            if isinstance(value, str):
                return value
            # An injected event can carry what is no JSON; a delivery should not fail for that.
            return json.dumps(value, ensure_ascii=False, default=str)
        found = self.values.get(name)
        if found is None and name in KNOWN_VARIABLES:
            return ""
        return found

    def with_secrets(self, *, access_token: str | None, secrets: Mapping[str, str]) -> Variables:
        """Add `${ACCESS_TOKEN}`, and each secret under its own name; see `Semantics`."""
        added = {"ACCESS_TOKEN": access_token or "", **secrets}
        return Variables({**self.values, **added}, self.metadata)


def variables_of(
    event: BaseEvent,
    *,
    event_type: EventType,
    automation_name: str,
    run_name: str = "",
    metric: MetricFacts | None = None,
) -> Variables:
    """Return the variables of an event as an automation of `event_type` sees them.

    `run_name` is the display name of a run event's run; W&B does not say which name it means.
    """
    values = {
        "automation_name": automation_name,
        "event_type": _event_type_text(event_type),
        "event_author": event.author or "",
    }
    metadata: Mapping[str, Any] = {}
    if isinstance(event, (VersionEvent, CollectionTagEvent)):
        entity, project, collection = event.collection.split("/")
        values |= {
            "entity_name": entity,
            "project_name": project,
            "artifact_collection_name": collection,
            "tag": getattr(event, "tag", ""),
        }
    if isinstance(event, VersionEvent):
        metadata = event.metadata
        alias = getattr(event, "alias", "")
        values |= {
            "alias": alias,
            "artifact_version": f"wandb-artifact://_id/{event.artifact_id or ''}",
            "artifact_version_string": f"{event.collection}:{alias or f'v{event.version}'}",
            "artifact_version_index": str(event.version),
        }
    if isinstance(event, (RunMetricLogged, RunStateChanged)):
        entity, project, run_id = event.run.split("/")
        values |= {
            "entity_name": entity,
            "project_name": project,
            "run_name": run_name or run_id,
        }
    if isinstance(event, RunStateChanged):
        values["run_status"] = event.state
    if isinstance(event, RunMetricLogged):
        values["metric_name"] = event.metric
    if metric is not None:
        values |= {
            "metric_values": json.dumps(metric.values),
            "metric_filter": metric.filter,
            "metric_filter_short": metric.filter_short,
            "metric_current_status": metric.current,
        }
    return Variables(values, metadata)


def _event_type_text(event_type: EventType) -> str:
    # Captured deliveries say LINK_ARTIFACT where the GraphQL enum says LINK_MODEL.
    return "LINK_ARTIFACT" if event_type is EventType.LINK_ARTIFACT else event_type.value
