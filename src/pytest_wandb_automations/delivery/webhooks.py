"""The inbox of webhook deliveries: every request that automations sent, and what answered it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Protocol

import httpx

from pytest_wandb_automations.delivery import signatures
from pytest_wandb_automations.delivery.apps import AppReceiver
from pytest_wandb_automations.delivery.inbox import Inbox
from pytest_wandb_automations.delivery.masking import masked, shown_url
from pytest_wandb_automations.delivery.shown import DeliveryHeaders, masked_text, payload_of
from pytest_wandb_automations.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import respx

    from pytest_wandb_automations.delivery.postbox import Answer

__all__ = ["TEST", "Delivery", "WebhookInbox", "webhook_request"]

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""What HTTP does not allow in a header; Go's client, which W&B is taken to use, refuses it too."""

USER_AGENT = "pytest-wandb-automations"

TEST = "(test)"
"""What stands for the automation's name in deliveries that were sent to test a webhook."""


def webhook_request(
    url: str, body: str, *, access_token: str | None, secret: str | None
) -> httpx.Request:
    """Build the request of a webhook.

    POST, JSON; `Authorization` only with an access token, `X-Wandb-Signature` only with a secret.
    `InvalidInput` for a token that no header can hold, such as one with a line break at its end.
    """
    __tracebackhide__ = True  # token and secret are none of a report's business
    content = body.encode()
    # As bytes: httpx refuses text in headers that is not ASCII, and a token can be anything.
    headers = {b"Content-Type": b"application/json", b"User-Agent": USER_AGENT.encode()}
    if access_token is not None:
        if _CONTROL.search(access_token):
            raise InvalidInput("the access token holds a line break or another control character")
        headers[b"Authorization"] = f"Bearer {access_token}".encode()
    if secret is not None:
        signature = signatures.sign(content, secret)
        headers[signatures.SIGNATURE_HEADER.encode()] = signature.encode()
    request = httpx.Request("POST", url, headers=headers, content=content)
    request.headers = DeliveryHeaders(request.headers)
    return request


class Delivery:
    """One webhook request, and the response or error that it met."""

    def __init__(
        self,
        request: httpx.Request,
        *,
        automation: str,
        automation_id: str,
        secrets: Iterable[str] = (),
    ) -> None:
        self.request = request
        self.automation = automation
        """Name of the automation that sent it, at the time."""
        self.automation_id = automation_id
        self.response: httpx.Response | None = None
        self.error: Exception | None = None
        self._secrets = tuple(secrets)

    def __repr__(self) -> str:
        if self.response is not None:
            result = str(self.response.status_code)
        else:
            result = type(self.error).__name__ if self.error else "under way"
        url, text = shown_url(self.request.url), masked(self.text, self._secrets)
        # Of one that does not verify this tells whether it has a signature at all.
        signed = "signed" if signatures.SIGNATURE_HEADER in self.headers else "unsigned"
        return f"<Delivery by {self.automation!r}: {signed} POST {url} → {result}, {text}>"

    @property
    def url(self) -> str:
        """Where it was sent."""
        return str(self.request.url)

    @property
    def headers(self) -> httpx.Headers:
        """Headers of the request; a token is there, but no `repr` shows it."""
        return self.request.headers

    @property
    def text(self) -> str:
        """The body as text; its `repr` shows no secrets."""
        return masked_text(self.request.content.decode(), self._secrets, "text")

    @property
    def json(self) -> Any:
        """The body as JSON; its `repr` shows no secrets."""
        return payload_of(json.loads(self.request.content), self._secrets)

    def verify_signature(self, secret: str) -> bool:
        """Tell whether the signature header is that of these very bytes under a secret.

        A webhook without a secret signs nothing; the `repr` says `unsigned` then.
        """
        header = self.request.headers.get(signatures.SIGNATURE_HEADER)
        return signatures.verify(self.request.content, secret, header)


class _Webhook(Protocol):
    """What a test needs to know of a webhook; `world.integrations` has it."""

    def try_out(self, payload: str) -> Answer: ...


class WebhookInbox(Inbox[Delivery]):
    """Webhook deliveries, newest last. What no route answers is answered with 200 and recorded."""

    _one = "webhook delivery"

    def to(self, url: str) -> WebhookInbox:
        """Return the deliveries to one URL."""
        wanted = httpx.URL(url)
        return self._only([delivery for delivery in self if delivery.request.url == wanted])

    def route(self, url: str) -> respx.Route:
        """Return the respx route of a URL: `.respond(503)`, `.mock(side_effect=…)`, `.calls`.

        One that is there is returned as it is. A failure that it says itself counts as ordered by
        the test, see `Outcome.ordered_by`.
        """
        return self._postbox.route(url)

    def test(self, hook: _Webhook, payload: Mapping[str, Any] | None = None) -> httpx.Response:
        """Send a payload to a webhook right away, and return what its receiver answers.

        That is what "Test" does in a team's settings in W&B: with the webhook's token and
        signature, without an event, so `${variables}` stay as they are. It is recorded in the
        inbox, under the name `(test)`, and nowhere else. `hook` is what
        `backend.webhook_integration` returns, `payload` a JSON object. Raises the error, mostly one
        of httpx, when nothing answers, and `NotFound` when a secret is missing or the webhook was
        deleted.
        """
        answer = hook.try_out(json.dumps({} if payload is None else payload))
        if answer.response is None:
            assert answer.error is not None
            raise answer.error
        return answer.response

    def forward(self, url: str, *, app: Any) -> respx.Route:
        """Give the deliveries to a URL to an ASGI or WSGI app, in process; return the route.

        The app gets the request that W&B would send, needs no server, and may call the API back.
        One that raises has answered 500, and its exception is the delivery's `error`, if the
        framework lets it out: Flask does with `app.testing = True`. One that breaks its answer off
        has given none; one that takes longer than `Semantics.webhook_timeout` has timed out.

        An ASGI app runs in a thread and an event loop of its own each time; what it goes on with
        after its answer is waited for, some seconds at most. Its lifespan is not run: an app that
        makes its state there gets it from a `with TestClient(app):` around the test, if that state
        is not bound to an event loop. A WSGI app runs in the thread that the delivery runs in, and
        cannot be interrupted there.

            backend.webhooks.forward("https://deploy.test/hook", app=app)
        """
        return self.route(url).mock(side_effect=AppReceiver(app))

    def send(self, delivery: Delivery, *, timeout: float, instead: Answer | None = None) -> Answer:
        """Send a delivery's request and record both sides; with `instead` that is the answer."""
        self._sent.append(delivery)
        answer = instead or self._postbox.send(delivery.request, timeout=timeout)
        delivery.response, delivery.error = answer.response, answer.error
        return answer
