from __future__ import annotations

import logging
from threading import Thread
from types import SimpleNamespace

import pytest

from pytest_wandb_automations.errors import Conflict, Forbidden, NotFound
from pytest_wandb_automations.graphql.execution import Engine, Result, engine, execute
from pytest_wandb_automations.graphql.resolvers import Resolvers

resolver = Resolvers()

PROJECT = SimpleNamespace(typename__="Project", id="UHJvamVjdDox", name="llm")
TRIGGER = SimpleNamespace(
    id="VHJpZ2dlcjox",
    name="deploy",
    enabled=lambda: True,
    scope=PROJECT,
    triggered_action={"__typename": "NoOpTriggeredAction", "no_op": True},
)


@resolver("Query.viewer")
def viewer(_source, info):
    return info.context


@resolver("Query.organization")
def organization(_source, _info, *, name):
    if name == "hidden":
        raise Forbidden("you do not belong to it")
    if name == "broken":
        raise KeyError("org_entity")
    if name == "numberless":
        return {"id": None}
    return {"id": "T3JnOjE=", "name": name}


@resolver("Query.entity")
def entity(_source, _info, *, name=None):
    return {"id": "RW50aXR5OjE=", "name": name or "default", "entityType": "team"}


@resolver("Entity.triggers")
def triggers(_source, _info, **arguments):
    raise NotFound(f"first is {arguments['first']}")


@resolver("Query.serverInfo")
def server_info(_source, _info):
    return {"features": [{"name": object(), "isEnabled": True}]}


@resolver("Mutation.createFilterTrigger")
def create_filter_trigger(_source, _info, **fields):
    if fields["name"] == "taken":
        raise Conflict("input.name: 'taken' is the name of another automation of this project")
    return {"trigger": TRIGGER}


@resolver("Mutation.updateFilterTrigger")
def update_filter_trigger(_source, _info, *, id_, **changes):
    return {"trigger": SimpleNamespace(id=id_, name=repr(changes))}


@resolver("Mutation.createUser")
def create_user(_source, _info, *, email, admin=False):
    return None


@resolver("Mutation.insertSecret")
def insert_secret(_source, _info, *, entity_name, secret_name, secret_value):
    return {"success": True}


@pytest.fixture(scope="module")
def kit() -> Engine:
    return Engine(resolver.functions)


def message(result: Result) -> str:
    (error,) = result.errors
    return error["message"]


def values(**changes: object) -> dict[str, object]:
    return {
        "name": "deploy",
        "enabled": True,
        "scopeType": "PROJECT",
        "scopeID": "UHJvamVjdDox",
        "triggeringEventType": "LINK_MODEL",
        "eventFilter": "{}",
        "triggeredActionType": "NO_OP",
        "triggeredActionConfig": {"noOpActionInput": {"noOp": True}},
        **changes,
    }


CREATE = """
mutation CreateAutomation($input: CreateFilterTriggerInput!) {
  result: createFilterTrigger(input: $input) {
    clientMutationId
    trigger {
      name
      enabled
      scope { __typename ... on Project { name } ... on Entity { entityType } }
      action: triggeredAction { __typename ... on NoOpTriggeredAction { noOp } }
    }
  }
}
"""


def test_a_mutation_answers_with_aliases_fragments_and_type_names(kit) -> None:
    result = kit.execute(CREATE, {"input": values()})

    assert result == Result(
        {
            "result": {
                "clientMutationId": None,
                "trigger": {
                    "name": "deploy",
                    "enabled": True,
                    "scope": {"__typename": "Project", "name": "llm"},
                    "action": {"__typename": "NoOpTriggeredAction", "noOp": True},
                },
            }
        },
        [],
        200,
    )
    assert result.body == {"data": result.data}


def test_a_mutation_echoes_the_id_that_the_client_gave_it(kit) -> None:
    result = kit.execute(CREATE, {"input": values(clientMutationId="m1")})

    assert result.data["result"]["clientMutationId"] == "m1"


def test_a_mutation_may_answer_with_nothing(kit) -> None:
    query = 'mutation ($id: String) { createUser(input: {email: "a@b.c", clientMutationId: $id}) '

    assert kit.execute(query + "{ clientMutationId } }", {"id": "m1"}).data == {"createUser": None}


def test_a_mutation_gets_the_fields_of_its_input_that_were_given_in_snake_case(kit) -> None:
    query = """mutation ($input: UpdateFilterTriggerInput!) {
      updateFilterTrigger(input: $input) { trigger { id name } } }"""
    input_ = {
        "id": "VHJpZ2dlcjox",
        "description": None,
        "triggeredActionConfig": {"genericWebhookActionInput": {"integrationID": "SW50OjE="}},
    }

    changes = {
        "description": None,
        "triggered_action_config": {"generic_webhook_action_input": {"integration_id": "SW50OjE="}},
    }
    assert kit.execute(query, {"input": input_}).data == {
        "updateFilterTrigger": {"trigger": {"id": "VHJpZ2dlcjox", "name": repr(changes)}}
    }


