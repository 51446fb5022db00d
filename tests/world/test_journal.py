"""The journal of a world: everything that reports are told from, in order, and bounded."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx

from pytest_wandb_automations import Backend, events
from pytest_wandb_automations.automations import (
    ArtifactEvent,
    DoNothing,
    OnAddArtifactAlias,
    SendWebhook,
)
from pytest_wandb_automations.world.considering import Opinion
from pytest_wandb_automations.world.faults import Fault, FaultHit
from pytest_wandb_automations.world.happenings import Happening
from pytest_wandb_automations.world.journal import (
    Advanced,
    Edited,
    Journal,
    Logged,
    Refused,
    Sent,
    Settled,
)

if TYPE_CHECKING:
    from pytest_wandb_automations.world.collections import Collection
    from pytest_wandb_automations.world.integrations import WebhookIntegration


def whats(backend: Backend) -> list[Any]:
    journal = backend.world.journal
    return [record.what for record in (*journal.first, *journal.newest)]


def test_it_tells_events_verdicts_and_executions_in_order(
    backend: Backend, weights: Collection, hook: WebhookIntegration
) -> None:
    event = OnAddArtifactAlias(scope=weights, filter=ArtifactEvent.alias.eq("prod"))
    backend.create_automation(event >> SendWebhook.from_integration(hook), name="deploy")
    version = weights.log_version()
    fault = backend.faults.delivery("deploy", status=503)
    version.add_alias("prod")

    told = whats(backend)
    kinds = [type(what) for what in told]
    assert kinds == [
        Edited,
        Happening,  # created
        Happening,  # latest
        Opinion,
        type(fault),
        Happening,
        Opinion,
        Sent,
        FaultHit,
        Settled,
    ]
    assert isinstance(fault, Fault)
    assert [what.make().fired for what in told if isinstance(what, Opinion)] == [False, True]
    sent = told[7]
    assert sent.execution is told[9].execution is backend.executions.last
    assert sent.answer.response.status_code == 503


def test_runs_that_take_turns_at_logging_are_noted_once_each(backend: Backend) -> None:
    runs = [backend.run("acme/llm") for _ in range(2)]
    before = len(whats(backend))
    for step in range(3):
        for run in runs:
            run.log({"loss": step})
    backend.collection("acme/llm/weights").log_version()
    runs[0].log({"loss": 9})

    logged = [what for what in whats(backend)[before:] if isinstance(what, Logged)]
    told = [(what.run, [row["loss"] for row in what.own]) for what in logged]
    assert told == [(runs[0], [0, 1, 2]), (runs[1], [0, 1, 2]), (runs[0], [9])]


def test_of_runs_that_take_turns_what_is_dropped_takes_no_more_rows(backend: Backend) -> None:
    runs = [backend.run("acme/llm") for _ in range(3)]
    journal = backend.world.journal = Journal(backend.clock, first=0, newest=2)
    for step in range(3):
        for run in runs:
            run.log({"loss": step})

    newest = [what for what in whats(backend) if isinstance(what, Logged)]
    assert {(what.run, what.own[-1]["loss"]) for what in newest} == {(runs[1], 2), (runs[2], 2)}
    assert len(journal.newest) + journal.left_out == 9


def test_times_are_those_of_the_clock(backend: Backend, weights: Collection) -> None:
    weights.log_version()
    before = backend.clock.now()
    after = backend.clock.advance(hours=2)
    weights.add_tag("a")

    (*_, created, advanced, tagged) = backend.world.journal.first
    assert created.at == before
    assert advanced == (after, Advanced(timedelta(hours=2)))
    assert tagged.at == after


def test_rows_of_a_run_are_one_record_until_something_else_happens(
    backend: Backend, weights: Collection
) -> None:
    run = backend.run("acme/llm")
    run.log({"loss": 1})
    run.log({"loss": 2})
    weights.add_tag("a")
    run.log({"loss": 3})

    logged = [what for what in whats(backend) if isinstance(what, Logged)]
    assert [[row["loss"] for row in each.own] for each in logged] == [[1, 2], [3]]
    assert [each.run for each in logged] == [run, run]


def test_each_run_and_each_stream_has_records_of_its_own(backend: Backend) -> None:
    first, second = backend.run("acme/llm"), backend.run("acme/llm")
    first.log({"loss": 1})
    second.log({"loss": 2})
    second.log_system({"cpu": 3})
    first.log({"loss": 4})

    logged = [what for what in whats(backend) if isinstance(what, Logged)]
    assert [(each.run, each.stream, len(each.own)) for each in logged] == [
        (first, "history", 2),
        (second, "history", 1),
        (second, "system", 1),
    ]


def test_rows_that_a_run_forgets_are_still_told(backend: Backend) -> None:
    run = backend.run("acme/llm")
    for value in range(4):
        run.log({"loss": value})
    run.rewind(1)
    run.log({"loss": 20})
    run.log_system({"cpu": 1})
    run.cut_samples(0)
    run.log_system({"cpu": 2})

    logged = [what for what in whats(backend) if isinstance(what, Logged)]
    values = [[row.get("loss", row.get("system.cpu")) for row in each.own] for each in logged]
    assert values == [[0, 1, 2, 3], [20], [1], [2]]
    assert [row["loss"] for row in run.history] == [0, 1, 20]


def test_an_injected_value_is_an_event(backend: Backend) -> None:
    run = backend.run("acme/llm")
    event = events.RunMetricLogged(run=run, metric="loss", value=1.0, step=7)
    backend.inject(event)

    (happening,) = [what for what in whats(backend) if isinstance(what, Happening)][1:]
    assert happening.event.model_copy(update={"author": None}) == event
    assert happening.place is run


def test_edits_of_automations_are_told_with_what_they_were(
    backend: Backend, weights: Collection
) -> None:
    saved = backend.create_automation(OnAddArtifactAlias(scope=weights) >> DoNothing(), name="a")
    saved = backend.update_automation(saved, name="b", enabled=False)
    backend.delete_automation(saved)

    edits = [what for what in whats(backend) if isinstance(what, Edited)]
    assert [(edit.verb, edit.automation_name, edit.enabled) for edit in edits] == [
        ("created", "a", True),
        ("updated", "b", False),
        ("deleted", "b", False),
    ]
    assert edits[0].scope is weights


def test_requests_that_are_refused_are_told(backend: Backend) -> None:
    with backend.serve() as server:
        answer = httpx.post(
            f"{server.url}/graphql",
            json={"query": "query Odd { nothing }"},
            auth=("api", server.api_key),
        )
    assert answer.status_code == 400
    (refused,) = [what for what in whats(backend) if isinstance(what, Refused)]
    assert refused[:3] == ("Odd", "tester", 400)
    assert refused.message.startswith("Odd: Query.nothing is not simulated")


def test_of_very_many_records_the_first_and_the_newest_are_kept(backend: Backend) -> None:
    journal = Journal(backend.clock, first=2, newest=3)
    for number in range(10):
        journal.add(Advanced(timedelta(hours=number)))

    assert [record.what for record in journal.first] == [
        Advanced(timedelta(hours=number)) for number in (0, 1)
    ]
    assert [record.what for record in journal.newest] == [
        Advanced(timedelta(hours=number)) for number in (7, 8, 9)
    ]
    assert journal.left_out == 5


def test_a_reset_begins_a_new_one(backend: Backend, weights: Collection) -> None:
    weights.log_version()
    backend.reset()
    assert not whats(backend)


def test_every_secret_that_there_ever_was_is_known(backend: Backend) -> None:
    backend.secret("acme", "TOKEN", "first")
    backend.secret("acme", "TOKEN", "second")
    backend.user("ada", api_key="a" * 40)
    assert {"first", "second", "a" * 40, backend.api_key} <= backend.world.secrets
