"""What GraphQL clients can ask and the SDK never does: history, secrets, partial edits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pytest_wandb_automations import Backend
from pytest_wandb_automations.automations import (
    DoNothing,
    OnAddArtifactAlias,
    OnAddCollectionTag,
    OnCreateArtifact,
    OnLinkArtifact,
    OnRunMetric,
    OnRunState,
    RunEvent,
    SendNotification,
    SendPromptToAria,
    SendWebhook,
)
from pytest_wandb_automations.graphql.context import Context
from pytest_wandb_automations.graphql.execution import Result, execute
from pytest_wandb_automations.semantics import Semantics

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def backend() -> Backend:
    backend = Backend(seed=1)
    backend.webhooks.route("https://deploy.test/hook").respond(200, json={"ok": True})
    return backend


def send(
    backend: Backend, query: str, variables: dict[str, Any] | None = None, *, user: str = "tester"
) -> Result:
    who = backend.world.directory.user(user)
    with backend.world.acting(who):
        return execute(query, variables, None, Context(backend.world, who))


@pytest.fixture
def ask(backend: Backend) -> Callable[..., Any]:
    def ask(query: str, *, user: str = "tester", **variables: Any) -> Any:
        result = send(backend, query, variables, user=user)
        assert result.errors == []
        return result.data

    return ask


@pytest.fixture
def refused(backend: Backend) -> Callable[..., tuple[int, str]]:
    def refused(query: str, *, user: str = "tester", **variables: Any) -> tuple[int, str]:
        result = send(backend, query, variables, user=user)
        return result.status, result.errors[0]["message"]

    return refused


def rule(backend: Backend, event: Any, name: str = "rule", action: Any = None) -> Any:
    return backend.create_automation(event >> (action or DoNothing()), name=name)


def at(node: Any) -> Any:
    """Return what the vocabulary takes for a scope."""
    fields = {"__typename": node.typename__, "id": node.id, "name": node.name}
    return {**fields, "entityType": node.kind} if hasattr(node, "kind") else fields


def nodes(connection: Any) -> list[Any]:
    return [edge["node"] for edge in connection["edges"]]


# Editing parts

UPDATE = """
mutation Update($input: UpdateFilterTriggerInput!) {
  updateFilterTrigger(input: $input) {
    clientMutationId
    trigger { name description enabled triggeringCondition {
      ... on FilterEventTriggeringCondition { eventType filter }
    } }
  }
}
"""


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {}),
        ({"enabled": False}, {"enabled": False}),
        ({"name": "other"}, {"name": "other"}),
        ({"description": "why"}, {"description": "why"}),
        ({"name": None, "enabled": None, "scopeID": None, "eventFilter": None}, {}),
    ],
)
def test_fields_that_an_update_leaves_out_or_null_stay_as_they_are(
    backend: Backend, ask: Any, change: dict[str, Any], expected: dict[str, Any]
) -> None:
    saved = rule(backend, OnAddArtifactAlias(scope=at(backend.project("acme/llm"))))
    before = {
        "name": "rule",
        "description": None,
        "enabled": True,
        "triggeringCondition": {
            "eventType": "ADD_ARTIFACT_ALIAS",
            "filter": json.dumps({"filter": '{"$or":[{"$and":[]}]}'}, separators=(",", ":")),
        },
    }

    data = ask(UPDATE, input={"id": saved.id, "clientMutationId": "7", **change})

    assert data["updateFilterTrigger"]["clientMutationId"] == "7"
    assert data["updateFilterTrigger"]["trigger"] == {**before, **expected}


def test_another_event_type_is_checked_against_the_filter_that_stays(
    backend: Backend, refused: Any
) -> None:
    saved = rule(backend, OnAddArtifactAlias(scope=at(backend.project("acme/llm"))))

    status, message = refused(UPDATE, input={"id": saved.id, "triggeringEventType": "RUN_METRIC"})

    assert status == 400
    assert "run_metric_filter" in message
    assert backend.automation("rule") == saved


def test_another_action_type_needs_its_own_action(backend: Backend, refused: Any) -> None:
    saved = rule(backend, OnAddArtifactAlias(scope=at(backend.project("acme/llm"))))

    status, message = refused(UPDATE, input={"id": saved.id, "triggeredActionType": "NOTIFICATION"})

    assert status == 400
    assert "needs a triggeredActionConfig" in message


# Lists of automations

LISTS = {
    "viewer": """query Q($f: JSONString) {
      triggers(filters: $f) { totalCount edges { node { name } } } }""",
    "entity": """query Q($f: JSONString) {
      entity(name: "acme") { triggers(filters: $f) { totalCount edges { node { name } } } } }""",
    "organization": """query Q($f: JSONString) {
      organization(name: "acme-corp") { triggers(filters: $f) {
        totalCount edges { node { name } } } } }""",
    "user": """query Q($f: JSONString) {
      viewer { triggers(filters: $f) { totalCount edges { node { name } } } } }""",
    "collection": """query Q($f: JSONString) {
      project(entityName: "acme", name: "llm") { artifactCollection(name: "weights") {
        triggers(filters: $f) { totalCount edges { node { name } } } } } }""",
}
OWNED = {
    "viewer": {"collection", "project", "team", "registry", "organization", "other team"},
    "entity": {"collection", "project", "team"},
    "organization": {"collection", "project", "team", "registry", "organization", "other team"},
    "user": {"collection", "project", "team", "registry", "organization", "other team"},
    "collection": {"collection"},
}


def innermost(data: Any) -> Any:
    while "edges" not in data:
        (data,) = (value for value in data.values() if isinstance(value, dict))
    return data


@pytest.mark.parametrize("where", list(LISTS))
def test_automations_are_listed_by_where_they_are(backend: Backend, ask: Any, where: str) -> None:
    organization = backend.organization("acme-corp").org_entity
    for name, place in {
        "collection": backend.collection("acme/llm/weights"),
        "project": backend.project("acme/llm"),
        "team": backend.team("acme"),
        "registry": backend.registry("model"),
        "organization": organization,
        "other team": backend.project("second/x"),
    }.items():
        rule(backend, OnLinkArtifact(scope=at(place)), name)
    rule(backend, OnLinkArtifact(scope=at(backend.team("z", organization="z-corp"))), "elsewhere")
    expected = OWNED[where] | ({"elsewhere"} if where in ("viewer", "user") else set())

    found = innermost(ask(LISTS[where]))
    assert {node["name"] for node in nodes(found)} == expected
    assert found["totalCount"] == len(expected)
    filtered = innermost(ask(LISTS[where], f='{"name": {"$regex": "^co"}}'))
    assert {node["name"] for node in nodes(filtered)} == {"collection"}


def test_a_filter_for_an_unknown_field_names_it(refused: Any) -> None:
    status, message = refused(LISTS["viewer"], f='{"color": "red"}')

    assert status == 400
    assert "color" in message


def test_automations_of_others_teams_are_not_listed(backend: Backend, ask: Any) -> None:
    rule(backend, OnLinkArtifact(scope=at(backend.project("acme/llm"))))

    assert nodes(ask(LISTS["viewer"], user="loner")["triggers"]) == []
    assert ask(LISTS["entity"], user="loner") == {"entity": None}
    assert ask(LISTS["organization"], user="loner") == {"organization": None}


# Another user seen from outside

OTHERS = """
{ users(query: "tester") { edges { node {
  username
  organizations { name }
  teams { edges { node { name } } }
  projects { edges { node { name triggers { name } } } }
  triggers { edges { node { name } } }
} } } }
"""


def test_a_stranger_learns_nothing_of_a_users_teams_and_projects(
    backend: Backend, ask: Any
) -> None:
    rule(backend, OnLinkArtifact(scope=at(backend.project("acme/llm"))))
    empty: dict[str, Any] = {"edges": []}

    (seen,) = nodes(ask(OTHERS, user="loner")["users"])
    (own,) = nodes(ask(OTHERS)["users"])

    assert seen == {
        "username": "tester",
        "organizations": [],
        "teams": empty,
        "projects": empty,
        "triggers": empty,
    }
    assert [p["name"] for p in nodes(own["projects"])] == ["llm"]
    assert own["organizations"] == [{"name": "acme-corp"}]


def test_a_user_of_exactly_that_name_is_found_first(backend: Backend, ask: Any) -> None:
    backend.user("adam")
    backend.user("ada")

    found = ask('{ users(query: "ada") { edges { node { username } } } }')

    assert [node["username"] for node in nodes(found["users"])] == ["ada", "adam"]


# Integrations and secrets

CREATE_WEBHOOK = """
mutation Create($input: CreateGenericWebhookIntegrationInput!) {
  createGenericWebhookIntegration(input: $input) { integration {
    __typename ... on GenericWebhookIntegration { id name urlEndpoint accessTokenRef secretRef }
  } }
}
"""
INSERT_SECRET = """
mutation Insert($input: InsertSecretInput!) { insertSecret(input: $input) { success } }
"""
DELETE_SECRET = """
mutation Delete($input: DeleteSecretInput!) { deleteSecret(input: $input) { success } }
"""
SECRETS = '{ entity(name: "acme") { secrets { name createdAt } } }'


def test_a_webhook_and_its_secret_are_made_by_an_admin_and_used(backend: Backend, ask: Any) -> None:
    secret = {"entityName": "acme", "secretName": "TOKEN", "secretValue": "tell nobody"}
    hook = {
        "entityName": "acme",
        "name": "deploy",
        "urlEndpoint": "https://deploy.test/hook",
        "accessTokenRef": "TOKEN",
    }

    assert ask(INSERT_SECRET, input=secret) == {"insertSecret": {"success": True}}
    made = ask(CREATE_WEBHOOK, input=hook)["createGenericWebhookIntegration"]["integration"]

    assert made == {
        "__typename": "GenericWebhookIntegration",
        "id": made["id"],
        "name": "deploy",
        "urlEndpoint": "https://deploy.test/hook",
        "accessTokenRef": "TOKEN",
        "secretRef": None,
    }
    integration = backend.webhook_integration(
        "acme", name="deploy", url_endpoint="https://deploy.test/hook"
    )
    collection = backend.collection("acme/llm/weights")
    action = SendWebhook.from_integration(integration)
    rule(backend, OnCreateArtifact(scope=at(collection)), action=action)
    collection.log_version()
    assert backend.webhooks.last.headers["authorization"] == "Bearer tell nobody"


def test_secrets_are_listed_by_name_and_deleted(backend: Backend, ask: Any, refused: Any) -> None:
    backend.secret("acme", "TOKEN", "tell nobody")
    name = {"entityName": "acme", "secretName": "TOKEN"}

    (listed,) = ask(SECRETS)["entity"]["secrets"]
    assert listed["name"] == "TOKEN"
    assert ask(DELETE_SECRET, input=name) == {"deleteSecret": {"success": True}}
    assert ask(SECRETS)["entity"]["secrets"] == []
    assert refused(DELETE_SECRET, input=name)[0] == 404


@pytest.mark.parametrize("role", ["member", "viewer"])
def test_only_admins_of_a_team_make_webhooks_and_secrets(
    backend: Backend, refused: Any, role: str
) -> None:
    backend.team("acme").add_member(backend.user("ada"), role=role)
    secret = {"entityName": "acme", "secretName": "TOKEN", "secretValue": "tell nobody"}
    hook = {"entityName": "acme", "name": "deploy", "urlEndpoint": "https://deploy.test/hook"}

    assert refused(INSERT_SECRET, user="ada", input=secret)[0] == 403
    assert refused(CREATE_WEBHOOK, user="ada", input=hook)[0] == 403
    assert refused(CREATE_WEBHOOK, user="loner", input=hook)[0] == 404


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"name": "de/ploy"}, 400, "webhook name"),
        ({"name": "n" * 65}, 400, "webhook name"),
        ({"urlEndpoint": "deploy.test"}, 400, "urlEndpoint"),
        ({"name": "taken"}, 409, "taken"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused(
    backend: Backend, refused: Any, change: dict[str, str], status: int, field: str
) -> None:
    backend.webhook_integration("acme", name="taken", url_endpoint="https://taken.test/")
    hook = {"entityName": "acme", "name": "deploy", "urlEndpoint": "https://deploy.test/hook"}

    answer = refused(CREATE_WEBHOOK, input={**hook, **change})

    assert answer[0] == status
    assert field in answer[1]


def test_connecting_slack_says_how_it_is_done_offline(refused: Any) -> None:
    status, message = refused(
        """mutation { createSlackIntegration(input: {
             entityName: "acme", code: "c", redirectURI: "https://acme.test" }) {
           integration { __typename } } }"""
    )

    assert status == 400
    assert "Backend.slack_integration" in message


# Projects

UPSERT = """
mutation Upsert($input: UpsertModelInput!) {
  upsertModel(input: $input) { inserted project { id name description } }
}
"""


def test_a_project_is_edited_by_id_whatever_the_default_entity(backend: Backend, ask: Any) -> None:
    project = backend.project("second/x")

    data = ask(UPSERT, input={"id": project.id, "description": "new"})

    assert data["upsertModel"] == {
        "inserted": False,
        "project": {"id": project.id, "name": "x", "description": "new"},
    }


def test_an_id_does_not_open_a_project_that_one_may_only_view(
    backend: Backend, refused: Any
) -> None:
    backend.user("ada")
    backend.team("acme").add_member("ada", role="admin")
    backend.team("second").add_member("ada", role="viewer")
    project = backend.project("second/x")

    change = {"id": project.id, "entityName": "acme", "description": "vandalized"}
    assert refused(UPSERT, user="ada", input=change)[0] == 403
    assert project.description is None


def test_a_project_without_name_and_id_is_refused(refused: Any) -> None:
    assert refused(UPSERT, input={"entityName": "acme"})[0] == 400


# Artifacts

LINK = """
mutation Link($input: LinkArtifactInput!) {
  linkArtifact(input: $input) { versionIndex artifactMembership { aliases { alias } } }
}
"""


def test_a_refused_link_leaves_no_collection_behind(backend: Backend, refused: Any) -> None:
    backend.team("acme").add_member(backend.user("vic"), role="viewer")
    version = backend.collection("acme/llm/weights").log_version()
    link = {
        "artifactID": version.artifact.id,
        "artifactPortfolioName": "new",
        "entityName": "acme",
        "projectName": "llm",
    }

    assert refused(LINK, user="vic", input=link)[0] == 403
    assert list(backend.project("acme/llm").collections) == ["weights"]


def test_an_artifact_is_linked_to_a_portfolio_by_id(backend: Backend, ask: Any) -> None:
    version = backend.collection("acme/llm/weights").log_version()
    portfolio = backend.registry("model").collection("prod")
    link = {
        "artifactID": version.artifact.id,
        "artifactPortfolioID": portfolio.id,
        "aliases": [{"artifactCollectionName": "prod", "alias": "best"}],
    }

    linked = ask(LINK, input=link)["linkArtifact"]

    assert linked["versionIndex"] == 0
    assert {a["alias"] for a in linked["artifactMembership"]["aliases"]} == {"latest", "best"}


@pytest.mark.parametrize("missing", ["artifactID", "artifactPortfolioName"])
def test_a_link_needs_to_know_what_and_where(backend: Backend, refused: Any, missing: str) -> None:
    version = backend.collection("acme/llm/weights").log_version()
    link = {
        "artifactID": version.artifact.id,
        "artifactPortfolioName": "new",
        "entityName": "acme",
        "projectName": "llm",
    }
    del link[missing]

    assert refused(LINK, input=link)[0] == 400


def test_a_refused_update_of_an_artifact_changes_nothing(backend: Backend, refused: Any) -> None:
    version = backend.collection("acme/llm/weights").log_version(metadata={"acc": 1})
    change = {
        "artifactID": version.artifact.id,
        "ttlDurationSeconds": 60,
        "description": "new",
        "metadata": '{"acc": 2}',
        "tagsToAdd": [{"tagName": "not/possible"}],
    }

    answer = refused(
        "mutation U($input: UpdateArtifactInput!) { updateArtifact(input: $input) { "
        "artifact { id } } }",
        input=change,
    )

    assert answer[0] == 400
    artifact = version.artifact
    assert (artifact.description, artifact.metadata, artifact.tags) == (None, {"acc": 1}, [])
    assert artifact.ttl_duration_seconds == -1


@pytest.mark.parametrize("metadata", ["[1]", "{", '"text"'])
def test_metadata_is_a_json_object(backend: Backend, refused: Any, metadata: str) -> None:
    version = backend.collection("acme/llm/weights").log_version()

    status, message = refused(
        "mutation U($input: UpdateArtifactInput!) { updateArtifact(input: $input) { "
        "artifact { id } } }",
        input={"artifactID": version.artifact.id, "metadata": metadata},
    )

    assert status == 400
    assert "metadata" in message


@pytest.mark.parametrize("field", ["artifact", "artifactCollection"])
@pytest.mark.parametrize("id_", ["QXJ0aWZhY3Q6MQ==", "QXJ0aWZhY3RDb2xsZWN0aW9uOjE="])
def test_an_unknown_id_is_null(ask: Any, field: str, id_: str) -> None:
    assert ask(f"query Q($id: ID!) {{ {field}(id: $id) {{ __typename }} }}", id=id_) == {
        field: None
    }


def test_a_malformed_id_is_refused(refused: Any) -> None:
    status, message = refused('{ artifact(id: "nonsense") { id } }')

    assert status == 400
    assert "malformed id 'nonsense'" in message


# History

EXECUTION = """
fragment E on TriggerExecution {
  triggerID triggerName state
  scope { __typename ... on Project { name } ... on ArtifactSequence { name } }
  event { eventType data { __typename
    ... on ArtifactEventDetails { artifactMetadata artifactVersionIndex artifactCollectionName
      projectName entityName }
    ... on ArtifactAliasEventDetails { artifactVersionIndex artifactCollectionName alias }
    ... on ArtifactTagEventDetails { artifactCollectionName tag }
    ... on RunMetricEventDetails { runName projectName entityName metricName metricValues }
    ... on RunStateEventDetails { runName newRunState }
  } }
  action { actionType data { __typename
    ... on SlackNotificationActionArgs { integration { id channelName } title text severity }
    ... on GenericWebhookActionArgs { integration { id name } requestPayload }
    ... on NoOpActionArgs { noOp }
  } }
  result { resultType data { __typename
    ... on DefaultTriggerResultDetails { error { message } }
    ... on HttpTriggerResultDetails { error { message } status statusCode body }
  } }
}
"""
HISTORY = f"""
query History($id: ID!, $first: Int, $after: String) {{
  triggerExecutions(triggerID: $id, first: $first, after: $after) {{
    totalCount pageInfo {{ endCursor hasNextPage }} edges {{ node {{ ...E }} }}
  }}
}}
{EXECUTION}"""
OF_PROJECT = f"""
query History($only: Boolean) {{
  project(entityName: "acme", name: "llm") {{
    triggerExecutions(projectOnly: $only) {{ edges {{ node {{ ...E }} }} }}
    artifactCollection(name: "weights") {{ triggerExecutions {{ edges {{ node {{ ...E }} }} }} }}
  }}
}}
{EXECUTION}"""


def test_the_history_tells_what_a_webhook_sent_and_got(backend: Backend, ask: Any) -> None:
    hook = backend.webhook_integration(
        "acme", name="deploy", url_endpoint="https://deploy.test/hook"
    )
    collection = backend.collection("acme/llm/weights")
    action = SendWebhook.from_integration(hook, payload={"alias": "${alias}"})
    saved = rule(backend, OnAddArtifactAlias(scope=at(collection)), action=action)
    collection.log_version(aliases=["prod"], metadata={"acc": 1})

    newest = nodes(ask(HISTORY, id=saved.id)["triggerExecutions"])[0]

    assert newest == {
        "triggerID": saved.id,
        "triggerName": "rule",
        "state": "FINISHED",
        "scope": {"__typename": "ArtifactSequence", "name": "weights"},
        "event": {
            "eventType": "ADD_ARTIFACT_ALIAS",
            "data": {
                "__typename": "ArtifactAliasEventDetails",
                "artifactVersionIndex": 0,
                "artifactCollectionName": "weights",
                "alias": "prod",
            },
        },
        "action": {
            "actionType": "GENERIC_WEBHOOK",
            "data": {
                "__typename": "GenericWebhookActionArgs",
                "integration": {"id": hook.id, "name": "deploy"},
                "requestPayload": newest["action"]["data"]["requestPayload"],
            },
        },
        "result": {
            "resultType": "HTTP_RESPONSE",
            "data": {
                "__typename": "HttpTriggerResultDetails",
                "error": None,
                "status": "200",
                "statusCode": 200,
                "body": newest["result"]["data"]["body"],
            },
        },
    }
    assert json.loads(newest["action"]["data"]["requestPayload"]) == {"alias": "prod"}
    assert json.loads(newest["result"]["data"]["body"]) == {"ok": True}


def test_the_history_tells_why_a_webhook_failed(backend: Backend, ask: Any) -> None:
    backend.webhooks.route("https://broken.test/hook").respond(503, text="later")
    hook = backend.webhook_integration(
        "acme", name="broken", url_endpoint="https://broken.test/hook"
    )
    collection = backend.collection("acme/llm/weights")
    action = SendWebhook.from_integration(hook)
    saved = rule(backend, OnCreateArtifact(scope=at(collection)), action=action)
    collection.log_version()

    (failed,) = nodes(ask(HISTORY, id=saved.id)["triggerExecutions"])

    assert failed["state"] == "FAILED"
    details = failed["result"]["data"]
    assert (details["statusCode"], details["body"]) == (503, "later")
    assert "503" in details["error"]["message"]


def test_the_history_tells_what_was_said_in_slack(backend: Backend, ask: Any) -> None:
    slack = backend.slack_integration("acme", team_name="Acme", channel_name="#alerts")
    action = SendNotification.from_integration(slack, title="Gone", text="It failed", level="ERROR")
    event = OnRunState(scope=at(backend.project("acme/llm")), filter=RunEvent.state == "failed")
    saved = rule(backend, event, action=action)
    backend.run("acme/llm", run_id="abc").finish(exit_code=1)

    (execution,) = nodes(ask(HISTORY, id=saved.id)["triggerExecutions"])

    assert execution["event"]["data"] == {
        "__typename": "RunStateEventDetails",
        "runName": "abc",
        "newRunState": execution["event"]["data"]["newRunState"],
    }
    assert execution["event"]["data"]["newRunState"].upper() == "FAILED"
    assert execution["action"]["data"] == {
        "__typename": "SlackNotificationActionArgs",
        "integration": {"id": slack.id, "channelName": "#alerts"},
        "title": "Gone",
        "text": "It failed",
        "severity": "ERROR",
    }
    assert execution["result"] == {
        "resultType": "DEFAULT",
        "data": {"__typename": "DefaultTriggerResultDetails", "error": None},
    }


def test_the_history_tells_texts_of_slack_as_they_were_sent(backend: Backend, ask: Any) -> None:
    backend.semantics = Semantics(slack_variables=True, slack_text="by ${event_author}")
    weights = backend.collection("acme/llm/weights", type="model")
    slack = backend.slack_integration("acme", team_name="Acme", channel_name="#alerts")
    action = SendNotification.from_integration(slack, title="New: ${artifact_collection_name}")
    saved = rule(backend, OnCreateArtifact(scope=at(weights)), action=action)
    weights.log_version()

    (execution,) = nodes(ask(HISTORY, id=saved.id)["triggerExecutions"])

    told = execution["action"]["data"]
    assert (told["title"], told["text"]) == ("New: weights", "by tester")


def test_the_history_tells_the_values_of_a_metric(backend: Backend, ask: Any) -> None:
    event = OnRunMetric(
        scope=at(backend.project("acme/llm")), filter=RunEvent.metric("loss").max(2) > 4
    )
    saved = rule(backend, event)
    run = backend.run("acme/llm", run_id="abc")
    for value in (1.0, 2.0, 5.0):
        run.log({"loss": value})

    (execution,) = nodes(ask(HISTORY, id=saved.id)["triggerExecutions"])

    assert execution["event"]["data"] == {
        "__typename": "RunMetricEventDetails",
        "runName": "abc",
        "projectName": "llm",
        "entityName": "acme",
        "metricName": "loss",
        "metricValues": execution["event"]["data"]["metricValues"],
    }
    assert 5.0 in execution["event"]["data"]["metricValues"]
    assert execution["action"]["data"]["__typename"] == "NoOpActionArgs"


def test_the_history_is_newest_first_in_pages(backend: Backend, ask: Any) -> None:
    collection = backend.collection("acme/llm/weights")
    saved = rule(backend, OnCreateArtifact(scope=at(collection)))
    for _ in range(5):
        collection.log_version()
    versions: list[int] = []
    after = None
    while True:
        page = ask(HISTORY, id=saved.id, first=2, after=after)["triggerExecutions"]
        assert page["totalCount"] == 5
        versions += [n["event"]["data"]["artifactVersionIndex"] for n in nodes(page)]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert versions == [4, 3, 2, 1, 0]


def test_the_history_outlives_edits_and_deletion(backend: Backend, ask: Any) -> None:
    collection = backend.collection("acme/llm/weights")
    saved = rule(backend, OnAddCollectionTag(scope=at(collection)))
    collection.add_tag("eu")
    backend.update_automation(saved, name="renamed")
    backend.delete_automation("renamed")

    (execution,) = nodes(ask(HISTORY, id=saved.id)["triggerExecutions"])

    assert execution["triggerName"] == "rule"
    assert execution["event"]["data"] == {
        "__typename": "ArtifactTagEventDetails",
        "artifactCollectionName": "weights",
        "tag": "eu",
    }


def test_an_execution_under_way_is_pending_and_has_no_result(backend: Backend, ask: Any) -> None:
    collection = backend.collection("acme/llm/weights")
    hook = backend.webhook_integration(
        "acme", name="deploy", url_endpoint="https://deploy.test/hook"
    )
    action = SendWebhook.from_integration(hook)
    saved = rule(backend, OnCreateArtifact(scope=at(collection)), action=action)
    seen: list[Any] = []

    def receive(_request: httpx.Request) -> httpx.Response:
        seen.extend(nodes(ask(HISTORY, id=saved.id)["triggerExecutions"]))
        return httpx.Response(200)

    backend.webhooks.route("https://deploy.test/hook").mock(side_effect=receive)
    collection.log_version()

    assert [(execution["state"], execution["result"]) for execution in seen] == [("PENDING", None)]


def test_the_history_tells_what_was_skipped_and_what_a_job_was(backend: Backend, ask: Any) -> None:
    collection = backend.collection("acme/llm/weights")
    prompts = rule(
        backend, OnAddCollectionTag(scope=at(collection)), action=SendPromptToAria(prompt="Why?")
    )
    job = backend.store_automation(
        {
            "name": "job",
            "enabled": True,
            "scopeType": "ARTIFACT_COLLECTION",
            "scopeID": collection.id,
            "triggeringEventType": "ADD_COLLECTION_TAG",
            "eventFilter": "{}",
            "triggeredActionType": "QUEUE_JOB",
            "triggeredActionConfig": {"queueJobActionInput": {"queueID": "q", "template": "{}"}},
        }
    )
    for tag in "abcd":
        collection.add_tag(tag)

    newest, *earlier = nodes(ask(HISTORY, id=prompts.id)["triggerExecutions"])
    queued = nodes(ask(HISTORY, id=job.id)["triggerExecutions"])[0]

    assert (newest["state"], newest["result"]) == ("SKIPPED", None)
    assert {e["state"] for e in earlier} == {"FINISHED"}
    assert queued["action"]["data"]["__typename"] == "QueueJobActionArgs"
    assert queued["result"]["resultType"] == "QUEUE_JOB"


@pytest.mark.parametrize("only", [True, False])
def test_the_history_of_a_project_may_include_its_collections(
    backend: Backend, ask: Any, only: bool
) -> None:
    collection = backend.collection("acme/llm/weights")
    rule(backend, OnAddArtifactAlias(scope=at(collection)), "of the collection")
    rule(backend, OnAddArtifactAlias(scope=at(collection.project)), "of the project")
    rule(backend, OnAddArtifactAlias(scope=at(backend.team("acme"))), "of the team")
    collection.log_version()

    project = ask(OF_PROJECT, only=only)["project"]

    names = {node["triggerName"] for node in nodes(project["triggerExecutions"])}
    assert names == {"of the project"} | (set() if only else {"of the collection"})
    own = nodes(project["artifactCollection"]["triggerExecutions"])
    assert [node["triggerName"] for node in own] == ["of the collection"]


def test_a_stranger_sees_no_history(backend: Backend, ask: Any) -> None:
    collection = backend.collection("acme/llm/weights")
    saved = rule(backend, OnCreateArtifact(scope=at(collection)))
    collection.log_version()

    assert nodes(ask(HISTORY, user="loner", id=saved.id)["triggerExecutions"]) == []


# The server


def test_the_server_tells_its_features(backend: Backend, ask: Any) -> None:
    backend.features["AUTOMATION_ACTION_ARIA"] = False

    features = ask("{ serverInfo { features { name isEnabled } } }")["serverInfo"]["features"]

    told = {feature["name"]: feature["isEnabled"] for feature in features}
    assert told == dict(backend.features)
    assert told["AUTOMATION_ACTION_ARIA"] is False


def test_an_organization_tells_its_flags(backend: Backend, ask: Any) -> None:
    flags = ask(
        '{ organization(name: "acme-corp") { featureFlags(rampIDType: OrgName) {'
        " rampKey isEnabled } } }"
    )

    assert flags["organization"]["featureFlags"] == [
        {"rampKey": "automation_entity_scope", "isEnabled": True}
    ]
