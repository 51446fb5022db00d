"""Whatever is sent, the answer is 200 or 4xx, in JSON, and says what was wrong."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_wandb_automations.client import _CREATE, _DELETE, _LIST_OF_ENTITY, _UPDATE

DOCUMENTS = [_CREATE, _UPDATE, _DELETE, _LIST_OF_ENTITY, "{ viewer { username } }", "{ a"]

_fuzz = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
_text = st.text(st.characters(), max_size=20)
_scalars = st.none() | st.booleans() | st.integers() | st.floats() | _text
_values = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["input", "id", "name", "scopeID", "enabled", "cursor", "filters"])
            | _text,
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def check(answer):
    assert answer.status in {200, 400, 401, 403, 404, 409, 413}, answer.body
    if answer.status == 200:
        assert "errors" not in answer.json
    else:
        assert all(error["message"] for error in answer.json["errors"])


@_fuzz
@given(body=st.binary(max_size=200))
def test_bytes_as_the_body(function_api, body):
    check(function_api.send(body))


@_fuzz
@given(body=st.binary(max_size=200), cut=st.integers(0, 30))
def test_bytes_as_the_gzipped_body(function_api, body, cut):
    packed = gzip.compress(body)
    check(function_api.send(packed[: len(packed) - cut], **{"Content-Encoding": "gzip"}))


@_fuzz
@given(header=st.text(max_size=60))
def test_text_as_the_credentials(function_api, header):
    check(function_api.send(b"{}", headers={"Authorization": header}))
    check(function_api.send(b"{}", headers={"Authorization": f"Basic {header}"}))


@_fuzz
@given(body=_values)
def test_any_json_as_the_body(function_api, body):
    check(function_api.send(json.dumps(body).encode()))


@_fuzz
@given(query=_values, variables=_values, operation=_values)
def test_any_json_in_each_field(function_api, query, variables, operation):
    check(function_api.ask(query, variables, operationName=operation))


@_fuzz
@given(query=st.sampled_from(DOCUMENTS), variables=_values, operation=st.none() | _text)
def test_any_variables_for_a_known_document(function_api, query, variables, operation):
    check(function_api.ask(query, variables, operationName=operation))


@_fuzz
@given(
    fields=st.fixed_dictionaries(
        {
            "name": _text,
            "enabled": st.booleans(),
            "scopeType": st.sampled_from(["PROJECT", "ENTITY", "ARTIFACT_COLLECTION"]),
            "scopeID": _text | st.just("UHJvamVjdDox"),
            "triggeringEventType": st.sampled_from(["ADD_ARTIFACT_ALIAS", "RUN_METRIC_THRESHOLD"]),
            "eventFilter": _text | _values.map(json.dumps),
            "triggeredActionType": st.sampled_from(["NO_OP", "GENERIC_WEBHOOK"]),
            "triggeredActionConfig": st.just({"noOpActionInput": {"noOp": True}}) | _values,
        }
    ),
    in_project=st.booleans(),
)
def test_an_automation_of_made_up_fields(function_api, fields, in_project):
    if in_project:
        fields["scopeID"] = function_api.backend.project("acme/llm").id
    check(function_api.ask(_CREATE, {"input": fields}))


@pytest.mark.parametrize("depth", [10, 100, 300, 600, 900, 5000, 100_000])
@pytest.mark.parametrize("brackets", ["[]", "{}"])
def test_values_nested_deeply(function_api, depth, brackets):
    nested = "[" * depth + "]" * depth
    if brackets == "{}":
        nested = '{"a":' * depth + "1" + "}" * depth
    for body in (
        nested,
        f'{{"query": {nested}}}',
        f'{{"query": {json.dumps(_DELETE)}, "variables": {{"id": {nested}}}}}',
        f'{{"query": {json.dumps(_CREATE)}, "variables": {{"input": {nested}}}}}',
        f'{{"query": {json.dumps(_LIST_OF_ENTITY)}, "variables": '
        f'{{"entity": "acme", "filters": {json.dumps(nested)}}}}}',
    ):
        check(function_api.send(body.encode()))


@pytest.mark.parametrize("depth", [50, 500, 5000])
def test_a_filter_nested_deeply(function_api, depth):
    fields = {
        "name": f"deep {depth}",
        "enabled": True,
        "scopeType": "PROJECT",
        "scopeID": function_api.backend.project("acme/llm").id,
        "triggeringEventType": "ADD_ARTIFACT_ALIAS",
        "eventFilter": '{"$and":[' * depth + '{"alias":"a"}' + "]}" * depth,
        "triggeredActionType": "NO_OP",
        "triggeredActionConfig": {"noOpActionInput": {"noOp": True}},
    }
    check(function_api.ask(_CREATE, {"input": fields}))


@pytest.mark.parametrize("depth", [100, 1000, 20_000])
def test_a_document_nested_deeply(function_api, depth):
    check(function_api.ask("{ viewer " * depth + "}" * depth))
    check(function_api.ask("{ viewer(a: " + "[" * depth + "]" * depth + ") { id } }"))


@pytest.mark.parametrize("field", ["query", "operationName", "id"])
def test_half_a_surrogate_pair(function_api, field):
    fields = {"query": _DELETE, "operationName": None, "id": "x", field: "\ud800"}
    id_ = fields.pop("id")
    check(function_api.ask(fields.pop("query"), {"id": id_}, **fields))