def test_the_context_of_the_request_reaches_resolvers(kit) -> None:
    assert kit.execute("{ viewer { username } }", None, None, {"username": "ada"}).data == {
        "viewer": {"username": "ada"}
    }


def test_a_dict_may_have_keys_of_either_spelling_and_lack_what_may_be_null(kit) -> None:
    result = kit.execute('{ entity(name: "acme") { name entityType photoUrl } }')

    assert result.data == {"entity": {"name": "acme", "entityType": "team", "photoUrl": None}}


def test_arguments_left_out_are_left_to_the_resolvers_defaults(kit) -> None:
    assert kit.execute("{ entity { name } }").data == {"entity": {"name": "default"}}


def test_an_error_raised_on_purpose_gives_its_status_and_names_operation_field_and_value(
    kit,
) -> None:
    result = kit.execute(CREATE, {"input": values(name="taken")})

    assert result.status == 409
    assert result.data == {"result": None}
    assert result.errors == [
        {
            "message": "CreateAutomation: createFilterTrigger.input.name: "
            "'taken' is the name of another automation of this project",
            "locations": [{"line": 3, "column": 3}],
            "path": ["result"],
        }
    ]
    assert result.body == {"data": result.data, "errors": result.errors}


def test_an_error_below_the_root_names_the_path_to_its_field(kit) -> None:
    result = kit.execute("query Q { scope: entity { found: triggers(first: 5) { totalCount } } }")

    assert result.status == 404
    assert message(result) == "Q: scope.triggers: first is 5"


def test_the_first_error_raised_on_purpose_decides_the_status(kit) -> None:
    result = kit.execute(
        '{ a: organization(name: "broken") { id } b: organization(name: "hidden") { id } '
        "c: entity { triggers(first: 1) { totalCount } } }"
    )

    assert result.status == 403
    assert len(result.errors) == 3


def test_an_unexpected_exception_is_a_defect_that_the_sdk_does_not_retry(kit, caplog) -> None:
    result = kit.execute('query Q { organization(name: "broken") { id } }')

    told = "Q: organization: defect of pytest-wandb-automations, please report it: "
    assert result.status == 422
    assert message(result) == told + "KeyError: 'org_entity'"
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info[0] is KeyError
    assert record.exc_info[2] is not None


def test_a_null_where_the_schema_promises_a_value_is_a_defect(kit) -> None:
    result = kit.execute('{ organization(name: "numberless") { id } }')

    assert result.status == 422
    assert message(result).endswith(
        "TypeError: Cannot return null for non-nullable field Organization.id."
    )


def test_a_value_that_its_type_refuses_is_a_defect(kit) -> None:
    result = kit.execute("{ serverInfo { features { name } } }")

    assert result.status == 422
    assert "serverInfo.features.name: defect of pytest-wandb-automations" in message(result)


def test_an_attribute_that_an_object_lacks_is_a_defect(kit) -> None:
    result = kit.execute("{ viewer { username } }", None, None, SimpleNamespace())

    assert result.status == 422
    assert "AttributeError" in message(result)


def test_a_field_of_query_without_resolver_is_not_simulated(kit) -> None:
    result = kit.execute("query Q { models { totalCount } }")

    assert result.status == 501
    assert message(result) == "Q: models: Query.models is not simulated by this backend"


def test_a_field_with_arguments_and_without_resolver_is_not_simulated(kit) -> None:
    result = kit.execute("{ entity { projects(first: 1) { totalCount } } }")

    assert result.status == 501
    assert "Entity.projects is not simulated" in message(result)


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("{", "Syntax Error"),
        ("", "Syntax Error"),
        (
            "{ viewr { id } }",
            "Query.viewr is not simulated by this backend, if W&B has it. Did you mean 'viewer'?",
        ),
        ("query Q { entity(nam: 1) { id } }", "Q: Unknown argument 'nam'"),
        ("fragment F on Query { viewer { id } }", "'F' is never used"),
        ("query A { viewer { id } } query B { viewer { id } }", "Must provide operation name"),
    ],
)
def test_a_document_that_makes_no_sense_gives_400(kit, query, part) -> None:
    result = kit.execute(query)

    assert result.status == 400
    assert result.data is None
    assert part in result.errors[0]["message"]


def test_a_document_of_any_depth_gets_an_answer(kit) -> None:
    result = kit.execute("{ a" * 20_000)

    assert result.status == 400


def test_a_document_that_exhausts_the_stack_gives_400(monkeypatch) -> None:
    def exhausted(_query):
        raise RecursionError

    monkeypatch.setattr("pytest_wandb_automations.graphql.execution.parse", exhausted)
    result = Engine({}).execute("{ viewer { id } }")

    assert result.status == 400
    assert message(result) == "the document is nested too deeply"


def test_an_unknown_operation_name_gives_400(kit) -> None:
    result = kit.execute("query A { viewer { id } }", None, "B")

    assert result.status == 400
    assert "Unknown operation named 'B'." in message(result)


