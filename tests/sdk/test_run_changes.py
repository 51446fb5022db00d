"""What `wandb.Api` changes of runs, and what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pytest_wandb_automations.automations import (
    DoNothing,
    OnAddArtifactAlias,
    OnRunState,
    RunEvent,
)

wandb = pytest.importorskip("wandb")

from wandb.apis.public import Run as ApiRun  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_wandb_automations import Backend
    from pytest_wandb_automations.world.runs import Run

PATH = "acme/llm/r1"


def start(**settings: Any) -> Any:
    quiet = wandb.Settings(console="off", x_disable_stats=True)
    return wandb.init(entity="acme", project="llm", settings=quiet, **settings)


@pytest.fixture
def made(wandb_backend: Backend) -> Run:
    """Make a finished run without the SDK: it is faster, and the same to those who read it."""
    run = wandb_backend.run("acme/llm", run_id="r1", display_name="train", config={"lr": 0.1})
    run.log({"loss": 3})
    run.finish()
    return run


@pytest.fixture
def read(made: Run) -> Any:
    return wandb.Api().run(PATH)


# What is said of a run


def test_an_edited_run_is_saved(made: Run, read: Any) -> None:
    read.name, read.notes, read.description = "renamed", "second try", "all of it"
    read.group, read.job_type = "night", "eval"
    read.tags.append("eu")
    read.config["epochs"] = 3
    read.summary["best"] = 1
    read.update()

    again = wandb.Api().run(PATH)
    for run in (made, again):
        assert (run.notes, run.description) == ("second try", "all of it")
        assert (run.group, run.job_type) == ("night", "eval")
        assert run.tags == ["eu"]
        assert run.config == {"lr": 0.1, "epochs": 3}
        assert run.state == "finished"
    assert made.display_name == again.name == "renamed"
    assert made.summary == {"loss": 3, "best": 1}


def test_tags_can_be_taken_away_and_nothing_else_changes(made: Run, read: Any) -> None:
    read.tags = ["eu", "us"]
    read.update()
    read.tags = []
    read.update()

    assert (made.tags, made.display_name, made.config) == ([], "train", {"lr": 0.1})


def test_an_edit_leaves_what_the_sdk_says_of_itself(wandb_backend: Backend) -> None:
    with start(id="r1", config={"lr": 0.1}):
        pass
    made = wandb_backend.run("acme/llm", run_id="r1")
    before = made.sdk_config

    read = wandb.Api().run(PATH)
    read.config["lr"] = 0.2
    read.update()

    assert (made.config, made.sdk_config) == ({"lr": 0.2}, before)
    assert made.host


def test_a_summary_is_updated_alone(made: Run, read: Any) -> None:
    read.summary.update({"best": {"loss": 2, "step": 7}})

    assert made.summary == {"loss": 3, "best": {"loss": 2, "step": 7}}
    assert wandb.Api().run(PATH).summary["best"]["step"] == 7


def test_filters_see_an_edit_of_the_moment(wandb_backend: Backend, read: Any) -> None:
    read.tags.append("prod")
    read.config["lr"] = 0.3
    read.update()

    found = wandb.Api().runs("acme/llm", {"tags": "prod", "config.lr": {"$gt": 0.2}})
    assert [run.id for run in found] == ["r1"]


# States


def test_a_run_is_made_pending_and_taken_up_later(wandb_backend: Backend) -> None:
    made = ApiRun.create(wandb.Api(), run_id="r2", project="llm", entity="acme", state="pending")
    assert made.state == "pending"

    with start(id="r2", resume="allow"):
        assert wandb_backend.run("acme/llm", run_id="r2").state == "running"


def test_a_run_that_is_made_without_a_word_is_running(wandb_backend: Backend) -> None:
    made = ApiRun.create(wandb.Api(), project="llm", entity="acme")

    assert wandb_backend.run("acme/llm", run_id=made.id).state == made.state == "running"


@pytest.mark.parametrize(
    ("before", "after"),
    [(state, "pending") for state in ("running", "failed", "crashed", "preempted")]
    + [(state, "failed") for state in ("pending", "running")],
)
def test_a_run_is_put_into_another_state(made: Run, before: str, after: str) -> None:
    made.set_state(before)

    assert wandb.Api().run(PATH).update_state(after)

    assert made.state == after


@pytest.mark.parametrize(
    ("before", "after"),
    [("finished", "pending"), ("finished", "failed"), ("crashed", "failed"), ("killed", "pending")],
)
def test_a_state_that_cannot_follow_is_refused(made: Run, before: str, after: str) -> None:
    made.set_state(before)

    with pytest.raises(wandb.errors.CommError, match=f"r1 is {before}; it cannot become {after}"):
        wandb.Api().run(PATH).update_state(after)
    assert made.state == before


def test_only_two_states_can_be_asked_for(made: Run, read: Any) -> None:
    with pytest.raises(wandb.errors.CommError, match="into pending or failed, not finished"):
        read.update_state("finished")


def test_the_state_of_a_sweeps_run_is_the_sweeps_affair(made: Run, read: Any) -> None:
    made.set_state("failed")
    made.sweep_name = "s7"

    with pytest.raises(wandb.errors.CommError, match="r1 belongs to a sweep, which decides over"):
        read.update_state("pending")
    assert made.state == "failed"


def test_a_run_that_is_marked_as_failed_fires(wandb_backend: Backend, made: Run) -> None:
    made.set_state("running")
    event = OnRunState(scope=made.project, filter=RunEvent.state == "failed")
    wandb_backend.create_automation(event >> DoNothing(), name="failed")

    wandb.Api().run(PATH).update_state("failed")

    wandb_backend.assert_fired("failed", times=1)


@pytest.mark.parametrize("state", ["finished", "crashed", "preempted"])
def test_to_stop_a_run_that_is_no_longer_running_has_no_effect(made: Run, state: str) -> None:
    made.set_state(state)

    wandb.Api().run(PATH).stop()

    assert (made.state, made.stopped) == (state, False)


# Files and artifacts


def test_a_file_is_uploaded_replaced_and_deleted(made: Run, read: Any, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "notes.txt"
    path.parent.mkdir()
    for text in ("one", "two"):
        path.write_text(text)
        read.upload_file(str(path), root=str(tmp_path))
        content = made.files["deep/notes.txt"].content
        assert content is not None
        assert content.read() == text.encode()

    (file,) = read.files()
    assert file.name == "deep/notes.txt"
    file.delete()

    assert made.files == {}
    assert [*wandb.Api().run(PATH).files()] == []
    with pytest.raises(wandb.errors.CommError, match="files: no File with id"):
        file.delete()


def test_a_version_is_used_and_logged_by_a_run_that_is_over(
    wandb_backend: Backend, read: Any
) -> None:
    wandb_backend.collection("acme/llm/weights", type="model").log_version()
    artifact = wandb.Api().artifact("acme/llm/weights:v0")

    read.use_artifact(artifact)
    read.log_artifact(artifact, aliases=["again"])

    assert [found.name for found in read.used_artifacts()] == ["weights:v0"]
    assert [found.name for found in read.logged_artifacts()] == ["weights:v0"]


def test_a_version_that_is_not_the_newest_is_logged_by_a_run_that_is_over(
    wandb_backend: Backend, read: Any
) -> None:
    weights = wandb_backend.collection("acme/llm/weights", type="model")
    for _ in range(2):
        weights.log_version()
    wandb_backend.create_automation(OnAddArtifactAlias(scope=weights) >> DoNothing(), name="alias")

    read.log_artifact(wandb.Api().artifact("acme/llm/weights:v0"), aliases=["again"])

    assert [version.aliases for version in weights.versions] == [["again"], ["latest"]]
    assert [found.name for found in read.logged_artifacts()] == ["weights:v0"]
    wandb_backend.assert_fired("alias", times=1)


# Deletion


@pytest.mark.parametrize("delete_artifacts", [False, True])
def test_a_deleted_run_is_gone_and_takes_its_artifacts_if_asked_to(
    wandb_backend: Backend, delete_artifacts: bool
) -> None:
    with start(id="r1") as run:
        run.log_artifact(wandb.Artifact("weights", "model")).wait()
    read = wandb.Api().run(PATH)
    url = read.file("config.yaml").url

    read.delete(delete_artifacts=delete_artifacts)

    api = wandb.Api()
    assert [*api.runs("acme/llm")] == []
    assert api.artifact_exists("acme/llm/weights:v0") != delete_artifacts
    if not delete_artifacts:
        assert api.artifact("acme/llm/weights:v0").logged_by() is None
    with pytest.raises(wandb.errors.CommError, match="Could not find run"):
        api.run(PATH)
    with pytest.raises(wandb.errors.CommError, match="deleteRun: id: no Run with id"):
        read.delete()
    assert httpx.get(url).status_code == 404


def test_a_run_that_is_deleted_under_way_does_not_come_back(wandb_backend: Backend) -> None:
    with start(id="r1") as run:
        run.log({"loss": 1})
        wandb.Api().run(PATH).delete()
        run.log({"loss": 2})

    assert wandb_backend.project("acme/llm").runs == {}


def test_the_id_of_a_deleted_run_is_not_used_again(wandb_backend: Backend, read: Any) -> None:
    read.delete()

    with pytest.raises(wandb.errors.CommError, match="r1 was deleted; a new run needs another id"):
        start(id="r1")
    assert wandb_backend.project("acme/llm").runs == {}
    wandb.teardown()  # for the service the id is in use from here on


# Permissions


def test_a_viewer_reads_runs_and_changes_none(wandb_backend: Backend, made: Run) -> None:
    viewer = wandb_backend.user("eve", api_key="e" * 40)
    wandb_backend.team("acme").add_member(viewer, role="viewer")
    read = wandb.Api(api_key=viewer.api_key).run(PATH)
    read.notes = "mine"

    for change in (read.update, read.delete, lambda: read.update_state("pending"), read.stop):
        with pytest.raises(wandb.errors.CommError, match="eve"):
            change()
    assert (made.notes, made.state) == (None, "finished")
    assert wandb_backend.project("acme/llm").runs == {"r1": made}
