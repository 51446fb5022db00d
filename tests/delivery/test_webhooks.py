"""The inbox of webhooks, as tests look into it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from pytest_wandb_automations.delivery.postbox import Postbox
from pytest_wandb_automations.delivery.webhooks import Delivery, WebhookInbox, webhook_request
from pytest_wandb_automations.errors import InvalidInput

URL = "https://deploy.test/hook"


class Rule:
    def __init__(self, name: str, id_: str) -> None:
        self.name = name
        self.id = id_


@pytest.fixture
def inbox() -> WebhookInbox:
    return WebhookInbox(Postbox())


def delivery(automation: str = "rule", url: str = URL, body: str = "{}", **kwargs: Any) -> Delivery:
    secrets = {"access_token": None, "secret": None, **kwargs}
    return Delivery(
        webhook_request(url, body, **secrets),
        automation=automation,
        automation_id=f"id of {automation}",
        secrets=[secret for secret in secrets.values() if secret],
    )


# Requests


def test_a_request_has_no_more_than_it_needs() -> None:
    request = webhook_request(URL, "{}", access_token=None, secret=None)

    assert (request.method, str(request.url), request.content) == ("POST", URL, b"{}")
    assert dict(request.headers) == {
        "host": "deploy.test",
        "content-type": "application/json",
        "user-agent": "pytest-wandb-automations",
        "content-length": "2",
    }


def test_token_and_secret_add_a_header_each() -> None:
    with_token = webhook_request(URL, "{}", access_token="token", secret=None)
    with_secret = webhook_request(URL, "{}", access_token=None, secret="wandb-secret")

    assert with_token.headers["Authorization"] == "Bearer token"
    assert "X-Wandb-Signature" not in with_token.headers
    assert "Authorization" not in with_secret.headers
    assert with_secret.headers["X-Wandb-Signature"] == (
        "52559e38b703c126364613936a92a8b4382b409539f153b22c86e5c2e419327a"
    )


@pytest.mark.parametrize("token", ["t0ken\n", "a\r\nX-Evil: 1", "\x00", "\x7f"])
def test_a_token_that_no_header_can_hold_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        webhook_request(URL, "{}", access_token=token, secret=None)

    assert str(refused.value) == (
        "the access token holds a line break or another control character"
    )


def test_a_token_may_hold_all_else() -> None:
    request = webhook_request(URL, "{}", access_token="tökén\tof mine", secret="any\r\n")

    assert request.headers.raw[3][1] == "Bearer tökén\tof mine".encode()


# Deliveries


def test_a_delivery_shows_both_sides(inbox: WebhookInbox) -> None:
    inbox.route(URL).respond(202, text="queued")
    sent = delivery(body='{"a":[1,null,"ü"]}', secret="s")

    answer = inbox.send(sent, timeout=1)

    assert inbox.last is inbox[0] is sent
    assert sent.json == {"a": [1, None, "ü"]}
    assert (sent.url, sent.text) == (URL, '{"a":[1,null,"ü"]}')
    assert sent.headers["Content-Type"] == "application/json"
    assert sent.response is answer.response is not None
    assert (sent.response.status_code, sent.response.text) == (202, "queued")
    assert sent.verify_signature("s")
    assert not sent.verify_signature("t")


def test_a_delivery_without_a_signature_does_not_verify() -> None:
    assert not delivery().verify_signature("s")


def test_a_delivery_keeps_the_error_that_it_met(inbox: WebhookInbox) -> None:
    error = httpx.ConnectError("refused")
    inbox.route(URL).mock(side_effect=error)

    inbox.send(delivery(), timeout=1)

    assert (inbox.last.response, inbox.last.error) == (None, error)


def test_a_repr_tells_how_it_went_without_secrets(inbox: WebhookInbox) -> None:
    url = "https://me:pw@deploy.test/hook?token=query"
    sent = delivery(
        url=url, body='{"t":"b34rer","s":"s3cret"}', access_token="b34rer", secret="s3cret"
    )
    body = '{"t":"••••","s":"••••"}'

    assert repr(sent) == (
        f"<Delivery by 'rule': signed POST https://deploy.test/hook?… → under way, {body}>"
    )
    inbox.send(sent, timeout=1)
    assert repr(inbox) == (
        "<WebhookInbox [<Delivery by 'rule': signed POST https://deploy.test/hook?… → 200, "
        f"{body}>]>"
    )
    assert "b34rer" not in repr(sent.headers)
    failed = delivery()
    inbox.route(URL).mock(side_effect=httpx.ReadTimeout)
    inbox.send(failed, timeout=1)
    assert repr(failed) == f"<Delivery by 'rule': unsigned POST {URL} → ReadTimeout, {{}}>"


# The inbox


@pytest.fixture
def full(inbox: WebhookInbox) -> WebhookInbox:
    for name, path in (("one", "a"), ("two", "b"), ("one", "b")):
        inbox.send(delivery(name, f"https://deploy.test/{path}"), timeout=1)
    return inbox


def test_it_is_a_sequence_newest_last(full: WebhookInbox) -> None:
    assert [sent.automation for sent in full] == ["one", "two", "one"]
    assert len(full) == 3
    assert full.last is full[-1] is full[2]
    assert full[0] in full
    assert delivery() not in full
    assert isinstance(full[1:], WebhookInbox)
    assert [*full[1:]] == [full[1], full[2]]


def test_it_is_narrowed_by_url_and_automation(full: WebhookInbox) -> None:
    assert [*full.to("https://deploy.test/b")] == [full[1], full[2]]
    assert [*full.of("one")] == [full[0], full[2]]
    assert [*full.of(Rule("renamed since", "id of one"))] == [full[0], full[2]]
    assert [*full.of("one").to("https://deploy.test/b")] == [full[2]]
    assert not full.of("three")


def test_what_is_not_there_is_said_in_words(inbox: WebhookInbox, full: WebhookInbox) -> None:
    assert full is inbox
    with pytest.raises(IndexError, match=r"^no webhook delivery at \[3\]: 3 so far$"):
        full[3]
    for miss in (lambda: full[:0].last, lambda: full.of("x")[0]):
        with pytest.raises(IndexError, match=r"no webhook delivery at \[-?\d\]: none was sent"):
            miss()


def test_clearing_forgets_deliveries_and_keeps_routes(full: WebhookInbox) -> None:
    full.route(URL).respond(503)
    full.clear()

    answer = full.send(delivery(), timeout=1)

    assert answer.response is not None
    assert answer.response.status_code == 503
    assert len(full) == 1


def test_a_narrowed_inbox_knows_the_same_routes(full: WebhookInbox) -> None:
    route = full.of("one").route(URL)

    assert route is full.route(URL)


def test_what_is_narrowed_in_two_ways_compares_by_what_is_in_it(full: WebhookInbox) -> None:
    assert full[1:] == full.to("https://deploy.test/b")
    assert full == [full[0], full[1], full[2]]
    assert full.of("one") != full.of("two")
    assert full.of("three") == []
    assert full != 3
