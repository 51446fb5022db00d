"""Payloads stay valid JSON, whatever is filled in."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_wandb_automations.automations import EventType
from pytest_wandb_automations.delivery.templates import (
    check_payload,
    json_text,
    render_payload,
    render_text,
    warn_of_unknown_variables,
)
from pytest_wandb_automations.delivery.variables import Variables, variables_of
from pytest_wandb_automations.delivery.webhooks import webhook_request
from pytest_wandb_automations.errors import InvalidInput, UnknownVariableWarning
from pytest_wandb_automations.events import ArtifactAliasAdded

CAPTURED = (
    '{"client_payload":{"artifact_collection_name":"CIFAR_10",'
    '"artifact_version":"wandb-artifact://_id/QXJ0aWZhY3Q6NjI0OTY3Mzkw",'
    '"artifact_version_string":"tiny-ml/quantized edge training/CIFAR_10:v0",'
    '"entity_name":"tiny-ml","event_author":"frds",'
    '"project_name":"quantized edge training"},"event_type":"ADD_ARTIFACT_ALIAS"}'
)
# Text as JSON can carry it: everything, half surrogate pairs included, and what templates are
# made of more often than by chance.
TEXT = st.text(st.characters(exclude_categories=())) | st.lists(
    st.sampled_from(
        ["${alias}", "${", "}", "$", "{", '"', "\\", "\n", "\ud83d", "\ude00", "ü", "a"]
    )
    | st.sampled_from(["${artifact_metadata.key}", "${artifact_metadata.nested.key}", "${typo}"])
).map("".join)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def repaired(text: str) -> str:
    """Return text as UTF-8 can carry it, code unit by code unit, as Go writes it."""
    found, index = "", 0
    while index < len(text):
        here = ord(text[index])
        after = ord(text[index + 1]) if index + 1 < len(text) else 0
        if 0xD800 <= here < 0xDC00 and 0xDC00 <= after < 0xE000:
            found += chr(0x10000 + ((here - 0xD800) << 10) + (after - 0xDC00))
            index += 1
        elif 0xD800 <= here < 0xE000:
            found += "\ufffd"
        else:
            found += text[index]
        index += 1
    return found


def filled(value: Any, values: dict[str, str]) -> Any:
    """Fill a parsed payload in by plain replacement, as an oracle for values without variables."""
    if isinstance(value, str):
        for name, text in values.items():
            value = value.replace(f"${{{name}}}", text)
        return repaired(value)
    if isinstance(value, list):
        return [filled(item, values) for item in value]
    if isinstance(value, dict):
        return {repaired(key): filled(value[key], values) for key in sorted(value)}
    return value


def render(template: str | None, *, unknown: str = "keep", **values: str) -> str:
    return render_payload(template, Variables(values), unknown=unknown).text


def test_the_captured_body_is_reproduced_byte_for_byte() -> None:
    names = ["event_author", "artifact_version", "artifact_version_string", "project_name"]
    names += ["artifact_collection_name", "entity_name"]
    template = {
        "event_type": "${event_type}",
        "client_payload": {name: f"${{{name}}}" for name in names},
    }
    # Which alias was added is not in the capture; where W&B's page names an alias in the version
    # string, the capture has v0.
    event = ArtifactAliasAdded(
        collection="tiny-ml/quantized edge training/CIFAR_10",
        artifact_id="QXJ0aWZhY3Q6NjI0OTY3Mzkw",
        author="frds",
        alias="v0",
    )
    variables = variables_of(event, event_type=EventType.ADD_ARTIFACT_ALIAS, automation_name="rule")

    rendered = render_payload(json.dumps(template), variables, unknown="keep")

    assert rendered.text == CAPTURED
    assert rendered.unknown == ()


def test_without_a_payload_the_body_is_an_empty_object() -> None:
    assert render(None) == "{}"


def test_keys_are_sorted_at_every_level_and_the_text_is_compact() -> None:
    assert render('{"b": [{"z": 1, "a": 2}], "a": 1.50}') == '{"a":1.5,"b":[{"a":2,"z":1}]}'


def test_variables_stand_anywhere_in_strings_and_nowhere_else() -> None:
    template = '{"${alias}": ["a ${alias} b ${alias}${tag}", 1, true, null]}'

    assert json.loads(render(template, alias="prod", tag="eu")) == {
        "${alias}": ["a prod b prodeu", 1, True, None]
    }


@pytest.mark.parametrize(
    "template", ["$alias", "${alias", "{alias}", "$ {alias}", "${ {alias}", "$${", "${al{ias}"]
)
def test_what_only_looks_like_a_variable_is_left_as_written(template: str) -> None:
    assert json.loads(render(json.dumps(template), alias="prod")) == template


def test_what_is_filled_in_is_not_filled_in_again() -> None:
    assert json.loads(render('"${alias}"', alias="${tag}", tag="x")) == "${tag}"


@pytest.mark.parametrize(("unknown", "text"), [("keep", "<${x}><>${y}"), ("blank", "<><>")])
def test_an_unknown_variable_is_kept_or_blank_and_named_once(unknown: str, text: str) -> None:
    rendered = render_payload(
        '["<${x}><${tag}>${y}", "${x}"]', Variables({"alias": "prod"}), unknown=unknown
    )

    assert json.loads(rendered.text)[0] == text
    assert rendered.unknown == ("x", "y")


@given(JSON, TEXT, TEXT)
def test_any_payload_stays_json_and_its_signature_verifies(
    template: Any, alias: str, metadata: str
) -> None:
    variables = Variables({"alias": alias}, {"key": metadata})
    rendered = render_payload(json.dumps(template), variables, unknown="keep")
    request = webhook_request(
        "https://deploy.test/hook", rendered.text, access_token="token", secret="sécret"
    )

    assert json.loads(request.content.decode("utf-8")) == json.loads(rendered.text)
    expected = hmac.digest("sécret".encode(), request.content, hashlib.sha256).hex()
    assert request.headers["X-Wandb-Signature"] == expected


@given(JSON, st.text(st.characters(exclude_characters="${}")))
def test_any_payload_is_filled_in_where_it_says_and_nowhere_else(template: Any, text: str) -> None:
    variables = Variables({"alias": text}, {"key": text})
    rendered = render_payload(json.dumps(template), variables, unknown="keep")

    values = {
        "alias": text,
        "artifact_metadata.key": text,
        "artifact_metadata.nested.key": "",
    }
    # Pairs of halves in the source become one character as soon as JSON is read.
    assert json.loads(rendered.text) == filled(json.loads(json.dumps(template)), values)


@given(JSON)
def test_any_object_that_json_can_carry_is_accepted_as_a_payload(value: Any) -> None:
    check_payload(json.dumps({"value": value}))


@pytest.mark.parametrize("text", ["null", "0", '"text"', "[1]", "true"])
def test_a_payload_is_an_object(text: str) -> None:
    with pytest.raises(InvalidInput, match="requestPayload: expected a JSON object, got"):
        check_payload(text)


@pytest.mark.parametrize(
    "text", ["", "${alias}", "{", "{'a': 1}", "NaN", '{"a": Infinity}', "1e999", "[" * 100_000]
)
def test_a_payload_that_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^requestPayload is no JSON: "):
        check_payload(text)


@pytest.mark.parametrize("depth", [50, 700, 5000])
def test_a_payload_that_is_nested_too_deeply_is_refused_when_it_is_saved(depth: int) -> None:
    text = '{"a":' * depth + "{}" + "}" * depth

    # How deep is too deep, and for which of the steps, depends on the version of Python.
    try:
        check_payload(text)
        accepted = render(text) == text
    except InvalidInput:
        accepted = False

    assert accepted if depth == 50 else (not accepted or depth == 700)


def test_a_text_is_filled_in_as_it_is() -> None:
    rendered = render_text('"${alias}" ${typo}\ud800', Variables({"alias": '"'}), unknown="keep")

    assert rendered.text == '""" ${typo}\ufffd'
    assert rendered.unknown == ("typo",)


def test_json_keeps_the_order_of_keys_unless_asked() -> None:
    assert json_text({"b": 1, "a": "ü\ud800"}) == '{"b":1,"a":"ü\ufffd"}'


def test_a_variable_without_a_name_is_unknown() -> None:
    rendered = render_payload('{"a": "<${}>"}', Variables({}), unknown="blank")

    assert (rendered.text, rendered.unknown) == ('{"a":"<>"}', ("",))


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("alais", "; did you mean 'alias'?"),
        ("zzz", ""),
        ("ACCESS_TOKEN", " unless Semantics.secrets_in_payload says so"),
    ],
)
def test_a_warning_names_the_automation_the_variable_and_the_cure(name: str, hint: str) -> None:
    with pytest.warns(UnknownVariableWarning) as caught:
        warn_of_unknown_variables([name], "deploy")

    assert [str(warning.message) for warning in caught] == [
        f"automation 'deploy' uses ${{{name}}}, which is no variable of W&B{hint}"
    ]
