"""The kit beside the mocks and servers that a test has for everything else, in either order."""

from __future__ import annotations

import httpx2
import pytest

# A run in process forgets what it imported first. Half of httpx2 would stay, and not know the half
# that the next test imports.
assert httpx2

OPTIONS = [f"-pno:{name}" for name in ("cacheprovider", "randomly", "asyncio")] + ["-W", "error"]

CONFTEST = '''
import asyncio

import httpx
import httpx2
import pytest

from pytest_wandb_automations.automations import OnAddArtifactAlias, SendWebhook

HOOK = "https://deploy.test/hook"
VIEWER = {"query": "{ viewer { username } }"}


async def ask_later(url, auth):
    async with httpx.AsyncClient() as client:
        return await client.post(url, json=VIEWER, auth=auth)


@pytest.fixture
def check(wandb_backend):
    """Return a function that checks that the kit does all it does, whoever else is there."""

    def check(hook=HOOK):
        auth = ("api", wandb_backend.api_key)
        for url in (wandb_backend.url + "/graphql", "https://api.wandb.ai/graphql"):
            for answer in (
                httpx.post(url, json=VIEWER, auth=auth),
                httpx2.post(url, json=VIEWER, auth=auth),
                asyncio.run(ask_later(url, auth)),
            ):
                assert answer.json()["data"]["viewer"]["username"] == "tester"

        weights = wandb_backend.collection("acme/llm/weights", type="model")
        webhook = wandb_backend.webhook_integration("acme", name="hook", url_endpoint=hook)
        event = OnAddArtifactAlias(scope=weights)
        wandb_backend.create_automation(event >> SendWebhook.from_integration(webhook), name="a")
        if hook != HOOK:
            wandb_backend.webhooks.route(hook).pass_through()
        weights.log_version()
        assert wandb_backend.webhooks.last.response.status_code == 200
        assert wandb_backend.executions.last.state == "FINISHED"

    return check
'''


