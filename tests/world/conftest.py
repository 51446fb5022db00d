from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations import Backend
from pytest_wandb_automations.automations import DoNothing, OnRunMetric

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_wandb_automations.automations import Automation
    from pytest_wandb_automations.events import Event
    from pytest_wandb_automations.world.collections import Collection
    from pytest_wandb_automations.world.integrations import SlackIntegration, WebhookIntegration


@pytest.fixture
def backend() -> Backend:
    return Backend()


@pytest.fixture
def weights(backend: Backend) -> Collection:
    return backend.collection("acme/llm/weights")


@pytest.fixture
def prod_models(backend: Backend) -> Collection:
    return backend.registry("model").collection("prod-models")


@pytest.fixture
def hook(backend: Backend) -> WebhookIntegration:
    return backend.webhook_integration(
        "acme", name="deploy", url_endpoint="https://deploy.test/hook"
    )


@pytest.fixture
def slack(backend: Backend) -> SlackIntegration:
    return backend.slack_integration("acme", team_name="Acme", channel_name="#alerts")


@pytest.fixture
def watch(backend: Backend) -> Callable[..., Automation]:
    """Save an automation that does nothing: `watch("name", OnLinkArtifact, scope, filter=…)`."""

    def save(name: str, event: Any, scope: Any, *, enabled: bool = True, **kwargs: Any) -> Any:
        rule = event(scope=scope, **kwargs) >> DoNothing()
        return backend.create_automation(rule, name=name, enabled=enabled)

    return save


@pytest.fixture
def watch_metric(backend: Backend) -> Callable[..., Automation]:
    """Save an automation that does nothing about a metric of a project, `acme/llm` by default."""

    def save(condition: Any, *, scope: Any = "acme/llm", name: str = "rule", **kwargs: Any) -> Any:
        place = backend.project(scope) if isinstance(scope, str) else scope
        rule = OnRunMetric(scope=place, filter=condition) >> DoNothing()
        return backend.create_automation(rule, name=name, **kwargs)

    return save


@pytest.fixture
def emitted(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """Collect what the world emits, in order."""
    found: list[Event] = []
    emit = backend.world.emit

    def record(event: Event, **asked: Any) -> Any:
        found.append(event)
        return emit(event, **asked)

    monkeypatch.setattr(backend.world, "emit", record)
    return found


@pytest.fixture
def fields() -> Callable[..., dict[str, Any]]:
    """Make the input of a mutation that saves an automation, in snake case."""

    def make(scope: Any, **changes: Any) -> dict[str, Any]:
        types = {"Project": "PROJECT", "Entity": "ENTITY"}
        values = {
            "name": "rule",
            "scope_type": types.get(scope.typename__, "ARTIFACT_COLLECTION"),
            "scope_id": scope.id,
            "triggering_event_type": "ADD_ARTIFACT_ALIAS",
            "event_filter": '{"$or":[{"$and":[]}]}',
            "triggered_action_type": "NO_OP",
            "triggered_action_config": {"no_op_action_input": {"no_op": True}},
        }
        return {**values, **changes}

    return make
