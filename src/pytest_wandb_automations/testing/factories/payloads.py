"""A factory of webhook payloads.

`build_payload` makes the template that an automation has, `payload` what arrives of it.
"""

from __future__ import annotations

import json
from typing import Any, cast

from typing_extensions import TypeVar

from pytest_wandb_automations.automations import EventType
from pytest_wandb_automations.delivery.templates import render_payload
from pytest_wandb_automations.delivery.variables import (
    METADATA_PREFIX,
    TEMPLATE_VARIABLES,
    MetricFacts,
    variables_of,
)
from pytest_wandb_automations.events import RunMetricLogged
from pytest_wandb_automations.testing.factories.conditions import assignable_event
from pytest_wandb_automations.testing.factories.nouns import Fields, NounFactory, lazy

__all__ = ["PayloadFactory", "variables_for"]

PayloadT = TypeVar("PayloadT", default=dict[str, Any])

_ALWAYS = ("automation_name", "event_type", "event_author", "entity_name", "project_name")


class PayloadFactory(NounFactory[PayloadT]):
    """Makes payloads, as a webhook's receiver gets them for an event."""

    noun = "payload"
    positional = ("event_type",)

    event_type: Any = EventType.ADD_ARTIFACT_ALIAS
    """An `EventType` or its name."""
    template: Any = lazy(lambda this: _template(this))
    """The payload of the automation, with `${variables}`."""
    happening: Any = lazy(lambda this: this.factory.build_happening(this.event_type))
    """The event of `pytest_wandb_automations.events` that fills it in."""
    automation_name: Any = lazy(lambda this: this.fake.wandb_automation())

    def draft(self, this: Fields) -> dict[str, Any]:
        """Make the template only."""
        return this.template

    def save(self, draft: dict[str, Any], this: Fields) -> dict[str, Any]:
        """Return the template filled in. There is nothing to save."""
        event = this.happening
        if event.author is None:
            author = self.factory.backend.world.default_user.username
            event = event.model_copy(update={"author": author})
        variables = variables_of(
            event,
            event_type=assignable_event(this.event_type),
            automation_name=this.automation_name,
            run_name=this.fake.wandb_run(),
            metric=_facts(event) if isinstance(event, RunMetricLogged) else None,
        )
        rendered = render_payload(json.dumps(draft), variables, unknown="keep")
        return cast("dict[str, Any]", json.loads(rendered.text))


def variables_for(event_type: EventType) -> list[str]:
    """Return the names of the variables that apply to an event, but for metadata of any key."""
    return [
        variable.name
        for variable in TEMPLATE_VARIABLES
        if event_type in variable.events and not variable.name.startswith(METADATA_PREFIX)
    ]


def _template(this: Fields) -> dict[str, Any]:
    names = variables_for(assignable_event(this.event_type))
    special = [name for name in names if name not in _ALWAYS]
    chosen = this.fake.random.sample(special, k=min(3, len(special)))
    event = {name: f"${{{name}}}" for name in _ALWAYS}
    return {"event": event, **{name: f"${{{name}}}" for name in sorted(chosen)}}


def _facts(event: RunMetricLogged) -> MetricFacts:
    text = f"{event.metric} > 0"
    return MetricFacts((event.value,), text, text, f"{event.value}")
