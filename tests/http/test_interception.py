"""The kit beside the user's own respx, and beside everything that is not W&B."""

from __future__ import annotations

import asyncio
import http.server
import importlib
import sys
import threading

import httpcore
import httpcore2
import httpx
import httpx2
import pytest
import respx
from respx.mocks import HTTPCoreMocker, Mocker

from pytest_wandb_automations.http.interception import Interception, _mockers
from pytest_wandb_automations.http.messages import json_response

BACKEND = "http://127.0.0.1:1"


def answer(request):
    return json_response({"wandb": request.path})


def is_wandb(response):
    return response.json() == {"wandb": "/graphql"}


def patched_methods():
    found = {}
    for package in (httpcore, httpcore2):
        for name in ("ConnectionPool", "HTTPConnection", "HTTPProxy"):
            for cls in (getattr(package, name), getattr(package, f"Async{name}")):
                for method in ("handle_request", "handle_async_request"):
                    found[cls, method] = vars(cls).get(method)
    return found


@pytest.fixture(autouse=True)
def _nothing_stays_patched():
    before = patched_methods()
    yield
    assert patched_methods() == before


@pytest.fixture
def interception():
    interception = Interception(BACKEND, answer)
    interception.open()
    yield interception
    interception.close()


@pytest.fixture(scope="module")
def local_server():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"local")

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("package", [httpx, httpx2])
@pytest.mark.parametrize(
    "url",
    [
        "https://api.wandb.ai/graphql",
        "https://api.forge.coreweave.com/graphql",
        f"{BACKEND}/graphql",
    ],
)
def test_requests_to_wandb_are_answered(interception, package, url):
    assert is_wandb(package.post(url))


@pytest.mark.parametrize("package", [httpx, httpx2])
def test_requests_of_asynchronous_clients_are_answered(interception, package):
    async def ask():
        async with package.AsyncClient() as client:
            return await client.post("https://api.wandb.ai/graphql")

    assert is_wandb(asyncio.run(ask()))


@pytest.mark.parametrize("package", [httpx, httpx2])
def test_other_requests_get_through(interception, local_server, package):
    async def ask():
        async with package.AsyncClient() as client:
            return await client.get(local_server)

    assert package.get(local_server).text == "local"
    assert asyncio.run(ask()).text == "local"


def test_a_client_made_before_is_intercepted_and_afterwards_is_not(local_server):
    with httpx.Client() as client:
        interception = Interception(local_server, answer)
        interception.open()
        assert is_wandb(client.get(f"{local_server}graphql"))
        interception.close()
        assert client.get(local_server).text == "local"


def use(router, local_server):
    router.get("https://example.com/").respond(text="mine")
    router.get(local_server).pass_through()
    assert is_wandb(httpx.post("https://api.wandb.ai/graphql"))
    assert is_wandb(httpx2.post("https://api.wandb.ai/graphql"))
    assert httpx.get("https://example.com/").text == "mine"
    assert httpx.get(local_server).text == "local"
    assert httpx2.get(local_server).text == "local"


@pytest.mark.parametrize("all_mocked", [True, False])
def test_the_users_router_may_come_after_the_kit(interception, local_server, all_mocked):
    with respx.mock(assert_all_mocked=all_mocked) as router:
        use(router, local_server)


@pytest.mark.parametrize("all_mocked", [True, False])
def test_the_users_router_may_come_before_the_kit(local_server, all_mocked):
    with respx.mock(assert_all_mocked=all_mocked) as router:
        interception = Interception(BACKEND, answer)
        interception.open()
        use(router, local_server)
        interception.close()
        assert not router.calls.called or is_mine_only(router)


def is_mine_only(router):
    return all(call.request.url.host != "api.wandb.ai" for call in router.calls)


def test_they_may_end_in_the_order_in_which_they_began(local_server):
    interception = Interception(BACKEND, answer)
    interception.open()
    router = respx.mock(assert_all_called=False)
    router.start()
    interception.close()
    router.get("https://example.com/").respond(text="mine")
    assert httpx.get("https://example.com/").text == "mine"
    router.stop()
    assert httpx.get(local_server).text == "local"


def test_what_the_users_router_does_not_expect_is_still_refused(interception):
    with respx.mock, pytest.raises(respx.models.AllMockedAssertionError, match="not mocked"):
        httpx.get("https://example.com/")


def test_the_respx_fixture_works_beside_it(interception, respx_mock, local_server):
    use(respx_mock, local_server)


async def _ask_both_ways():
    async with httpx.AsyncClient() as client:
        wandb = await client.post("https://api.wandb.ai/graphql")
        mine = await client.get("https://example.com/")
        return is_wandb(wandb), mine.text


@pytest.mark.parametrize("all_mocked", [True, False])
def test_asynchronous_requests_find_their_router(interception, all_mocked):
    with respx.mock(assert_all_mocked=all_mocked) as router:
        router.get("https://example.com/").respond(text="mine")
        assert asyncio.run(_ask_both_ways()) == (True, "mine")


def test_a_body_that_is_a_stream_is_read():
    bodies = []

    def keep(request):
        bodies.append(request.body)
        return answer(request)

    interception = Interception(BACKEND, keep)
    interception.open()
    httpx.post("https://api.wandb.ai/graphql", content=iter([b"a", b"b"]))
    interception.close()
    assert bodies == [b"ab"]


def test_packages_that_are_imported_anew_are_intercepted_too(monkeypatch):
    for name in list(sys.modules):
        if name.partition(".")[0] in {"httpx2", "httpcore2"}:
            monkeypatch.delitem(sys.modules, name)
    anew = importlib.import_module("httpx2")
    assert anew is not httpx2
    interception = Interception(BACKEND, answer)
    interception.open()
    assert is_wandb(anew.post("https://api.wandb.ai/graphql"))
    interception.close()


def test_a_respx_that_covers_httpx2_by_itself_is_used(monkeypatch):
    class Theirs(HTTPCoreMocker):
        name = "theirs"

    monkeypatch.setattr(Mocker, "registry", {"httpcore2": Theirs})
    assert _mockers() == [HTTPCoreMocker, Theirs]


def test_without_httpx2_only_httpx_is_intercepted(monkeypatch):
    monkeypatch.setattr(Mocker, "registry", {})
    monkeypatch.setattr("pytest_wandb_automations.http.interception.find_spec", lambda name: None)
    assert _mockers() == [HTTPCoreMocker]
