"""Automations are saved whole or not at all, by those who may."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations import rules
from pytest_wandb_automations.automations import (
    ArtifactEvent,
    OnAddArtifactAlias,
    OnLinkArtifact,
    OnRunMetric,
    RunEvent,
)
from pytest_wandb_automations.errors import (
    Conflict,
    Forbidden,
    InvalidFilter,
    InvalidInput,
    NotFound,
)
from pytest_wandb_automations.world.ids import encode_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_wandb_automations import Backend
    from pytest_wandb_automations.world.automations import Automations, Trigger
    from pytest_wandb_automations.world.collections import Collection

    Fields = Callable[..., dict[str, Any]]


@pytest.fixture
def automations(backend: Backend) -> Automations:
    return backend.world.automations


@pytest.fixture
def trigger(backend: Backend, weights: Collection, fields: Fields) -> Trigger:
    return backend.world.automations.create(fields(weights), backend.world.default_user)


def state_of(automations: Automations) -> Any:
    return [
        (t.name, t.description, t.enabled, t.scope, t.event_type, t.event_filter, t.action, t.rule)
        for t in automations
    ]


# Saving


def test_a_saved_automation_has_what_it_was_given(trigger: Trigger, weights: Collection) -> None:
    assert (trigger.name, trigger.description, trigger.enabled) == ("rule", None, True)
    assert trigger.scope is weights
    assert trigger.triggered_action is trigger.action
    assert trigger.created_by.username == "tester"
    assert trigger.updated_at is None
    assert repr(trigger) == "<Automation 'rule': ADD_ARTIFACT_ALIAS in acme/llm/weights>"


def test_a_saved_filter_of_an_artifact_event_is_wrapped_once_more(trigger: Trigger) -> None:
    assert json.loads(trigger.triggering_condition.filter) == {"filter": '{"$or":[{"$and":[]}]}'}


def test_a_saved_filter_of_a_run_event_is_not(
    backend: Backend, automations: Automations, fields: Fields
) -> None:
    text = '{"run_filter":"{\\"$and\\":[]}","run_state_filter":{"states":["FAILED"]}}'
    values = fields(
        backend.project("acme/llm"), triggering_event_type="RUN_STATE", event_filter=text
    )

    trigger = automations.create(values, backend.world.default_user)

    assert trigger.triggering_condition.filter == text


def test_they_are_listed_oldest_first_even_after_an_update(
    backend: Backend, weights: Collection, automations: Automations, fields: Fields
) -> None:
    user = backend.world.default_user
    triggers = [automations.create(fields(weights, name=name), user) for name in "abc"]

    automations.update(triggers[0].id, {"description": "edited"}, user)

    assert [t.name for t in automations] == ["a", "b", "c"]
    assert [t.name for t in automations.in_scope(weights)] == ["a", "b", "c"]
    assert len(automations) == 3


def test_one_that_moved_stands_where_its_age_puts_it(
    backend: Backend, weights: Collection, automations: Automations, fields: Fields
) -> None:
    user, project = backend.world.default_user, weights.project
    old = automations.create(fields(project, name="old"), user)
    automations.create(fields(weights, name="new"), user)

    automations.update(old.id, {"scope_type": "ARTIFACT_COLLECTION", "scope_id": weights.id}, user)

    assert [t.name for t in automations.in_scope(weights)] == ["old", "new"]
    assert automations.in_scope(project) == []


def test_an_update_leaves_alone_what_is_absent_or_null(
    backend: Backend, trigger: Trigger, automations: Automations
) -> None:
    (before,) = state_of(automations)
    values = dict.fromkeys(("name", "scope_id", "scope_type", "event_filter", "description"))

    automations.update(trigger.id, {**values, "enabled": False}, backend.world.default_user)

    (now,) = state_of(automations)
    assert now == (*before[:2], False, *before[3:])
    assert trigger.updated_at == backend.clock.now()


def test_a_changed_event_is_what_fires_from_then_on(
    backend: Backend, trigger: Trigger, weights: Collection, prod_models: Collection
) -> None:
    backend.world.automations.update(
        trigger.id,
        {"triggering_event_type": "LINK_MODEL", "scope_id": prod_models.id},
        backend.world.default_user,
    )

    version = weights.log_version()
    assert not backend.executions
    version.link(prod_models)
    assert len(backend.executions) == 1


def test_a_deleted_one_is_gone_and_its_history_stays(
    backend: Backend, trigger: Trigger, weights: Collection, automations: Automations
) -> None:
    weights.log_version()
    automations.delete(trigger.id, backend.world.default_user)

    weights.log_version()

    assert len(backend.executions.of("rule")) == 1
    assert (len(automations), automations.in_scope(weights)) == (0, [])
    with pytest.raises(NotFound, match=r"^id: no Trigger with id '.*'; there is none$"):
        automations.get(trigger.id)


# Names


def test_names_are_unique_within_a_scope(
    backend: Backend,
    weights: Collection,
    automations: Automations,
    fields: Fields,
    trigger: Trigger,
) -> None:
    user = backend.world.default_user
    automations.create(fields(weights.project), user)

    with pytest.raises(Conflict) as caught:
        automations.create(fields(weights), user)

    assert str(caught.value) == (
        "name 'rule' is taken: <Automation 'rule': ADD_ARTIFACT_ALIAS in acme/llm/weights> has "
        "it, and names are unique within a scope"
    )


def test_neither_a_rename_nor_a_move_takes_a_name(
    backend: Backend,
    weights: Collection,
    automations: Automations,
    fields: Fields,
    trigger: Trigger,
) -> None:
    user = backend.world.default_user
    other = automations.create(fields(weights, name="other"), user)
    project = automations.create(fields(weights.project), user)
    before = state_of(automations)

    with pytest.raises(Conflict):
        automations.update(other.id, {"name": "rule"}, user)
    with pytest.raises(Conflict):
        automations.update(
            project.id, {"scope_id": weights.id, "scope_type": "ARTIFACT_COLLECTION"}, user
        )

    assert state_of(automations) == before
    automations.update(trigger.id, {"name": "rule"}, user)


def test_a_name_is_free_again_after_a_rename_and_a_deletion(
    backend: Backend,
    weights: Collection,
    automations: Automations,
    fields: Fields,
    trigger: Trigger,
) -> None:
    user = backend.world.default_user
    automations.update(trigger.id, {"name": "renamed"}, user)
    second = automations.create(fields(weights), user)
    automations.delete(second.id, user)

    third = automations.create(fields(weights), user)

    assert automations.named("rule") is third
    assert automations.named("renamed") is trigger


def test_semantics_can_allow_any_name(
    backend: Backend,
    weights: Collection,
    automations: Automations,
    fields: Fields,
    trigger: Trigger,
) -> None:
    backend.semantics = backend.semantics.model_copy(update={"unique_names": "none"})

    automations.create(fields(weights), backend.world.default_user)

    with pytest.raises(
        InvalidInput,
        match="2 automations are named 'rule', in acme/llm/weights, acme/llm/weights",
    ):
        automations.named("rule")


def test_an_unknown_name_is_answered_with_the_known_ones(
    automations: Automations, weights: Collection, watch: Callable[..., Any]
) -> None:
    with pytest.raises(NotFound, match=r"^no automation named 'x'; there are: none$"):
        automations.named("x")
    watch("a", OnAddArtifactAlias, weights)
    watch("b", OnAddArtifactAlias, weights)
    with pytest.raises(NotFound, match=r"^no automation named 'x'; there are: 'a', 'b'$"):
        automations.named("x")


@pytest.mark.parametrize("name", ["", "x" * 256])
def test_a_name_has_up_to_255_characters(
    backend: Backend, weights: Collection, automations: Automations, fields: Fields, name: str
) -> None:
    user = backend.world.default_user
    with pytest.raises(InvalidInput, match=f"name has {len(name)} characters; expected 1 to 255"):
        automations.create(fields(weights, name=name), user)
    automations.create(fields(weights, name="x" * 255), user)


# Refusals

REFUSED: list[Any] = [
    pytest.param({"name": ""}, InvalidInput, id="name"),
    pytest.param({"scope_id": "?"}, InvalidInput, id="malformed scope"),
    pytest.param({"scope_id": encode_id("ArtifactCollection", 1)}, NotFound, id="unknown scope"),
    pytest.param({"scope_type": "PROJECT"}, NotFound, id="scope of another kind"),
    pytest.param({"event_filter": "{"}, InvalidFilter, id="no JSON"),
    pytest.param({"event_filter": '{"alias":{"$like":"a"}}'}, InvalidFilter, id="operator"),
    pytest.param({"event_filter": '{"alias":{"$regex":"("}}'}, InvalidFilter, id="regex"),
    pytest.param({"event_filter": '{"nope":"a"}'}, InvalidFilter, id="field"),
    pytest.param({"triggering_event_type": "UPDATE_ARTIFACT_ALIAS"}, InvalidInput, id="legacy"),
    pytest.param({"triggering_event_type": "WEAVE_METRIC_THRESHOLD"}, InvalidInput, id="weave"),
    pytest.param(
        {"event_filter": '{"run_state_filter":{}}'}, InvalidFilter, id="other event's filter"
    ),
    pytest.param(
        {
            "triggering_event_type": "RUN_STATE",
            "event_filter": '{"run_state_filter":{"states":["FAILED"]}}',
        },
        InvalidInput,
        id="run event in a collection",
    ),
    pytest.param(
        {"triggered_action_config": {"aria_action_input": {"prompt": "hi"}}},
        InvalidInput,
        id="other action's config",
    ),
    pytest.param(
        {
            "triggered_action_type": "GENERIC_WEBHOOK",
            "triggered_action_config": {
                "generic_webhook_action_input": {"integration_id": encode_id("Integration", 1)}
            },
        },
        NotFound,
        id="unknown integration",
    ),
]


@pytest.mark.parametrize(("values", "error"), REFUSED)
def test_a_refused_creation_changes_and_emits_nothing(
    backend: Backend,
    weights: Collection,
    automations: Automations,
    fields: Fields,
    emitted: Any,
    values: dict[str, Any],
    error: type[Exception],
) -> None:
    version = automations.version
    with pytest.raises(error):
        automations.create(fields(weights, **values), backend.world.default_user)

    assert (len(automations), automations.in_scope(weights), emitted) == (0, [], [])
    assert automations.version == version
    automations.create(fields(weights), backend.world.default_user)


@pytest.mark.parametrize(("values", "error"), REFUSED)
def test_a_refused_update_changes_and_emits_nothing(
    backend: Backend,
    weights: Collection,
    automations: Automations,
    trigger: Trigger,
    emitted: Any,
    values: dict[str, Any],
    error: type[Exception],
) -> None:
    before = state_of(automations)
    # 404 would tell the SDK that the automation is gone, and not what it is to refer to.
    with pytest.raises(InvalidInput if error is NotFound else error):
        automations.update(
            trigger.id,
            {"description": "new", "enabled": False, **values},
            backend.world.default_user,
        )

    assert (state_of(automations), trigger.updated_at, emitted) == (before, None, [])
    weights.log_version()
    assert len(backend.executions) == 1


def test_a_refused_update_keeps_the_windows(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    rule = watch_metric(RunEvent.metric("loss").avg(2).gt(5))
    run = backend.run("acme/llm")
    run.log({"loss": 1})
    trigger = backend.world.automations.get(rule.id)
    with pytest.raises(InvalidInput):
        backend.world.automations.update(rule.id, {"name": ""}, backend.world.default_user)

    assert trigger.watches[run.id, "history"].window.values == (1,)


def test_another_action_needs_a_config_of_its_own(
    backend: Backend, trigger: Trigger, automations: Automations
) -> None:
    with pytest.raises(
        InvalidInput, match="triggeredActionType ARIA needs a triggeredActionConfig"
    ):
        automations.update(
            trigger.id, {"triggered_action_type": "ARIA"}, backend.world.default_user
        )
    automations.update(trigger.id, {"triggered_action_type": "NO_OP"}, backend.world.default_user)


def test_a_deleted_collection_is_no_scope(
    backend: Backend, weights: Collection, automations: Automations, fields: Fields
) -> None:
    weights.project.delete_collection(weights)

    with pytest.raises(NotFound, match="scopeID: no ArtifactCollection"):
        automations.create(fields(weights), backend.world.default_user)


# Permissions


@pytest.mark.parametrize(
    ("role", "error"), [(None, NotFound), ("viewer", Forbidden), ("member", None), ("admin", None)]
)
def test_a_role_decides_whether_automations_can_be_changed(
    backend: Backend,
    weights: Collection,
    automations: Automations,
    fields: Fields,
    trigger: Trigger,
    role: str | None,
    error: type[Exception] | None,
) -> None:
    ada = backend.user("ada")
    if role:
        backend.team("acme").add_member(ada, role=role)
    acts = (
        lambda: automations.create(fields(weights, name="mine"), ada),
        lambda: automations.update(trigger.id, {"enabled": False}, ada),
        lambda: automations.delete(trigger.id, ada),
    )

    for act in acts:
        if error is None:
            act()
        else:
            with pytest.raises(error):
                act()

    if error is None:
        assert [t.name for t in automations] == ["mine"]
    else:
        assert [(t.name, t.enabled) for t in automations] == [("rule", True)]


def test_moving_an_automation_needs_both_scopes(
    backend: Backend, trigger: Trigger, automations: Automations
) -> None:
    ada, other = backend.user("ada"), backend.project("other/llm")
    backend.team("acme").add_member(ada)
    values = {"scope_type": "PROJECT", "scope_id": other.id}

    with pytest.raises(InvalidInput, match=r"^scopeID: no Project with id"):
        automations.update(trigger.id, values, ada)
    backend.team("other").add_member(ada, role="viewer")
    with pytest.raises(
        Forbidden, match="user 'ada' may not change <Project other/llm>: only a viewer"
    ):
        automations.update(trigger.id, values, ada)
    backend.team("other").add_member(ada)
    automations.update(trigger.id, values, ada)

    assert trigger.scope is other


# Entities as scopes


@pytest.fixture
def entity_rule(fields: Fields) -> Callable[[Any], dict[str, Any]]:
    return lambda scope: fields(scope, triggering_event_type="LINK_MODEL")


def test_teams_and_organizations_can_be_scopes(
    backend: Backend, automations: Automations, entity_rule: Any
) -> None:
    world = backend.world
    for scope in (world.default_team, world.default_organization.org_entity):
        assert automations.create(entity_rule(scope), world.default_user).scope is scope


def test_an_entity_without_an_organization_is_no_scope(
    backend: Backend, automations: Automations, entity_rule: Any
) -> None:
    user = backend.world.default_user
    alone = backend.world.directory.add_team("alone", None)
    alone.add_member(user)

    with pytest.raises(InvalidInput, match="scopeID: team entity 'alone' belongs to no organiza"):
        automations.create(entity_rule(alone), user)
    with pytest.raises(InvalidInput, match="user entity 'tester' belongs to no organization"):
        automations.create(entity_rule(user.personal_entity), user)


def test_an_older_server_has_no_entity_scopes(
    backend: Backend, automations: Automations, entity_rule: Any
) -> None:
    backend.features["AUTOMATION_SCOPE_ENTITY"] = False

    with pytest.raises(InvalidInput, match="server feature AUTOMATION_SCOPE_ENTITY is off"):
        automations.create(entity_rule(backend.world.default_team), backend.world.default_user)


@pytest.mark.parametrize("flags", [{}, {"automation_entity_scope": False}])
def test_an_organization_can_have_entity_scopes_switched_off(
    backend: Backend, automations: Automations, entity_rule: Any, flags: dict[str, bool]
) -> None:
    backend.world.default_organization.feature_flags = flags

    with pytest.raises(
        InvalidInput,
        match="flag 'automation_entity_scope' of organization 'acme-corp' is off",
    ):
        automations.create(entity_rule(backend.world.default_team), backend.world.default_user)


@pytest.mark.parametrize("event", ["CREATE_ARTIFACT"])
def test_new_versions_are_watched_in_collections_only(
    backend: Backend, weights: Collection, automations: Automations, fields: Fields, event: str
) -> None:
    user = backend.world.default_user
    automations.create(fields(weights, triggering_event_type=event), user)
    for scope in (weights.project, backend.world.default_team):
        with pytest.raises(InvalidInput, match="CREATE_ARTIFACT cannot be watched in the scope"):
            automations.create(fields(scope, triggering_event_type=event), user)


def test_the_index_answers_with_the_narrowest_scope_first(
    backend: Backend, weights: Collection, automations: Automations, watch: Callable[..., Any]
) -> None:
    for scope in (backend.world.default_team, weights.project, weights):
        watch(scope.path, OnAddArtifactAlias, scope)
    watch("link", OnLinkArtifact, weights)

    found = automations.listening((automations.named("acme").event_type,), weights.scope_ids)

    assert [t.name for t in found] == ["acme/llm/weights", "acme/llm", "acme"]


@pytest.mark.parametrize(
    ("event_filter", "path"), [("{", "eventFilter"), ('{"nope": "a"}', "eventFilter.nope")]
)
def test_a_refused_filter_is_named_by_its_field(
    backend: Backend, weights: Collection, fields: Fields, event_filter: str, path: str
) -> None:
    with pytest.raises(InvalidFilter) as refused:
        backend.world.automations.create(
            fields(weights, event_filter=event_filter), backend.world.default_user
        )
    assert refused.value.path == path


def test_an_event_that_its_scope_does_not_have_is_told_before_its_filter(
    backend: Backend, weights: Collection, fields: Fields
) -> None:
    values = fields(weights, triggering_event_type="RUN_STATE", event_filter="{")
    with pytest.raises(InvalidInput, match="RUN_STATE cannot be watched in the scope"):
        backend.world.automations.create(values, backend.world.default_user)


def test_a_filter_that_is_sent_as_it_was_read_is_saved_as_it_was_written(
    backend: Backend, fields: Callable[..., dict[str, Any]]
) -> None:
    project = backend.project("acme/llm")
    written = '{"$or":[{"$and":[{"alias":{"$eq":"prod"}}]}]}'
    create = backend.world.automations.create
    plain = create(fields(project, event_filter=written), backend.world.default_user)

    read = plain.triggering_condition.filter
    again = create(fields(project, name="again", event_filter=read), backend.world.default_user)

    assert again.triggering_condition.filter == read


@pytest.mark.parametrize("written", ["as it was", "with spaces"])
def test_an_edit_that_asks_the_same_keeps_windows_and_verdicts(
    backend: Backend, fields: Callable[..., dict[str, Any]], written: str
) -> None:
    values = fields(backend.project("acme/llm"), event_filter='{"$or":[{"$and":[{"alias":"a"}]}]}')
    world = backend.world
    trigger = world.automations.create(values, world.default_user)
    backend.collection("acme/llm/weights").log_version()
    rule = trigger.rule
    rules.rule._compile.cache_clear()  # as many other filters would

    edit: dict[str, Any] = {"name": "renamed"}
    if written == "with spaces":
        edit["event_filter"] = '{ "$or": [ { "$and": [ { "alias": "a" } ] } ] }'
    world.automations.update(trigger.id, edit, world.default_user)

    assert trigger.name == "renamed"
    assert trigger.rule is rule
    assert (len(trigger.considered), trigger.considered.outdated) == (1, 0)


def test_expressions_that_are_saved_begin_to_ignore_case_when_semantics_say_so(
    backend: Backend, weights: Collection, watch: Callable[..., Any]
) -> None:
    watch("prod", OnAddArtifactAlias, weights, filter=ArtifactEvent.alias.matches_regex("^PROD"))
    watch("metric", OnRunMetric, weights.project, filter=RunEvent.metric("loss").gt(1))
    version = weights.log_version(aliases=["prod1"])

    backend.semantics = backend.semantics.model_copy(update={"regex_ignore_case": True})
    version.add_alias("prod2")
    backend.semantics = backend.semantics.model_copy(update={"regex_ignore_case": False})
    version.add_alias("prod3")

    assert [execution.event.alias for execution in backend.executions] == ["prod2"]
