"""One body for each promise of the API, run over every way to reach it; see `conftest.py`."""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from typing import TYPE_CHECKING

import pytest

from pytest_wandb_automations.http.messages import MAX_BODY
from pytest_wandb_automations.world.ids import encode_id

if TYPE_CHECKING:
    from pytest_wandb_automations import Backend

VIEWER = "query Viewer { viewer { username } }"
CREATE = """
mutation CreateAutomation($input: CreateFilterTriggerInput!) {
  createFilterTrigger(input: $input) { trigger { id name } }
}
"""
DELETE = "mutation Delete($id: ID!) { deleteTrigger(input: {triggerID: $id}) { success } }"


@pytest.fixture
def new_automation(backend: Backend):
    backend.reset()
    return {
        "name": "deploy",
        "enabled": True,
        "scopeType": "PROJECT",
        "scopeID": backend.project("acme/llm").id,
        "triggeringEventType": "ADD_ARTIFACT_ALIAS",
        "eventFilter": '{"$or":[{"$and":[{"alias":"prod"}]}]}',
        "triggeredActionType": "NO_OP",
        "triggeredActionConfig": {"noOpActionInput": {"noOp": True}},
    }


def test_a_query_is_answered_as_the_user_of_the_key(api):
    answer = api.ask(VIEWER)
    assert (answer.status, answer.json) == (200, {"data": {"viewer": {"username": "tester"}}})


def test_a_bearer_token_is_a_key_as_well(api):
    headers = {"Authorization": f"Bearer {api.backend.api_key}"}
    assert api.send(json.dumps({"query": VIEWER}).encode(), headers=headers).status == 200


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({}, "no API key"),
        ({"Authorization": "Digest abc"}, "no API key"),
        ({"Authorization": "Basic ???"}, "no API key"),
        ({"Authorization": "Basic Og=="}, "no API key"),
        ({"Authorization": "Bearer "}, "no API key"),
        ({"Authorization": "Bearer 123456789"}, "API key 1234… belongs to nobody"),
    ],
)
def test_without_a_known_key_it_is_401(api, headers, told):
    answer = api.send(json.dumps({"query": VIEWER}).encode(), headers=headers)
    assert answer.status == 401
    assert told in answer.message
    assert "123456789" not in answer.message


def test_an_unknown_path_is_404(api):
    answer = api.send(b"", path="/files/x", method="PUT")
    assert (answer.status, answer.message) == (404, "nothing at /files/x; GraphQL is at /graphql")


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS", "PURGE"])
def test_another_method_than_post_is_400(api, method):
    answer = api.send(b"", method=method)
    assert (answer.status, answer.message) == (
        400,
        f"{method} /graphql: GraphQL is asked with POST",
    )


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "the body is no JSON"),
        (b"{", "the body is no JSON"),
        (b"\xff\xfe\xfd", "the body is no JSON"),
        (b'{"query": NaN}', "the body is no JSON: NaN is no number in JSON"),
        (b"[" * 200_000, "the body is nested too deeply"),
        (b"[1]", "the body: expected a JSON object"),
        (b"null", "got None"),
        (b"{}", "query: expected a GraphQL document in a string, got NoneType"),
        (b'{"query": 3}', "query: expected a GraphQL document in a string, got int"),
        (b'{"query": "{a}", "variables": []}', "variables: expected an object, got list"),
        (b'{"query": "{a}", "operationName": 1}', "operationName: expected a string, got int"),
        (b'{"query": "{"}', "Syntax Error"),
        (b'{"query": "{ nothing }"}', "Query.nothing is not simulated"),
    ],
)
def test_a_malformed_body_is_400_and_says_what_is_wrong(api, body, told):
    answer = api.send(body)
    assert answer.status == 400
    assert told in answer.message


def test_a_value_that_does_not_fit_is_400_naming_operation_field_and_value(api, new_automation):
    answer = api.ask(CREATE, {"input": {**new_automation, "name": "x" * 256}})
    assert answer.status == 400
    assert answer.message == (
        "CreateAutomation: createFilterTrigger: name has 256 characters; expected 1 to 255"
    )


def test_an_unknown_id_is_404_naming_operation_field_and_value(api):
    id_ = encode_id("Trigger", 3)
    answer = api.ask(DELETE, {"id": id_})
    assert answer.status == 404
    for part in ("Delete", "deleteTrigger", id_):
        assert part in answer.message


def test_a_taken_name_is_409_naming_operation_field_and_value(api, new_automation):
    assert api.ask(CREATE, {"input": new_automation}).status == 200
    answer = api.ask(CREATE, {"input": new_automation})
    assert answer.status == 409
    for part in ("CreateAutomation", "createFilterTrigger", "'deploy'"):
        assert part in answer.message


def test_a_body_in_gzip_is_unpacked(api):
    body = gzip.compress(json.dumps({"query": VIEWER}).encode(), mtime=0)
    assert api.send(body, **{"Content-Encoding": "gzip"}).status == 200


@pytest.mark.parametrize(
    ("body", "encoding", "told"),
    [
        (gzip.compress(b'{"query": ""}', mtime=0)[:-4], "gzip", "it ends too early"),
        (b"", "gzip", "it ends too early"),
        (b"plain", "gzip", "the body is no gzip"),
        (gzip.compress(b"{}", mtime=0) * 2, "gzip", "22 bytes follow the end of the gzip"),
        (zlib.compress(b"{}"), "deflate", "Content-Encoding 'deflate' is not supported"),
    ],
    # Not the bodies themselves: what the installed zlib makes of them is its own affair.
    ids=["cut off", "empty", "plain text", "two in a row", "deflate"],
)
def test_a_body_that_cannot_be_unpacked_is_400(api, body, encoding, told):
    answer = api.send(body, **{"Content-Encoding": encoding})
    assert answer.status == 400
    assert told in answer.message


@pytest.fixture(scope="module")
def bomb() -> bytes:
    return gzip.compress(bytes(MAX_BODY + 1), 1)


def test_a_body_that_unpacks_beyond_the_limit_is_413(api, bomb):
    answer = api.send(bomb, **{"Content-Encoding": "gzip"})
    assert (answer.status, answer.message) == (
        413,
        f"the body unpacks to more than {MAX_BODY} bytes",
    )


def test_a_defect_of_the_kit_is_422_which_the_sdk_does_not_retry(api, monkeypatch, caplog):
    def broken(key):
        raise ZeroDivisionError("by accident")

    monkeypatch.setattr(api.backend.world.directory, "user_of_key", broken)
    with caplog.at_level(logging.CRITICAL, "pytest_wandb_automations.http.api"):
        answer = api.ask(VIEWER)
    assert answer.status == 422
    assert answer.message == (
        "defect of pytest-wandb-automations, please report it: "
        "POST /graphql: ZeroDivisionError: by accident"
    )
