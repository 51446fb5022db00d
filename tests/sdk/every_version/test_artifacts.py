"""Artifacts of each version of the SDK: logged, changed, linked, got back, and what fires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations.automations import (
    OnAddArtifactAlias,
    OnAddArtifactTag,
    OnAddCollectionTag,
    OnCreateArtifact,
    OnLinkArtifact,
    OnRemoveArtifactTag,
    OnRemoveCollectionTag,
    OnUnlinkArtifact,
    SendWebhook,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_wandb_automations import Backend

PROJECT = {"entity": "acme", "project": "llm"}
SOURCE = "acme/llm/weights"
REGISTERED = "acme-corp/wandb-registry-model/prod-models"


@pytest.fixture
def log(wandb_backend: Backend, tmp_path: Path) -> Callable[..., Any]:
    """Log a version of `weights` that holds this text."""

    def log(text: str = "first", **given: Any) -> Any:
        import wandb

        path = tmp_path / "weights.bin"
        path.write_text(text)
        draft = wandb.Artifact("weights", "model", metadata={"of": text})
        draft.add_file(str(path))
        with wandb.init(**PROJECT) as run:
            return run.log_artifact(draft, **given).wait()

    return log


@pytest.fixture
def watch(wandb_backend: Backend) -> Callable[..., None]:
    """Let each of these events, wherever it happens, call a webhook that hears of it."""

    def watch(*events: Any) -> None:
        hook = wandb_backend.webhook_integration("acme", name="h", url_endpoint="https://h.test/")
        payload = {"event": "${event_type}", "version": "${artifact_version_string}"}
        for event in events:
            for scope in (
                wandb_backend.collection(SOURCE, type="model"),
                registered(wandb_backend),
            ):
                wandb_backend.create_automation(
                    event(scope=scope) >> SendWebhook.from_integration(hook, payload=payload),
                    name=event.__name__,
                )

    return watch


def registered(backend: Backend) -> Any:
    return backend.registry("model").collection("prod-models")


def heard(backend: Backend) -> list[tuple[str, str]]:
    return [(d.json["event"], d.json["version"]) for d in backend.webhooks]


@pytest.mark.needs("wandb.Artifact.download")
def test_what_is_logged_comes_back_byte_by_byte(log: Any, tmp_path: Path) -> None:
    import wandb

    logged = log(aliases=["best"], tags=["small"])

    with wandb.init(**PROJECT) as run:
        used = run.use_artifact("weights:best")
        root = used.download(str(tmp_path / "down"))
        used.verify(root)

    assert (tmp_path / "down" / "weights.bin").read_text() == "first"
    assert (used.version, used.type, used.state) == ("v0", "model", "COMMITTED")
    assert (set(used.aliases), used.tags) == ({"latest", "best"}, ["small"])
    assert used.metadata == {"of": "first"}
    assert used.digest == logged.digest == used.manifest.digest()


@pytest.mark.needs("wandb.Artifact.download")
def test_who_logged_and_who_used_a_version_is_known(api: Any, log: Any) -> None:
    import wandb

    log()
    with wandb.init(**PROJECT, id="user") as run:
        run.use_artifact("weights:latest")

    found = api.artifact(f"{SOURCE}:v0")
    assert [run.id for run in found.used_by()] == ["user"]
    assert [a.name for a in found.logged_by().logged_artifacts()] == ["weights:v0"]
    assert [a.name for a in api.run("acme/llm/user").used_artifacts()] == ["weights:v0"]


@pytest.mark.needs("wandb.Artifact.download")
def test_logging_fires_once_and_the_same_again_does_not(
    wandb_backend: Backend, log: Any, watch: Any
) -> None:
    watch(OnCreateArtifact)

    log("first")
    log("second")
    log("second")

    assert heard(wandb_backend) == [
        ("CREATE_ARTIFACT", f"{SOURCE}:v0"),
        ("CREATE_ARTIFACT", f"{SOURCE}:v1"),
    ]


@pytest.mark.needs("wandb.Artifact.aliases")
def test_aliases_fire_when_they_are_given(
    wandb_backend: Backend, api: Any, log: Any, watch: Any
) -> None:
    log()
    watch(OnAddArtifactAlias)
    found = api.artifact(f"{SOURCE}:v0")

    found.aliases.append("prod")
    found.save()
    found.aliases.remove("prod")
    found.save()

    assert heard(wandb_backend) == [("ADD_ARTIFACT_ALIAS", f"{SOURCE}:prod")]
    assert api.artifact(f"{SOURCE}:v0").aliases == ["latest"]


@pytest.mark.needs("wandb.Artifact.tags")
def test_tags_fire_when_they_come_and_go(
    wandb_backend: Backend, api: Any, log: Any, watch: Any
) -> None:
    log()
    watch(OnAddArtifactTag, OnRemoveArtifactTag)
    found = api.artifact(f"{SOURCE}:v0")

    found.tags = ["eu", "us"]
    found.save()
    found.tags = ["us"]
    found.save()

    events = [event for event, _ in heard(wandb_backend)]
    assert events == ["ADD_ARTIFACT_TAG", "ADD_ARTIFACT_TAG", "REMOVE_ARTIFACT_TAG"]
    assert api.artifact(f"{SOURCE}:v0").tags == ["us"]


@pytest.mark.needs("wandb.Artifact.link")
def test_a_version_is_linked_and_unlinked(
    wandb_backend: Backend, api: Any, log: Any, watch: Any
) -> None:
    watch(OnLinkArtifact, OnUnlinkArtifact)
    log().link(REGISTERED, aliases=["prod"])

    linked = api.artifact(f"{REGISTERED}:prod")
    assert (linked.is_link, linked.source_qualified_name) == (True, f"{SOURCE}:v0")
    linked.unlink()

    assert [event for event, _ in heard(wandb_backend)] == ["LINK_ARTIFACT", "UNLINK_ARTIFACT"]
    assert registered(wandb_backend).versions == []


@pytest.mark.needs("wandb.sdk.wandb_run.Run.link_artifact")
def test_a_run_links_what_it_logs(
    wandb_backend: Backend, api: Any, log: Any, watch: Any, tmp_path: Path
) -> None:
    import wandb

    watch(OnLinkArtifact)
    log()
    with wandb.init(**PROJECT) as run:
        run.link_artifact(run.use_artifact("weights:v0"), REGISTERED)

    assert [event for event, _ in heard(wandb_backend)] == ["LINK_ARTIFACT"]
    assert api.artifact(f"{REGISTERED}:v0").digest == api.artifact(f"{SOURCE}:v0").digest


@pytest.mark.needs("wandb.Artifact.linked_at")
def test_a_link_tells_when_it_was_made(wandb_backend: Backend, api: Any, log: Any) -> None:
    log()
    registered(wandb_backend)
    wandb_backend.clock.advance(hours=1)
    found = api.artifact(f"{SOURCE}:v0")
    found.link(REGISTERED)

    assert api.artifact(f"{REGISTERED}:v0").linked_at > found.created_at


@pytest.mark.needs("wandb.Artifact.new_draft")
def test_a_draft_of_a_version_adds_to_it(api: Any, log: Any, tmp_path: Path) -> None:
    import wandb

    log()
    (tmp_path / "more.txt").write_text("more")
    draft = api.artifact(f"{SOURCE}:v0").new_draft()
    draft.add_file(str(tmp_path / "more.txt"))
    with wandb.init(**PROJECT) as run:
        run.log_artifact(draft).wait()

    assert sorted(api.artifact(f"{SOURCE}:v1").manifest.entries) == ["more.txt", "weights.bin"]


@pytest.mark.needs("wandb.Artifact.files", "wandb.Artifact.get_entry")
def test_the_files_of_a_version_are_listed_and_fetched_one_by_one(
    api: Any, log: Any, tmp_path: Path
) -> None:
    log()
    found = api.artifact(f"{SOURCE}:v0")

    assert [(file.name, file.size) for file in found.files()] == [("weights.bin", 5)]
    path = found.get_entry("weights.bin").download(root=str(tmp_path / "one"))
    with open(path, encoding="utf-8") as file:
        assert file.read() == "first"


@pytest.mark.needs("wandb.Artifact.metadata", "wandb.Artifact.ttl", "wandb.Artifact.description")
def test_what_is_said_of_a_version_is_edited(api: Any, log: Any) -> None:
    from datetime import timedelta

    log()
    found = api.artifact(f"{SOURCE}:v0")
    found.description = "better"
    found.metadata["acc"] = 0.9
    found.ttl = timedelta(days=30)
    found.save()

    again = api.artifact(f"{SOURCE}:v0")
    assert (again.description, again.metadata) == ("better", {"of": "first", "acc": 0.9})
    assert again.ttl == timedelta(days=30)


@pytest.mark.needs("wandb.Artifact.delete")
def test_versions_are_deleted(api: Any, log: Any) -> None:
    log("first")
    log("second")

    api.artifact(f"{SOURCE}:v0").delete()
    api.artifact(f"{SOURCE}:v1").delete(delete_aliases=True)

    assert not api.artifact_exists(f"{SOURCE}:v0")
    assert list(api.artifacts("model", SOURCE)) == []


@pytest.mark.needs("wandb.Api.artifacts")
def test_versions_and_types_are_listed(api: Any, log: Any) -> None:
    log("first", tags=["eu"])
    log("second")

    assert [a.version for a in api.artifacts("model", SOURCE)] == ["v1", "v0"]
    assert [a.version for a in api.artifacts("model", SOURCE, tags=["eu"])] == ["v0"]
    assert "model" in [type_.name for type_ in api.artifact_types("acme/llm")]
    assert api.artifact_exists(f"{SOURCE}:v1")
    assert not api.artifact_exists(f"{SOURCE}:v2")


@pytest.mark.needs("wandb.Api.artifacts(order)")
def test_versions_are_listed_in_the_order_that_was_asked(api: Any, log: Any) -> None:
    log("first")
    log("second")

    assert [a.version for a in api.artifacts("model", SOURCE, order="+version")] == ["v0", "v1"]


@pytest.mark.needs("wandb.Api.artifact_collections")
def test_collections_are_listed_edited_and_deleted(api: Any, log: Any) -> None:
    log()
    (found,) = api.artifact_collections("acme/llm", "model")
    assert (found.name, found.type) == ("weights", "model")
    assert found.is_sequence()

    found.description = "all of them"
    found.name = "models"
    found.save()
    again = api.artifact_collection("model", "acme/llm/models")
    assert (again.name, again.description) == ("models", "all of them")
    assert api.artifact_collection_exists("acme/llm/models", "model")

    again.delete()
    assert not api.artifact_collection_exists("acme/llm/models", "model")


@pytest.mark.needs("wandb.apis.public.ArtifactCollection.aliases")
def test_a_collection_lists_the_aliases_of_its_versions(api: Any, log: Any) -> None:
    log("first", aliases=["best"])
    log("second")

    assert set(api.artifact_collection("model", SOURCE).aliases) == {"latest", "best"}


@pytest.mark.needs("wandb.Api.artifact_collections(order)")
def test_collections_are_listed_in_the_order_that_was_asked(
    wandb_backend: Backend, api: Any
) -> None:
    for name in ("b", "a", "c"):
        wandb_backend.collection(f"acme/llm/{name}", type="model")

    found = api.artifact_collections("acme/llm", "model", order="+name")

    assert [collection.name for collection in found] == ["a", "b", "c"]


@pytest.mark.needs("wandb.apis.public.Project.collections")
def test_a_project_lists_its_collections(wandb_backend: Backend, api: Any) -> None:
    wandb_backend.collection("acme/llm/a", type="model")
    wandb_backend.collection("acme/llm/b", type="dataset")

    found = {collection.name for collection in api.project("llm", entity="acme").collections()}

    assert found == {"a", "b"}


@pytest.mark.needs("wandb.apis.public.ArtifactCollection.tags")
def test_tags_of_collections_fire_when_they_come_and_go(
    wandb_backend: Backend, api: Any, log: Any, watch: Any
) -> None:
    log()
    watch(OnAddCollectionTag, OnRemoveCollectionTag)
    found = api.artifact_collection("model", SOURCE)

    found.tags = ["eu", "us"]
    found.save()
    found.tags = ["us"]
    found.save()

    events = [event for event, _ in heard(wandb_backend)]
    assert events == ["ADD_COLLECTION_TAG", "ADD_COLLECTION_TAG", "REMOVE_COLLECTION_TAG"]
    assert api.artifact_collection("model", SOURCE).tags == ["us"]