def test_one_of_several_operations_is_chosen_by_name(kit) -> None:
    query = 'query A { viewer { id } } query B { entity(name: "b") { name } }'

    assert kit.execute(query, None, "B").data == {"entity": {"name": "b"}}


def test_an_empty_operation_name_is_none(kit) -> None:
    assert kit.execute("query A { entity { name } }", {}, "").status == 200


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"scopeType": "REGISTRY"}, ("scopeType", "'REGISTRY'")),
        ({"enabled": "yes"}, ("enabled", "'yes'")),
        ({"colour": "red"}, ("'colour'",)),
        ({"scopeID": None}, ("scopeID", "None")),
        ({"eventFilter": {}}, ("eventFilter", "expected JSON text in a string, got dict")),
    ],
)
def test_variables_of_the_wrong_kind_give_400_and_name_field_and_value(kit, changes, parts) -> None:
    result = kit.execute(CREATE, {"input": values(**changes)})

    assert result.status == 400
    assert message(result).startswith("CreateAutomation: Variable '$input'")
    assert all(part in message(result) for part in parts)


def test_a_null_for_an_argument_that_needs_a_value_gives_400(kit) -> None:
    query = 'query Q($name: String = "acme") { organization(name: $name) { id } }'
    result = kit.execute(query, {"name": None})

    assert result.status == 400
    assert message(result).startswith("Q: organization: Argument 'name'")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((None,), "query: expected a GraphQL document in a string, got NoneType"),
        (("{ viewer { id } }", []), "variables: expected an object, got list"),
        (("{ viewer { id } }", {}, 5), "operationName: expected a string, got int"),
    ],
)
def test_a_request_of_the_wrong_shape_gives_400(kit, arguments, problem) -> None:
    result = kit.execute(*arguments)

    assert result.status == 400
    assert message(result) == problem


def test_a_secret_is_not_shown_when_its_variables_are_refused(kit) -> None:
    query = """mutation Put($input: InsertSecretInput!) {
      insertSecret(input: $input) { success } }"""
    result = kit.execute(query, {"input": {"secretName": "key", "secretValue": "hunter2"}})

    assert result.status == 400
    assert "hunter2" not in str(result)
    assert message(result).startswith("Put: the variables do not fit the document; not shown")


def test_documents_are_parsed_and_validated_once(kit, monkeypatch) -> None:
    query = "query Once { entity { name } }"
    wrong = "query Once { entity { nam } }"
    kit.execute(query)
    first = kit.execute(wrong)
    monkeypatch.setattr("pytest_wandb_automations.graphql.execution.parse", None)

    assert kit.execute(query).status == 200
    assert kit.execute(wrong) == first


def test_only_the_last_documents_are_kept(monkeypatch) -> None:
    kit = Engine(resolver.functions, documents=1)
    kit.execute("query A { entity { name } }")
    kit.execute("query B { entity { name } }")

    monkeypatch.setattr("pytest_wandb_automations.graphql.execution.parse", None)
    with pytest.raises(TypeError):
        kit.execute("query A { entity { name } }")


def test_threads_share_one_engine(kit) -> None:
    results: list[Result] = []

    def ask(number: int) -> None:
        name = f"team-{number}"
        results.append(kit.execute(f'query Q{number % 3} {{ entity(name: "{name}") {{ name }} }}'))

    threads = [Thread(target=ask, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {result.data["entity"]["name"] for result in results} == {
        f"team-{number}" for number in range(20)
    }


def test_the_process_has_one_engine_with_the_resolvers_of_the_package() -> None:
    assert engine() is engine()
    assert execute("{ __typename }", None, None, None).data == {"__typename": "Query"}


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        (
            """mutation Put($v: String!) {
              insertSecret(input: {entityName: "a", secretName: "k", secretValue: $v}) { success }
            }""",
            {"v": ["hunter2"]},
        ),
        (
            """mutation Put {
              insertSecret(input: {entityName: "a", secretName: "k", secretValue: hunter2}) {
                success
              }
            }""",
            None,
        ),
        ('mutation Put { insertSecret(input: {secretValue "hunter2"}) { success } }', None),
        (
            """mutation Put($n: String = "a") {
              insertSecret(input: {entityName: $n, secretName: "k", secretValue: "hunter2"}) {
                success
              }
            }""",
            {"n": None},
        ),
    ],
    ids=["variable", "inline", "syntax", "argument"],
)
def test_a_secret_is_not_shown_wherever_it_stands(kit, query, variables) -> None:
    result = kit.execute(query, variables)

    assert result.status == 400
    assert "hunter2" not in str(result)
    assert "not shown" in message(result)


def test_what_else_is_wrong_beside_a_secret_is_told(kit) -> None:
    query = """mutation Put {
      insertSecret(input: {entityName: "a", secretName: "k", secretValue: "hunter2"}) { nope }
    }"""

    assert ".nope is not simulated by this backend" in message(kit.execute(query))