@pytest.fixture
def suite(pytester, monkeypatch):
    """Run a test that asks for the backend and a neighbour, in the order that is given."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makeconftest(CONFTEST)

    def run(source, *fixtures):
        pytester.makepyfile(source.replace("FIXTURES", ", ".join(fixtures)))
        pytester.runpytest_inprocess(*OPTIONS).assert_outcomes(passed=1)

    return run


def both_orders(neighbour):
    backend_first = ("wandb_backend", "check", neighbour)
    neighbour_first = (neighbour, "wandb_backend", "check")
    return pytest.mark.parametrize(
        "fixtures", [backend_first, neighbour_first], ids=["kit first", "neighbour first"]
    )


@both_orders("respx_mock")
def test_respx_mock(suite, fixtures):
    suite(
        """
        import httpx
        import pytest
        import respx

        def test_it(FIXTURES):
            mine = respx_mock.get("https://mine.test/").respond(text="mine")
            assert httpx.get("https://mine.test/").text == "mine"
            check()
            with pytest.raises(respx.models.AllMockedAssertionError):
                httpx.get("https://other.test/")
            assert mine.call_count == 1
            assert [call.request.url.host for call in respx_mock.calls] == ["mine.test"]
        """,
        *fixtures,
    )


@both_orders("httpx_mock")
def test_httpx_mock(suite, fixtures):
    suite(
        """
        import httpx
        import pytest

        @pytest.mark.httpx_mock(assert_all_requests_were_expected=False)
        def test_it(FIXTURES):
            httpx_mock.add_response(url="https://mine.test/", text="mine")
            assert httpx.get("https://mine.test/").text == "mine"
            check()
            with pytest.raises(httpx.TimeoutException):
                httpx.get("https://other.test/")
            assert [r.url.host for r in httpx_mock.get_requests()] == ["mine.test", "other.test"]
        """,
        *fixtures,
    )


@both_orders("httpx_mock")
def test_httpx_mock_of_asynchronous_clients(suite, fixtures):
    suite(
        """
        import asyncio
        import httpx

        async def get():
            async with httpx.AsyncClient() as client:
                return await client.get("https://mine.test/")

        def test_it(FIXTURES):
            httpx_mock.add_response(url="https://mine.test/", text="mine")
            assert asyncio.run(get()).text == "mine"
            check()
        """,
        *fixtures,
    )


@both_orders("rsps")
def test_responses(suite, fixtures):
    suite(
        """
        import pytest
        import requests
        import responses

        @pytest.fixture
        def rsps():
            with responses.RequestsMock() as rsps:
                yield rsps

        def test_it(FIXTURES):
            rsps.get("https://mine.test/", body="mine")
            assert requests.get("https://mine.test/").text == "mine"
            check()
            with pytest.raises(requests.ConnectionError, match="Connection refused by Responses"):
                requests.get("https://other.test/")
            rsps.add_passthru(wandb_backend.url)
            assert requests.get(wandb_backend.url).status_code == 401
        """,
        *fixtures,
    )


@both_orders("httpserver")
def test_pytest_httpserver(suite, fixtures):
    suite(
        """
        import httpx
        import httpx2

        def test_it(FIXTURES):
            httpserver.expect_request("/mine").respond_with_data("mine")
            hook = httpserver.expect_request("/hook", method="POST", data="{}")
            hook.respond_with_data("")
            assert httpx.get(httpserver.url_for("/mine")).text == "mine"
            assert httpx2.get(httpserver.url_for("/mine")).text == "mine"
            check(httpserver.url_for("/hook"))
            httpserver.check()
            assert [request.path for request, _ in httpserver.log] == ["/mine", "/mine", "/hook"]
        """,
        *fixtures,
    )


@pytest.mark.parametrize("mock", ["respx_mock", "httpx_mock"])
def test_deliveries_reach_a_real_receiver_whatever_the_test_mocks(suite, mock):
    suite(
        """
        def test_it(FIXTURES):
            httpserver.expect_oneshot_request("/hook", method="POST").respond_with_data("")
            check(httpserver.url_for("/hook"))
            httpserver.check()
        """,
        mock,
        "httpserver",
        "wandb_backend",
        "check",
    )


def test_a_delivery_to_anywhere_is_answered_by_the_inbox_without_a_socket(suite):
    suite(
        """
        import socket

        import pytest

        @pytest.mark.wandb_automations(strict=["unknown_variables"])
        def test_it(FIXTURES, monkeypatch):
            def refuse(*args, **kwargs):
                raise AssertionError(f"a connection to {args}")

            wandb_backend.collection("acme/llm/weights", type="model")
            monkeypatch.setattr(socket.socket, "connect", refuse)
            monkeypatch.setattr(socket, "getaddrinfo", refuse)
            webhook = wandb_backend.webhook_integration(
                "acme", name="hook", url_endpoint="https://example.com/hook"
            )
            from pytest_wandb_automations.automations import OnAddArtifactAlias, SendWebhook
            weights = wandb_backend.collection("acme/llm/weights")
            event = OnAddArtifactAlias(scope=weights)
            rule = event >> SendWebhook.from_integration(webhook)
            wandb_backend.create_automation(rule, name="a")
            weights.log_version()
            assert wandb_backend.webhooks.last.response.status_code == 200
            wandb_backend.webhooks.route("https://example.com/hook").pass_through()
            weights.log_version()
            assert "is not on loopback" in wandb_backend.executions.last.error
        """,
        "wandb_backend",
    )


@both_orders("neighbours")
def test_all_of_them_at_once(suite, fixtures):
    suite(
        """
        import httpx
        import pytest
        import requests
        import responses

        @pytest.fixture
        def neighbours(respx_mock, httpx_mock, httpserver):
            httpx_mock.add_response(url="https://mine.test/", text="httpx")
            httpserver.expect_request("/mine").respond_with_data("server")
            with responses.RequestsMock() as rsps:
                rsps.get("https://mine.test/", body="requests")
                rsps.add_passthru(httpserver.url_for(""))
                yield httpserver

        def test_it(FIXTURES):
            check()
            assert httpx.get("https://mine.test/").text == "httpx"
            assert requests.get("https://mine.test/").text == "requests"
            assert requests.get(neighbours.url_for("/mine")).text == "server"
        """,
        *fixtures,
    )
