"""The kit stands in httpx's transports only where pytest-httpx does; with it: tests/plugin."""

from __future__ import annotations

import sys

import httpx
import pytest

from pytest_wandb_automations.http.messages import Response
from pytest_wandb_automations.http.transports import Transports

METHODS = (
    (httpx.HTTPTransport, "handle_request"),
    (httpx.AsyncHTTPTransport, "handle_async_request"),
)


def methods() -> list[object]:
    return [vars(cls)[name] for cls, name in METHODS]


@pytest.mark.parametrize("loaded", [True, False])
def test_httpx_is_patched_only_beside_pytest_httpx_and_as_before_afterwards(
    monkeypatch: pytest.MonkeyPatch, loaded: bool
) -> None:
    monkeypatch.setitem(sys.modules, "pytest_httpx", sys)
    if not loaded:
        monkeypatch.delitem(sys.modules, "pytest_httpx")
    transports = Transports(lambda url: True, lambda request: Response(200))
    before = methods()

    transports.open()
    assert (methods() != before) is loaded
    transports.close()

    assert methods() == before
