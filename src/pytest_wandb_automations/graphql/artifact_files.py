"""What versions hold: manifests and files, and the runs that made and used them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_wandb_automations.graphql.connections import Connection, connect
from pytest_wandb_automations.graphql.files import page_of_files
from pytest_wandb_automations.graphql.resolvers import Info, resolver
from pytest_wandb_automations.world.manifests import Manifest
from pytest_wandb_automations.world.runs import Run

if TYPE_CHECKING:
    from pytest_wandb_automations.graphql.context import Context
    from pytest_wandb_automations.world.accounts import User
    from pytest_wandb_automations.world.artifacts import Artifact, Version
    from pytest_wandb_automations.world.storage import File


@resolver("Artifact.currentManifest")
def current_manifest(artifact: Artifact, info: Info) -> Manifest | None:
    context: Context = info.context
    if artifact.manifest is None and artifact.state == "COMMITTED":
        # A test logged it without a file. Clients want to read a manifest all the same.
        artifact.manifest = Manifest(context.world, artifact)
        artifact.manifest.write({})
    return artifact.manifest


@resolver("Artifact.files")
def files_of_artifact(artifact: Artifact, _info: Info, **asked: Any) -> Connection[File]:
    return _page(artifact, **asked)


@resolver("ArtifactCollectionMembership.files")
def files_of_version(version: Version, _info: Info, **asked: Any) -> Connection[File]:
    return _page(version.artifact, **asked)


@resolver("Artifact.filesByManifestEntries")
def files_by_manifest_entries(
    artifact: Artifact,
    _info: Info,
    *,
    entries: list[dict[str, Any]] | None = None,
    **_layout: Any,
) -> Connection[File]:
    return _page(artifact, names=[entry["name"] for entry in entries or ()])


def _page(
    artifact: Artifact,
    *,
    names: list[str] | None = None,
    first: int | None = None,
    after: str | None = None,
) -> Connection[File]:
    found = list(artifact.files.values())
    if names is not None:
        found = [artifact.files[name] for name in dict.fromkeys(names) if name in artifact.files]
    return page_of_files(found, first=first, after=after)


@resolver("Artifact.createdBy")
def created_by(artifact: Artifact, _info: Info) -> User | Run | None:
    creator = artifact.created_by
    return None if isinstance(creator, Run) and creator.is_deleted else creator


@resolver("Artifact.usedBy")
def used_by(
    artifact: Artifact, info: Info, *, first: int | None = None, after: str | None = None
) -> Connection[Run]:
    context: Context = info.context
    runs = [run for run in context.world.projects.runs() if artifact.id in run.used_artifacts]
    return connect(
        context.visible(runs), key=lambda r: (r.created_at, r.id), first=first, after=after
    )
