"""The real SDK logs artifacts, and gets them back: bytes, checksums, versions, and what fires."""

from __future__ import annotations

import base64
import gc
import hashlib
import threading
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

wandb = pytest.importorskip("wandb")

from wandb.automations import (  # noqa: E402
    DoNothing,
    OnAddArtifactAlias,
    OnAddArtifactTag,
    OnCreateArtifact,
    OnLinkArtifact,
    OnUnlinkArtifact,
)
from wandb.errors import CommError  # noqa: E402

from pytest_wandb_automations.world.storage import File, Storage  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_wandb_automations import Backend

PROJECT = {"entity": "acme", "project": "llm"}
SOURCE = "acme/llm/weights"


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the SDK's folders, and its cache of downloads above all, to one test."""
    for name in ("DIR", "CACHE_DIR", "DATA_DIR", "ARTIFACT_DIR"):
        monkeypatch.setenv(f"WANDB_{name}", str(tmp_path / "wandb"))
    monkeypatch.setenv("WANDB_SILENT", "true")
    (tmp_path / "wandb").mkdir()


@pytest.fixture
def folders_of_the_sdk() -> Iterator[None]:
    """Let temporary folders that the SDK makes and never removes go here, not in a later test."""
    yield
    gc.collect()


@pytest.fixture
def api(wandb_backend: Backend) -> Any:
    return wandb.Api()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three files, two of them alike, one below a folder."""
    found = tmp_path / "files"
    (found / "deep").mkdir(parents=True)
    (found / "a.bin").write_bytes(b"alpha")
    (found / "deep" / "same.bin").write_bytes(b"alpha")
    (found / "deep" / "b.bin").write_bytes(bytes(range(256)) * 1000)
    return found


@pytest.fixture
def model(tmp_path: Path) -> Callable[..., Any]:
    """Make a draft of the model `weights` with files of these names and texts."""

    def make(*files: tuple[str, str], **given: Any) -> Any:
        draft = wandb.Artifact("weights", "model", **given)
        for name, text in files:
            path = tmp_path / name
            path.write_text(text)
            draft.add_file(str(path), name=name)
        return draft

    return make


def log(draft: Any, **given: Any) -> Any:
    with wandb.init(**PROJECT) as run:
        return run.log_artifact(draft, **given).wait()


def watch(backend: Backend, place: Any, *events: Any) -> None:
    for event in events:
        backend.create_automation(event(scope=place) >> DoNothing(), name=event.__name__)


def fired(backend: Backend) -> list[str]:
    return [execution.automation_name for execution in backend.executions]


def contents(root: str | Path) -> dict[str, bytes]:
    root = Path(root)
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


# Logged and got back


def test_what_is_logged_comes_back_byte_by_byte(
    wandb_backend: Backend, folder: Path, tmp_path: Path
) -> None:
    draft = wandb.Artifact("weights", "model", description="first", metadata={"acc": 0.9})
    draft.add_dir(str(folder))
    logged = log(draft, aliases=["best"], tags=["small"])

    with wandb.init(**PROJECT) as run:
        used = run.use_artifact("weights:best")
        root = used.download(str(tmp_path / "down"))
        used.verify(root)

    assert contents(root) == contents(folder)
    assert (used.version, used.type, used.state) == ("v0", "model", "COMMITTED")
    assert (used.description, used.metadata) == ("first", {"acc": 0.9})
    assert (set(used.aliases), used.tags) == ({"latest", "best"}, ["small"])
    assert used.digest == logged.digest == used.manifest.digest()
    assert (used.size, used.file_count) == (256_010, 3)


def test_every_entry_is_what_was_announced(api: Any, folder: Path, tmp_path: Path) -> None:
    draft = wandb.Artifact("weights", "model")
    draft.add_dir(str(folder))
    log(draft)
    found = api.artifact(f"{SOURCE}:latest")

    files = {file.name: file for file in found.files()}
    entry = found.get_entry("deep/b.bin")

    assert {name: file.size for name, file in files.items()} == {
        "a.bin": 5,
        "deep/b.bin": 256_000,
        "deep/same.bin": 5,
    }
    assert len(found.files()) == 3
    assert files["deep/b.bin"].digest == entry.digest
    downloaded = Path(entry.download(str(tmp_path / "one")))
    assert downloaded.read_bytes() == (folder / "deep" / "b.bin").read_bytes()
    digest = hashlib.md5(b"alpha", usedforsecurity=False).digest()
    assert base64.b64decode(files["a.bin"].md5) == digest


def test_a_changed_download_does_not_verify(
    api: Any, tmp_path: Path, model: Callable[..., Any]
) -> None:
    log(model(("a.txt", "one")))
    found = api.artifact(f"{SOURCE}:v0")
    root = Path(found.download(str(tmp_path / "down")))
    (root / "a.txt").write_text("two")

    with pytest.raises(ValueError, match=r"Digest mismatch for file: .*a\.txt"):
        found.verify(str(root))


def test_a_large_file_goes_through_the_disk(
    wandb_backend: Backend, api: Any, tmp_path: Path
) -> None:
    wandb_backend.world.storage = Storage(in_memory=1000)
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(range(256)) * 20_000)
    draft = wandb.Artifact("weights", "model")
    draft.add_file(str(path))
    log(draft)

    found = api.artifact(f"{SOURCE}:v0")
    root = found.download(str(tmp_path / "down"), multipart=True)

    assert contents(root)["large.bin"] == path.read_bytes()
    found.verify(root)


def test_a_file_is_got_by_its_digest_when_its_address_is_refused(
    api: Any, tmp_path: Path, model: Callable[..., Any]
) -> None:
    log(model(("a.txt", "one")))
    found = api.artifact(f"{SOURCE}:v0")

    # Without a page of addresses before it, the SDK makes one up.
    downloaded = found.get_entry("a.txt").download(str(tmp_path / "down"), skip_cache=True)

    assert Path(downloaded).read_text() == "one"


def test_digests_may_be_of_another_kind(
    api: Any, tmp_path: Path, model: Callable[..., Any]
) -> None:
    log(model(("a.txt", "one"), digest_algorithm="XXH128"))
    found = api.artifact(f"{SOURCE}:v0")
    root = found.download(str(tmp_path / "down"))
    found.verify(root)

    assert found.digest_algorithm.value == "MANIFEST_XXH128"
    assert found.digest == found.manifest.digest()
    assert contents(root) == {"a.txt": b"one"}


def test_references_are_kept_and_followed(api: Any, tmp_path: Path) -> None:
    local = tmp_path / "local.txt"
    local.write_text("here")
    draft = wandb.Artifact("weights", "model")
    draft.add_reference(local.as_uri(), name="local.txt")
    draft.add_reference("http://data.test/far", name="far", checksum=False)
    log(draft)

    found = api.artifact(f"{SOURCE}:v0")
    followed = found.get_entry("local.txt").download(str(tmp_path / "down"))

    assert Path(followed).read_text() == "here"
    assert found.get_entry("far").ref == "http://data.test/far"
    assert found.file_count == 2
    assert {f.name: f.direct_url for f in found.files()} == {
        "far": "http://data.test/far",
        "local.txt": local.as_uri(),
    }


def test_a_version_without_files_is_downloaded_as_nothing(
    wandb_backend: Backend, api: Any, tmp_path: Path
) -> None:
    wandb_backend.collection(SOURCE).log_version()
    found = api.artifact(f"{SOURCE}:v0")

    root = found.download(str(tmp_path / "down"))

    assert contents(root) == {}
    assert found.manifest.entries == {}


# Versions that build on others


def test_the_same_content_is_logged_once(
    wandb_backend: Backend, api: Any, model: Callable[..., Any]
) -> None:
    first = log(model(("a.txt", "one")))
    watch(wandb_backend, wandb_backend.collection(SOURCE), OnCreateArtifact, OnAddArtifactAlias)

    with wandb.init(**PROJECT) as run:
        again = run.log_artifact(model(("a.txt", "one")), aliases=["again"]).wait()
        run_id = run.id

    assert (again.id, again.version) == (first.id, "v0")
    assert fired(wandb_backend) == ["OnAddArtifactAlias"]
    assert [a.version for a in api.run(f"acme/llm/{run_id}").logged_artifacts()] == ["v0"]


def test_an_incremental_artifact_adds_to_the_newest_version(
    api: Any, tmp_path: Path, model: Callable[..., Any]
) -> None:
    log(model(("a.txt", "one"), ("b.txt", "two")))
    log(model(("b.txt", "changed"), ("c.txt", "three"), incremental=True))

    found = api.artifact(f"{SOURCE}:v1")
    root = found.download(str(tmp_path / "down"))
    found.verify(root)

    assert contents(root) == {"a.txt": b"one", "b.txt": b"changed", "c.txt": b"three"}
    assert found.digest == found.manifest.digest()
    assert (found.size, found.file_count) == (15, 3)


def test_a_draft_of_a_version_keeps_what_it_does_not_change(
    wandb_backend: Backend, api: Any, tmp_path: Path, model: Callable[..., Any]
) -> None:
    first = log(model(("a.txt", "one"), ("b.txt", "two")))
    draft = api.artifact(f"{SOURCE}:v0").new_draft()
    draft.remove("b.txt")
    (tmp_path / "c.txt").write_text("three")
    draft.add_file(str(tmp_path / "c.txt"))
    log(draft)
    api.artifact(f"{SOURCE}:v0").delete(delete_aliases=True)

    found = api.artifact(f"{SOURCE}:v1")
    root = found.download(str(tmp_path / "down"))

    assert contents(root) == {"a.txt": b"one", "c.txt": b"three"}
    assert found.manifest.entries["a.txt"].birth_artifact_id == first.id
    assert found.manifest.entries["c.txt"].birth_artifact_id == found.id
    assert not api.artifact_exists(f"{SOURCE}:v0")


def test_runs_make_a_distributed_artifact_together(
    wandb_backend: Backend, api: Any, tmp_path: Path, model: Callable[..., Any]
) -> None:
    watch(wandb_backend, wandb_backend.collection(SOURCE), OnCreateArtifact, OnAddArtifactAlias)
    runs = []
    for rank in range(2):
        with wandb.init(**PROJECT, group="all") as run:
            run.upsert_artifact(model((f"part{rank}.txt", str(rank))), distributed_id="epoch1")
            runs.append(run.id)
    assert fired(wandb_backend) == []
    with wandb.init(**PROJECT, group="all") as run:
        done = run.finish_artifact(model(("last.txt", "2")), distributed_id="epoch1").wait()

    root = api.artifact(f"{SOURCE}:latest").download(str(tmp_path / "down"))

    assert contents(root) == {"part0.txt": b"0", "part1.txt": b"1", "last.txt": b"2"}
    assert done.version == "v0"
    assert sorted(fired(wandb_backend)) == ["OnAddArtifactAlias", "OnCreateArtifact"]
    for run_id in runs:
        assert [a.id for a in api.run(f"acme/llm/{run_id}").logged_artifacts()] == [done.id]


def test_the_same_distributed_id_makes_another_version_later(
    api: Any, model: Callable[..., Any]
) -> None:
    for text in ("one", "two"):
        with wandb.init(**PROJECT) as run:
            draft = model(("a.txt", text))
            run.finish_artifact(draft, distributed_id="epoch").wait()

    assert draft.version == "v1"


def test_threads_log_at_once(
    wandb_backend: Backend, api: Any, tmp_path: Path, model: Callable[..., Any]
) -> None:
    watch(wandb_backend, wandb_backend.collection(SOURCE), OnCreateArtifact)
    logged: list[Any] = []

    def work(number: int) -> None:
        with wandb.init(
            **PROJECT, settings=wandb.Settings(reinit="create_new", silent=True)
        ) as run:
            for step in range(3):
                draft = model((f"{number}.txt", f"step {step}"))
                done = run.log_artifact(draft).wait()
                logged.append((done, {f"{number}.txt": f"step {step}".encode()}))

    threads = [threading.Thread(target=work, args=[number]) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(artifact.version for artifact, _ in logged) == [f"v{n}" for n in range(6)]
    assert fired(wandb_backend) == ["OnCreateArtifact"] * 6
    for artifact, files in logged:
        assert contents(artifact.download(str(tmp_path / artifact.version))) == files


def test_runs_need_not_finish_before_their_artifact_counts(
    wandb_backend: Backend, model: Callable[..., Any]
) -> None:
    watch(wandb_backend, wandb_backend.collection(SOURCE), OnCreateArtifact)
    with wandb.init(**PROJECT) as run:
        run.log_artifact(model(("a.txt", "one"))).wait()

        assert fired(wandb_backend) == ["OnCreateArtifact"]
    assert fired(wandb_backend) == ["OnCreateArtifact"]


def test_what_nobody_waited_for_is_there_when_the_run_ends(
    wandb_backend: Backend, api: Any, model: Callable[..., Any]
) -> None:
    watch(
        wandb_backend,
        wandb_backend.collection(SOURCE),
        OnCreateArtifact,
        OnAddArtifactAlias,
        OnAddArtifactTag,
    )
    with wandb.init(**PROJECT) as run:
        run.log_artifact(model(("a.txt", "one")), aliases=["best"], tags=["small"])

    assert fired(wandb_backend) == [
        "OnCreateArtifact",
        "OnAddArtifactAlias",
        "OnAddArtifactAlias",
        "OnAddArtifactTag",
    ]
    assert api.artifact_exists(f"{SOURCE}:best")


def test_an_artifact_has_the_time_to_live_that_it_was_given(
    api: Any, model: Callable[..., Any]
) -> None:
    mortal, immortal = model(("a.txt", "one")), model(("a.txt", "two"))
    mortal.ttl, immortal.ttl = timedelta(days=2), None
    log(mortal)
    log(immortal)

    assert api.artifact(f"{SOURCE}:v0").ttl == timedelta(days=2)
    assert api.artifact(f"{SOURCE}:v1").ttl is None
    found = api.artifact(f"{SOURCE}:v0")
    found.ttl = wandb.ArtifactTTL.INHERIT
    found.save()
    assert api.artifact(f"{SOURCE}:v0").ttl is None


# Who logged and used it


def test_runs_and_artifacts_know_each_other(api: Any, model: Callable[..., Any]) -> None:
    log(model(("a.txt", "one")))
    with wandb.init(**PROJECT) as maker:
        logged = maker.log_artifact(model(("a.txt", "two"))).wait()
    with wandb.init(**PROJECT) as user:
        user.use_artifact(logged)
        user.use_artifact("weights:v0")

    found = api.artifact(f"{SOURCE}:latest")
    assert found.logged_by().id == maker.id
    assert [run.id for run in found.used_by()] == [user.id]
    assert [a.version for a in api.run(f"acme/llm/{maker.id}").logged_artifacts()] == ["v1"]
    assert {a.version for a in api.run(f"acme/llm/{user.id}").used_artifacts()} == {"v0", "v1"}

    found.delete(delete_aliases=True)
    assert [a.version for a in api.run(f"acme/llm/{user.id}").used_artifacts()] == ["v0"]


def test_a_draft_is_logged_by_the_run_that_uses_it(api: Any, model: Callable[..., Any]) -> None:
    with wandb.init(**PROJECT) as run:
        draft = run.use_artifact(model(("a.txt", "one")))

    assert [found.id for found in draft.used_by()] == [run.id]
    assert draft.logged_by() is None  # the SDK announces it as the user's, not the run's


@pytest.mark.filterwarnings("ignore:Implicitly cleaning up:ResourceWarning")
@pytest.mark.usefixtures("folders_of_the_sdk")
def test_tables_that_runs_log_are_artifacts_of_theirs(api: Any) -> None:
    with wandb.init(**PROJECT) as run:
        run.log({"table": wandb.Table(columns=["a"], data=[[1], [2]])})

    (found,) = api.run(f"acme/llm/{run.id}").logged_artifacts()
    assert found.type == "run_table"
    assert found.get("table").data == [[1], [2]]


@pytest.mark.filterwarnings("ignore:Implicitly cleaning up:ResourceWarning")
@pytest.mark.usefixtures("folders_of_the_sdk")
def test_an_object_of_another_artifact_is_a_reference_to_it(api: Any, tmp_path: Path) -> None:
    table = wandb.Table(columns=["a"], data=[[1]])
    first = wandb.Artifact("tables", "dataset")
    first.add(table, "mine")
    with wandb.init(**PROJECT) as run:
        run.log_artifact(first)
        second = wandb.Artifact("more", "dataset")
        second.add(table, "theirs")
        run.log_artifact(second).wait()

    found = api.artifact("acme/llm/more:v0")
    assert found.get_entry("theirs.table.json").ref.startswith("wandb-artifact://")
    assert found.get("theirs").data == [[1]]


# Linked, deleted


def test_a_logged_artifact_is_linked_to_a_registry_and_back(
    wandb_backend: Backend, api: Any, tmp_path: Path, model: Callable[..., Any]
) -> None:
    registry = wandb_backend.registry("model")
    watch(wandb_backend, registry, OnLinkArtifact, OnAddArtifactAlias, OnUnlinkArtifact)
    with wandb.init(**PROJECT) as run:
        linked = run.link_artifact(
            model(("a.txt", "one")), "wandb-registry-model/prod", aliases=["staging"]
        )
    other = log(model(("a.txt", "two"))).link("wandb-registry-model/prod")

    assert (linked.version, set(linked.aliases)) == ("v0", {"latest", "staging"})
    assert (other.version, other.source_version) == ("v1", "v1")
    found = api.artifact("acme-corp/wandb-registry-model/prod:staging")
    assert contents(found.download(str(tmp_path / "down"))) == {"a.txt": b"one"}
    assert [a.qualified_name for a in found.source_artifact.linked_artifacts] == [
        "acme-corp/wandb-registry-model/prod:v0"
    ]
    assert {v.version for v in api.registry("model").collections().versions()} == {"v0", "v1"}
    found.unlink()
    assert not api.artifact_exists("acme-corp/wandb-registry-model/prod:v0")
    assert fired(wandb_backend) == [
        "OnLinkArtifact",
        "OnAddArtifactAlias",
        "OnAddArtifactAlias",
        "OnLinkArtifact",
        "OnAddArtifactAlias",
        "OnUnlinkArtifact",
    ]


def test_a_model_is_linked_to_the_model_registry_of_its_team(
    wandb_backend: Backend, tmp_path: Path
) -> None:
    weights = tmp_path / "weights.bin"
    weights.write_bytes(b"weights")
    with wandb.init(**PROJECT) as run:
        run.link_model(str(weights), registered_model_name="prod", aliases=["best"])
    with wandb.init(**PROJECT) as run:
        used = run.use_model("acme/model-registry/prod:best")

    assert Path(used).read_bytes() == b"weights"
    linked = wandb_backend.project("acme/model-registry").collections["prod"]
    assert linked.type.name == "model"


def test_a_version_with_aliases_is_deleted_only_with_them(
    api: Any, model: Callable[..., Any]
) -> None:
    log(model(("a.txt", "one")), aliases=["best"])
    found = api.artifact(f"{SOURCE}:best")

    with pytest.raises(CommError, match=r"has the aliases (latest, best|best, latest);"):
        found.delete()
    assert api.artifact_exists(f"{SOURCE}:v0")
    found.delete(delete_aliases=True)
    assert not api.artifact_exists(f"{SOURCE}:v0")


def test_a_collection_is_deleted_with_its_versions(api: Any, model: Callable[..., Any]) -> None:
    log(model(("a.txt", "one")))

    api.artifact_collection("model", SOURCE).delete()

    assert not api.artifact_collection_exists(SOURCE, "model")
    assert not api.artifact_exists(f"{SOURCE}:v0")
    assert log(model(("a.txt", "one"))).version == "v0"


def test_versions_are_listed_with_filters_and_in_order(api: Any, model: Callable[..., Any]) -> None:
    for number in range(3):
        log(model(("a.txt", str(number))), aliases=[f"n{number}"], tags=["even"][number % 2 :])

    listed = api.artifacts("model", SOURCE)
    assert [a.version for a in listed] == ["v2", "v1", "v0"]
    assert [a.version for a in api.artifacts("model", SOURCE, tags=["even"])] == ["v2", "v0"]
    assert len(listed) == 3
    assert [c.name for c in api.artifact_collections("acme/llm", "model")] == ["weights"]
    assert {t.name for t in api.artifact_types("acme/llm")} == {"model"}


# What is refused


def test_a_collection_holds_one_type(wandb_backend: Backend, model: Callable[..., Any]) -> None:
    wandb_backend.collection(SOURCE, type="dataset")
    with wandb.init(**PROJECT) as run, pytest.raises(ValueError, match="holds artifacts of type"):
        run.log_artifact(model(("a.txt", "one"))).wait()


def test_an_artifact_whose_file_did_not_arrive_is_no_version(
    wandb_backend: Backend, api: Any, monkeypatch: pytest.MonkeyPatch, model: Callable[..., Any]
) -> None:
    monkeypatch.setattr(File, "receive", _except_for("a.txt", File.receive))
    watch(wandb_backend, wandb_backend.collection(SOURCE), OnCreateArtifact)
    with wandb.init(**PROJECT) as run, pytest.raises(ValueError, match=r"not uploaded: a\.txt"):
        run.log_artifact(model(("a.txt", "one"))).wait()

    assert not api.artifact_exists(f"{SOURCE}:v0")
    assert fired(wandb_backend) == []


def _except_for(name: str, receive: Callable[..., None]) -> Callable[..., None]:
    def lose_one(file: Any, source: Any) -> None:
        if file.name != name:
            receive(file, source)

    return lose_one
