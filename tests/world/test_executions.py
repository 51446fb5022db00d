"""The history of what fired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations.automations import OnAddArtifactAlias, SendWebhook
from pytest_wandb_automations.world.executions import Executions

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_wandb_automations import Backend
    from pytest_wandb_automations.world.collections import Collection
    from pytest_wandb_automations.world.integrations import WebhookIntegration


@pytest.fixture
def rules(weights: Collection, watch: Callable[..., Any]) -> list[Any]:
    return [watch(name, OnAddArtifactAlias, weights) for name in ("one", "two")]


def test_newest_is_last_and_a_slice_is_a_history(
    backend: Backend, weights: Collection, rules: list[Any]
) -> None:
    weights.log_version(aliases=["prod"])
    executions = backend.executions

    assert [e.automation_name for e in executions] == ["one", "two", "one", "two"]
    assert executions[-1] is executions.last
    assert isinstance(executions[1:], Executions)
    assert [*executions[1:]] == [executions[1], executions[2], executions[3]]
    created = [e.created_at for e in executions]
    assert created == sorted(set(created))


def test_an_empty_history_has_no_last_one(backend: Backend) -> None:
    assert backend.executions.last is None
    assert not backend.executions


def test_those_of_one_automation_are_found_by_name_and_object(
    backend: Backend, weights: Collection, rules: list[Any]
) -> None:
    weights.log_version()
    one = rules[0]

    for found in (backend.executions.of("one"), backend.executions.of(one)):
        assert [e.trigger_id for e in found] == [one.id]
    assert len(backend.executions.of(backend.world.automations.get(one.id))) == 1


def test_a_rename_changes_no_history(
    backend: Backend, weights: Collection, rules: list[Any]
) -> None:
    weights.log_version()
    one = backend.update_automation(rules[0], name="new")

    assert len(backend.executions.of(one)) == len(backend.executions.of("one")) == 1
    assert len(backend.executions.of("new")) == 0
    assert backend.executions.of(one)[0].trigger_name == "one"


def test_it_keeps_what_was_so_at_the_time(
    backend: Backend, weights: Collection, rules: list[Any]
) -> None:
    weights.log_version()
    execution = backend.executions[0]

    assert execution.scope is execution.place is weights
    assert execution.event.alias == "latest"
    assert execution.verdict.fired
    assert (execution.event_type, execution.action_type) == ("ADD_ARTIFACT_ALIAS", "NO_OP")
    assert execution.metric is None
    assert backend.world.find("TriggerExecution", execution.id) is execution
    assert backend.world.automations.get(rules[0].id).last_executed_at == execution.created_at


def test_finished_and_failed_are_told_apart(
    backend: Backend, weights: Collection, hook: WebhookIntegration
) -> None:
    backend.create_automation(
        OnAddArtifactAlias(scope=weights) >> SendWebhook.from_integration(hook), name="rule"
    )
    states: list[str] = []

    def receive(request: object) -> Any:
        import httpx

        states.append(backend.executions.last.state)
        assert repr(backend.executions.last) == "<Execution of 'rule': PENDING>"
        return httpx.Response(200 if len(states) == 1 else 503)

    backend.webhooks.route(hook.url_endpoint).mock(side_effect=receive)
    version = weights.log_version()
    version.add_alias("prod")

    assert states == ["PENDING", "PENDING"]
    (finished,), (failed,) = backend.executions.finished, backend.executions.failed
    assert (finished.event.alias, finished.error) == ("latest", None)
    assert failed.event.alias == "prod"
    assert repr(failed) == (
        "<Execution of 'rule': FAILED, webhook 'deploy': answered 503 Service Unavailable>"
    )
    assert repr(finished) == "<Execution of 'rule': FINISHED>"
    assert repr(backend.executions) == f"<Executions [{finished!r}, {failed!r}]>"


def test_histories_compare_by_what_is_in_them(
    backend: Backend, weights: Collection, rules: list[Any]
) -> None:
    weights.log_version()
    executions = backend.executions

    assert executions.of("one") == executions[:1] == [executions[0]]
    assert executions.of("one") != executions.of("two")
    assert executions.failed == []
    assert executions != 3
