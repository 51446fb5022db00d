"""Features that are switched off: the SDK does without what newer servers can do.

What it does about automations stands in `test_automations.py`, about registries in
`test_projects_and_registries.py`, about collections in `test_collections_and_artifacts.py`.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations.http import gateway

wandb = pytest.importorskip("wandb")

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_wandb_automations import Backend
    from pytest_wandb_automations.http.messages import Request
    from pytest_wandb_automations.world.runs import Run

LOCAL_ONLY = [
    "CLIENT_IDS",
    "ARTIFACT_TAGS",
    "ARTIFACT_COLLECTION_MEMBERSHIP_FILES",
    "ARTIFACT_COLLECTION_MEMBERSHIP_FILE_DOWNLOAD_HANDLER",
    "USE_ARTIFACT_WITH_ENTITY_AND_PROJECT_INFORMATION",
    "PROJECT_ARTIFACT_COLLECTION_MEMBERSHIP",
    "ARTIFACT_MEMBERSHIP_IN_LINK_ARTIFACT_RESPONSE",
    "TOTAL_COUNT_IN_FILE_CONNECTION",
    "LARGE_FILENAMES",
    "ARTIFACT_V2_DOWNLOAD_HANDLER_SUPPORTS_ARTIFACT_ID",
    "ARTIFACT_DIGEST_ALGORITHM",
]
"""What older servers of an own installation lack in artifacts."""


def start(**settings: Any) -> Any:
    quiet = wandb.Settings(console="off", x_disable_stats=True)
    return wandb.init(entity="acme", project="llm", **{"settings": quiet, **settings})


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """Collect what the SDK asks."""
    asked: list[Request] = []
    answer = gateway.answer

    def record(world: Any, request: Request) -> Any:
        asked.append(request)
        return answer(world, request)

    monkeypatch.setattr(gateway, "answer", record)
    return asked


def queries(requests: list[Request]) -> str:
    bodies = [json.loads(r.content()) for r in requests if r.path == "/graphql"]
    return "\n".join(body["query"] for body in bodies)


@pytest.mark.parametrize("structured", [True, False])
def test_console_output_is_the_same_line_by_line_or_structured(
    wandb_backend: Backend, structured: bool
) -> None:
    wandb_backend.features["STRUCTURED_CONSOLE_LOGS"] = structured
    with start(id="r1", settings=wandb.Settings(console="wrap", x_disable_stats=True)):
        print("first")
        print("oh", file=sys.stderr)

    lines = [*wandb.Api().run("acme/llm/r1").console_logs()]
    said = [(line.content, line.level) for line in lines if line.content in ("first", "oh")]
    assert said == [("first", ""), ("oh", "error")]
    assert all(line.timestamp is not None for line in lines)


@pytest.mark.parametrize("packed", [True, False])
def test_streams_are_packed_for_servers_that_unpack_them(
    wandb_backend: Backend, requests: list[Request], packed: bool
) -> None:
    wandb_backend.features["FILESTREAM_GZIP"] = packed
    settings = wandb.Settings(console="off", x_file_stream_no_gzip=False)
    with start(id="r1", settings=settings) as run:
        run.log({"loss": 1})

    sent = [r.headers.get("content-encoding") for r in requests if r.path.endswith("file_stream")]
    assert ("gzip" in sent) == packed
    assert wandb_backend.run("acme/llm", run_id="r1").values("loss") == [1]


@pytest.mark.parametrize("marked", [True, False])
def test_an_upload_counts_with_or_without_being_marked(
    wandb_backend: Backend, requests: list[Request], tmp_path: Path, marked: bool
) -> None:
    wandb_backend.features["MARK_RUN_FILES_UPLOADED"] = marked
    made: Run = wandb_backend.run("acme/llm", run_id="r1")
    (tmp_path / "notes.txt").write_text("by hand")

    file = (
        wandb.Api().run("acme/llm/r1").upload_file(str(tmp_path / "notes.txt"), root=str(tmp_path))
    )

    assert (file.name, file.size) == ("notes.txt", 7)
    assert [*made.files] == ["notes.txt"]
    assert ("markRunFilesUploaded" in queries(requests)) == marked


def test_artifacts_are_logged_used_linked_and_downloaded_without_newer_features(
    wandb_backend: Backend, requests: list[Request], tmp_path: Path
) -> None:
    for feature in LOCAL_ONLY:
        wandb_backend.features[feature] = False
    (tmp_path / "weights.bin").write_bytes(b"0" * 1000)
    registry = wandb_backend.registry("model")

    with start(id="r1") as run:
        artifact = wandb.Artifact("weights", "model", metadata={"acc": 0.9})
        artifact.add_file(str(tmp_path / "weights.bin"))
        run.log_artifact(artifact, aliases=["best"]).wait()
        linked = run.link_artifact(artifact, f"{registry.path}/prod")
    with start(id="r2") as run:
        used = run.use_artifact("weights:best")
        folder = used.download(str(tmp_path / "got"))

    assert linked.qualified_name == f"{registry.path}/prod:v0"
    assert used.metadata == {"acc": 0.9}
    used.verify(folder)
    assert [found.id for found in used.used_by()] == ["r2"]
    assert used.logged_by().id == "r1"
    with pytest.raises(NotImplementedError, match="doesn't provide length"):
        len(used.files())
    asked = queries(requests)
    assert "artifactEntityName" not in asked
    assert "totalCount" not in asked


def test_a_newer_server_is_asked_for_what_it_can_do(
    wandb_backend: Backend, requests: list[Request]
) -> None:
    version = wandb_backend.collection("acme/llm/weights", type="model").log_version()
    with start(id="r1") as run:
        used = run.use_artifact("acme/llm/weights:v0")

    assert used.version == f"v{version.version_index}"
    assert len(used.files()) == 0
    assert "totalCount" in queries(requests)
    assert "artifactEntityName" in queries(requests)
