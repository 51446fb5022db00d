"""Which automations an event reaches, and whether they fire."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from pytest_wandb_automations import Backend, events
from pytest_wandb_automations.automations import (
    ArtifactEvent,
    OnAddArtifactAlias,
    OnAddArtifactTag,
    OnAddCollectionTag,
    OnCreateArtifact,
    OnLinkArtifact,
    OnRemoveArtifactTag,
    OnRemoveCollectionTag,
    OnRunState,
    OnUnlinkArtifact,
    RunEvent,
)
from pytest_wandb_automations.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_wandb_automations.world.collections import Collection
    from pytest_wandb_automations.world.executions import Executions

# What a test does to a collection `c`, what listens for it, and the same as a raw event.
ON_A_COLLECTION: list[Any] = [
    pytest.param(
        OnAddArtifactAlias,
        lambda version, c: version.add_alias("prod"),
        lambda c: events.ArtifactAliasAdded(collection=c, alias="prod"),
        id="alias added",
    ),
    pytest.param(
        OnAddArtifactTag,
        lambda version, c: version.add_tag("eu"),
        lambda c: events.ArtifactTagAdded(collection=c, tag="eu"),
        id="artifact tag added",
    ),
    pytest.param(
        OnRemoveArtifactTag,
        lambda version, c: version.remove_tag("old"),
        lambda c: events.ArtifactTagRemoved(collection=c, tag="old"),
        id="artifact tag removed",
    ),
    pytest.param(
        OnAddCollectionTag,
        lambda version, c: c.add_tag("eu"),
        lambda c: events.CollectionTagAdded(collection=c, tag="eu"),
        id="collection tag added",
    ),
    pytest.param(
        OnRemoveCollectionTag,
        lambda version, c: c.remove_tag("old"),
        lambda c: events.CollectionTagRemoved(collection=c, tag="old"),
        id="collection tag removed",
    ),
]
ON_A_LINK: list[Any] = [
    pytest.param(
        OnLinkArtifact,
        lambda version, c: version.link(c),
        lambda c: events.ArtifactLinked(collection=c),
        id="linked",
    ),
    pytest.param(
        OnUnlinkArtifact,
        lambda version, c: (version.link(c), version.unlink(c)),
        lambda c: events.ArtifactUnlinked(collection=c),
        id="unlinked",
    ),
]


def scopes_of(backend: Backend, collection: Collection) -> dict[str, Any]:
    """Return every scope that contains a collection, narrowest first."""
    org = backend.organization("acme-corp").org_entity
    scopes = {"collection": collection, "project": collection.project, "org": org}
    return scopes if collection.is_portfolio else {**scopes, "team": backend.team("acme")}


def names(executions: Executions) -> list[str]:
    return sorted(execution.automation_name for execution in executions)


@pytest.mark.parametrize(("event", "act", "raw"), ON_A_COLLECTION)
def test_every_scope_that_contains_the_collection_fires_on_its_own(
    backend: Backend, watch: Callable[..., Any], event: Any, act: Any, raw: Any
) -> None:
    weights = backend.collection("acme/llm/weights")
    weights.add_tag("old")
    version = weights.log_version(tags=["old"])
    scopes = scopes_of(backend, weights)
    for name, scope in scopes.items():
        watch(name, event, scope)

    act(version, weights)
    assert names(backend.executions) == sorted(scopes)

    assert names(backend.inject(raw(weights))) == sorted(scopes)


@pytest.mark.parametrize(("event", "act", "raw"), ON_A_LINK)
def test_a_link_fires_where_it_leads_and_not_where_it_comes_from(
    backend: Backend,
    prod_models: Collection,
    watch: Callable[..., Any],
    event: Any,
    act: Any,
    raw: Any,
) -> None:
    weights = backend.collection("acme/llm/weights")
    version = weights.log_version()
    scopes = scopes_of(backend, prod_models)
    for name, scope in scopes.items():
        watch(name, event, scope)
    watch("source", event, weights)
    watch("source project", event, weights.project)
    watch("source team", event, backend.team("acme"))

    act(version, prod_models)
    assert names(backend.executions) == sorted(scopes)

    assert names(backend.inject(raw(prod_models))) == sorted(scopes)


def test_a_new_version_fires_in_its_collection(
    backend: Backend, weights: Collection, watch: Callable[..., Any]
) -> None:
    watch("here", OnCreateArtifact, weights)
    watch("elsewhere", OnCreateArtifact, backend.collection("acme/llm/other"))

    weights.log_version()
    assert names(backend.executions) == ["here"]

    assert names(backend.inject(events.ArtifactCreated(collection=weights))) == ["here"]


@pytest.mark.parametrize("kind", ["project", "team", "org"])
def test_a_run_fires_in_every_scope_that_contains_it(
    backend: Backend, watch: Callable[..., Any], kind: str
) -> None:
    scopes = scopes_of(backend, backend.collection("acme/llm/weights"))
    watch("rule", OnRunState, scopes[kind], filter=RunEvent.state.eq("finished"))

    run = backend.run("acme/llm")
    run.finish()
    assert names(backend.executions) == ["rule"]

    event = events.RunStateChanged(run=run, state="finished")
    assert names(backend.inject(event)) == ["rule"]


@pytest.mark.parametrize("kind", ["project", "team", "org"])
def test_a_scope_contains_what_is_made_later(
    backend: Backend, watch: Callable[..., Any], kind: str
) -> None:
    scopes = scopes_of(backend, backend.collection("acme/llm/weights"))
    path = "acme/llm/new" if kind == "project" else "acme/new/new"
    watch("rule", OnAddArtifactAlias, scopes[kind])

    backend.collection(path).log_version()

    assert names(backend.executions) == ["rule"]


@pytest.mark.parametrize(
    "path",
    ["acme/llm/other", "acme/other/weights", "other/llm/weights", "acme-corp/wandb-registry-m/c"],
)
def test_what_happens_outside_the_scope_is_not_even_considered(
    backend: Backend, weights: Collection, watch: Callable[..., Any], path: str
) -> None:
    rule = watch("rule", OnAddArtifactAlias, weights)
    collection = backend.collection(path)

    assert not backend.inject(events.ArtifactAliasAdded(collection=collection, alias="prod"))
    assert not backend.world.automations.get(rule.id).considered


def test_another_organization_is_outside(backend: Backend, watch: Callable[..., Any]) -> None:
    backend.team("theirs", organization="their-corp")
    watch("ours", OnAddArtifactAlias, backend.organization("acme-corp").org_entity)
    watch("theirs", OnAddArtifactAlias, backend.organization("their-corp").org_entity)

    backend.collection("theirs/llm/weights").log_version()

    assert names(backend.executions) == ["theirs"]


def test_a_disabled_automation_never_fires_and_says_so(
    backend: Backend, weights: Collection, watch: Callable[..., Any]
) -> None:
    rule = watch("rule", OnAddArtifactAlias, weights, enabled=False)
    weights.log_version()
    backend.assert_not_fired(rule)

    rule.enabled = True
    backend.update_automation(rule)
    weights.log_version()

    backend.assert_fired(rule, times=1)
    enabled = [
        verdict.clauses[0].held for verdict in backend.world.automations.get(rule.id).considered
    ]
    assert enabled == [False, True]


def test_a_filter_asks_for_the_alias_that_was_added(
    backend: Backend, weights: Collection, watch: Callable[..., Any]
) -> None:
    watch("rule", OnAddArtifactAlias, weights, filter=ArtifactEvent.alias.matches_regex("^prod"))

    weights.log_version(aliases=["best", "prod-eu"])

    assert [execution.event.alias for execution in backend.executions] == ["prod-eu"]


def test_a_filter_on_a_new_version_asks_for_what_it_was_given(
    backend: Backend, weights: Collection, watch: Callable[..., Any]
) -> None:
    watch("alias", OnCreateArtifact, weights, filter=ArtifactEvent.alias.eq("prod"))
    watch("tag", OnCreateArtifact, weights, filter=ArtifactEvent.tag.eq("eu"))

    weights.log_version()
    assert names(backend.executions) == []
    weights.log_version(aliases=["prod"])
    assert names(backend.executions) == ["alias"]
    weights.log_version(tags=["eu"])
    assert names(backend.executions) == ["alias", "tag"]


def test_a_filter_on_a_link_asks_for_what_the_version_has_there(
    backend: Backend, weights: Collection, prod_models: Collection, watch: Callable[..., Any]
) -> None:
    watch("alias", OnLinkArtifact, prod_models, filter=ArtifactEvent.alias.eq("prod"))
    watch("tag", OnLinkArtifact, prod_models, filter=ArtifactEvent.tag.eq("eu"))

    weights.log_version(aliases=["prod"]).link(prod_models)
    assert names(backend.executions) == []
    weights.log_version(tags=["eu"]).link(prod_models, aliases=["prod"])
    assert names(backend.executions) == ["alias", "tag"]


def test_a_filter_on_an_unlink_asks_for_what_the_version_had_there(
    backend: Backend, weights: Collection, prod_models: Collection, watch: Callable[..., Any]
) -> None:
    watch("alias", OnUnlinkArtifact, prod_models, filter=ArtifactEvent.alias.eq("prod"))
    version = weights.log_version()
    version.link(prod_models, aliases=["prod"])

    version.unlink(prod_models)

    assert names(backend.executions) == ["alias"]


def test_a_filter_finds_nothing_at_a_version_that_does_not_exist(
    backend: Backend, weights: Collection, watch: Callable[..., Any]
) -> None:
    watch("rule", OnCreateArtifact, weights, filter=ArtifactEvent.alias.eq("latest"))

    assert not backend.inject(events.ArtifactCreated(collection=weights, version=7))
    weights.log_version()
    assert names(backend.executions) == ["rule"]


def test_an_event_needs_something_that_it_happened_to(backend: Backend) -> None:
    with pytest.raises(NotFound, match="no project 'acme/llm'"):
        backend.inject(events.ArtifactCreated(collection="acme/llm/weights"))
    with pytest.raises(NotFound, match="no project 'acme/llm'"):
        backend.inject(events.RunStateChanged(run="acme/llm/r1", state="failed"))
    assert not backend.world.recent_events


def test_an_injected_event_is_by_the_default_user_unless_it_says_otherwise(
    backend: Backend, weights: Collection, watch: Callable[..., Any]
) -> None:
    watch("rule", OnCreateArtifact, weights)

    backend.inject(events.ArtifactCreated(collection=weights))
    backend.inject(events.ArtifactCreated(collection=weights, author="loner"))

    assert [execution.event.author for execution in backend.executions] == ["tester", "loner"]


def test_what_is_no_event_is_refused_with_the_events_that_there_are(backend: Backend) -> None:
    with pytest.raises(InvalidInput, match=r"expected an event: ArtifactCreated, .*; got 'x'"):
        backend.inject(cast("Any", "x"))


@pytest.mark.parametrize("states", [{"state": "done"}, {"state": "failed", "previous": "done"}])
def test_an_injected_state_must_be_one_of_a_run(backend: Backend, states: dict[str, Any]) -> None:
    run = backend.run("acme/llm")

    with pytest.raises(InvalidInput, match="unknown run state 'done'; known are crashed, "):
        backend.inject(events.RunStateChanged(run=run, **states))


# Run states


@pytest.mark.parametrize(
    ("states", "fires"),
    [
        (["finished"], ["finished"]),
        (["failed"], ["failed"]),
        (["crashed"], ["failed"]),
        (["crashed", "failed"], ["failed"]),
        (["failed", "crashed"], ["failed"]),
        (["killed"], []),
        (["preempting", "preempted", "running"], ["running"]),
        (["pending"], []),
        (["preempted", "pending", "killed"], []),
        (["finished", "running", "failed"], ["finished", "running", "failed"]),
        (["running", "running"], []),
    ],
    ids="-".join,
)
def test_a_state_fires_when_it_changes_as_automations_see_it(
    backend: Backend, watch: Callable[..., Any], states: list[str], fires: list[str]
) -> None:
    place = backend.project("acme/llm")
    run = backend.run(place)
    for state in ("running", "finished", "failed"):
        watch(state, OnRunState, place, filter=RunEvent.state.eq(state))

    for state in states:
        run.set_state(state)

    assert [execution.automation_name for execution in backend.executions] == fires


def test_a_new_run_fires_for_running(backend: Backend, watch: Callable[..., Any]) -> None:
    watch("rule", OnRunState, backend.project("acme/llm"), filter=RunEvent.state.eq("running"))

    backend.run("acme/llm")

    backend.assert_fired("rule", times=1)


def test_an_injected_state_fires_unless_it_is_the_one_before(
    backend: Backend, watch: Callable[..., Any]
) -> None:
    run = backend.run("acme/llm")
    watch("rule", OnRunState, run.project, filter=RunEvent.state.eq("failed"))

    for previous, fires in ((None, True), ("running", True), ("crashed", False), ("killed", True)):
        event = events.RunStateChanged(run=run, state="failed", previous=previous)
        assert bool(backend.inject(event)) is fires


def test_a_run_filter_asks_for_the_runs_attributes_as_they_are(
    backend: Backend, watch: Callable[..., Any]
) -> None:
    place = backend.project("acme/llm")
    condition = RunEvent.state.eq("finished") & RunEvent.name.contains("train")
    watch("rule", OnRunState, place, filter=condition)

    backend.run(place, display_name="eval-1").finish()
    renamed = backend.run(place, display_name="eval-2")
    renamed.display_name = "train-2"
    renamed.finish()

    assert [execution.event.run for execution in backend.executions] == [renamed.path]


def test_a_run_filter_sees_the_state_that_an_injected_event_names(backend: Backend) -> None:
    run = backend.run("acme/llm")
    source = {
        "run_filter": json.dumps({"state": "failed"}),
        "run_state_filter": {"states": ["FAILED"]},
    }
    fields = {
        "name": "failures",
        "scope_type": "PROJECT",
        "scope_id": run.project.id,
        "triggering_event_type": "RUN_STATE",
        "event_filter": json.dumps(source),
        "triggered_action_type": "NO_OP",
        "triggered_action_config": {"no_op_action_input": {"no_op": True}},
    }
    backend.world.automations.create(fields, backend.world.default_user)

    backend.inject(events.RunStateChanged(run=run, state="failed"))

    backend.assert_fired("failures", times=1)


@pytest.mark.parametrize(
    ("asked", "held"), [({"$exists": True}, True), ({"$size": 0}, True), ({"$eq": "a"}, False)]
)
def test_a_version_that_is_not_there_has_no_aliases(
    backend: Backend, weights: Collection, fields: Callable[..., Any], asked: Any, held: bool
) -> None:
    source = json.dumps({"alias": asked})
    values = fields(weights, triggering_event_type="CREATE_ARTIFACT", event_filter=source)
    backend.world.automations.create(values, backend.world.default_user)

    fired = backend.inject(events.ArtifactCreated(collection=weights, version=7))

    assert bool(fired) is held
