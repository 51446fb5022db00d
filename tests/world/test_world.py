"""Changes, deliveries and the lock between them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pytest_wandb_automations.automations import (
    OnAddArtifactAlias,
    OnAddArtifactTag,
    RunEvent,
    SendWebhook,
)
from pytest_wandb_automations.errors import InvalidInput, NotFound, UnknownVariableWarning
from pytest_wandb_automations.world.ids import encode_id
from pytest_wandb_automations.world.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_wandb_automations import Backend
    from pytest_wandb_automations.delivery.outcomes import Outcome
    from pytest_wandb_automations.world.collections import Collection
    from pytest_wandb_automations.world.executions import Execution
    from pytest_wandb_automations.world.integrations import WebhookIntegration

URL = "https://deploy.test/hook"


@pytest.fixture
def deploy(backend: Backend, hook: WebhookIntegration) -> Callable[..., Any]:
    """Save an automation that sends a webhook for every alias or tag within a scope."""

    def save(scope: Any, name: str = "deploy", event: Any = OnAddArtifactAlias) -> Any:
        action = SendWebhook.from_integration(hook, payload={"alias": "${alias}"})
        return backend.create_automation(event(scope=scope) >> action, name=name)

    return save


def in_background(backend: Backend) -> None:
    backend.semantics = backend.semantics.model_copy(update={"delivery": "background"})


def on_another_thread(work: Callable[[], Any]) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result(timeout=20)


# Deliveries


def test_when_a_call_returns_its_automations_have_fired(
    backend: Backend, weights: Collection, deploy: Callable[..., Any]
) -> None:
    deploy(weights)

    weights.log_version()

    assert backend.webhooks.last.json == {"alias": "latest"}
    assert backend.executions.last.state == "FINISHED"


def test_nothing_is_delivered_before_the_outermost_change_is_over(
    backend: Backend, weights: Collection, deploy: Callable[..., Any]
) -> None:
    deploy(weights)

    with backend.world.change():
        weights.log_version()
        assert backend.executions.last.state == "PENDING"
        assert len(backend.webhooks) == 0

    assert len(backend.webhooks) == 1


def test_what_fired_is_delivered_even_if_the_change_then_fails(
    backend: Backend, weights: Collection, deploy: Callable[..., Any]
) -> None:
    deploy(weights)

    def change() -> None:
        with backend.world.change():
            weights.log_version()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change()
    assert len(backend.webhooks) == 1


@pytest.mark.parametrize("run_it", [lambda work: work(), on_another_thread], ids=["same", "other"])
def test_a_receiver_may_call_back(
    backend: Backend, weights: Collection, deploy: Callable[..., Any], run_it: Any
) -> None:
    deploy(weights)
    deploy(weights, "tagged", OnAddArtifactTag)
    version = weights.log_version()

    def receive(request: httpx.Request) -> httpx.Response:
        if request.content == b'{"alias":"prod"}':
            run_it(lambda: version.add_tag("deployed"))
        return httpx.Response(200)

    backend.webhooks.route(URL).mock(side_effect=receive)
    version.add_alias("prod")

    assert version.tags == ["deployed"]
    backend.assert_fired("tagged", times=1)
    assert [e.state for e in backend.executions] == ["FINISHED"] * 3


def test_a_receiver_may_call_the_api_back(
    backend: Backend, weights: Collection, deploy: Callable[..., Any]
) -> None:
    rule = deploy(weights)

    def receive(request: httpx.Request) -> httpx.Response:
        names = [automation.name for automation in backend.api.automations()]
        return httpx.Response(200, json=names)

    backend.webhooks.route(URL).mock(side_effect=receive)
    weights.log_version()

    assert backend.webhooks.last.response.json() == [rule.name]


def test_a_cascade_is_cut_with_an_error_that_shows_the_loop(
    backend: Backend, weights: Collection, deploy: Callable[..., Any]
) -> None:
    backend.semantics = backend.semantics.model_copy(update={"cascade_limit": 3})
    deploy(weights, "ping")
    deploy(weights, "pong", OnAddArtifactTag)
    version = weights.log_version()
    sent: list[int] = []

    def receive(request: httpx.Request) -> httpx.Response:
        sent.append(len(sent))
        add = version.add_tag if len(sent) % 2 else version.add_alias
        add(f"n{len(sent)}")
        return httpx.Response(200)

    backend.webhooks.route(URL).mock(side_effect=receive)
    version.add_alias("prod")

    assert len(sent) == 3
    (failed,) = backend.executions.failed
    assert failed.error == "cascade of more than 3 automations: ping → pong → ping → pong"


def test_a_cascade_is_cut_at_ten_by_default(
    backend: Backend, weights: Collection, deploy: Callable[..., Any]
) -> None:
    deploy(weights)
    version = weights.log_version()
    route = backend.webhooks.route(URL)
    route.mock(
        side_effect=lambda request: (
            version.add_alias(f"n{len(backend.webhooks)}"),
            httpx.Response(200),
        )[1]
    )
    backend.webhooks.clear()

    version.add_alias("prod")

    assert len(backend.webhooks) == 10
    assert backend.executions.failed[0].error.endswith(" → ".join(["deploy"] * 11))


def test_a_receiver_that_crashes_fails_its_delivery_and_nothing_else(
    backend: Backend, weights: Collection, deploy: Callable[..., Any]
) -> None:
    for name in ("one", "two"):
        deploy(weights, name)
    backend.webhooks.route(URL).mock(
        side_effect=[AssertionError("wrong alias"), httpx.Response(200)]
    )

    weights.log_version()

    one, two = backend.executions
    assert (one.state, one.error) == ("FAILED", "webhook 'deploy': AssertionError: wrong alias")
    assert two.state == "FINISHED"


def test_an_interrupted_delivery_interrupts_and_loses_nothing(
    backend: Backend, weights: Collection, deploy: Callable[..., Any]
) -> None:
    for name in ("one", "two", "three"):
        deploy(weights, name)
    backend.webhooks.route(URL).mock(
        side_effect=lambda request: (
            pytest.fail("stop") if len(backend.webhooks) == 1 else httpx.Response(200)
        )
    )

    with pytest.raises(pytest.fail.Exception, match="stop"):
        weights.log_version()
    one, two, three = backend.executions
    assert (one.state, one.error) == ("FAILED", "the delivery was interrupted")
    assert (two.state, three.state) == ("PENDING", "PENDING")

    weights.add_tag("anything")

    assert [d.automation for d in backend.webhooks] == ["one", "two", "three"]
    assert (two.state, three.state) == ("FINISHED", "FINISHED")


# What is meant for the test, and happens elsewhere


@pytest.fixture
def misspelt(backend: Backend, weights: Collection, hook: WebhookIntegration) -> None:
    for name in ("one", "two"):
        action = SendWebhook.from_integration(hook, payload={"a": "${typo}"})
        backend.create_automation(OnAddArtifactAlias(scope=weights) >> action, name=name)


@pytest.mark.filterwarnings("error")
@pytest.mark.usefixtures("misspelt")
def test_a_warning_that_is_an_error_comes_after_all_deliveries(
    backend: Backend, weights: Collection
) -> None:
    with pytest.raises(UnknownVariableWarning, match="automation 'one' uses"):
        weights.log_version()

    assert [execution.state for execution in backend.executions] == ["FINISHED"] * 2


@pytest.mark.filterwarnings("error")
@pytest.mark.usefixtures("misspelt")
def test_a_warning_that_is_an_error_is_no_answer_to_a_request(
    backend: Backend, weights: Collection
) -> None:
    on_another_thread(weights.log_version)

    assert [execution.state for execution in backend.executions] == ["FINISHED"] * 2
    with pytest.raises(UnknownVariableWarning, match="automation 'one' uses"):
        backend.settle()
    backend.settle()


@pytest.mark.usefixtures("misspelt")
def test_in_the_background_there_are_warnings_too(backend: Backend, weights: Collection) -> None:
    in_background(backend)

    def log_and_settle() -> None:
        weights.log_version()
        backend.settle()

    with pytest.warns(UnknownVariableWarning, match="typo"):
        log_and_settle()


def test_a_test_that_is_failed_by_a_receiver_of_a_request_fails_when_it_settles(
    backend: Backend, weights: Collection, deploy: Callable[..., Any]
) -> None:
    deploy(weights, "one")
    deploy(weights, "two")
    stops = iter([lambda: pytest.fail("stop"), lambda: httpx.Response(200)])
    backend.webhooks.route(URL).mock(side_effect=lambda request: next(stops)())

    on_another_thread(weights.log_version)

    assert [execution.error for execution in backend.executions] == [
        "the delivery was interrupted",
        None,
    ]
    with pytest.raises(pytest.fail.Exception, match="stop"):
        backend.settle()


def test_a_defect_is_raised_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(world: World, execution: Execution) -> Outcome:
        raise RuntimeError("a defect")

    world = World()
    monkeypatch.setattr(world.courier, "carry_out", broken)
    project = world.projects.add(world.default_team, "llm")
    collection = project.collection("weights", type="model")
    values = {
        "name": "rule",
        "scope_type": "ARTIFACT_COLLECTION",
        "scope_id": collection.id,
        "triggering_event_type": "ADD_ARTIFACT_ALIAS",
        "event_filter": "{}",
        "triggered_action_type": "NO_OP",
        "triggered_action_config": {"no_op_action_input": {"no_op": True}},
    }
    world.automations.create(values, world.default_user)

    with pytest.raises(RuntimeError, match="a defect"):
        on_another_thread(collection.log_version)


# In the background


def test_in_the_background_a_call_does_not_wait_and_settle_does(
    backend: Backend, weights: Collection, deploy: Callable[..., Any]
) -> None:
    in_background(backend)
    deploy(weights)
    received, may_answer = threading.Event(), threading.Event()

    def receive(request: httpx.Request) -> httpx.Response:
        received.set()
        may_answer.wait(20)
        return httpx.Response(200)

    backend.webhooks.route(URL).mock(side_effect=receive)
    weights.log_version(aliases=["prod"])

    assert received.wait(20)
    assert [e.state for e in backend.executions] == ["PENDING", "PENDING"]
    may_answer.set()
    backend.settle()
    assert [e.state for e in backend.executions] == ["FINISHED", "FINISHED"]
    assert [d.json["alias"] for d in backend.webhooks] == ["latest", "prod"]


def test_settle_waits_for_what_deliveries_caused_and_cascades_are_cut_there_too(
    backend: Backend, weights: Collection, deploy: Callable[..., Any]
) -> None:
    in_background(backend)
    deploy(weights)
    route = backend.webhooks.route(URL)
    route.mock(
        side_effect=lambda request: (weights.log_version(), backend.settle(), httpx.Response(200))[
            2
        ]
    )

    weights.log_version()
    backend.settle()

    assert len(backend.webhooks) == 10
    assert len(backend.executions.failed) == 1


def test_settle_tells_of_an_interrupted_delivery(
    backend: Backend, weights: Collection, deploy: Callable[..., Any]
) -> None:
    in_background(backend)
    deploy(weights)
    backend.webhooks.route(URL).mock(side_effect=lambda request: pytest.fail("stop"))

    weights.log_version()

    with pytest.raises(pytest.fail.Exception, match="stop"):
        backend.settle()
    assert backend.executions.last.error == "the delivery was interrupted"


# Threads


def test_eight_threads_lose_nothing(backend: Backend, watch_metric: Callable[..., Any]) -> None:
    backend.semantics = backend.semantics.model_copy(update={"metric_cooldown_hours": 0})
    watch_metric(RunEvent.metric("loss").gt(0.5))
    shared = backend.run("acme/llm")
    start = threading.Barrier(8)

    def log(number: int) -> None:
        own = backend.run("acme/llm", run_id=f"r{number}")
        start.wait(20)
        for step in range(100):
            own.log({"loss": step % 2})
            shared.log({"loss": step % 2})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(log, range(8)))

    assert [row["_step"] for row in shared.history] == list(range(800))
    assert len(shared.values("loss")) == 800
    assert len(backend.executions) == len(backend.executions.finished) == 800
    assert len({execution.id for execution in backend.executions}) == 800


def test_eight_threads_deliver_everything(
    backend: Backend, weights: Collection, deploy: Callable[..., Any]
) -> None:
    deploy(weights)

    def log(number: int) -> None:
        for count in range(20):
            weights.log_version(aliases=[f"a{number}-{count}"])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(log, range(8)))

    assert [v.version_index for v in weights.versions] == list(range(160))
    assert len(backend.webhooks) == len(backend.executions.finished) == 320
    assert len({d.json["alias"] for d in backend.webhooks}) == 161


def test_another_thread_waits_while_the_world_is_held(
    backend: Backend, weights: Collection
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with backend.world.change():
            tagging = pool.submit(weights.add_tag, "eu")
            assert weights.tags == []
        tagging.result(20)
    assert weights.tags == ["eu"]


# Who acts


def test_what_happens_is_by_the_user_of_the_request(
    backend: Backend, weights: Collection, emitted: list[Any]
) -> None:
    world, ada, bob = backend.world, backend.user("ada"), backend.user("bob")

    with world.acting(ada):
        weights.add_tag("a")
        with world.acting(bob):
            weights.add_tag("b")
        weights.add_tag("c")
    weights.add_tag("d")

    assert [event.author for event in emitted] == ["ada", "bob", "ada", "tester"]


def test_a_receiver_acts_as_itself_and_not_as_who_caused_the_delivery(
    backend: Backend, weights: Collection, deploy: Callable[..., Any], emitted: list[Any]
) -> None:
    deploy(weights)
    backend.webhooks.route(URL).mock(
        side_effect=lambda request: (weights.add_tag("eu"), httpx.Response(200))[1]
    )

    with backend.world.acting(backend.user("ada")):
        weights.log_version()

    assert [event.author for event in emitted] == ["ada", "ada", "tester"]


# Ids


def test_an_id_leads_to_its_object(backend: Backend, weights: Collection) -> None:
    assert backend.world.find("ArtifactCollection", weights.id) is weights


def test_a_wrong_id_is_refused_with_the_reason(backend: Backend, weights: Collection) -> None:
    world, unknown = backend.world, encode_id("Trigger", 7)

    with pytest.raises(NotFound) as caught:
        world.find("Trigger", unknown)
    assert str(caught.value) == f"id: no Trigger with id {unknown!r}; there is none"
    with pytest.raises(NotFound) as caught:
        world.find("Trigger", weights.id, field="triggerID")
    assert str(caught.value) == (
        f"triggerID: no Trigger with id {weights.id!r}; it is the id of a ArtifactCollection"
    )
    with pytest.raises(InvalidInput, match=r"^triggerID: malformed id 'x'"):
        world.find("Trigger", "x", field="triggerID")


def test_what_is_forgotten_is_not_found(backend: Backend, weights: Collection) -> None:
    backend.world.forget(weights.id)

    with pytest.raises(NotFound):
        backend.world.find("ArtifactCollection", weights.id)


# Starting over


def test_a_reset_world_is_as_it_was_made_ids_included() -> None:
    world = World(seed=3, api_key="k" * 40)

    def ids() -> list[str]:
        project = world.projects.add(world.default_team, "llm")
        collection = project.collection("weights")
        return [project.id, collection.id, collection.log_version().artifact.digest]

    first, moved = ids(), world.clock.advance(hours=1)
    world.semantics = world.semantics.model_copy(update={"partial_window": False})

    world.reset()

    assert world.clock.now() < moved
    assert world.semantics.partial_window
    assert world.default_user.api_key == "k" * 40
    assert ids() == first
