"""Uploads: what clients announce of an artifact, until all of it is there and it is committed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.world.artifacts import Artifact
from pytest_wandb_automations.world.manifests import Manifest, digest_of, merge
from pytest_wandb_automations.world.naming import check_tag
from pytest_wandb_automations.world.storage import File

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_wandb_automations.world.accounts import User
    from pytest_wandb_automations.world.collections import Collection
    from pytest_wandb_automations.world.manifests import Entries, ManifestType
    from pytest_wandb_automations.world.runs import Run
    from pytest_wandb_automations.world.storage import Content
    from pytest_wandb_automations.world.world import World

__all__ = ["Upload", "Uploads"]


class Upload:
    """What has been announced of a pending artifact."""

    def __init__(self, world: World, artifact: Artifact, author: User) -> None:
        self._world = world
        self.artifact = artifact
        self.author = author
        self.runs: dict[str, Run] = {}
        """Runs that log it; several do when each of them makes a part of it."""
        self.aliases: dict[str, None] = {}
        self.tags: dict[str, None] = {}
        self.manifests: list[Manifest] = []
        self.files: dict[tuple[str, str], File] = {}
        """Announced files by path and digest."""

    def add_manifest(
        self,
        name: str,
        *,
        type: ManifestType,  # noqa: A002  # W&B says type
        digest: str,
        base: Artifact | None,
    ) -> Manifest:
        """Announce a manifest. A full one takes the place of those before it."""
        with self._world.change():
            manifest = Manifest(
                self._world, self.artifact, name=name, type=type, digest=digest or None, base=base
            )
            if type == "FULL":
                self.manifests.clear()
            self.manifests.append(manifest)
        return manifest

    def add_file(self, path: str, digest: str, *, md5: str | None, mimetype: str | None) -> File:
        """Announce a file. Its content is there at once if an earlier version has the same."""
        with self._world.change():
            file = self.files.get((path, digest))
            if file is None:
                content = self.artifact.collection.contents.get(digest)
                file = File(
                    self._world, self.artifact, path, md5=md5, mimetype=mimetype, content=content
                )
                file.digest = digest
                self.files[path, digest] = file
        return file

    def commit(self) -> None:
        """Make the artifact a version, with what its manifests list.

        `InvalidInput` if anything is missing: a version that cannot be downloaded helps nobody.
        """
        artifact = self.artifact
        with self._world.change():
            entries = self._entries()
            artifact.files = self._files(entries)
            artifact.size = sum(file.size for file in artifact.files.values())
            artifact.file_count = len(artifact.files)
            self._settle_manifest(entries)
            self.settle()

    def join(self, aliases: Iterable[str], tags: Iterable[str], run: Run | None) -> None:
        """Let the version get more aliases and tags, and be of one more run."""
        self.aliases.update(dict.fromkeys(aliases))
        self.tags.update(dict.fromkeys(tags))
        if run is not None:
            self.runs[run.id] = run

    def settle(self) -> None:
        """Let the artifact be a version, with its aliases and tags; the moment of its events."""
        artifact = self.artifact
        with self._world.change():
            # Before the version is new: filters on that ask for the tags that it comes with.
            gained = artifact.take_tags(self.tags)
            version = artifact.collection.commit(artifact, aliases=self.aliases, author=self.author)
            artifact.emit_tags(gained, version, self.author)
            for run in self.runs.values():
                run.logged_artifacts[artifact.id] = artifact

    def _entries(self) -> Entries:
        missing = [manifest.file.name for manifest in self.manifests if manifest.is_missing]
        if missing:
            self._refuse(missing)
        there = [manifest for manifest in self.manifests if manifest.file.content is not None]
        if not there:
            self._refuse(["the manifest"])
        return merge(there)

    def _files(self, entries: Entries) -> dict[str, File]:
        found = {path: self._file(path, entry) for path, entry in entries.items()}
        missing = [path for path, file in found.items() if file is None]
        if missing:
            self._refuse(missing)
        return {path: file for path, file in found.items() if file is not None}

    def _file(self, path: str, entry: Mapping[str, Any]) -> File | None:
        digest: str = entry["digest"]
        if entry.get("ref") is not None:
            file = File(self._world, self.artifact, path, reference=entry["ref"])
            file.size = entry.get("size") or 0
        else:
            file = self._announced(path, digest)
            if file is None:
                content = self._known_content(digest)
                if content is None:
                    return None
                file = File(self._world, self.artifact, path, content=content)
            assert file.content is not None
            file.content.birth = file.content.birth or self.artifact
            self.artifact.collection.contents[digest] = file.content
        file.digest = digest
        return file

    def _announced(self, path: str, digest: str) -> File | None:
        file = self.files.get((path, digest))
        return file if file is not None and file.content is not None else None

    def _known_content(self, digest: str) -> Content | None:
        known = self.artifact.collection.contents.get(digest)
        announced = (file.content for file in self.files.values() if file.digest == digest)
        return known or next((content for content in announced if content is not None), None)

    def _settle_manifest(self, entries: Entries) -> None:
        artifact = self.artifact
        last = self.manifests[-1]
        is_merged = len(self.manifests) > 1 or last.type != "FULL"
        if is_merged:
            last = Manifest(self._world, artifact)
            last.write(entries)
        artifact.manifest = last
        if is_merged or artifact.digest_algorithm == "MANIFEST_MD5":
            # Python has no XXH128. What is merged is known to no client, so any digest will do.
            artifact.digest = digest_of(entries)

    def _refuse(self, missing: list[str]) -> None:
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        raise InvalidInput(
            f"the artifact of {self.artifact.collection.path} cannot be committed; "
            f"not uploaded: {', '.join(missing[:5])}{more}"
        )


class Uploads:
    """Every upload of a world, and what clients call artifacts before they know their ids."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._pending: dict[str, Upload] = {}
        self._distributed: dict[tuple[str, str], Upload] = {}
        self._client_ids: dict[str, Artifact | Collection] = {}

    def of(self, artifact: Artifact) -> Upload:
        """Return the upload of a pending artifact."""
        found = self._pending.get(artifact.id)
        if found is None:
            raise InvalidInput(f"{artifact!r} was committed; what it holds cannot change any more")
        return found

    def named(self, client_id: str | None) -> Artifact | Collection | None:
        """Return what a client gave an id of its own to."""
        found = self._client_ids.get(client_id or "")
        return None if found is None or found.state == "DELETED" else found

    def artifact_named(self, client_id: str | None) -> Artifact | None:
        """Return the artifact that a client gave an id of its own to."""
        found = self.named(client_id)
        return found if isinstance(found, Artifact) else None

    def announce(
        self,
        collection: Collection,
        *,
        digest: str,
        aliases: Iterable[str] = (),
        tags: Iterable[str] = (),
        metadata: Mapping[str, Any] | None = None,
        description: str | None = None,
        run: Run | None = None,
        client_id: str | None = None,
        sequence_client_id: str | None = None,
        distributed_id: str | None = None,
        deduplicate: bool = False,
    ) -> Artifact:
        """Return the artifact that a client announces: a new one, which is pending, or a known one.

        Known are: what the client announced before, under the same id of its own; what other runs
        announced under the same `distributed_id` and nobody has committed; and, if the client wants
        that, the newest version if it has the same digest, and gets the aliases and tags. A client
        that has no id of its own has nothing to upload (`log_artifact` of `wandb.Api().run(…)`): it
        means a version that is there, be it the newest or not.
        """
        aliases, tags = list(aliases), list(tags)
        for tag in tags:
            check_tag(tag)
        collection.check_loggable(aliases)
        author = run.user if run else self._world.author(None)
        with self._world.change():
            artifact = self.artifact_named(client_id)
            if artifact is not None:
                return artifact
            upload = self._distributed.get((collection.id, distributed_id or ""))
            if upload is None and deduplicate and not distributed_id:
                known = collection.newest_with if client_id else collection.last_with
                artifact = known(digest)
            if artifact is None:
                upload = upload or self._begin(collection, digest, metadata, description, run)
                artifact = upload.artifact
                if distributed_id:
                    self._distributed[collection.id, distributed_id] = upload
            else:
                upload = Upload(self._world, artifact, author)
            upload.join(aliases, tags, run)
            if artifact.state == "COMMITTED":
                upload.settle()
            if client_id is not None:
                self._client_ids[client_id] = artifact
            if sequence_client_id is not None:
                self._client_ids[sequence_client_id] = collection
        return artifact

    def _begin(
        self,
        collection: Collection,
        digest: str,
        metadata: Mapping[str, Any] | None,
        description: str | None,
        run: Run | None,
    ) -> Upload:
        author = self._world.author(run.user if run else None)
        artifact = collection.prepare(
            digest=digest, metadata=metadata, description=description, created_by=run or author
        )
        upload = self._pending[artifact.id] = Upload(self._world, artifact, author)
        return upload

    def commit(self, artifact: Artifact) -> None:
        """Make an announced artifact a version; nothing is left to do if it is one."""
        with self._world.change():
            if artifact.state == "COMMITTED":
                return
            upload = self.of(artifact)
            upload.commit()
            del self._pending[artifact.id]
            for key, other in list(self._distributed.items()):
                if other is upload:
                    del self._distributed[key]
