"""The inbox of webhook deliveries: every request that automations sent, and what answered it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx

from pytest_wandb_automations.delivery import signatures
from pytest_wandb_automations.delivery.inbox import Inbox
from pytest_wandb_automations.delivery.masking import masked, shown_url

if TYPE_CHECKING:
    from collections.abc import Iterable

    import respx

    from pytest_wandb_automations.delivery.postbox import Answer

__all__ = ["Delivery", "WebhookInbox", "webhook_request"]

USER_AGENT = "pytest-wandb-automations"


def webhook_request(
    url: str, body: str, *, access_token: str | None, secret: str | None
) -> httpx.Request:
    """Build the request of a webhook.

    POST, JSON; `Authorization` only with an access token, `X-Wandb-Signature` only with a secret.
    """
    content = body.encode()
    # As bytes: httpx refuses text in headers that is not ASCII, and a token can be anything.
    headers = {b"Content-Type": b"application/json", b"User-Agent": USER_AGENT.encode()}
    if access_token is not None:
        headers[b"Authorization"] = f"Bearer {access_token}".encode()
    if secret is not None:
        signature = signatures.sign(content, secret)
        headers[signatures.SIGNATURE_HEADER.encode()] = signature.encode()
    return httpx.Request("POST", url, headers=headers, content=content)


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
        return f"<Delivery by {self.automation!r}: POST {url} → {result}, {text}>"

    @property
    def url(self) -> str:
        """Where it was sent."""
        return str(self.request.url)

    @property
    def headers(self) -> httpx.Headers:
        """Headers of the request; their `repr` hides `Authorization`."""
        return self.request.headers

    @property
    def text(self) -> str:
        """The body as text."""
        return self.request.content.decode()

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.request.content)

    def verify_signature(self, secret: str) -> bool:
        """Tell whether the signature header is that of these very bytes under a secret."""
        header = self.request.headers.get(signatures.SIGNATURE_HEADER)
        return signatures.verify(self.request.content, secret, header)


class WebhookInbox(Inbox[Delivery]):
    """Webhook deliveries, newest last. What no route answers is answered with 200 and recorded."""

    _one = "webhook delivery"

    def to(self, url: str) -> WebhookInbox:
        """Return the deliveries to one URL."""
        wanted = httpx.URL(url)
        return self._only([delivery for delivery in self if delivery.request.url == wanted])

    def route(self, url: str) -> respx.Route:
        """Return the respx route of a URL: `.respond(503)`, `.mock(side_effect=…)`, `.calls`."""
        return self._postbox.router.post(url)

    def send(self, delivery: Delivery, *, timeout: float) -> Answer:
        """Send a delivery's request and record both sides."""
        self._sent.append(delivery)
        answer = self._postbox.send(delivery.request, timeout=timeout)
        delivery.response, delivery.error = answer.response, answer.error
        return answer
