from __future__ import annotations

import enum

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLObjectType,
    build_schema,
    get_named_type,
    lexicographic_sort_schema,
    print_schema,
    validate_schema,
)

from pytest_wandb_automations.automations import ActionType, AlertSeverity, EventType, ScopeType
from pytest_wandb_automations.graphql.execution import Engine
from pytest_wandb_automations.graphql.schema import (
    load_schema,
    python_name,
    schema_text,
    unresolved_fields,
)


@pytest.fixture(scope="module")
def schema():
    return load_schema({})


def test_the_definition_is_valid_and_complete() -> None:
    assert validate_schema(build_schema(schema_text())) == []


def test_the_executable_schema_says_what_the_definition_says(schema) -> None:
    told, written = (
        print_schema(lexicographic_sort_schema(each))
        for each in (schema, build_schema(schema_text()))
    )
    assert told == written


def test_mutations_take_one_input_and_echo_its_id(schema) -> None:
    for name, field in schema.mutation_type.fields.items():
        assert list(field.args) == ["input"], name
        payload = get_named_type(field.type)
        assert isinstance(payload, GraphQLObjectType)
        assert {"clientMutationId", "clientMutationID"} & payload.fields.keys(), payload.name


def test_inputs_carry_the_mutation_id_except_where_wandb_has_none(schema) -> None:
    without = {"CreateProjectMembersInput", "DeleteProjectMembersInput"}
    for field in schema.mutation_type.fields.values():
        input_ = get_named_type(field.args["input"].type)
        assert isinstance(input_, GraphQLInputObjectType)
        has_one = bool({"clientMutationId", "clientMutationID"} & input_.fields.keys())
        assert has_one != (input_.name in without), input_.name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("TriggerScopeType", ScopeType),
        ("TriggeredActionType", ActionType),
        ("AlertSeverity", AlertSeverity),
    ],
)
def test_enums_agree_with_the_vocabulary(schema, name, words) -> None:
    assert {member.value for member in words} <= set(schema.type_map[name].values)


def test_every_event_of_the_vocabulary_has_its_graphql_name(schema) -> None:
    values = set(schema.type_map["EventTriggeringConditionType"].values)

    assert {member.value for member in EventType} <= values


def test_triggers_and_executions_are_reachable_from_every_scope(schema) -> None:
    triggers = {"Query", "User", "Entity", "Organization", "Project", "ArtifactCollection"}
    executions = {"Query", "Project", "ArtifactCollection"}

    assert all("triggers" in schema.type_map[name].fields for name in triggers)
    assert all("triggerExecutions" in schema.type_map[name].fields for name in executions)


@pytest.mark.parametrize(
    ("graphql", "python"),
    [
        ("scopeID", "scope_id"),
        ("urlEndpoint", "url_endpoint"),
        ("accessTokenRef", "access_token_ref"),
        ("titleURL", "title_url"),
        ("rampIDType", "ramp_id_type"),
        ("clientIDMapping", "client_id_mapping"),
        ("teamIds", "team_ids"),
        ("hexMD5", "hex_md5"),
        ("md5", "md5"),
        ("id", "id"),
    ],
)
def test_graphql_names_are_written_the_way_python_does(graphql, python) -> None:
    assert python_name(graphql) == python


def test_a_resolver_for_an_unknown_field_is_refused_by_name() -> None:
    functions = dict.fromkeys(("Query.viewr", "Vier.id", "JSONString.id", "Query"), print)

    with pytest.raises(ValueError, match=r"Query\.viewr, Vier\.id, JSONString\.id, Query$"):
        load_schema(functions)


def test_a_resolver_of_an_interface_counts_for_its_types_unless_they_have_their_own() -> None:
    class Portfolio:
        typename__ = "ArtifactPortfolio"

    class Sequence:
        typename__ = "ArtifactSequence"

    kinds = {"portfolio": Portfolio(), "sequence": Sequence()}
    engine = Engine(
        {
            "Query.artifactCollection": lambda _source, _info, id_: kinds[id_],
            "ArtifactCollection.name": lambda _source, _info: "any",
            "ArtifactSequence.name": lambda _source, _info: "own",
        }
    )

    query = "query ($id: ID!) { artifactCollection(id: $id) { name } }"
    assert [engine.execute(query, {"id": kind}).data for kind in ("portfolio", "sequence")] == [
        {"artifactCollection": {"name": "any"}},
        {"artifactCollection": {"name": "own"}},
    ]


def test_fields_that_nothing_answers_are_told_apart() -> None:
    functions = {"Query.viewer": print, "ArtifactCollection.tags": print}
    unresolved = unresolved_fields(load_schema(functions), functions)

    assert {"Query.entity", "Mutation.deleteTrigger", "Entity.triggers"} <= set(unresolved)
    assert {"Query.viewer", "ArtifactSequence.tags", "Trigger.name"}.isdisjoint(unresolved)


class Word(enum.Enum):
    CREATED = "CREATE_ARTIFACT"


def test_enums_may_be_answered_with_members_of_a_python_enum() -> None:
    execution = {
        "__typename": "TriggerExecution",
        "event": {"event_type": Word.CREATED},
        "action": {"actionType": "NO_OP"},
    }
    engine = Engine(
        {
            "Query.triggerExecutions": lambda _source, _info, trigger_id: {
                "edges": [{"node": execution}]
            }
        }
    )

    result = engine.execute(
        '{ triggerExecutions(triggerID: "1") '
        "{ edges { node { event { eventType } action { actionType } } } } }"
    )
    assert result.data is not None
    assert result.data["triggerExecutions"]["edges"] == [
        {"node": {"event": {"eventType": "CREATE_ARTIFACT"}, "action": {"actionType": "NO_OP"}}}
    ]
