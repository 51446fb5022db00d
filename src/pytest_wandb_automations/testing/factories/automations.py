"""A factory of automations: every event with every action, and the ones that teams have."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypeVar

from pytest_wandb_automations.automations import (
    ActionType,
    AlertSeverity,
    ArtifactEvent,
    Automation,
    EventType,
    NewAutomation,
    RunEvent,
)
from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.testing.factories.conditions import (
    EVENT_MODELS,
    assignable_event,
    made_up_action,
    made_up_filter,
    made_up_integration,
    made_up_scope,
)
from pytest_wandb_automations.testing.factories.nouns import Fields, NounFactory, lazy

__all__ = ["AutomationFactory"]

AutomationT = TypeVar("AutomationT", default=Automation)

_PARTS = {
    "event": ("event_type", "scope", "filter"),
    "action": ("action_type", "integration", "payload", "title", "text", "level", "prompt"),
}
"""Fields that are made of others, and of which: a test gives one or the other."""


class AutomationFactory(NounFactory[AutomationT]):
    """Makes automations; names of types choose event and action.

    The scope and the integration that it refers to are always put into the backend, by
    `build_automation` too: code under test can save what that returns. The methods below make
    automations that many teams have, named after what they do.
    """

    noun = "automation"
    positional = ("event_type", "action_type")
    nullable = frozenset({"description", "enabled", "filter"})

    event_type: Any = EventType.ADD_ARTIFACT_ALIAS
    """An `EventType` or its name."""
    action_type: Any = ActionType.GENERIC_WEBHOOK
    """An `ActionType` or its name."""
    scope: Any = lazy(made_up_scope)
    """Where it watches: by default a new collection, or a new project for run events."""
    filter: Any = lazy(made_up_filter)
    """Which events count, as the event's class takes it; `None` for all."""
    event: Any = lazy(lambda this: _event(this))
    """What it listens for, in place of the three fields above."""
    integration: Any = lazy(made_up_integration)
    """The webhook or Slack channel that the action sends to."""
    payload: Any = lazy(lambda this: this.factory.build_payload(_event_type(this)))
    """Template of a webhook's payload."""
    title: Any = lazy(lambda this: f"{this.name} fired")
    """Title of a Slack message."""
    text: Any = lazy(lambda this: this.fake.wandb_message())
    """Text of a Slack message."""
    level: Any = AlertSeverity.INFO
    """Severity of a Slack message."""
    prompt: Any = lazy(lambda this: this.fake.wandb_prompt())
    """Prompt to ARIA."""
    action: Any = lazy(made_up_action)
    """What it does, in place of all fields of the action."""
    name: Any = lazy(lambda this: this.factory.numbered(this.fake.wandb_automation()))
    description: Any = lazy(lambda this: this.fake.wandb_description())
    enabled: Any = None
    """Whether it fires; it does unless told otherwise."""

    def draft(self, this: Fields) -> NewAutomation:
        """Make the object only."""
        for whole, parts in _PARTS.items():
            _check_one_way(this.given, whole, parts)
        return NewAutomation(
            name=this.name,
            description=this.description,
            enabled=this.enabled,
            event=this.event,
            action=this.action,
        )

    def save(self, draft: NewAutomation, _: Fields) -> Automation:
        """Save it in the backend."""
        return self.factory.backend.create_automation(draft)

    def deploy_on_alias(self, alias: str = "prod", **fields: Any) -> AutomationT:
        """Make one that calls a webhook when a version gets an alias."""
        made = {
            "filter": ArtifactEvent.alias.eq(alias),
            "payload": {"model": "${artifact_version_string}", "author": "${event_author}"},
        }
        return self._webhook(EventType.ADD_ARTIFACT_ALIAS, f"deploy-{alias}", made, fields)

    def new_version(self, **fields: Any) -> AutomationT:
        """Make one that calls a webhook when a collection gets a version."""
        made = {"payload": {"artifact": "${artifact_version_string}"}}
        return self._webhook(EventType.CREATE_ARTIFACT, "new-version", made, fields)

    def promoted(self, **fields: Any) -> AutomationT:
        """Make one that calls a webhook when a version is linked to a registry."""
        made = {"payload": {"model": "${artifact_version_string}", "registry": "${project_name}"}}
        return self._webhook(EventType.LINK_ARTIFACT, "promoted", made, fields)

    def tagged(self, tag: str = "reviewed", **fields: Any) -> AutomationT:
        """Make one that calls a webhook when a version gets a tag."""
        made = {
            "filter": ArtifactEvent.tag.eq(tag),
            "payload": {"artifact": "${artifact_version_string}", "tag": "${tag}"},
        }
        return self._webhook(EventType.ADD_ARTIFACT_TAG, f"tagged-{tag}", made, fields)

    def loss_spike(self, metric: str = "loss", *, window: int = 20, **fields: Any) -> AutomationT:
        """Make one that tells Slack when a metric jumps more than 5 deviations above its mean."""
        made = {
            "filter": RunEvent.metric(metric).zscore(window).gt(5),
            "title": f"{metric} spiked",
            "level": AlertSeverity.WARN,
        }
        return self._slack(EventType.RUN_METRIC_ZSCORE, f"{metric}-spike", made, fields)

    def metric_above(self, metric: str, threshold: float, **fields: Any) -> AutomationT:
        """Make one that tells Slack when a metric is above a threshold."""
        made = {
            "filter": RunEvent.metric(metric).gt(threshold),
            "title": f"{metric} is above {threshold}",
        }
        return self._slack(EventType.RUN_METRIC_THRESHOLD, f"{metric}-above", made, fields)

    def metric_below(self, metric: str, threshold: float, **fields: Any) -> AutomationT:
        """Make one that tells Slack when a metric is below a threshold."""
        made = {
            "filter": RunEvent.metric(metric).lt(threshold),
            "title": f"{metric} is below {threshold}",
        }
        return self._slack(EventType.RUN_METRIC_THRESHOLD, f"{metric}-below", made, fields)

    def run_failed(self, **fields: Any) -> AutomationT:
        """Make one that tells Slack when a run fails or crashes."""
        made = {
            "filter": RunEvent.state.eq("failed"),
            "title": "A run failed",
            "level": AlertSeverity.ERROR,
        }
        return self._slack(EventType.RUN_STATE, "run-failed", made, fields)

    def run_finished(self, **fields: Any) -> AutomationT:
        """Make one that tells Slack when a run finishes."""
        made = {"filter": RunEvent.state.eq("finished"), "title": "A run finished"}
        return self._slack(EventType.RUN_STATE, "run-finished", made, fields)

    def _webhook(
        self, event_type: EventType, name: str, made: dict[str, Any], fields: dict[str, Any]
    ) -> AutomationT:
        return self._trait(event_type, ActionType.GENERIC_WEBHOOK, name, made, fields)

    def _slack(
        self, event_type: EventType, name: str, made: dict[str, Any], fields: dict[str, Any]
    ) -> AutomationT:
        return self._trait(event_type, ActionType.NOTIFICATION, name, made, fields)

    def _trait(
        self,
        event_type: EventType,
        action_type: ActionType,
        name: str,
        made: dict[str, Any],
        fields: dict[str, Any],
    ) -> AutomationT:
        made = {"event_type": event_type, "action_type": action_type, **made}
        for whole, parts in _PARTS.items():
            if whole in fields:
                made = {key: value for key, value in made.items() if key not in parts}
        fields.setdefault("name", self.factory.distinct(name))
        return self(**{**made, **fields})


def _event(this: Fields) -> Any:
    event_type = assignable_event(this.event_type)
    conditions = {} if this.filter is None else {"filter": this.filter}
    return EVENT_MODELS[event_type](scope=this.scope, **conditions)


def _event_type(this: Fields) -> EventType:
    return assignable_event(this.event.event_type if "event" in this.given else this.event_type)


def _check_one_way(given: frozenset[str], whole: str, parts: tuple[str, ...]) -> None:
    both = [name for name in parts if name in given]
    if whole in given and both:
        raise InvalidInput(
            f"automation: {whole!r} is given, and {both[0]!r}, which is a part of it; give one"
        )
