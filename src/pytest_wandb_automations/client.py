"""`AutomationsApi`: the automation methods of `wandb.Api`, over httpx and without wandb."""

from __future__ import annotations

import json
import reprlib
from typing import TYPE_CHECKING, Any, Literal, cast

from pytest_wandb_automations.automations import (
    Automation,
    Integration,
    NewAutomation,
    SlackIntegration,
    WebhookIntegration,
)
from pytest_wandb_automations.automations.inputs import prepare_to_create, prepare_to_update
from pytest_wandb_automations.errors import Conflict, InvalidInput, NotFound, error_of_status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import httpx

__all__ = ["AutomationsApi"]

_TRIGGER = """
fragment TriggerParts on Trigger {
  __typename id createdAt updatedAt name description enabled
  scope {
    __typename
    ... on Project { id name }
    ... on ArtifactSequence { id name }
    ... on ArtifactPortfolio { id name }
    ... on Entity { id name entityType }
  }
  event: triggeringCondition {
    ... on FilterEventTriggeringCondition { __typename eventType filter }
  }
  action: triggeredAction {
    __typename
    ... on NotificationTriggeredAction {
      integration { __typename ... on SlackIntegration { id teamName channelName } }
      title message severity
    }
    ... on GenericWebhookTriggeredAction {
      integration { __typename ... on GenericWebhookIntegration { id name urlEndpoint } }
      requestPayload
    }
    ... on NoOpTriggeredAction { noOp }
    ... on ARIATriggeredAction { prompt }
    ... on QueueJobTriggeredAction { queue { id name } template }
    ... on PushNotificationTriggeredAction { title body }
  }
}
"""
_CREATE = f"""
mutation CreateAutomation($input: CreateFilterTriggerInput!) {{
  result: createFilterTrigger(input: $input) {{ trigger {{ ...TriggerParts }} }}
}}
{_TRIGGER}"""
_UPDATE = f"""
mutation UpdateAutomation($input: UpdateFilterTriggerInput!) {{
  result: updateFilterTrigger(input: $input) {{ trigger {{ ...TriggerParts }} }}
}}
{_TRIGGER}"""
_DELETE = """
mutation DeleteAutomation($id: ID!) { result: deleteTrigger(input: {triggerID: $id}) { success } }
"""
_LIST = f"""
query Automations($cursor: String, $perPage: Int, $filters: JSONString) {{
  page: triggers(after: $cursor, first: $perPage, filters: $filters) {{
    pageInfo {{ endCursor hasNextPage }}
    edges {{ node {{ ...TriggerParts }} }}
  }}
}}
{_TRIGGER}"""
_LIST_OF_ENTITY = f"""
query EntityAutomations($entity: String!, $cursor: String, $perPage: Int, $filters: JSONString) {{
  scope: entity(name: $entity) {{
    page: triggers(after: $cursor, first: $perPage, filters: $filters) {{
      pageInfo {{ endCursor hasNextPage }}
      edges {{ node {{ ...TriggerParts }} }}
    }}
  }}
}}
{_TRIGGER}"""
_INTEGRATIONS = """
query Integrations($entity: String, $cursor: String, $perPage: Int) {
  scope: entity(name: $entity) {
    page: integrations(after: $cursor, first: $perPage) {
      pageInfo { endCursor hasNextPage }
      edges {
        node {
          __typename
          ... on SlackIntegration { id teamName channelName }
          ... on GenericWebhookIntegration { id name urlEndpoint }
        }
      }
    }
  }
}
"""


