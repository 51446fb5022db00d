from __future__ import annotations

import contextlib
import gc
import http.client
import logging
import os
import socket
import struct
import threading
from contextlib import closing, contextmanager

import pytest
import uvicorn

from pytest_wandb_automations.http.listener import Listener
from pytest_wandb_automations.http.messages import MAX_BODY, Response, json_response

DEADLINE = 10


def echo(request):
    return json_response([request.method, request.path, len(request.body)])


@contextmanager
def listening(answer=echo):
    with closing(Listener(answer)) as listener:
        yield listener


def address(listener):
    host, _, port = listener.url.removeprefix("http://").partition(":")
    return host, int(port)


def connect(listener):
    return closing(http.client.HTTPConnection(*address(listener), timeout=DEADLINE))


def get(connection, path="/"):
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    return response


def test_it_listens_on_loopback_only():
    with listening() as listener:
        host, port = address(listener)
        assert host == "127.0.0.1"
        assert listener._socket.getsockname() == ("127.0.0.1", port)


def test_a_chunked_body_is_read():
    with listening() as listener, connect(listener) as connection:
        pieces = iter([b"x" * 1000] * 50)
        connection.request("POST", "/", pieces, encode_chunked=True)
        assert connection.getresponse().read() == b'["POST","/",50000]'


def test_a_body_over_the_limit_is_413_also_in_chunks():
    with listening() as listener, connect(listener) as connection:
        connection.request("POST", "/", iter([bytes(1024 * 1024)] * 65), encode_chunked=True)
        assert connection.getresponse().status == 413
    with listening() as listener, connect(listener) as connection:
        connection.request("POST", "/", bytes(MAX_BODY + 1))
        assert connection.getresponse().status == 413


def test_a_kept_connection_answers_without_delay():
    with listening() as listener, connect(listener) as connection:
        get(connection)
        first = connection.sock
        get(connection)
        assert connection.sock is first
        # Without this option every answer but the first waits 40 ms for an acknowledgement.
        (kept,) = listener._server.server_state.connections
        accepted = kept.transport.get_extra_info("socket")
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_closing_does_not_wait_for_idle_connections():
    listener = Listener(echo)
    with connect(listener) as connection, socket.create_connection(address(listener)) as silent:
        get(connection)
        listener.close()
        assert connection.sock.recv(1) == b""
        assert silent.recv(1) == b""


def test_connections_that_are_just_being_made_are_closed():
    for _ in range(50):
        listener = Listener(echo)
        with socket.create_connection(address(listener)) as client:
            listener.close()
            with contextlib.suppress(ConnectionResetError):  # it was not even accepted
                assert client.recv(1) == b""
    gc.collect()  # a transport that was left open would say so here


def test_after_closing_nobody_listens():
    with listening() as listener:
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address(listener))


def test_closing_twice_is_closing_once():
    with listening() as listener:
        listener.close()


def test_a_request_under_way_is_answered_before_it_closes():
    begun, go_on = threading.Event(), threading.Event()

    def slow(_):
        begun.set()
        assert go_on.wait(DEADLINE)
        return Response(200)

    listener = Listener(slow)
    with connect(listener) as connection:
        connection.request("GET", "/")
        assert begun.wait(DEADLINE)
        closing_ = threading.Thread(target=listener.close)
        closing_.start()
        go_on.set()
        assert connection.getresponse().status == 200
        closing_.join(DEADLINE)


def test_closing_gives_up_on_a_request_that_hangs(monkeypatch, caplog):
    monkeypatch.setattr("pytest_wandb_automations.http.listener._GRACE", 0.05)
    begun, go_on = threading.Event(), threading.Event()

    def hang(_):
        begun.set()
        assert go_on.wait(DEADLINE)
        return Response(200)

    listener = Listener(hang)
    with connect(listener) as connection, connect(listener) as half:
        connection.request("GET", "/")
        half.putrequest("POST", "/")
        half.putheader("Content-Length", "10")
        half.endheaders(b"half")
        assert begun.wait(DEADLINE)
        listener.close()
        go_on.set()
        with pytest.raises(ConnectionError):
            connection.getresponse()
    assert not caplog.records


def test_a_client_that_goes_away_leaves_no_trace(caplog):
    with listening() as listener:
        with socket.create_connection(address(listener)) as client:
            client.sendall(b"POST / HTTP/1.1\r\nHost: w\r\nContent-Length: 10\r\n\r\nhalf")
        with connect(listener) as connection:
            assert get(connection).status == 200
    assert not caplog.records


def test_it_leaves_the_loggers_of_other_uvicorns_alone(caplog):
    loggers = [logging.getLogger(name) for name in ("uvicorn.error", "uvicorn.access")]

    def state():
        return [(logger.level, logger.propagate, logger.handlers) for logger in loggers]

    before = state()
    with (
        caplog.at_level(logging.INFO),
        listening() as listener,
        connect(listener) as connection,
    ):
        get(connection)
        assert state()[0][1:] == before[0][1:]
        assert state()[1] == before[1]
    assert not [record for record in caplog.records if record.name.startswith("uvicorn")]


def test_what_keeps_it_from_starting_is_raised(monkeypatch):
    async def broken(self, sockets=None):
        raise OSError("too many open files")

    monkeypatch.setattr(uvicorn.Server, "startup", broken)
    with pytest.raises(OSError, match="too many open files"):
        Listener(echo)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform does not fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_reaches_it():
    with listening() as listener:
        child = os.fork()
        if not child:
            with connect(listener) as connection:
                os._exit(0 if get(connection).status == 200 else 1)
        assert os.waitpid(child, 0)[1] == 0


def test_many_threads_ask_at_the_same_time():
    with listening() as listener:
        statuses = []

        def ask():
            with connect(listener) as connection:
                statuses.extend(get(connection).status for _ in range(20))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)
    assert statuses == [200] * 160


def test_a_request_tells_also_later_whether_its_client_is_still_connected():
    requests = []

    def keep(request):
        requests.append(request)
        return Response(200)

    with listening(keep) as listener:
        with connect(listener) as connection:
            get(connection)
            assert requests[0].is_connected()
        with connect(listener) as other:
            get(other)
            assert not requests[0].is_connected()
            assert requests[1].is_connected()
            # A client that vanishes without a goodbye resets the connection.
            other.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert not requests[1].is_connected()
        with connect(listener) as last:
            get(last)
            listener.close()
            assert not requests[2].is_connected()
