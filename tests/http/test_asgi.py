from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from pytest_wandb_automations.http.asgi import asgi_app
from pytest_wandb_automations.http.messages import MAX_BODY, Response, json_response


def echo(request):
    return json_response([request.method, request.path, request.query, request.body.decode()])


async def call(method, url, *, headers=None, content=None, answer=echo):
    transport = httpx.ASGITransport(asgi_app(answer))
    async with httpx.AsyncClient(transport=transport) as client:
        return await client.request(method, url, headers=headers, content=content)


def test_method_path_query_and_body_arrive_as_they_were_sent():
    response = asyncio.run(call("PUT", "http://w/a%0Ab%3F?q=%20", content=b"body"))
    assert response.json() == ["PUT", "/a\nb?", "q=%20", "body"]


def test_a_strange_host_header_changes_nothing():
    for host in ("[", "elsewhere/path?query", ""):
        response = asyncio.run(call("GET", "http://w/graphql", headers={"host": host}))
        assert response.json()[1] == "/graphql"


def test_a_body_in_pieces_is_put_together():
    async def pieces():
        for piece in (b"one ", b"two ", b"three"):
            yield piece

    assert asyncio.run(call("POST", "http://w/", content=pieces())).json()[3] == "one two three"


def test_a_body_over_the_limit_is_refused_before_it_is_read_whole():
    taken = 0

    async def endless():
        nonlocal taken
        while True:
            taken += 1
            yield bytes(1024 * 1024)

    response = asyncio.run(call("POST", "http://w/", content=endless()))
    assert response.status_code == 413
    assert response.json()["errors"][0]["message"] == f"the body has more than {MAX_BODY} bytes"
    assert taken == 65


def test_nobody_is_answered_who_has_gone():
    async def disconnected():
        return {"type": "http.disconnect"}

    def fail(_):
        raise AssertionError

    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}
    asyncio.run(asgi_app(fail)(scope, disconnected, fail))


def test_other_protocols_than_http_are_refused():
    with pytest.raises(ValueError, match="this app speaks http, not websocket"):
        asyncio.run(asgi_app(echo)({"type": "websocket"}, None, None))


def test_requests_are_answered_at_the_same_time():
    async def both():
        # The first is answered only when the second has come.
        second = asyncio.Event()
        loop = asyncio.get_running_loop()

        def answer(request):
            if request.path == "/first":
                asyncio.run_coroutine_threadsafe(second.wait(), loop).result(10)
            else:
                loop.call_soon_threadsafe(second.set)
            return Response(200)

        urls = ["http://w/first", "http://w/second"]
        return await asyncio.gather(*(call("GET", url, answer=answer) for url in urls))

    assert [response.status_code for response in asyncio.run(both())] == [200, 200]


def test_the_status_and_headers_of_the_answer_are_kept():
    def answer(_):
        return Response(418, b"{}", {"content-type": "application/json", "x-tea": "green"})

    response = asyncio.run(call("GET", "http://w/", answer=answer))
    assert (response.status_code, response.headers["x-tea"]) == (418, "green")
    assert json.loads(response.content) == {}
