"""What clients other than the SDK ask of runs, and what the SDK never gets wrong."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations import Backend
from pytest_wandb_automations.graphql.context import Context
from pytest_wandb_automations.graphql.execution import execute

if TYPE_CHECKING:
    from pytest_wandb_automations.world.runs import Run

PLACE = {"entityName": "acme", "projectName": "llm", "runName": "r1"}


@pytest.fixture
def backend() -> Backend:
    return Backend()


@pytest.fixture
def run(backend: Backend) -> Run:
    return backend.run("acme/llm", run_id="r1")


def ask(backend: Backend, query: str, **variables: Any) -> Any:
    context = Context(backend.world, backend.world.default_user)
    with backend.world.acting(context.user):
        return execute(query, variables, None, context)


def change(backend: Backend, mutation: str, /, **input_: Any) -> Any:
    """Ask for a mutation whose answer does not matter."""
    kind = f"{mutation[0].upper()}{mutation[1:]}Input"
    query = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ clientMutationId }} }}"
    return ask(backend, query, input=input_)


def told(result: Any) -> str:
    return result.body["errors"][0]["message"]


def test_history_keys_count_values_by_type(backend: Backend, run: Run) -> None:
    run.log({"done": False, "loss": 1, "text": "a", "deep": {"loss": 2.5}})
    run.log({"done": True, "text": None})

    query = '{ project(name: "llm", entityName: "acme") { run(name: "r1") { historyKeys } } }'
    found = ask(backend, query).body["data"]["project"]["run"]["historyKeys"]

    assert found["lastStep"] == 1
    assert {name: value["typeCounts"] for name, value in found["keys"].items()} == {
        "_step": [{"type": "number", "count": 2}],
        "done": [{"type": "boolean", "count": 2}],
        "loss": [{"type": "number", "count": 1}],
        "deep.loss": [{"type": "number", "count": 1}],
        "text": [{"type": "string", "count": 2}],
    }


def test_runs_go_back_to_a_step_and_to_nothing_else(backend: Backend, run: Run) -> None:
    run.log({"loss": 1})

    result = change(backend, "rewindRun", **PLACE, metricName="loss", metricValue=1)

    assert result.status == 400
    assert "metricName: runs go back to a `_step`, not to a 'loss'" in told(result)
    assert run.values("loss") == [1]


def test_a_file_that_did_not_come_cannot_be_marked_as_uploaded(backend: Backend, run: Run) -> None:
    run.file("announced.txt")
    run.file("there.txt").receive(io.BytesIO(b"x"))

    for name in ("announced.txt", "nope.txt"):
        result = change(backend, "markRunFilesUploaded", **PLACE, files=["there.txt", name])
        assert result.status == 404
        assert f"files: {name!r} of run acme/llm/r1 was not uploaded" in told(result)
    assert change(backend, "markRunFilesUploaded", **PLACE, files=["there.txt"]).status == 200


def test_files_of_artifacts_are_not_deleted_as_those_of_runs(backend: Backend, run: Run) -> None:
    artifact = backend.world.uploads.announce(backend.collection("acme/llm/weights"), digest="d")
    upload = backend.world.uploads.of(artifact)
    theirs = upload.add_file("a.txt", "x", md5=None, mimetype=None)
    own = run.file("b.txt")

    result = change(backend, "deleteFiles", files=[own.id, theirs.id])

    assert result.status == 404
    assert f"files: no file of a run with id {theirs.id!r}" in told(result)
    assert [*run.files] == ["b.txt"]


def test_an_unknown_state_is_refused_and_makes_no_run(backend: Backend, run: Run) -> None:
    result = change(
        backend, "upsertBucket", entityName="acme", modelName="llm", name="r2", state="done"
    )

    assert "unknown run state 'done'; known are crashed, failed, finished" in told(result)
    assert [*run.project.runs] == ["r1"]


@pytest.mark.parametrize("field", ["config", "summaryMetrics"])
@pytest.mark.parametrize("text", ["{", "[]", "1"])
def test_what_is_no_object_is_refused_and_changes_nothing(
    backend: Backend, run: Run, field: str, text: str
) -> None:
    result = change(backend, "upsertBucket", id=run.id, notes="new", **{field: text})

    assert result.status == 400
    assert field in told(result)
    assert (run.notes, run.config, run.summary) == (None, {}, {})


def test_a_run_without_a_project_is_uncategorized(backend: Backend) -> None:
    assert change(backend, "upsertBucket", name="r1").status == 200

    assert [*backend.project("acme/uncategorized").runs] == ["r1"]
