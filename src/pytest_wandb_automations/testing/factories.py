"""Factories: made-up projects, runs, artifacts, integrations and automations, one call each.

What a test does not say is made up by Faker, the same for the same seed.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, cast

from faker import Faker

from pytest_wandb_automations.automations import (
    ActionType,
    ArtifactEvent,
    Automation,
    DoNothing,
    EventType,
    NewAutomation,
    OnAddArtifactAlias,
    OnAddArtifactTag,
    OnAddCollectionTag,
    OnCreateArtifact,
    OnLinkArtifact,
    OnRemoveArtifactTag,
    OnRemoveCollectionTag,
    OnRunMetric,
    OnRunState,
    OnUnlinkArtifact,
    RunEvent,
    SendNotification,
    SendPromptToAria,
    SendWebhook,
)
from pytest_wandb_automations.automations import SlackIntegration as SlackIntegrationModel
from pytest_wandb_automations.automations import WebhookIntegration as WebhookIntegrationModel
from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.testing.histories import metric_history
from pytest_wandb_automations.testing.words import WandbProvider

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_wandb_automations.backend import Backend
    from pytest_wandb_automations.world.artifacts import Version
    from pytest_wandb_automations.world.collections import Collection
    from pytest_wandb_automations.world.integrations import SlackIntegration, WebhookIntegration
    from pytest_wandb_automations.world.projects import Project
    from pytest_wandb_automations.world.runs import Run

__all__ = ["Factory"]

_COLLECTION_EVENTS: dict[EventType, Any] = {
    EventType.CREATE_ARTIFACT: OnCreateArtifact,
    EventType.LINK_ARTIFACT: OnLinkArtifact,
    EventType.UNLINK_ARTIFACT: OnUnlinkArtifact,
    EventType.ADD_ARTIFACT_ALIAS: OnAddArtifactAlias,
    EventType.ADD_ARTIFACT_TAG: OnAddArtifactTag,
    EventType.REMOVE_ARTIFACT_TAG: OnRemoveArtifactTag,
    EventType.ADD_COLLECTION_TAG: OnAddCollectionTag,
    EventType.REMOVE_COLLECTION_TAG: OnRemoveCollectionTag,
}


class Factory:
    """Makes things up in a backend. `build_` methods make the object only and save nothing."""

    def __init__(self, backend: Backend, *, seed: int) -> None:
        self.backend = backend
        self.seed = seed
        self.fake = Faker()
        self.fake.seed_instance(seed)
        self.words = WandbProvider(self.fake)
        self._random = Random(seed)
        self._count = 0

    def __repr__(self) -> str:
        return f"<Factory seed={self.seed}>"

    def project(self, name: str | None = None) -> Project:
        """Make a project in the default team."""
        return self.backend.project(f"{self.backend.entity}/{name or self._name('wandb_project')}")

    def collection(
        self, name: str | None = None, *, project: Project | None = None, type: str | None = None
    ) -> Collection:
        """Make an artifact collection."""
        place = project or self.project()
        kind = type or self.words.wandb_artifact_type()
        return place.collection(name or self._name("wandb_collection"), type=kind)

    def artifact(
        self, *, collection: Collection | None = None, metadata: dict[str, Any] | None = None
    ) -> Version:
        """Log a version of an artifact, with made-up metadata."""
        if metadata is None:
            metadata = {
                "commit": self.fake.sha1()[:12],
                "accuracy": round(self._random.uniform(0.5, 1.0), 4),
            }
        return (collection or self.collection()).log_version(metadata=metadata)

    def run(
        self,
        *,
        project: Project | None = None,
        history: dict[str, list[float]] | None = None,
        **attributes: Any,
    ) -> Run:
        """Start a run and log a history: one list of values, in order, for each metric."""
        attributes.setdefault("display_name", self.words.wandb_run())
        run = self.backend.run(project or self.project(), **attributes)
        columns = history or {}
        for row in zip(*columns.values(), strict=True):
            run.log(dict(zip(columns, row, strict=True)))
        return run

    def metric_history(self, shape: str = "descent", *, steps: int = 100) -> list[float]:
        """Return the values of a metric: descent, spike, plateau, divergence or noise."""
        return metric_history(shape, steps=steps, noise=self._random)

    def webhook_integration(
        self, name: str | None = None, *, url_endpoint: str | None = None, **secrets: str
    ) -> WebhookIntegration:
        """Connect a webhook to the default team."""
        name = name or self._name("wandb_alias")
        url = url_endpoint or f"https://{name}.example.com/hook"
        return self.backend.webhook_integration(
            self.backend.entity, name=name, url_endpoint=url, **secrets
        )

    def build_webhook_integration(self, name: str | None = None) -> WebhookIntegrationModel:
        """Return a webhook as a client reads it, unknown to the backend."""
        name = name or self._name("wandb_alias")
        url = f"https://{name}.example.com/hook"
        return WebhookIntegrationModel(id=self._id(), name=name, url_endpoint=url)

    def slack_integration(self, channel_name: str | None = None) -> SlackIntegration:
        """Connect a Slack channel to the default team."""
        channel = channel_name or self.words.slack_channel()
        return self.backend.slack_integration(
            self.backend.entity, team_name=self.fake.company(), channel_name=channel
        )

    def build_slack_integration(self, channel_name: str | None = None) -> SlackIntegrationModel:
        """Return a Slack channel as a client reads it, unknown to the backend."""
        channel = channel_name or self.words.slack_channel()
        return SlackIntegrationModel(
            id=self._id(), team_name=self.fake.company(), channel_name=channel
        )

    def build_event(self, event_type: EventType | str, *, scope: Any = None) -> Any:
        """Return an event to listen for, with a made-up filter, in a made-up or given scope."""
        event_type = EventType(event_type)
        if event_type in _COLLECTION_EVENTS:
            return self._collection_event(event_type, scope or self.collection())
        place = scope or self.project()
        metric = RunEvent.metric(self.words.wandb_metric())
        amount = round(self._random.uniform(0.1, 10.0), 2)
        filters: dict[EventType, Callable[[], Any]] = {
            EventType.RUN_METRIC_THRESHOLD: lambda: metric.avg(5).gt(amount),
            EventType.RUN_METRIC_CHANGE: lambda: metric.avg(5).increases_by(frac=amount),
            EventType.RUN_METRIC_ZSCORE: lambda: metric.zscore(30).abs().gt(amount),
            EventType.RUN_STATE: lambda: RunEvent.state.in_(["finished", "failed"]),
        }
        if event_type not in filters:
            raise InvalidInput(f"{event_type.value} events cannot be assigned to automations")
        kind: Any = OnRunState if event_type is EventType.RUN_STATE else OnRunMetric
        return kind(scope=place, filter=filters[event_type]())

    def build_action(self, action_type: ActionType | str) -> Any:
        """Return an action to do; integrations that it needs are connected to the team."""
        action_type = ActionType(action_type)
        if action_type is ActionType.GENERIC_WEBHOOK:
            payload = {"event": "${event_type}", "project": "${project_name}"}
            hook = cast("WebhookIntegrationModel", self.webhook_integration())
            return SendWebhook.from_integration(hook, payload=payload)
        if action_type is ActionType.NOTIFICATION:
            slack = cast("SlackIntegrationModel", self.slack_integration())
            return SendNotification.from_integration(
                slack, title=self.fake.sentence(3), text=self.fake.sentence(8)
            )
        if action_type is ActionType.NO_OP:
            return DoNothing()
        if action_type is ActionType.ARIA:
            return SendPromptToAria(prompt=self.fake.sentence(12))
        raise InvalidInput(f"{action_type.value} actions cannot be assigned to automations")

    def build_automation(
        self,
        event_type: EventType | str | None = None,
        action_type: ActionType | str | None = None,
        *,
        scope: Any = None,
        event: Any = None,
        action: Any = None,
        **fields: Any,
    ) -> NewAutomation:
        """Return an automation that is not saved; type names choose its event and action."""
        event = event or self.build_event(event_type or EventType.ADD_ARTIFACT_ALIAS, scope=scope)
        action = action or self.build_action(action_type or ActionType.GENERIC_WEBHOOK)
        new: NewAutomation = event >> action
        fields.setdefault("name", f"{self.words.wandb_alias()}-{self._number()}")
        fields.setdefault("description", self.fake.sentence(6))
        for name, value in fields.items():
            setattr(new, name, value)
        return new

    def automation(
        self,
        event_type: EventType | str | None = None,
        action_type: ActionType | str | None = None,
        **fields: Any,
    ) -> Automation:
        """Save an automation; see `build_automation`."""
        return self.backend.create_automation(
            self.build_automation(event_type, action_type, **fields)
        )

    def _collection_event(self, event_type: EventType, scope: Any) -> Any:
        kind = _COLLECTION_EVENTS[event_type]
        if event_type is EventType.ADD_ARTIFACT_ALIAS:
            return kind(scope=scope, filter=ArtifactEvent.alias.eq(self.words.wandb_alias()))
        if event_type.value.endswith("TAG"):
            return kind(scope=scope, filter=ArtifactEvent.tag.eq(self.words.wandb_tag()))
        return kind(scope=scope)

    def _name(self, word: str) -> str:
        # A number at the end, so that no two things of a test get the same name by chance.
        return f"{getattr(self.words, word)()}-{self._number()}"

    def _number(self) -> int:
        self._count += 1
        return self._count

    def _id(self) -> str:
        return self.backend.world.ids.new("Integration")