class AutomationsApi:
    """The automation methods of `wandb.Api`, with the same signatures and results.

    `client` is an `httpx.Client` whose `base_url` is that of a W&B server and whose `auth` is
    `("api", key)`. What the server refuses is raised as the matching error of
    `pytest_wandb_automations.errors`, each of which is a `ValueError` where the SDK has one.
    """

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def create_automation(
        self, obj: NewAutomation, *, fetch_existing: bool = False, **kwargs: Any
    ) -> Automation:
        """Save a new automation and return it.

        Keywords (`name`, `description`, `enabled`, `event`, `action`) override fields of
        the object. With `fetch_existing` the one that has the name is returned instead of a
        `Conflict`.
        """
        values = prepare_to_create(obj, **kwargs)
        try:
            data = self._execute(_CREATE, {"input": values})
        except Conflict:
            if fetch_existing:
                return self.automation(values["name"])
            raise
        return Automation.model_validate(data["result"]["trigger"])

    def update_automation(
        self, obj: Automation, *, create_missing: bool = False, **kwargs: Any
    ) -> Automation:
        """Save an edited automation and return it as saved.

        With `create_missing` it is created if it is not there, instead of a `NotFound`.
        """
        values = prepare_to_update(obj, **kwargs)
        try:
            data = self._execute(_UPDATE, {"input": values})
        except NotFound:
            if not create_missing:
                raise
            data = self._execute(_CREATE, {"input": _without_id(values)})
        return Automation.model_validate(data["result"]["trigger"])

    def delete_automation(self, obj: Automation | str) -> Literal[True]:
        """Delete an automation, given by object or id."""
        self._execute(_DELETE, {"id": obj if isinstance(obj, str) else obj.id})
        return True

    def automation(self, name: str, *, entity: str | None = None) -> Automation:
        """Return the only automation of a name; a `ValueError` when there is none or several."""
        found = list(self.automations(entity, name=name))
        if not found:
            raise NotFound(f"no automation named {name!r}")
        if len(found) > 1:
            raise InvalidInput(f"{len(found)} automations are named {name!r}")
        return found[0]

    def automations(
        self,
        entity: str | None = None,
        *,
        name: str | None = None,
        per_page: int = 50,
        start: str | None = None,
    ) -> Iterator[Automation]:
        """Iterate over the automations that the user may see, or over those of one entity."""
        filters = json.dumps({"name": name}) if name else None
        document = _LIST_OF_ENTITY if entity else _LIST
        variables = {"entity": entity, "filters": filters} if entity else {"filters": filters}
        for node in self._pages(document, variables, per_page, start):
            yield Automation.model_validate(node)

    def integrations(
        self, entity: str | None = None, *, per_page: int = 50, start: str | None = None
    ) -> Iterator[Integration]:
        """Iterate over the integrations of an entity, the user's default one without a name."""
        for node in self._pages(_INTEGRATIONS, {"entity": entity}, per_page, start):
            kind = _INTEGRATION_TYPES[node["__typename"]]
            yield kind.model_validate(node)

    def webhook_integrations(
        self, entity: str | None = None, *, per_page: int = 50, start: str | None = None
    ) -> Iterator[WebhookIntegration]:
        """Iterate over the webhooks of an entity."""
        found = self.integrations(entity, per_page=per_page, start=start)
        return (i for i in found if isinstance(i, WebhookIntegration))

    def slack_integrations(
        self, *, entity: str | None = None, per_page: int = 50, start: str | None = None
    ) -> Iterator[SlackIntegration]:
        """Iterate over the Slack channels of an entity."""
        found = self.integrations(entity, per_page=per_page, start=start)
        return (i for i in found if isinstance(i, SlackIntegration))

    def _pages(
        self, document: str, variables: Mapping[str, Any], per_page: int, start: str | None
    ) -> Iterator[dict[str, Any]]:
        if per_page < 1:
            raise InvalidInput(f"per_page: expected 1 or more, got {per_page}")
        cursor = start
        while True:
            data = self._execute(document, {**variables, "cursor": cursor, "perPage": per_page})
            holder = data.get("scope", data)
            if holder is None:
                raise NotFound(f"no entity {variables.get('entity')!r}")
            yield from (edge["node"] for edge in holder["page"]["edges"])
            if not holder["page"]["pageInfo"]["hasNextPage"]:
                return
            cursor = holder["page"]["pageInfo"]["endCursor"]

    def _execute(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        response = self._client.post("/graphql", json={"query": document, "variables": variables})
        body = _json_object(response)
        if errors := body.get("errors"):
            message = "; ".join(error["message"] for error in errors)
            raise error_of_status(response.status_code)(message)
        return body["data"]


def _json_object(response: httpx.Response) -> dict[str, Any]:
    try:
        body: Any = response.json()
    except ValueError:
        body = None
    if isinstance(body, dict) and ("data" in body or "errors" in body):
        return cast("dict[str, Any]", body)
    # What stands in front of a server, a proxy for example, answers in its own way.
    raise error_of_status(response.status_code)(
        f"{response.url} answered {response.status_code} without GraphQL: "
        f"{reprlib.repr(response.text)}"
    )


_INTEGRATION_TYPES: dict[str, type[SlackIntegration | WebhookIntegration]] = {
    "SlackIntegration": SlackIntegration,
    "GenericWebhookIntegration": WebhookIntegration,
}


def _without_id(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "id"}
