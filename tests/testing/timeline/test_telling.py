"""`tell`: from a world to the story of a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pydantic import TypeAdapter

from pytest_wandb_automations import Backend, events
from pytest_wandb_automations.automations import (
    ArtifactEvent,
    OnAddArtifactAlias,
    OnCreateArtifact,
    RunEvent,
    SendNotification,
    SendPromptToAria,
    SendWebhook,
)
from pytest_wandb_automations.testing.timeline import Story, telling
from pytest_wandb_automations.testing.timeline.story import Ruling

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_wandb_automations.world.collections import Collection

LOSS = RunEvent.metric("loss")
HOOK = "https://deploy.test/hook"


def deploy(backend: Backend, payload: dict[str, str] | None = None, **secrets: str) -> Any:
    hook = backend.webhook_integration("acme", name="deploy", url_endpoint=HOOK, **secrets)
    event = OnAddArtifactAlias(
        scope=backend.collection("acme/llm/weights"), filter=ArtifactEvent.alias.eq("prod")
    )
    action = SendWebhook.from_integration(hook, payload=payload or {})  # type: ignore[arg-type]
    backend.create_automation(event >> action, name="deploy-prod")
    return hook


def test_a_story_survives_json(
    backend: Backend, story: Callable[[], Story], watch: Callable[..., Any], weights: Collection
) -> None:
    watch("spike", LOSS.avg(2).gt(3))
    deploy(backend, {"a": "b"})
    weights.log_version(aliases=["prod"])
    run = backend.run("acme/llm")
    for value in (1, float("nan"), 9, 9):
        run.log({"loss": value})

    told = story()
    adapter = TypeAdapter(Story)
    assert adapter.validate_json(adapter.dump_json(told)) == told


def test_an_automation_is_told_with_what_it_does_and_how_often_it_did(
    backend: Backend, story: Callable[[], Story], watch: Callable[..., Any], weights: Collection
) -> None:
    slack = backend.slack_integration("acme", team_name="Acme", channel_name="#ml")
    watch("idle", enabled=False)
    deploy(backend)
    say = SendNotification.from_integration(slack)  # type: ignore[arg-type]
    backend.create_automation(OnCreateArtifact(scope=weights) >> say, name="say")
    backend.faults.delivery("deploy-prod", status=500)
    version = weights.log_version(aliases=["prod"])
    version.remove_alias("prod")
    version.add_alias("prod")

    told = [
        (line.name, line.fired, line.failed, line.enabled, line.action)
        for line in story().automations
    ]
    assert told == [
        ("deploy-prod", 2, 1, True, "webhook 'deploy'"),
        ("say", 1, 0, True, "Slack #ml"),
        ("idle", 0, 0, False, "NO_OP"),
    ]
    assert story().automations[0].rule == "ADD_ARTIFACT_ALIAS where alias = 'prod'"
    assert story().automations[0].scope == "acme/llm/weights"


def test_those_that_an_event_reached_come_before_those_that_none_did(
    backend: Backend,
    story: Callable[[], Story],
    watch: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(telling, "_AUTOMATIONS", 2)
    watch("other", RunEvent.metric("other").gt(3))
    watch("watching", LOSS.gt(3))
    watch("firing", LOSS.gt(0))
    backend.run("acme/llm").log({"loss": 1})

    told = story()
    assert [line.name for line in told.automations] == ["firing", "watching"]
    assert told.other_automations == 1


def test_a_rule_is_told_where_it_was_another_than_at_the_end(
    backend: Backend, texts: Callable[..., list[str]], weights: Collection
) -> None:
    event = OnAddArtifactAlias(scope=weights, filter=ArtifactEvent.alias.eq("a"))
    saved = backend.create_automation(event >> SendPromptToAria(prompt="hi"), name="ask")
    changed = OnAddArtifactAlias(scope=weights, filter=ArtifactEvent.alias.eq("b"))
    saved = backend.update_automation(saved, event=changed, enabled=False)
    other = backend.create_automation(event >> SendPromptToAria(prompt="hi"), name="other")
    backend.delete_automation(other)

    rule = "ADD_ARTIFACT_ALIAS where alias = 'a' in acme/llm/weights"
    assert texts("edit") == [
        f"automation 'ask' created: {rule}",
        "automation 'ask' updated, disabled",
        f"automation 'other' created: {rule}",
        f"automation 'other' deleted: {rule}",
    ]


def test_what_somebody_else_did_is_told_with_who_did_it(
    backend: Backend, texts: Callable[..., list[str]], weights: Collection
) -> None:
    backend.team("acme").add_member(backend.user("ada"))
    backend.inject(events.ArtifactAliasAdded(collection=weights, alias="x", author="ada"))
    assert texts() == ["alias 'x' added to acme/llm/weights:v0 by ada"]


def test_requests_deliveries_and_the_clock_are_told(
    backend: Backend, story: Callable[[], Story], weights: Collection
) -> None:
    hook = deploy(backend, {"model": "${artifact_version_string}"}, secret="s" * 8)
    backend.faults.graphql("Odd", status=503)
    with backend.serve() as server:
        for query in ("query Odd { viewer { id } }", "{ nothing }"):
            httpx.post(f"{server.url}/graphql", json={"query": query}, auth=("api", server.api_key))
    backend.faults.delivery(HOOK, delay=0.001)
    backend.faults.graphql("Never", status=500)
    backend.clock.advance(hours=25, minutes=3)
    weights.log_version(aliases=["prod"])
    backend.webhooks.test(hook)

    told = [(each.kind, each.text, each.mark) for each in story().moments]
    odd, late = "backend.faults.graphql('Odd', status=503)", f"{HOOK!r}, delay=0.001"
    assert told == [
        ("edit", "automation 'deploy-prod' created", ""),
        ("fault", f"ordered: {odd}", ""),
        ("fault", f"Odd by tester met {odd}", "ordered"),
        (
            "request",
            "a request by tester: 400, "
            "Query.nothing is not simulated by this backend, if W&B has it.",
            "failed",
        ),
        ("fault", f"ordered: backend.faults.delivery({late})", ""),
        ("fault", "ordered: backend.faults.graphql('Never', status=500) (nothing met it)", ""),
        ("clock", "clock advanced by 25 h 3 min", ""),
        ("event", "version acme/llm/weights:v0 created", ""),
        ("event", "alias 'latest' added to acme/llm/weights:v0", ""),
        ("event", "alias 'prod' added to acme/llm/weights:v0", "fired"),
        ("delivery", f"deploy-prod → webhook 'deploy': POST {HOOK} answered 200 OK", ""),
        (
            "fault",
            f"POST {HOOK} by 'deploy-prod' met backend.faults.delivery({late})",
            "ordered",
        ),
        ("delivery", f"test of a webhook: POST {HOOK} answered 200 OK", ""),
    ]
    exchange = story().moments[10].exchange
    assert exchange is not None
    assert exchange.body == '{"model":"acme/llm/weights:prod"}'
    assert exchange.request.splitlines() == [
        f"POST {HOOK}",
        "host: deploy.test",
        "content-type: application/json",
        "user-agent: pytest-wandb-automations",
        "x-wandb-signature: ••••",
        "content-length: 33",
    ]
    assert (exchange.answer, exchange.response) == ("answered 200 OK", "")


def test_what_a_query_did_not_find_is_told_with_the_nearest_that_there_is(
    backend: Backend, texts: Callable[..., list[str]]
) -> None:
    backend.project("acme/llm")
    queries = (
        '{ project(name: "lm", entityName: "acme") { id } }',
        '{ project(name: "later") { id } }',
        '{ entity(name: "acme") { project(name: "llmm") { id } } }',
        '{ entity(name: "acmee") { id } }',
        '{ models(entityName: "elsewhere") { edges { node { id } } } }',
        '{ entity(name: "acme") { integrations { edges { node { __typename } } } } }',
        '{ project(name: "llm", entityName: "acme") { id } }',
        '{ project(entityName: "acme") { id } }',
    )
    with backend.serve() as server:
        for query in queries:
            httpx.post(f"{server.url}/graphql", json={"query": query}, auth=("api", server.api_key))
    backend.project("later")

    assert texts("request") == [
        "tester asked for project 'acme/lm' and found none; did you mean 'acme/llm'?",
        "tester asked for project 'acme/later' and found none",
        "tester asked for project 'acme/llmm' and found none; did you mean 'acme/llm'?",
        "tester asked for entity 'acmee' and found none; did you mean 'acme'?",
        "tester asked for entity 'elsewhere' and found none",
        "tester asked for integrations of 'acme' and found none",
    ]


def test_routes_that_no_delivery_met_are_told(
    backend: Backend, story: Callable[[], Story], weights: Collection
) -> None:
    deploy(backend)
    backend.webhooks.route(HOOK).respond(202)
    backend.webhooks.route(f"{HOOK}s?token=s3cret").respond(503)
    weights.log_version(aliases=["prod"])

    assert story().unmet_routes == (f"{HOOK}s?…",)


def test_a_receiver_that_fails_by_itself_is_told_from_one_that_was_told_to(
    backend: Backend, story: Callable[[], Story], weights: Collection
) -> None:
    deploy(backend)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise ZeroDivisionError("oops")

    backend.webhooks.forward(HOOK, app=app)
    version = weights.log_version(aliases=["prod"])
    version.remove_alias("prod")
    backend.webhooks.route(HOOK).respond(503, text="busy")
    version.add_alias("prod")

    told = [(each.text, each.mark) for each in story().moments if each.kind == "delivery"]
    head = f"deploy-prod → webhook 'deploy': POST {HOOK} answered"
    assert told == [
        (f"{head} 500 Internal Server Error (ZeroDivisionError: oops)", "failed"),
        (f"{head} 503 Service Unavailable (ordered by its route)", "ordered"),
    ]
    assert [each.exchange.response for each in story().moments if each.exchange] == [
        "",
        "busy",
    ]


def test_a_slack_message_is_told_as_what_it_says(
    backend: Backend, story: Callable[[], Story], weights: Collection
) -> None:
    slack = backend.slack_integration("acme", team_name="Acme", channel_name="#ml")
    say = SendNotification.from_integration(slack, title="Hi", text="there")  # type: ignore[arg-type]
    backend.create_automation(OnCreateArtifact(scope=weights) >> say, name="say")
    backend.slack.route().respond(200, json={"ok": False, "error": "channel_not_found"})
    weights.log_version()

    (moment,) = [each for each in story().moments if each.exchange]
    assert moment.text == (
        "say → Slack #ml: answered with the error 'channel_not_found' (ordered by its route)"
    )
    assert moment.exchange is not None
    assert moment.exchange.body == '{"severity":"INFO","title":"Hi","text":"there"}'


def test_a_delivery_that_is_under_way_says_so(
    backend: Backend, story: Callable[[], Story], weights: Collection
) -> None:
    deploy(backend)
    told: list[Story] = []

    def answer(request: httpx.Request) -> httpx.Response:
        told.append(story())
        return httpx.Response(200)

    backend.webhooks.route(HOOK).mock(side_effect=answer)
    weights.log_version(aliases=["prod"])
    assert told[0].moments[-1].text.endswith(f"POST {HOOK} under way")


def test_executions_without_a_request_tell_what_came_of_them(
    backend: Backend, story: Callable[[], Story], weights: Collection
) -> None:
    hook = deploy(backend)
    ask = SendPromptToAria(prompt="Look at ${nothing_known}")
    backend.create_automation(OnCreateArtifact(scope=weights) >> ask, name="ask")
    for _ in range(3):
        with pytest.warns(match="nothing_known"):
            weights.log_version()
    weights.log_version()
    backend.world.integrations.delete(hook)
    weights.log_version(aliases=["prod"])

    told = [(each.text, each.mark) for each in story().moments if each.kind == "outcome"]
    assert told[0] == ("ask finished; it used unknown variables: nothing_known", "failed")
    assert told[3] == ("ask skipped: it prompted ARIA 3 times within a minute", "")
    assert told[-1][1] == "failed"
    assert told[-1][0].startswith("deploy-prod failed: NotFound: ")


def test_unknown_variables_of_a_payload_are_told_beside_its_delivery(
    backend: Backend, story: Callable[[], Story], weights: Collection
) -> None:
    deploy(backend, {"who": "${nobody}"})
    with pytest.warns(match="nobody"):
        weights.log_version(aliases=["prod"])
    last = story().moments[-1]
    assert (last.kind, last.text) == ("outcome", "deploy-prod used unknown variables: nobody")


def test_a_loop_that_is_cut_is_told(
    backend: Backend, story: Callable[[], Story], weights: Collection
) -> None:
    backend.semantics = {"cascade_limit": 1}
    deploy(backend)

    def promote(request: httpx.Request) -> httpx.Response:
        weights.log_version(aliases=["prod"])
        return httpx.Response(200)

    backend.webhooks.route(HOOK).mock(side_effect=promote)
    weights.log_version(aliases=["prod"])
    told = [each.text for each in story().moments if each.kind == "outcome"]
    assert told == [
        "deploy-prod failed: cascade of more than 1 automations: deploy-prod → deploy-prod"
    ]


def test_every_automation_that_an_event_reached_has_a_ruling_those_that_fired_first(
    backend: Backend, story: Callable[[], Story], watch: Callable[..., Any], weights: Collection
) -> None:
    deploy(backend)
    watch("any")
    for number in range(30):
        watch(f"off-{number}", enabled=False)
    weights.log_version()

    rulings = story().moments[-2].rulings
    assert story().moments[-1].text == "any finished"
    assert len(rulings) == 20
    assert (rulings[0].automation, rulings[0].fired, rulings[0].reason) == ("any", True, "")
    assert rulings[1] == Ruling(
        "deploy-prod",
        fired=False,
        reason="alias: asked = 'prod', found 'latest'",
        clauses=rulings[1].clauses,
    )
    assert "✗ alias" in rulings[1].clauses
    assert rulings[2].reason == "it was disabled"


def test_values_that_were_held_back_or_not_enough_are_told_once(
    backend: Backend, story: Callable[[], Story], watch: Callable[..., Any]
) -> None:
    watch("spike", LOSS.gt(3))
    watch("low", LOSS.lt(0))
    run = backend.run("acme/llm")
    for value in (1, 5, 6, 7, 2, 1):
        run.log({"loss": value})

    told = {
        each.text.partition(" logs ")[2]: [
            (ruling.automation, ruling.fired, ruling.reason, ruling.also) for ruling in each.rulings
        ]
        for each in story().moments
        if each.kind == "values"
    }
    cooldown = (
        "cooldown: asked not fired for this run in 24 h, found 2026-01-01 00:00:00 (0.001 s before)"
    )
    assert told == {
        "loss ×2 (1 → 5) at steps 0 to 1": [("spike", True, "metric: asked loss > 3, found 5", "")],
        "loss = 6 at step 2": [("spike", False, cooldown, "as at 1 other value")],
        "loss ×3 (7 → 1) at steps 3 to 5": [
            ("spike", False, "metric: asked loss > 3, found 1", "nor at 2 other values"),
            ("low", False, "metric: asked loss < 0, found 1", "nor at 5 other values"),
        ],
    }


def test_of_very_many_moments_the_first_and_last_and_what_fired_is_told(
    backend: Backend, story: Callable[[], Story], watch: Callable[..., Any], weights: Collection
) -> None:
    weights.log_version()
    watch("any")
    for number in range(250):
        weights.add_tag(f"t{number}")
        if number == 100:
            weights.log_version()

    told = story().moments
    assert [each.left_out for each in told if each.kind == "gap"] == [45, 49]
    # The alias `latest` fires, and the no-op that follows is an outcome.
    middle = [each.text for each in told[61:63]]
    assert middle == ["alias 'latest' added to acme/llm/weights:v1", "any finished"]
    assert told[-1].text == "tag 't249' added to acme/llm/weights"
    assert sum(each.left_out or 1 for each in told) == 256


def test_what_the_journal_left_out_is_counted(
    backend: Backend, story: Callable[[], Story], weights: Collection
) -> None:
    weights.add_tag("a")
    journal = backend.world.journal
    for _ in range(5_099):
        journal.add(journal.first[0].what)
    told = story().moments
    assert [each.left_out for each in told if each.kind == "gap"] == [5_100 - 160]


def test_a_verdict_whose_event_was_left_out_is_not_told(
    backend: Backend, story: Callable[[], Story], watch: Callable[..., Any], weights: Collection
) -> None:
    from pytest_wandb_automations.world.journal import Journal

    watch("any")
    backend.world.journal = Journal(backend.clock, first=0, newest=2)
    weights.log_version()
    told = story().moments
    assert [(each.kind, each.text) for each in told] == [("gap", ""), ("outcome", "any finished")]


def test_what_is_no_record_is_refused(backend: Backend, story: Callable[[], Story]) -> None:
    backend.world.journal.add("nonsense")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"str at 2026-01-01 .* is no record of a journal"):
        story()
