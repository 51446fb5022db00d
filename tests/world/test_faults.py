"""Faults that a test orders: met as often as ordered, on record, and named where they strike."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pytest_wandb_automations.automations import (
    DoNothing,
    OnAddArtifactAlias,
    SendNotification,
    SendWebhook,
)
from pytest_wandb_automations.errors import Conflict, InvalidInput
from pytest_wandb_automations.events import ArtifactAliasAdded

if TYPE_CHECKING:
    from pytest_wandb_automations import Backend
    from pytest_wandb_automations.world.collections import Collection
    from pytest_wandb_automations.world.executions import Execution
    from pytest_wandb_automations.world.integrations import SlackIntegration, WebhookIntegration

URL = "https://deploy.test/hook"
LATE = 3600.0
"""Seconds that no test lives to see: who waited for them would hang."""


@pytest.fixture
def rule(backend: Backend, weights: Collection, hook: WebhookIntegration) -> Any:
    return backend.create_automation(
        OnAddArtifactAlias(scope=weights) >> SendWebhook.from_integration(hook), name="deploy-prod"
    )


def fire(backend: Backend, weights: Collection) -> Execution:
    (execution,) = backend.inject(ArtifactAliasAdded(collection=weights, alias="prod"))
    return execution


def with_semantics(backend: Backend, **changes: Any) -> None:
    backend.semantics = backend.semantics.model_copy(update=changes)


# Deliveries


def test_a_delivery_meets_its_fault_as_often_as_ordered(
    backend: Backend, weights: Collection, rule: Any
) -> None:
    route = backend.webhooks.route(URL).respond(200)
    backend.faults.delivery(URL, status=503, times=2)

    failed = [fire(backend, weights) for _ in range(2)]
    finished = fire(backend, weights)

    for execution in failed:
        assert execution.error == (
            "webhook 'deploy': answered 503 Service Unavailable "
            "(ordered by backend.faults.delivery('https://deploy.test/hook', status=503, times=2))"
        )
        assert execution.outcome is not None
        assert execution.outcome.status_code == 503
        assert execution.outcome.ordered_by is not None
    assert finished.state == "FINISHED"
    assert (route.call_count, len(backend.webhooks)) == (1, 3)
    assert [d.response and d.response.status_code for d in backend.webhooks] == [503, 503, 200]


def test_every_attempt_counts(backend: Backend, weights: Collection, rule: Any) -> None:
    with_semantics(backend, webhook_attempts=3)
    backend.faults.delivery("deploy-prod", status=500, times=2)

    execution = fire(backend, weights)

    assert execution.state == "FINISHED"
    assert execution.outcome is not None
    assert execution.outcome.ordered_by is None
    assert len(backend.faults.hits) == 2


def test_a_fault_without_an_end_strikes_always(
    backend: Backend, weights: Collection, rule: Any
) -> None:
    backend.faults.delivery(rule, status=500, times=None)

    assert [fire(backend, weights).state for _ in range(5)] == ["FAILED"] * 5


@pytest.mark.parametrize("target", ["url", "name", "automation", "trigger", "hook", "listed"])
def test_a_delivery_is_known_by_its_address_or_its_automation(
    backend: Backend, weights: Collection, rule: Any, hook: WebhookIntegration, target: str
) -> None:
    targets: dict[str, Any] = {
        "url": URL,
        "name": "deploy-prod",
        "automation": rule,
        "trigger": backend.world.automations.get(rule.id),
        "hook": hook,
        "listed": next(iter(backend.api.webhook_integrations())),
    }
    other = backend.webhook_integration("acme", name="other", url_endpoint="https://other.test/")
    action = SendWebhook.from_integration(other)
    backend.create_automation(OnAddArtifactAlias(scope=weights) >> action, name="other")
    backend.faults.delivery(targets[target], status=500, times=None)

    backend.inject(ArtifactAliasAdded(collection=weights, alias="prod"))

    assert [execution.automation_name for execution in backend.executions.failed] == ["deploy-prod"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("connection refused", "ConnectError: connection refused"),
        (httpx.ReadTimeout("slow"), "ReadTimeout: slow"),
        (httpx.RemoteProtocolError, "RemoteProtocolError"),
        (ValueError("odd"), "ValueError: odd"),
    ],
)
def test_an_error_takes_the_place_of_an_answer(
    backend: Backend, weights: Collection, rule: Any, error: Any, told: str
) -> None:
    backend.faults.delivery(URL, error=error)

    execution = fire(backend, weights)

    assert execution.error is not None
    assert execution.error.startswith(f"webhook 'deploy': {told} (ordered by backend.faults.")
    assert backend.webhooks.last.error is not None


def test_slack_messages_meet_faults_too(
    backend: Backend, weights: Collection, slack: SlackIntegration
) -> None:
    action = SendNotification.from_integration(slack, title="T")
    backend.create_automation(OnAddArtifactAlias(scope=weights) >> action, name="alert")
    backend.faults.delivery("alert", status=500)

    execution = fire(backend, weights)

    assert execution.error == (
        "Slack '#alerts': answered 500 Internal Server Error "
        "(ordered by backend.faults.delivery('alert', status=500))"
    )
    assert backend.slack.last.title == "T"


def test_a_status_of_success_spares_the_receiver(
    backend: Backend, weights: Collection, rule: Any
) -> None:
    route = backend.webhooks.route(URL).respond(500)
    backend.faults.delivery(URL, status=204)

    execution = fire(backend, weights)

    assert execution.state == "FINISHED"
    assert execution.outcome is not None
    assert execution.outcome.ordered_by is None
    assert route.call_count == 0
    assert [hit.execution for hit in backend.faults.hits] == [execution]


def test_a_delay_is_a_part_of_the_time_that_a_receiver_has(
    backend: Backend, weights: Collection, rule: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend.faults, "wait", lambda seconds: None)
    given: list[float] = []

    def receive(request: httpx.Request) -> httpx.Response:
        given.append(request.extensions["timeout"]["read"])
        raise httpx.ReadTimeout("slow")

    backend.webhooks.route(URL).mock(side_effect=receive)
    backend.faults.delivery(URL, delay=7)

    execution = fire(backend, weights)

    assert given == [3]
    assert execution.error == (
        "webhook 'deploy': ReadTimeout: slow "
        "(ordered by backend.faults.delivery('https://deploy.test/hook', delay=7))"
    )


def test_a_test_of_a_webhook_meets_faults_of_its_url(
    backend: Backend, hook: WebhookIntegration, rule: Any
) -> None:
    for target in (rule, "deploy-prod"):
        backend.faults.delivery(target, status=500, times=None)
    fault = backend.faults.delivery(hook, status=503)

    assert backend.webhooks.test(hook).status_code == 503
    assert backend.webhooks.test(hook).status_code == 200
    (hit,) = backend.faults.hits
    assert (hit.fault, hit.what, hit.execution) == (
        fault,
        "POST https://deploy.test/hook by (test)",
        None,
    )


def test_a_fault_may_concern_one_slack_channel(
    backend: Backend, weights: Collection, slack: SlackIntegration
) -> None:
    other = backend.slack_integration("acme", team_name="Acme", channel_name="#other")
    for name, channel in (("alert", slack), ("other", other)):
        action = SendNotification.from_integration(channel, title="T")
        backend.create_automation(OnAddArtifactAlias(scope=weights) >> action, name=name)
    backend.create_automation(OnAddArtifactAlias(scope=weights) >> DoNothing(), name="quiet")
    backend.faults.delivery(slack, status=500, times=None)

    backend.inject(ArtifactAliasAdded(collection=weights, alias="prod"))

    assert [execution.error for execution in backend.executions.failed] == [
        "Slack '#alerts': answered 500 Internal Server Error "
        "(ordered by backend.faults.delivery('#alerts', status=500, times=None))"
    ]


def test_other_paths_of_a_host_are_other_addresses(
    backend: Backend, weights: Collection, rule: Any
) -> None:
    backend.faults.delivery("https://deploy.test/other", status=500)

    assert fire(backend, weights).state == "FINISHED"


def test_an_informational_status_is_no_success(
    backend: Backend, weights: Collection, rule: Any
) -> None:
    backend.faults.delivery(URL, status=100)

    assert "answered 100 Continue" in str(fire(backend, weights).error)


def test_a_delay_of_just_the_timeout_is_a_timeout(
    backend: Backend, weights: Collection, rule: Any
) -> None:
    backend.faults.delivery(URL, delay=10)

    assert "ReadTimeout: no answer within 10 s" in str(fire(backend, weights).error)


def test_a_delay_that_reaches_the_timeout_is_one_at_once(
    backend: Backend, weights: Collection, rule: Any
) -> None:
    backend.faults.delivery(URL, delay=LATE)

    assert fire(backend, weights).error == (
        "webhook 'deploy': ReadTimeout: no answer within 10 s "
        "(ordered by backend.faults.delivery('https://deploy.test/hook', delay=3600.0))"
    )


@pytest.mark.parametrize("status", [None, 503])
def test_a_shorter_delay_is_waited_for(
    backend: Backend,
    weights: Collection,
    rule: Any,
    monkeypatch: pytest.MonkeyPatch,
    status: int | None,
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(backend.faults, "wait", waited.append)
    backend.faults.delivery(URL, delay=2.5, status=status)

    execution = fire(backend, weights)

    assert waited == [2.5]
    assert execution.state == ("FAILED" if status else "FINISHED")


def test_secrets_in_an_address_or_an_error_do_not_show(
    backend: Backend, weights: Collection
) -> None:
    url = "https://me:pw@ci.test/run?token=t0k"
    hook = backend.webhook_integration("acme", name="ci", url_endpoint=url, secret="s3cret")
    action = SendWebhook.from_integration(hook)
    backend.create_automation(OnAddArtifactAlias(scope=weights) >> action, name="ci")
    backend.faults.delivery(url, error=ValueError("s3cret"))

    execution = fire(backend, weights)

    shown = f"{execution!r} {backend.faults.hits[0].what}"
    assert "https://ci.test/run?…" in shown
    assert execution.outcome is not None
    assert "••••" in str(execution.outcome.ordered_by)
    shown += str(execution.outcome.ordered_by)
    for secret in ("pw@", "t0k", "s3cret"):
        assert secret not in shown


# The API


def create(backend: Backend, weights: Collection, name: str = "rule") -> Any:
    return backend.api.create_automation(
        OnAddArtifactAlias(scope=weights) >> DoNothing(), name=name
    )


def test_a_request_meets_its_fault_once_and_is_not_executed(
    backend: Backend, weights: Collection
) -> None:
    backend.faults.graphql("CreateAutomation", status=409)

    with pytest.raises(Conflict) as caught:
        create(backend, weights)

    assert str(caught.value) == (
        "CreateAutomation: ordered by backend.faults.graphql('CreateAutomation', status=409)"
    )
    assert backend.automations() == []
    create(backend, weights)
    assert len(backend.automations()) == 1


def test_other_operations_do_not_meet_it(backend: Backend, weights: Collection) -> None:
    backend.faults.graphql("DeleteAutomation", status=404, times=None)

    create(backend, weights)

    assert backend.faults.hits == []


def test_faults_of_one_operation_are_met_in_the_order_of_their_ordering(
    backend: Backend, weights: Collection
) -> None:
    backend.faults.graphql("CreateAutomation", errors=["first"])
    backend.faults.graphql("CreateAutomation", errors="second", status=422)
    messages: list[str] = []

    for _ in range(2):
        with pytest.raises(Exception, match=r"first|second") as caught:
            create(backend, weights)
        messages.append(str(caught.value))

    assert messages == ["first", "second"]


# The record


def test_hits_tell_what_met_which_fault_and_when(
    backend: Backend, weights: Collection, rule: Any
) -> None:
    refused = backend.faults.graphql("CreateAutomation", status=409)
    failed = backend.faults.delivery(URL, status=503)
    backend.clock.advance(hours=1)
    with pytest.raises(Conflict):
        create(backend, weights)
    fire(backend, weights)

    first, second = backend.faults.hits
    assert (first.fault, first.what) == (refused, "CreateAutomation by tester")
    assert (second.fault, second.what) == (
        failed,
        "POST https://deploy.test/hook by 'deploy-prod'",
    )
    assert first.at <= second.at <= backend.clock.now()
    assert repr(refused) == "<Fault backend.faults.graphql('CreateAutomation', status=409)>"
    assert str(failed) == "backend.faults.delivery('https://deploy.test/hook', status=503)"
    assert repr(backend.faults) == "<Faults: 2 ordered, 2 hits>"


def test_faults_that_nothing_met_are_listed(
    backend: Backend, weights: Collection, rule: Any
) -> None:
    misspelt = backend.faults.graphql("CreateAutomations", status=409)
    backend.faults.delivery(URL, status=503, times=5)
    never = backend.faults.delivery("deploy-staging", status=503)

    fire(backend, weights)

    assert backend.faults.unused == [misspelt, never]
    assert [fault.call for fault in backend.faults.ordered] == [
        "backend.faults.graphql('CreateAutomations', status=409)",
        "backend.faults.delivery('https://deploy.test/hook', status=503, times=5)",
        "backend.faults.delivery('deploy-staging', status=503)",
    ]


def test_orders_hits_and_executions_stand_in_one_order(
    backend: Backend, weights: Collection, rule: Any
) -> None:
    first = backend.faults.delivery(URL, status=503)
    failed = fire(backend, weights)
    second = backend.faults.delivery(URL, error="refused")
    again = fire(backend, weights)

    hits = backend.faults.hits
    assert [hit.execution for hit in hits] == [failed, again]
    times = [
        *(first.at, failed.created_at, hits[0].at),
        *(second.at, again.created_at, hits[1].at),
    ]
    assert times == sorted(set(times))


def test_a_reset_and_clear_forget_faults(backend: Backend, weights: Collection, rule: Any) -> None:
    backend.faults.delivery(URL, status=503, times=None)
    fire(backend, weights)

    backend.faults.clear()
    assert fire(backend, weights).state == "FINISHED"
    assert (backend.faults.hits, backend.faults.unused) == ([], [])

    backend.faults.delivery(URL, status=503)
    backend.reset()
    assert backend.faults.unused == []


def test_stop_ends_faults_and_delays_and_keeps_the_record(
    backend: Backend, weights: Collection, rule: Any
) -> None:
    with_semantics(backend, webhook_timeout=2 * LATE)
    backend.faults.delivery(URL, delay=LATE, times=None)
    waiting = threading.Event()
    wait = backend.faults.wait

    def announced(seconds: float) -> None:
        waiting.set()
        wait(seconds)

    backend.faults.wait = announced  # type: ignore[method-assign]
    thread = threading.Thread(target=fire, args=(backend, weights))
    thread.start()
    assert waiting.wait(20)
    while thread.is_alive():  # it may have announced its waiting, and not begun
        backend.faults.stop()
        thread.join(0.01)

    assert [execution.state for execution in backend.executions] == ["FINISHED"]
    assert fire(backend, weights).state == "FINISHED"
    assert len(backend.faults.hits) == 1


# Orders that make no sense


@pytest.mark.parametrize(
    ("order", "told"),
    [
        ({}, r"nothing to go wrong; give status, errors, delay or drop"),
        ({"drop": True, "status": 500}, "a dropped connection has no status and no errors"),
        ({"drop": True, "errors": ["no"]}, "a dropped connection has no status and no errors"),
        ({"status": 200}, r"status: expected 400 to 599, got 200"),
        ({"status": 600}, r"status: expected 400 to 599, got 600"),
        ({"status": "409"}, r"status: expected 400 to 599, got '409'"),
        ({"errors": []}, r"errors: expected texts, or objects with a text as message"),
        ({"errors": [{"msg": "no"}]}, r"errors: expected texts, or objects with a text as message"),
        ({"status": 500, "times": 0}, r"times: expected 1 or more, or None for always, got 0"),
        ({"status": 500, "times": True}, r"times: expected 1 or more"),
        ({"status": 500, "delay": -1}, r"delay: expected seconds, got -1"),
        ({"status": 500, "delay": float("nan")}, r"delay: expected seconds, got nan"),
        ({"status": 500, "delay": "1"}, r"delay: expected seconds, got '1'"),
        ({"status": 500, "delay": True}, r"delay: expected seconds, got True"),
    ],
)
def test_a_contradictory_fault_of_the_api_is_refused(
    backend: Backend, order: Any, told: str
) -> None:
    with pytest.raises(InvalidInput, match=rf"^backend\.faults\.graphql\('A'.*{told}"):
        backend.faults.graphql("A", **order)

    assert backend.faults.unused == []


@pytest.mark.parametrize(
    ("order", "told"),
    [
        ({}, r"nothing to go wrong; give status, error or delay"),
        ({"status": 500, "error": "no"}, "either the receiver answers with a status, or not"),
        ({"status": 99}, r"status: expected 100 to 599, got 99"),
        ({"error": 3}, r"error: expected an exception or a text, got 3"),
        ({"error": UnicodeDecodeError}, r"error: UnicodeDecodeError cannot be made of a text"),
        ({"error": KeyboardInterrupt}, r"error: expected an exception or a text"),
        ({"status": 500, "times": -1}, r"times: expected 1 or more"),
    ],
)
def test_a_contradictory_fault_of_a_delivery_is_refused(
    backend: Backend, order: Any, told: str
) -> None:
    with pytest.raises(InvalidInput, match=rf"^backend\.faults\.delivery\('A'.*{told}"):
        backend.faults.delivery("A", **order)


@pytest.mark.parametrize("target", [None, 3, object(), SimpleNamespace(id="an entity's")])
def test_a_delivery_has_a_target(backend: Backend, target: Any) -> None:
    with pytest.raises(InvalidInput, match="expected a URL, an automation"):
        backend.faults.delivery(target, status=500)


def test_a_malformed_url_is_refused(backend: Backend) -> None:
    with pytest.raises(InvalidInput, match="malformed, so not shown"):
        backend.faults.delivery("https://a.test:port", status=500)
