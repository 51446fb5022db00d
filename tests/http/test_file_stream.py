"""The file stream over HTTP: whose it is, what it takes, and that it takes all or nothing."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_wandb_automations import Backend
from pytest_wandb_automations.http.api import answer
from pytest_wandb_automations.http.messages import Request, Response

if TYPE_CHECKING:
    from pytest_wandb_automations.world.runs import Run

PATH = "/files/acme/llm/r1/file_stream"
HISTORY = "wandb-history.jsonl"
ROW = '{"_step": 0, "loss": 3}'
GOOD = {
    "files": {
        HISTORY: {"offset": 0, "content": [ROW]},
        "wandb-summary.json": {"offset": 0, "content": ['{"loss": 3}']},
    }
}


@pytest.fixture
def backend() -> Backend:
    return Backend()


@pytest.fixture
def run(backend: Backend) -> Run:
    return backend.run("acme/llm", run_id="r1")


def send(
    backend: Backend,
    body: Any,
    *,
    path: str = PATH,
    method: str = "POST",
    key: str | None = None,
    **headers: str,
) -> Response:
    headers = {"authorization": f"Bearer {key or backend.api_key}", **headers}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return answer(backend.world, Request(method, path, headers, content))


def message(response: Response) -> str:
    return json.loads(response.body)["errors"][0]["message"]


def test_what_is_sent_arrives_and_is_answered_as_the_sdk_expects(
    backend: Backend, run: Run
) -> None:
    response = send(backend, GOOD)

    assert response.status == 200
    assert json.loads(response.body) == {"exitcode": None, "limits": {}, "stopped": False}
    assert (run.values("loss"), run.summary) == ([3], {"loss": 3})


def test_a_run_that_is_to_stop_hears_it_with_every_answer(backend: Backend, run: Run) -> None:
    run.stop()

    assert json.loads(send(backend, {}).body)["stopped"] is True


def test_a_packed_body_is_the_same(backend: Backend, run: Run) -> None:
    packed = gzip.compress(json.dumps(GOOD).encode())

    assert send(backend, packed, **{"content-encoding": "gzip"}).status == 200
    assert run.values("loss") == [3]


def test_the_end_comes_with_an_exit_code(backend: Backend, run: Run) -> None:
    send(backend, {**GOOD, "complete": True, "exitcode": 3})

    assert (run.state, run.exit_code) == ("failed", 3)


def test_a_file_may_be_sent_as_one_text_and_unknown_ones_are_passed_over(
    backend: Backend, run: Run
) -> None:
    files = {HISTORY: {"content": ROW}, "other.txt": {"offset": 7, "content": ["a"]}}

    assert send(backend, {"files": files, "uploaded": ["a.txt"], "dropped": 0}).status == 200
    assert run.values("loss") == [3]


# Whose it is


def test_it_needs_the_key_of_somebody(backend: Backend, run: Run) -> None:
    assert send(backend, GOOD, authorization="").status == 401
    assert send(backend, GOOD, key="nobody").status == 401
    assert run.history == []


@pytest.mark.parametrize(("role", "status"), [(None, 404), ("viewer", 403), ("member", 200)])
def test_only_members_who_may_write_send(
    backend: Backend, run: Run, role: str | None, status: int
) -> None:
    eve = backend.user("eve", api_key="e" * 40)
    if role is not None:
        backend.team("acme").add_member(eve, role=role)

    assert send(backend, GOOD, key=eve.api_key).status == status
    assert len(run.history) == (status == 200)


def test_a_stranger_does_not_learn_of_the_projects_runs(backend: Backend, run: Run) -> None:
    eve = backend.user("eve", api_key="e" * 40)

    told = message(send(backend, GOOD, key=eve.api_key))

    assert told == "no run 'acme/llm/r1'"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/files/acme/llm/r2/file_stream", "no run 'acme/llm/r2'; acme/llm has: r1"),
        ("/files/acme/other/r1/file_stream", "no project 'acme/other'; there are: acme/llm"),
        ("/files/acme/llm/file_stream", "expected /files/<entity>/<project>/<run>/file_stream"),
        ("/files/acme/llm/../r1/file_stream", "expected /files/<entity>/<project>/<run>/file_str"),
        ("/other/acme/llm/r1/file_stream", "expected /files/<entity>/<project>/<run>/file_stream"),
    ],
)
def test_a_run_that_is_not_there_is_404(backend: Backend, run: Run, path: str, told: str) -> None:
    response = send(backend, GOOD, path=path)

    assert response.status == 404
    assert told in message(response)


def test_it_takes_post_alone(backend: Backend, run: Run) -> None:
    response = send(backend, GOOD, method="GET")

    assert response.status == 400
    assert message(response) == f"GET {PATH}: the file stream takes POST"


# All or nothing


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{", "the body is no JSON"),
        (b"[]", "the body: expected a JSON object, got []"),
        (b'{"exitcode": NaN}', "NaN is no number in JSON"),
        ({"files": []}, "files: expected dict, got []"),
        ({"complete": 1}, "complete: expected bool, got 1"),
        ({"preempting": "yes"}, "preempting: expected bool, got 'yes'"),
        ({"complete": True, "exitcode": True}, "exitcode: expected int, got True"),
        ({"complete": True, "exitcode": "0"}, "exitcode: expected int, got '0'"),
        ({"files": {HISTORY: [ROW]}}, f"files.{HISTORY}: expected an object, got ["),
        ({"files": {HISTORY: {"offset": "0"}}}, f"files.{HISTORY}.offset: expected int, got '0'"),
        ({"files": {HISTORY: {"offset": -1}}}, f"files.{HISTORY}: expected an offset of 0 or more"),
        ({"files": {HISTORY: {"content": 1}}}, f"files.{HISTORY}.content: expected list, got 1"),
        ({"files": {HISTORY: {"content": [1]}}}, f"files.{HISTORY}: expected an offset of 0 or mo"),
        ({"files": {HISTORY: {"content": ["{"]}}}, f"{HISTORY}: a line is no JSON"),
        ({"files": {HISTORY: {"offset": 2, "content": []}}}, "a chunk begins at line 2, and the"),
    ],
    ids=lambda value: None if isinstance(value, str) else str(value),
)
def test_a_body_that_makes_no_sense_changes_nothing(
    backend: Backend, run: Run, body: Any, told: str
) -> None:
    run.set_state("crashed")
    if isinstance(body, dict):
        files = body.get("files")
        # What is right beside it does not count either.
        good = {"wandb-summary.json": {"offset": 0, "content": ['{"loss": 3}']}}
        body = {**body, "files": {**good, **files} if isinstance(files, dict) else files}

    response = send(backend, body)

    assert response.status == 400
    assert told in message(response)
    assert (run.history, run.summary, run.state, run.exit_code) == ([], {}, "crashed", None)


_leaves = st.none() | st.booleans() | st.integers(-2, 9) | st.text(max_size=3) | st.just(ROW)
_chunks = st.fixed_dictionaries(
    {}, optional={"offset": _leaves, "content": _leaves | st.lists(_leaves, max_size=2)}
)
_bodies = st.fixed_dictionaries(
    {},
    optional={
        "files": st.dictionaries(
            st.sampled_from([HISTORY, "wandb-events.jsonl", "wandb-summary.json", "output.log"]),
            _chunks | _leaves,
            max_size=3,
        )
        | _leaves,
        "preempting": _leaves,
        "complete": _leaves,
        "exitcode": _leaves,
    },
)


@given(_bodies)
def test_whatever_is_sent_is_taken_in_or_refused_as_a_whole(body: Any) -> None:
    backend = Backend()
    run = backend.run("acme/llm", run_id="r1")
    before = repr((vars(run).keys(), run.state, run.heartbeat_at))

    response = send(backend, body)

    assert response.status in {200, 400}
    if response.status == 400:
        assert message(response)
        assert repr((vars(run).keys(), run.state, run.heartbeat_at)) == before
        assert (run.history, run.samples, run.summary, run.console) == ([], [], {}, {})
